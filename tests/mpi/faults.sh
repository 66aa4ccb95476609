#!/bin/sh
# faults.sh MPIRUN TEST_PROGRAM: runs of which a rank dies or hangs end with a message, and go on
# with another number of ranks to the bits of one that nothing happened to.
set -u
mpirun="$1 --oversubscribe --bind-to none"
program=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

run() {  # RANKS CHECKPOINT FAULT
  RUN_CHECKPOINT=$work/$2 RUN_FAULT=$3 timeout 120 $mpirun -n "$1" "$program" "[.run]" \
    >"$work/log" 2>&1
}
complain() {
  echo "$1"
  cat "$work/log"
  exit 1
}

run 1 whole none || complain "a run on one rank failed"
for fault in dies hangs; do
  run 2 $fault $fault && complain "a run of which a rank $fault ended well"
  [ -s "$work/$fault" ] || complain "a run of which a rank $fault left no checkpoint"
  cmp -s "$work/whole" "$work/$fault" && complain "nothing was left to do"
  case $fault in
    dies) grep -q "signal 9" "$work/log" || complain "nothing says which rank died" ;;
    hangs) grep -q "state.607. rank 1 has not answered" "$work/log" ||
      complain "nothing says which rank hangs" ;;
  esac
  run 3 $fault none || complain "the run of which a rank $fault doesn't go on"
  cmp "$work/whole" "$work/$fault" || complain "other bits after a rank $fault"
done
