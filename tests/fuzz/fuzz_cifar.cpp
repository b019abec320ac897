// SPDX-License-Identifier: MIT
//
// fuzz_cifar.cpp - any bytes are refused by eenn::error, or are whole images with labels in range.
#include <cstddef>
#include <cstdint>
#include <eenn/io/cifar.hpp>

#include "require.hpp"

using namespace eenn;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto bytes = std::as_bytes(std::span{data, size});
    for (const int classes : {10, 100}) {
        try {
            const auto read = classes == 10 ? io::parse_cifar10(bytes) : io::parse_cifar100(bytes);
            REQUIRE(read.images.bytes.size() + read.labels.bytes.size() + read.coarse_labels.bytes.size() == size);
            for (const auto label : read.labels.as<std::uint8_t>()) REQUIRE(label < classes);
        } catch (const error&) {  // refused: as good as read
        }
    }
    return 0;
}
