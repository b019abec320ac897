#!/bin/sh
# SPDX-License-Identifier: MIT
#
# check.sh SOURCE COMPILER FLAG... - does the source fail to compile, with the messages it expects?
source=$1
shift
case $(basename "$1") in
clang*) family=clang all=-ferror-limit=0 ;;
*) family=gcc all= ;;
esac
status=0
output=$(LC_ALL=C "$@" -fsyntax-only $all "$source" 2>&1) || status=$?
output=$(printf '%s\n' "$output" | sed "s|$source|SOURCE|g")  # the file's name is no message

if grep -q '^// expect-ok' "$source"; then
    [ $status -eq 0 ] && exit 0
    printf '%s\n%s\n' "$output" "FAIL: $source is a positive control and does not compile"
    exit 1
fi
if [ $status -eq 0 ]; then
    echo "FAIL: $source compiles"
    exit 1
fi
unknown=$(grep '^// expect' "$source" | grep -Ev '^// expect( gcc| clang)?: ')
if [ -n "$unknown" ]; then
    echo "FAIL: $source expects what this script does not know: $unknown"
    exit 1
fi
expected=$(sed -n "s|^// expect: *||p; s|^// expect $family: *||p" "$source")
if [ -z "$expected" ]; then
    echo "FAIL: $source has no line '// expect: <regular expression>' or '// expect $family: ...'"
    exit 1
fi
failed=$(printf '%s\n' "$expected" | while IFS= read -r regex; do
    printf '%s\n' "$output" | grep -Eq -e "$regex" || echo "FAIL: no line of the output matches: $regex"
done)
if [ -n "$failed" ]; then
    printf '%s\n%s\n' "$output" "$failed"
    exit 1
fi
