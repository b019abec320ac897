#!/bin/sh
# SPDX-License-Identifier: MIT
#
# format.sh check|format ROOT CLANG_FORMAT - checks or rewrites the layout of the sources.
mode=$1
cd "$2" || exit 2
case $("$3" --version 2>/dev/null) in
*"version 14."*) ;;
*)
    echo "SKIP: clang-format 14 is not installed"
    exit 77
    ;;
esac
list() { find include tests benchmarks examples \( -name '*.hpp' -o -name '*.cpp' \) | sort; }
if [ "$mode" = format ]; then
    list | xargs "$3" -i
    exit
fi
failed=$(list | while IFS= read -r file; do
    "$3" --dry-run -Werror "$file" 2>/dev/null || echo "$file"
done)
[ -z "$failed" ] && exit
printf '%s\n' "$failed" "FAIL: the layout of these files differs; run: cmake --build build --target format"
exit 1
