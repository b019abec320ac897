// SPDX-License-Identifier: MIT
//
// detail/cifar.hpp - the records of CIFAR files.
// Floor 6 (io); host subset. Tested by tests/io/cifar.cpp. Letters: N = images.
#ifndef EENN_IO_DETAIL_CIFAR_HPP
#define EENN_IO_DETAIL_CIFAR_HPP

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <eenn/core/aligned.hpp>
#include <eenn/core/detail/flow.hpp>
#include <eenn/core/error.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/io/array.hpp>
#include <eenn/io/cifar.hpp>
#include <eenn/io/file.hpp>

namespace eenn::io {
inline namespace EENN_ISA {

namespace detail {

// A record holds `label_bytes` labels, then the planes R, G, B of 32x32 bytes each. The last label is the class.
[[nodiscard]] inline cifar_images parse_cifar(std::span<const std::byte> bytes, std::size_t label_bytes, int classes,
                                              const std::string& where) {
    constexpr std::size_t plane = 32 * 32;
    const std::size_t record = label_bytes + 3 * plane;
    if (bytes.empty() || bytes.size() % record != 0) {
        raise(where,
              "its " + std::to_string(bytes.size()) + " bytes are no whole number of records of " +
                  std::to_string(record),
              "is it the binary version of CIFAR-" + std::to_string(classes) + ", unpacked?");
    }
    const std::size_t count = bytes.size() / record;
    const auto n = static_cast<std::int64_t>(count);
    const std::size_t coarse = label_bytes - 1;
    cifar_images read{{element_type::u8, {n, 32, 32, 3}, aligned_vector<std::byte>(count * 3 * plane)},
                      {element_type::u8, {n}, aligned_vector<std::byte>(count)},
                      {element_type::u8, {coarse != 0 ? n : 0}, aligned_vector<std::byte>(count * coarse)}};
    for (std::size_t i = 0; i < count; ++i) {
        const std::byte* const from = &bytes[i * record];
        const std::byte label = from[label_bytes - 1];
        const int number = std::to_integer<int>(label);
        if (number >= classes || (coarse != 0 && from[0] >= std::byte{20})) {
            raise(where, "image " + std::to_string(i) + " has label " + std::to_string(number),
                  "is it the binary version of CIFAR-" + std::to_string(classes) + "?");
        }
        read.labels.bytes[i] = label;
        if (coarse != 0) read.coarse_labels.bytes[i] = from[0];
        std::byte* to = &read.images.bytes[i * 3 * plane];
        for (std::size_t p = 0; p < plane; ++p) {
            for (std::size_t c = 0; c < 3; ++c) *to++ = from[label_bytes + c * plane + p];
        }
    }
    return read;
}

}  // namespace detail

}  // namespace EENN_ISA
inline namespace EENN_HOST {

EENN_FLOW cifar_images parse_cifar10(std::span<const std::byte> bytes, const std::string& where) {
    return detail::parse_cifar(bytes, 1, 10, where);
}

EENN_FLOW cifar_images parse_cifar100(std::span<const std::byte> bytes, const std::string& where) {
    return detail::parse_cifar(bytes, 2, 100, where);
}

EENN_FLOW cifar_images read_cifar10(std::span<const std::string> paths) {
    aligned_vector<std::byte> bytes;
    for (const auto& path : paths) {
        const auto part = read_file(path);
        [[maybe_unused]] const auto sound = parse_cifar10(part, path);  // checked here so that errors name this file
        bytes.insert(bytes.end(), part.begin(), part.end());
    }
    return parse_cifar10(bytes, paths.empty() ? std::string{"cifar10"} : paths.front());
}

EENN_FLOW cifar_images read_cifar10(const std::string& path) { return parse_cifar10(read_file(path), path); }

EENN_FLOW cifar_images read_cifar100(const std::string& path) { return parse_cifar100(read_file(path), path); }

}  // namespace EENN_HOST
}  // namespace eenn::io

#endif
