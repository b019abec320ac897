#!/bin/sh
# SPDX-License-Identifier: MIT
#
# tuning.sh TUNE PROBES WORK COMPILER FLAG... - does the library take the table that tune writes, and do its probes compile?
set -eu
tune=$1
probes=$2
work=$3
shift 3
mkdir -p "$work"
"$tune" --dry-run --out "$work/table.hpp" > "$work/log"
for probe in kernels networks; do
    "$@" "-DEENN_TUNING=\"$work/table.hpp\"" -fsyntax-only "$probes/$probe.cpp"
done
