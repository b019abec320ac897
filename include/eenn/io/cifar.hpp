// SPDX-License-Identifier: MIT
//
// cifar.hpp - CIFAR-10 and CIFAR-100 in their binary form.
// Floor 6 (io); host subset. Letters: N = images.
#ifndef EENN_IO_CIFAR_HPP
#define EENN_IO_CIFAR_HPP

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <eenn/core/aligned.hpp>
#include <eenn/core/error.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/io/array.hpp>
#include <eenn/io/file.hpp>

namespace eenn::io {
inline namespace EENN_ISA {

/// @brief Images and labels of a CIFAR file, channels last.
struct cifar_images {
    array images;         // u8 (N,32,32,3): red, green, blue
    array labels;         // u8 (N): the class; CIFAR-100: the fine one
    array coarse_labels;  // u8 (N) in CIFAR-100, else (0)
};

namespace detail {

// A record is `label_bytes` labels, then the planes R, G, B of 32x32 bytes each; the last label is the class.
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

/// @brief The images in the bytes of data_batch_1.bin ... or test_batch.bin, planes turned to channels last.
///
/// @par Errors  eenn::error naming `where` and the image if the size is no number of records or a label is above 9.
/// @par Source  A. Krizhevsky, "The CIFAR-10 dataset", section "Binary version".
[[nodiscard]] inline cifar_images parse_cifar10(std::span<const std::byte> bytes,
                                                const std::string& where = "cifar10") {
    return detail::parse_cifar(bytes, 1, 10, where);
}

/// @brief The same for CIFAR-100's train.bin and test.bin, which have a coarse and a fine label.
[[nodiscard]] inline cifar_images parse_cifar100(std::span<const std::byte> bytes,
                                                 const std::string& where = "cifar100") {
    return detail::parse_cifar(bytes, 2, 100, where);
}

/// @brief The images of several files, one after another: data_batch_1.bin to data_batch_5.bin.
[[nodiscard]] inline cifar_images read_cifar10(std::span<const std::string> paths) {
    aligned_vector<std::byte> bytes;
    for (const auto& path : paths) {
        const auto part = read_file(path);
        [[maybe_unused]] const auto sound = parse_cifar10(part, path);  // so that an error names this file
        bytes.insert(bytes.end(), part.begin(), part.end());
    }
    return parse_cifar10(bytes, paths.empty() ? std::string{"cifar10"} : paths.front());
}
[[nodiscard]] inline cifar_images read_cifar10(const std::string& path) { return parse_cifar10(read_file(path), path); }

[[nodiscard]] inline cifar_images read_cifar100(const std::string& path) {
    return parse_cifar100(read_file(path), path);
}

}  // namespace EENN_ISA
}  // namespace eenn::io

#endif
