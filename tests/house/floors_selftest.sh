#!/bin/sh
# SPDX-License-Identifier: MIT
#
# floors_selftest.sh WORK - does floors.sh pass a sound tree, and name each fault of a broken one?
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$1
failures=0

# A sound tree: tree.
tree() {
    rm -rf "$work"
    mkdir -p "$work/cmake" "$work/include/eenn/core"
    cp "$here/../../cmake/floors.txt" "$work/cmake/"
    header core/version.hpp '#include <cstddef>'
    header tensor/simd.hpp '#include <eenn/core/version.hpp>'
    header tensor/eigen.hpp '#include <Eigen/Core>' '#include <eenn/tensor/simd.hpp>'
    header kernels/dense.hpp '#include <eenn/tensor/simd.hpp>'
    header exits/loss.hpp '#include <eenn/tensor/simd.hpp>'
    header training/loss.hpp '#include <eenn/exits/loss.hpp>' '#include <functional>'
    header training/detail/step.hpp '#include <eenn/training/step.hpp>'
    header training/step.hpp '#include <eenn/training/detail/step.hpp>'
    header interop/tbb.hpp '#include <eenn/training/loss.hpp>'
    header infer.hpp '#include <eenn/exits/loss.hpp>'
    header eenn.hpp '#include <eenn/infer.hpp>' '#include <eenn/training/loss.hpp>' '#include <eenn/training/step.hpp>' \
        '#include <eenn/kernels/dense.hpp>'
    header construct/heads.hpp '#include <eenn/training/loss.hpp>'
    header construct/report/page.hpp '#include <eenn/construct/heads.hpp>'
    header construct.hpp '#include <eenn/construct/heads.hpp>'
    printf '%s\n' 'A header of `detail/`:' '```cpp' '#include <eenn/eenn.hpp>' '```' > "$work/README.md"
    mkdir "$work/examples"
    printf '%s\n' '#include <eenn/construct/heads.hpp>' > "$work/examples/heads.cpp"
}

# A header of the tree: header FILE LINE...
header() {
    file=$work/include/eenn/$1
    shift
    mkdir -p "$(dirname "$file")"
    printf '%s\n' "$@" > "$file"
}

# Checks the tree: expect TEXT; an empty text means no fault.
expect() {
    status=0
    output=$("$here/floors.sh" "$work") || status=$?
    if [ -z "$1" ]; then
        [ $status -eq 0 ] && return
    elif [ $status -ne 0 ] && printf '%s\n' "$output" | grep -Fq "$1"; then
        return
    fi
    failures=$((failures + 1))
    printf '%s\n%s\n' "FAIL: expected \"$1\", status $status, output:" "$output"
}

tree; expect ''
tree; header core/up.hpp '#include <eenn/tensor/simd.hpp>'; expect 'core/ (floor 0) may not include tensor/ (floor 1)'
tree; header exits/side.hpp '#include <eenn/training/loss.hpp>'; expect 'exits/ (floor 5) may not include training/ (floor 7)'
tree; header core/top.hpp '#  include <eenn/infer.hpp>'; expect 'only umbrellas include it'
tree; header train.hpp '#include <eenn/interop/tbb.hpp>'; expect 'may not include interop/'
tree; header attic/old.hpp ''; expect 'its folder is not in cmake/floors.txt'
tree; header core/gone.hpp '#include <eenn/core/nowhere.hpp>'; expect 'core/gone.hpp:1: no such header'
tree; header core/quoted.hpp '#include "version.hpp"'; expect 'write <eenn/...>'
tree; header core/a.hpp '#include <eenn/core/b.hpp>'; header core/b.hpp '#include <eenn/core/a.hpp>'
expect 'circle: eenn/core/a.hpp > eenn/core/b.hpp > eenn/core/a.hpp'
tree; header training/detail/step.hpp '#include <eenn/training/hook.hpp>'; header training/hook.hpp '#include <eenn/training/step.hpp>'
expect 'eenn/training/step.hpp > eenn/training/detail/step.hpp > eenn/training/hook.hpp > eenn/training/step.hpp'
tree; header training/hook.hpp '#include <eenn/training/detail/step.hpp>'; expect 'definitions are included by their own header'
tree; header construct/heads.hpp '#include <eenn/training/detail/step.hpp>'; expect 'construct/heads.hpp:1: definitions are included'
tree; header training/detail/part.hpp ''; header construct/heads.hpp '#include <eenn/training/detail/part.hpp>'; expect ''
tree; header training/detail/part.hpp ''; header exits/side.hpp '#include <eenn/training/detail/part.hpp>'
expect 'exits/ (floor 5) may not include training/ (floor 7)'
tree; header layers/eigen.hpp '#include <Eigen/Core>'; expect 'named in tensor/eigen.hpp alone'
tree; header tensor/eigen.hpp '#include <Eigen/Dense>'; expect 'only <Eigen/Core>'
tree; header platform/link.hpp '#include <eenn/tensor/eigen.hpp>'; expect 'platform/link.hpp: takes numbers alone'
tree; header platform/link.hpp '#include <eenn/kernels/dense.hpp>'; expect 'platform/link.hpp: takes numbers alone'
tree; header exits/loss.hpp '#include <eenn/tensor/eigen.hpp>'; expect 'infer.hpp: an umbrella does not cost'
tree; header charts/sort.hpp '#include <execution>'; expect '<execution> forces'
tree; header exits/loss.hpp '#include <thread>'; expect 'device subset may not include <thread>'
tree; header exits/more.hpp ''; expect 'exits/more.hpp: eenn.hpp reaches all but'
tree; header eenn.hpp '#include <eenn/construct/heads.hpp>'; expect 'construct/heads.hpp: eenn.hpp says it leaves this out'
tree; header construct/more.hpp ''; expect 'construct/more.hpp: construct.hpp reaches all'
tree; printf '%s\n' '```cpp' '#include <eenn/training/detail/step.hpp>' '```' >> "$work/README.md"; expect 'users include no header of detail/'
tree; printf '%s\n' '#include <eenn/training/detail/step.hpp>' > "$work/examples/step.cpp"; expect 'users include no header of detail/'

# One header too many: the tree has some already.
tree
for n in $(seq 100); do header "core/detail/n$n.hpp" ''; done
expect ''
for n in $(seq 100); do header "charts/n$n.hpp" ''; done
expect 'headers outside of detail/, at most 100'

rm -rf "$work"
[ $failures -eq 0 ]
