#!/bin/sh
# SPDX-License-Identifier: MIT
#
# package.sh WAY SOURCE BUILD WORK CMAKE... - builds and runs tests/house/consumer, a user of the library, which gets it by
# find_package (from an install prefix that was moved after installing), add_subdirectory or FetchContent. CMAKE... is
# the cmake command and the arguments that the consumer is configured with.
set -eu
way=$1
source=$2
build=$3
work=$4
cmake=$5
shift 5
rm -rf "$work"
mkdir -p "$work"
if [ "$way" = find_package ]; then
    "$cmake" --install "$build" --prefix "$work/installed" > "$work/log"
    mv "$work/installed" "$work/moved"
    if grep -rl -e "$source" -e "$work" "$work/moved"; then
        echo "FAIL: these installed files name the place they were made in"
        exit 1
    fi
fi
"$cmake" -S "$source/tests/house/consumer" -B "$work/build" "$@" \
    -DWAY="$way" -DEENN_SOURCE="$source" -DCMAKE_PREFIX_PATH="$work/moved"
"$cmake" --build "$work/build"
for program in consumer consumer_native consumer_tuning consumer_device consumer_host; do
    "$work/build/$program" > "$work/$program.out"
done
cat "$work/consumer.out"
if [ -e "$work/build/consumer_constructs" ]; then
    (cd "$work" && build/consumer_constructs)
elif [ "$way" = find_package ]; then
    echo "the package has no eenn::compiled with ONNX: nothing is constructed"
fi

# The device program computes what the host's does, and asks for neither heap nor exceptions.
diff "$work/consumer_device.out" "$work/consumer_host.out" || { echo "FAIL: a device computes other bits"; exit 1; }
if nm -u "$work/build/consumer_device" | grep -E ' (_Z|__cxa_(throw|allocate|guard|begin)|__gxx|_Unwind|[a-z_]*alloc|free)'; then
    echo "FAIL: the device program wants these"
    exit 1
fi
rm -rf "$work"
