#!/bin/sh
# faults.sh MPIRUN TEST_PROGRAM: runs of which a rank dies or hangs end with a message, and go on
# with another number of ranks to the bits of one that nothing happened to.
set -u
mpirun="$1 --oversubscribe --bind-to none"
program=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

run() {  # KIND RANKS CHECKPOINT FAULT
  RUN_CHECKPOINT=$work/$3 RUN_FAULT=$4 timeout 120 $mpirun -n "$2" "$program" "[.$1]" \
    >"$work/log" 2>&1
}
complain() {
  echo "$1"
  cat "$work/log"
  exit 1
}
# What a run that was stopped leaves is KIND-FAULT with CHECKPOINT behind it, what ends one with END.
check() {  # KIND CHECKPOINT END
  for fault in dies hangs; do
    at=$1-$fault
    run $1 2 $at $fault && complain "a $1 of which a rank $fault ended well"
    [ -s "$work/$at$2" ] || complain "a $1 of which a rank $fault left no checkpoint"
    cmp -s "$work/$1-whole$3" "$work/$at$3" && complain "nothing was left to do"
    case $fault in
      dies) grep -q "signal 9" "$work/log" || complain "nothing says which rank died" ;;
      hangs) grep -q "state.607. rank 1 has not answered" "$work/log" ||
        complain "nothing says which rank hangs" ;;
    esac
    run $1 3 $at none || complain "the $1 of which a rank $fault doesn't go on"
    cmp "$work/$1-whole$3" "$work/$at$3" || complain "other bits after a rank of a $1 $fault"
  done
}

run run 1 run-whole none || complain "a search on one rank failed"
check run "" ""
run training 1 training-whole none || complain "a training on one rank failed"
check training /fine_tune.checkpoint /end
