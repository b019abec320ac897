#!/bin/sh
# SPDX-License-Identifier: MIT
#
# readme.sh README WORK COMPILER FLAG... - compiles each ```cpp block of the README by itself. A block whose first line
# begins with `// sketch` is no code yet and is left out.
readme=$1
work=$2
shift 2
if [ ! -f "$readme" ]; then
    echo "SKIP: there is no README.md"
    exit 77
fi
rm -rf "$work"
mkdir -p "$work"
# Each block becomes line<N>.cpp, N its first line in the README.
awk -v work="$work" '
    /^ *```/ && inside { inside = 0; if (file) close(file); file = ""; next }
    /^ *```/           { inside = 1; first = /^ *```cpp *$/; next }
    inside && first    { first = 0; if ($0 !~ /^ *\/\/ sketch/) file = work "/line" NR ".cpp" }
    inside && file     { print > file }
' "$readme"

blocks=0
failures=0
for block in "$work"/*.cpp; do
    [ -f "$block" ] || continue
    blocks=$((blocks + 1))
    if ! "$@" -Wall -Wextra -fsyntax-only "$block"; then
        failures=$((failures + 1))
        echo "FAIL: the code at README.md:$(basename "$block" .cpp | sed 's/line//') does not compile"
    fi
done
echo "$blocks blocks of README.md compiled, $failures failed"
[ $failures -eq 0 ]
