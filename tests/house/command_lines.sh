#!/bin/sh
# SPDX-License-Identifier: MIT
#
# command_lines.sh PROGRAM... - do examples and benchmarks say how they are called, and refuse what they do not know? Those
# that are not built are left out.
set -u
failed=0
tried=0
fail() {
    echo "FAIL: $*"
    failed=1
}

# run STATUS PROGRAM ARGUMENT...: the exit status is that, and what is said fits a terminal. Leaves it in $said.
run() {
    wanted=$1
    shift
    said=$(timeout 20 "$@" 2>&1 < /dev/null)
    status=$?
    [ $status -eq "$wanted" ] || fail "$* ended with $status, not $wanted: $said"
    printf '%s\n' "$said" | awk 'length($0) > 80 { exit 1 }' || fail "$* prints lines of more than 80 columns: $said"
}

# says TEXT WHAT: $said contains it.
says() {
    case $said in
        *"$1"*) ;;
        *) fail "$2 does not say '$1': $said" ;;
    esac
}

for program in "$@"; do
    [ -x "$program" ] || continue
    tried=$((tried + 1))
    name=$(basename "$program")
    run 0 "$program" --help
    says "Usage: $name" "$program --help"
    says "--version" "$program --help"
    run 0 "$program" --version
    says "$name of eenn " "$program --version"
    run 2 "$program" --nonsense
    says "$name: --nonsense is unknown; see $name --help" "$program --nonsense"
    [ "$(printf '%s\n' "$said" | wc -l)" -eq 1 ] || fail "$program says more than one line of what is wrong: $said"
done

for program in "$@"; do
    [ -x "$program" ] || continue
    case $program in
        */augment)
            run 2 "$program"
            says "MODEL.onnx is required" "augment without a model"
            run 2 "$program" model.onnx --test x.npy y.npy
            says "--train is required" "augment without training data"
            run 2 "$program" model.onnx --train x.bin other.onnx
            says "other.onnx behind x.bin is no .npy file of labels" "augment with a model for labels"
            run 2 "$program" model.onnx --most-exits 9
            says "give a whole number, 1 to 8" "augment with too many exits"
            run 2 "$program" model.onnx --cost apples
            says "give macs or time" "augment with costs of another kind"
            run 2 "$program" model.onnx --train x.bin --test x.bin --validation 0.2 --forms small,huge
            says "huge is none of small,medium" "augment with a head of an unknown form"
            ;;
        */demo | */train_*)
            run 2 "$program" --epochs many
            says "many is not allowed, give a whole number" "$program with a word for a number"
            run 2 "$program" --epochs
            says "--epochs has no value" "$program without the number"
            ;;
    esac
done
[ $tried -gt 0 ] || { echo "SKIP: no example and no benchmark is built"; exit 77; }
exit $failed
