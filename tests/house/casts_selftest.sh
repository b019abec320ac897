#!/bin/sh
# SPDX-License-Identifier: MIT
#
# casts_selftest.sh WORK - does casts.sh count each form of cast, and nothing that only looks like one?
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$1
failures=0
mkdir -p "$work/include/eenn"

# How many casts a line has: expect COUNT LINE.
expect() {
    printf '%s\n' "$2" > "$work/include/eenn/line.hpp"
    output=$("$here/casts.sh" "$work" 100000)
    [ "${output%% *}" = "$1" ] && return
    failures=$((failures + 1))
    printf '%s\n%s\n' "FAIL: $1 casts in: $2" "$output"
}

expect 1 'const auto n = static_cast<std::size_t>(count);'
expect 2 'return reinterpret_cast<char*>(const_cast<int*>(p));'
expect 1 'const auto* d = dynamic_cast<const derived*>(base);'
expect 1 'double share = double(right) / samples;'
expect 1 'put(to, std::uint16_t{20});'
expect 1 'x = (float)y;'
expect 1 'x = (unsigned char)*text;  // static_cast<char>(x)'
expect 2 'for (int i = 0; i < int(n); ++i) sum += std::int64_t(i);'
expect 0 'const std::function<double(int)> f = g;'
expect 0 'explicit operator bool() const noexcept { return sizeof(int) > 2; }'
expect 0 'int point(int) const; double x{1}; f(std::uint8_t{}); raise("int(x)");'
expect 0 'const auto f = [](int) -> double { return 1; };'

# One cast in two lines of code is 500 per 1000.
printf '%s\n' '// a comment' '' 'int x = int(y);' 'int z = x;' > "$work/include/eenn/line.hpp"
"$here/casts.sh" "$work" 500 > "$work/output" || { failures=$((failures + 1)); cat "$work/output"; }
if "$here/casts.sh" "$work" 499 > "$work/output" || ! grep -q ' 1 of    2  eenn/line.hpp' "$work/output"; then
    failures=$((failures + 1))
    echo "FAIL: 500 casts per 1000 lines keep a limit of 499, or the file is not named"
fi

rm -rf "$work"
[ $failures -eq 0 ]
