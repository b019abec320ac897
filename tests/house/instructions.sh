#!/bin/sh
# SPDX-License-Identifier: MIT
#
# instructions.sh check|write COUNTS SOURCE_DIR WORK_DIR COMPILER FLAG...
#
# Counts the instructions of a forward pass and a training step of each model with callgrind; they repeat exactly for one
# compiler and one -march. Fails where a count is more than 3 % above the committed one in COUNTS (a line each: model, phase,
# instructions), or where a pass of a network made at run time chooses kernels, which only its making may do. `write` puts
# today's counts there: commit them with the reason.
set -eu
mode=$1 counts=$2 source=$3 work=$4
shift 4
command -v valgrind > /dev/null || { echo "SKIP: valgrind is not installed"; exit 77; }
case $("$1" --version | head -n 1) in
    *" 12."*) ;;
    *) echo "SKIP: the counts are those of g++ 12, this is $("$1" --version | head -n 1)"; exit 77 ;;
esac
mkdir -p "$work"
"$@" -O3 -march=x86-64-v3 -ffp-contract=off "$source/benchmarks/instructions.cpp" "$source/examples/command_line.cpp" -o "$work/instructions" -pthread

profile() {
    valgrind --tool=callgrind --callgrind-out-file="$work/profile" "$@" 2>&1 |
        awk '/Collected/ { gsub(",", "", $NF); print $NF }'
}
count() {
    profile --toggle-collect='*counted_pass*' "$work/instructions" "$1" "$2"
}
# The cost model stands behind this one function.
chooses() {
    grep -q 'winograd_form_of' "$work/profile"
}

failed=0
: > "$work/counts"
while read -r model phase before; do
    now=$(count "$model" "$phase")
    [ -n "$now" ] || { echo "FAIL: $model $phase could not be counted"; exit 1; }
    echo "$model $phase $now" >> "$work/counts"
    if [ "$phase" = runtime ] && chooses; then
        echo "FAIL: $model chooses its kernels again while it infers"
        failed=1
    fi
    awk -v m="$model $phase" -v a="$before" -v b="$now" 'BEGIN {
        change = 100 * (b / a - 1)
        printf "%s: %s %d instructions, %+.2f %%\n", (change > 3 ? "FAIL" : "ok"), m, b, change
        exit (change > 3) }' || failed=1
done < "$counts"
profile "$work/instructions" resnet8 runtime > "$work/whole"
chooses || { echo "FAIL: nobody chose kernels, not when the network was made either: this check sees nothing"; failed=1; }
if [ "$mode" = write ]; then
    cp "$work/counts" "$counts"
    exit 0
fi
[ "$failed" = 0 ] || echo "Where a count is more than 3 % above $counts: undo that, or let the target instructions write it anew and say why"
exit "$failed"
