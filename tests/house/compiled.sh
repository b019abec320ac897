#!/bin/sh
# SPDX-License-Identifier: MIT
#
# compiled.sh LIBRARY - what eenn::compiled defines for a program: kernels behind one function a set, and flows, whose names and
# those of what they take and give are the same whatever the program's instruction set. All else is local.
set -eu
library=$1
command -v nm > /dev/null || { echo "SKIP: nm is not installed"; exit 77; }
nm --defined-only --extern-only "$library" 2> /dev/null | awk 'NF == 3 { print $2, $3 }' | c++filt > "$library.defined"
if ! grep -q 'compiled_host' "$library.defined"; then
    echo "FAIL: the library has no flows"
    exit 1
fi
if grep -E '(baseline|sse4|avx|avx2|avx512|neon)(_tuned)?(_compiled)?::' "$library.defined"; then
    echo "FAIL: these have an instruction set in their names, and a program's may be another"
    exit 1
fi
if grep -vE '^T (eenn_kernels_[a-z0-9]+$|eenn::compiled::kernel_sets\(|eenn::([a-z]+::)?compiled_host::)' "$library.defined" |
    grep -vE '^[VW] '; then
    echo "FAIL: these are no kernels and no flows"
    exit 1
fi
if grep -E '^[VW] ' "$library.defined" | grep -vE 'std::|DW.ref'; then
    echo "FAIL: these are defined in every program, which may be of another instruction set"
    exit 1
fi
echo "$(grep -c compiled_host "$library.defined") flows"
