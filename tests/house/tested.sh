#!/bin/sh
# SPDX-License-Identifier: MIT
#
# tested.sh ROOT - each header has a test at its path, tests/<folder>/<name>.cpp, or its comment names the test that reaches
# it, which exists. Umbrellas and tuning tables have none of their own.
cd "$1" || exit 2
faults=0
for header in $(find include/eenn -mindepth 2 -name '*.hpp' ! -path '*/tuning/*' | sort); do
    mirrored=tests/$(echo "${header#include/eenn/}" | sed 's|detail/||; s|hpp$|cpp|')
    [ -f "$mirrored" ] && continue
    named=$(sed -n '/^#ifndef/q; s|.*\(tests/[a-z0-9_/]*\(\.cpp\)\{0,1\}\).*|\1|p' "$header")
    found=no
    for test in $named; do
        [ -e "$test" ] && found=yes
    done
    if [ $found = no ]; then
        echo "$header: there is no $mirrored, and no test is named"
        faults=$((faults + 1))
    fi
done
echo "$faults headers without a test"
[ $faults -eq 0 ]
