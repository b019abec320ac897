#!/bin/sh
# SPDX-License-Identifier: MIT
#
# readme.sh README WORK COMPILER FLAG... - compiles and runs the README's ```cpp blocks in their order, in one folder, so that
# a block finds the files of those before it. A FLAG may be a library to link, NAME.a.
#
# A block whose first line is `// NAME.hpp` becomes that header. One without main() is compiled only. If the next block is
# ```text, the program must print that: a line `...` stands for any lines, and numbers with a decimal point may differ by a
# tenth, because sums depend on the machine's vectors and trainings on sums.
readme=$1
work=$2
compiler=$3
shift 3
library=
for flag; do    # the library comes behind the source, and only where something is linked
    shift
    case $flag in
        *.a) library=$flag ;;
        *) set -- "$@" "$flag" ;;
    esac
done
if [ ! -f "$readme" ]; then
    echo "SKIP: there is no README.md"
    exit 77
fi
rm -rf "$work"
mkdir -p "$work"
# Each block becomes line<N>.cpp, N its first line in the README; what it prints, line<N>.txt.
awk -v work="$work" '
    /^ *```/ && inside { inside = 0; if (file) close(file); file = ""; next }
    /^ *```/ {
        inside = 1
        first = /^ *```cpp *$/
        if (/^ *```text *$/ && block) { file = work "/" block ".txt"; printf "" > file }
        block = ""
        next
    }
    inside && first {
        first = 0
        block = sprintf("line%05d", NR)
        file = work "/" (/^\/\/ [a-z0-9_]+\.hpp/ ? $2 : block ".cpp")
    }
    inside && file { print > file }
' "$readme"

cat > "$work/same.awk" <<'END'
function near(a, b,    gap) { gap = a - b; return (gap < 0 ? -gap : gap) <= (a < 0 ? -a : a) / 10 }
function alike(line, printed,    want, got, n, i) {
    n = split(line, want)
    if (n != split(printed, got)) return 0
    for (i = 1; i <= n; i++) {
        if (want[i] == got[i]) continue
        if (want[i] !~ /^-?[0-9]+\.[0-9]+$/ || got[i] !~ /^-?[0-9]+\.[0-9]+$/ || !near(want[i], got[i])) return 0
    }
    return 1
}
FNR == NR { wanted[++lines] = $0; next }
{
    if (wanted[at + 1] == "...") { any = 1; at++ }
    if (alike(wanted[at + 1], $0) && at < lines) { at++; any = 0 } else if (!any) { wrong = 1; exit }
}
END {
    if (wanted[at + 1] == "...") at++
    exit wrong || at < lines
}
END

# protozero's headers are what ONNX files need.
without_onnx=
echo '#include <protozero/pbf_reader.hpp>' | "$compiler" "$@" -x c++ -E - > /dev/null 2>&1 || without_onnx=1

blocks=0
failures=0
fail() {
    failures=$((failures + 1))
    echo "FAIL: the code at README.md:$(echo "$name" | sed 's/line0*//') $1"
}
for block in "$work"/line*.cpp; do
    [ -f "$block" ] || continue
    name=$(basename "$block" .cpp)
    if [ "$without_onnx" ] && grep -q eenn/io/onnx "$block"; then
        echo "SKIP: protozero is not installed, the code at README.md:$(echo "$name" | sed 's/line0*//') is left out"
        continue
    fi
    blocks=$((blocks + 1))
    if ! grep -q 'main()' "$block"; then
        "$compiler" "$@" -Wall -Wextra -Werror -fsyntax-only "$block" || fail "does not compile"
    elif ! "$compiler" "$@" -Wall -Wextra -Werror -I"$work" -pthread -o "$work/$name" "$block" ${library:+"$library"}; then
        fail "does not compile"
    elif ! (cd "$work" && "./$name" > "$name.printed"); then
        fail "does not run"
    elif [ -f "$work/$name.txt" ] && ! awk -f "$work/same.awk" "$work/$name.txt" "$work/$name.printed"; then
        fail "prints something else:"
        cat "$work/$name.printed"
    fi
done
echo "$blocks blocks of README.md, $failures failed"
[ $failures -eq 0 ]
