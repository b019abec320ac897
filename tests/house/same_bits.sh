#!/bin/sh
# SPDX-License-Identifier: MIT
#
# same_bits.sh SOURCE WORK_DIR COMPILER FLAG... - do exp, tanh, log, the confidences and a calibration have the same bits for
# every instruction set that this machine runs, and for NEON in an emulator, whether the compiler may fuse products and sums
# or not? The hash is that of every machine.
set -eu
wanted=87e41552b07c5e4f
source=$1 work=$2
shift 2
mkdir -p "$work"

failed=0
emulator=
check() { # check "FLAG..." COMPILER FLAG...
    name=$1
    shift
    # shellcheck disable=SC2086
    "$@" $name "$source" -o "$work/same_bits"
    hash=$($emulator "$work/same_bits")
    if [ "$hash" = "$wanted" ]; then word=ok; else word=FAIL failed=1; fi
    printf '%s: %s %s\n' "$word" "$hash" "$name${emulator:+, by $emulator}"
}

check "-O2 -ffp-contract=fast" "$@"
runs() { grep -qsw "$1" /proc/cpuinfo; }
machine=$(uname -m)
if [ "$machine" = x86_64 ]; then
    if runs avx; then check "-O2 -mavx" "$@"; fi
    if runs avx2 && runs fma; then check "-O3 -mavx2 -mfma -ffp-contract=fast" "$@"; fi
    if runs avx512f && runs avx512dq && runs avx512vl; then
        check "-O3 -mavx512f -mavx512dq -mavx512vl -mfma -ffp-contract=fast" "$@"
    fi
fi

gcc=aarch64-linux-gnu-g++  # whose headers and libraries are clang's too
if [ "$machine" = aarch64 ] || [ "$machine" = arm64 ]; then
    echo "NEON: the first of these"
elif command -v $gcc > /dev/null && command -v qemu-aarch64 > /dev/null; then
    emulator=qemu-aarch64
    compiler=$1
    shift
    case $("$compiler" --version) in
        *clang*) set -- "$compiler" --target=aarch64-linux-gnu "$@" ;;
        *) set -- $gcc "$@" ;;
    esac
    check "-O2 -ffp-contract=fast -static" "$@"
else
    echo "NEON: not compared, no aarch64 compiler or qemu"
fi
exit $failed
