#!/bin/sh
# SPDX-License-Identifier: MIT
#
# two_builds.sh SOURCE_DIR WORK COMPILER FLAG... - one source built for SSE2, AVX2 and AVX-512, all in one program.
#
# Each of the three computes the bits that it computes alone, whatever stands in the program beside it. Nothing of eenn is
# shared by two of them but members of the types that are the same for all. And where the objects are linked in rising order,
# what an object calls has no instruction beyond its level, templates of the standard library included.
set -eu
source=$1 work=$2
shift 2
case $(uname -m) in
    x86_64 | amd64) ;;
    *) echo "SKIP: the levels are those of x86-64"; exit 77 ;;
esac
command -v objdump > /dev/null || { echo "SKIP: objdump is not installed"; exit 77; }

# Headers without a function of their own, or with members of common types alone.
outside='core/(version|constant|aligned|executor|flow)|kernels/(activation_kind|share|tuning/.*)|layers/.*|policies/exit_rule|network/(plan|basic_model)|data/batch|eenn|infer|construct'
if grep -rLE 'namespace EENN_(ISA|HOST) {' "$source/include/eenn" | sed "s#^$source/include/eenn/##; s#detail/##" | grep -vE "^($outside)\.hpp\$"; then
    echo "FAIL: these headers have no inline namespace EENN_ISA or EENN_HOST"
    exit 1
fi
mkdir -p "$work"
cd "$work"

compile() {  # object, level, source, more flags
    object=$1 level=$2 file=$3
    shift 3
    "$@" -O1 "-march=$level" -c "$source/tests/two_builds/$file.cpp" -o "$object.o"
}
compile main x86-64 main "$@"
compile v1 x86-64 unit "$@" -DUNIT=unit_v1
compile v3 x86-64-v3 unit "$@" -DUNIT=unit_v3
compile v4 x86-64-v4 unit "$@" -DUNIT=unit_v4

# Results: each alone, then all in rising order.
: > alone
for unit in v1 v3 v4; do
    "$1" main.o $unit.o -o alone_$unit
    ./alone_$unit >> alone
done
"$1" main.o v1.o v3.o v4.o -o rising
./rising > together || { cat together; exit 1; }
cat together
diff alone together || { echo "FAIL: a unit computes other bits beside the others than alone"; exit 1; }
if grep -q '^v4' together; then  # falling order needs a processor that runs everything
    "$1" v4.o v3.o v1.o main.o -o falling
    ./falling > fallen
    diff alone fallen || { echo "FAIL: a unit computes other bits where the linker keeps the highest level"; exit 1; }
fi

# Functions that two objects define and the linker keeps once: T, W, V.
functions() { nm --defined-only "$1" | awk '$2 ~ /^[TWV]$/ { print $3 }' | sort; }
for object in main v1 v3 v4; do functions $object.o > $object.functions; done
{
    comm -12 v1.functions v3.functions
    comm -12 v1.functions v4.functions
    comm -12 v3.functions v4.functions
} | sort -u | c++filt > shared
common='(error|plan|binding<.*>|executor_ref|serial|shape|policy|basic_graph<.*>|(identity|conv2d|dense|batch_norm|relu|hard_swish|max_pool|dropout|global_average_pool)|vtable.*|typeinfo.*)'
grep eenn:: shared | grep -vE '^(std::|[^(]* std::)' > of_eenn || true  # and not templates of std over its types
if grep -vE "^eenn::$common::|^(vtable|typeinfo)|::value\$|^eenn::kernels::winograd_forms\$" of_eenn; then
    echo "FAIL: these are functions of eenn that two units share"
    exit 1
fi
grep -q '^std::' shared || { echo "FAIL: nothing is shared, this test looks at nothing"; exit 1; }
echo "shared: $(wc -l < of_eenn) symbols of eenn, $(($(wc -l < shared) - $(wc -l < of_eenn))) others"

# Instructions: for the functions of an object, what the program has under their names. BMI counts as AVX2.
objdump -d --no-show-raw-insn rising > rising.text
beyond() {  # functions, pattern of instructions that their level does not have
    awk -v names="$1" -v pattern="$2" '
        BEGIN { while ((getline name < names) > 0) wanted[name] = 1 }
        /^[0-9a-f]+ <.*>:$/ { name = $2; gsub(/[<>:]/, "", name); next }
        name in wanted { seen[name] = 1 }
        name in wanted && $0 ~ pattern { if (!(name in bad)) print "FAIL: beyond its level: " name ": " $0; bad[name] = 1 }
        END { n = 0; for (name in seen) ++n; print "looked at " n " functions" > "/dev/stderr"; exit n < 100 }' rising.text
}
avx='\t(v[a-z]|(shlx|shrx|sarx|rorx|mulx|pdep|pext|andn|bextr|bzhi|blsi|blsr|blsmsk|movbe|lzcnt) )'
avx512='%zmm|%[xy]mm(1[6-9]|2[0-9]|3[01])|%k[0-7]|\tv(pternlog|perm[it]2|mov(dqu|dqa)(8|16|32|64)|rndscale)'
beyond v1.functions "$avx" > above
beyond v3.functions "$avx512" >> above
beyond v4.functions "$avx512" | grep -q . || { echo "FAIL: no AVX-512 in the unit for it, this test looks at nothing"; exit 1; }
if [ -s above ]; then
    c++filt < above
    exit 1
fi
