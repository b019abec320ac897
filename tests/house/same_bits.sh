#!/bin/sh
# SPDX-License-Identifier: MIT
#
# same_bits.sh SOURCE WORK_DIR COMPILER FLAG... - do exp, tanh, log, the confidences and a calibration have the same bits for
# every instruction set that this machine runs, whether the compiler may fuse products and sums or not? The hash is that of
# every machine.
set -eu
wanted=87e41552b07c5e4f
source=$1 work=$2
shift 2
mkdir -p "$work"

failed=0
check() { # check "FLAG..." COMPILER FLAG...
    name=$1
    shift
    # shellcheck disable=SC2086
    "$@" $name "$source" -o "$work/same_bits"
    hash=$("$work/same_bits")
    if [ "$hash" = "$wanted" ]; then word=ok; else word=FAIL failed=1; fi
    printf '%s: %s %s\n' "$word" "$hash" "${name:-(no flags)}"
}

check "-O2 -ffp-contract=fast" "$@"
runs() { grep -qsw "$1" /proc/cpuinfo; }
if [ "$(uname -m)" = x86_64 ]; then
    if runs avx; then check "-O2 -mavx" "$@"; fi
    if runs avx2 && runs fma; then check "-O3 -mavx2 -mfma -ffp-contract=fast" "$@"; fi
    if runs avx512f && runs avx512dq && runs avx512vl; then
        check "-O3 -mavx512f -mavx512dq -mavx512vl -mfma -ffp-contract=fast" "$@"
    fi
fi
exit $failed
