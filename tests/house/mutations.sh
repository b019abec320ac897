#!/bin/sh
# SPDX-License-Identifier: MIT
#
# mutations.sh ROOT FOLDER SEED COUNT COMPILER FLAG... - do the tests find what is broken on purpose?
#
# COUNT times an operator in a line of a header is drawn from SEED and turned into another (< into <=, + into -, ...), in a copy
# of include/ in FOLDER. The test at the header's path, or the one that its comment names, is compiled against the copy, which
# compiles all that it needs, and run: it must fail. A change that does not compile counts as none and is drawn anew. Fails if
# fewer than 19 of 20 are found; a survivor is printed as a diff.
root=$1
folder=$2
seed=$3
count=$4
shift 4

mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
cd "$root" || exit 2

# Every place where something can be changed: header, line, column, what stands there, what shall.
find include/eenn -name '*.hpp' ! -path '*/interop/*' ! -path '*/tuning/*' ! -path '*/charts/*' | sort | xargs awk '
    BEGIN {
        count = split("<:<= <=:< >:>= >=:> ==:!= !=:== &&:|| +:- -:+ *:/ /:* +=:-= -=:+= ++:-- true:false false:true", rules, " ")
        for (i = 1; i <= count; i++) { split(rules[i], sides, ":"); from[i] = sides[1]; to[i] = sides[2] }
    }
    /^[ \t]*(\/\/|#|template|requires|static_assert|using|friend)/ || /operator|static_assert|concept |asm|\/\*/ { next }
    {
        code = $0
        sub(/\/\/.*/, "", code)
        gsub(/"[^"]*"/, "", code)
        if (length(code) != length($0)) next    # columns would move
        for (i = 1; i <= count; i++) {
            at = index(code, " " from[i] " ")
            if (from[i] ~ /^(true|false)$/ && match(code, "return " from[i] ";")) at = RSTART + 6
            else if (from[i] ~ /^(true|false|\+\+)$/) at = 0
            if (at) print FILENAME, FNR, at + 1, from[i], to[i]
        }
    }' > "$folder/places"

# test_of HEADER: the source that tests it.
test_of() {
    mirrored=tests/$(echo "${1#include/eenn/}" | sed 's|detail/||; s|hpp$|cpp|')
    [ -f "$mirrored" ] || mirrored=$(sed -n '/^#ifndef/q; s|.*\(tests/[a-z0-9_/]*\.cpp\).*|\1|p' "$1" | head -n 1)
    case $mirrored in
    tests/compile_fail/* | tests/compiled/*) ;;
    *) echo "$mirrored" ;;
    esac
}

"$@" -O1 -c tests/main.cpp -o "$folder/main.o" || exit 2
found=0
drawn=0
tries=0
while [ $drawn -lt "$count" ] && [ $tries -lt $((10 * count)) ]; do
    tries=$((tries + 1))
    # A linear congruential generator: awk's rand() differs from one awk to the next.
    place=$(awk -v seed="$seed" -v tries=$tries '
        { line[NR] = $0 }
        END {
            x = seed
            for (i = 0; i < 8 * tries; i++) x = (x * 16807 + 11) % 2147483647
            print line[x % NR + 1]
        }' "$folder/places")
    set -f
    # shellcheck disable=SC2086
    read -r header number column old new <<END
$place
END
    set +f
    test=$(test_of "$header")
    [ -n "$test" ] || continue

    rm -rf "$folder/include"
    cp -r include "$folder/include"
    awk -v number="$number" -v column="$column" -v old="$old" -v new="$new" '
        FNR == number { $0 = substr($0, 1, column - 1) new substr($0, column + length(old)) }
        { print }' "$header" > "$folder/$header"
    if ! "$@" -O1 -w "-I$folder/include" "$test" "$folder/main.o" -o "$folder/test" -lz -ltbb > "$folder/log" 2>&1; then
        continue
    fi
    drawn=$((drawn + 1))
    if timeout 180 "$folder/test" > "$folder/log" 2>&1; then
        echo "survived $test"
        diff "$header" "$folder/$header"
    else
        found=$((found + 1))
        echo "found    $header:$number $old -> $new by $test"
    fi
done
echo "$found of $drawn found"
[ $drawn -gt 0 ] && [ $((20 * found)) -ge $((19 * drawn)) ]
