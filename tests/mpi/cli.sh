#!/bin/sh
# cli.sh MPIRUN AUTOPRUNE SOURCE_DIR: the program's commands give the same files on three ranks as on
# one, print once, and fail once.
set -u
mpirun="$1 --oversubscribe --bind-to none -n 3"
autoprune=$2
cd "$3" || exit 1
[ -e data/mnist ] || { echo "skipped: no data/mnist"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

complain() {
  echo "$1"
  cat "$work/log"
  exit 1
}
run() {  # OUT ARGUMENT...: on one rank and on three, into $work/1/OUT and $work/3/OUT
  out=$1
  shift
  timeout 200 "$autoprune" "$@" --out "$work/1/$out" >"$work/log" 2>&1 ||
    complain "$1 fails on one rank"
  timeout 200 $mpirun "$autoprune" "$@" --out "$work/3/$out" >"$work/log3" 2>"$work/err3" || {
    cat "$work/log3" "$work/err3" >"$work/log"
    complain "$1 fails on three ranks"
  }
}
same() {
  cmp "$work/1/$1" "$work/3/$1" || complain "other bits on three ranks"
}

lenet="--network lenet5 --weights models/lenet5-mnist.safetensors --data mnist:data/mnist --threads 1"
run search search $lenet --episodes 9 --ask 4 --held-out-images 200 --calibration-images 64 \
  --images 200 --seed 3
same search/policy.json
[ "$(grep -c "^accuracy" "$work/log3")" -le 1 ] || { cat "$work/log3" >"$work/log"; complain "printed more than once"; }
run sweep sweep --network lenet5 --weights models/lenet5-mnist.safetensors --threads 1 \
  --granularity 16,32 --crossbar 128,64 --compression 1,2,1000
same sweep/sweep.csv
run reproduce reproduce table --networks lenet5 --methods pim-prune,magnitude,lamp --compression 2 \
  --budget quick --threads 1
same reproduce/reproduce.md
few="--held-out 59488 --held-out-images 100 --images 200 --batch 96 --epochs 2"
run train train --network lenet5 --data mnist:data/mnist --threads 1 $few
same train/trained.safetensors
run prune prune $lenet $few --calibration-images 64 --episodes 3 --target-compression 3 --count pooled
same prune/pruned.safetensors
run fine-tune fine-tune $lenet $few --calibration-images 64 --policy "$work/1/prune/policy.json"
same fine-tune/pruned.safetensors

# An error of the command line, one that only the leader can find, and one of everybody's.
fails() {  # WHAT ARGUMENT...
  what=$1
  shift
  timeout 100 $mpirun "$autoprune" "$@" >"$work/log" 2>&1 && complain "$what: no failure"
  [ "$(grep -c '\[autoprune\.' "$work/log")" = 1 ] || complain "$what: not said once"
}
fails "a typo" search --netwrok lenet5
fails "a checkpoint in the way" search $lenet --out /proc/nowhere
fails "no weights" search --network lenet5 --data mnist:data/mnist --out "$work/none"
