// SPDX-License-Identifier: MIT
//
// cifar.hpp - CIFAR-10 and CIFAR-100 in their binary format.
// Floor 6 (io); host subset. Letters: N = images.
#ifndef EENN_IO_CIFAR_HPP
#define EENN_IO_CIFAR_HPP

#include <eenn/core/detail/flow.hpp>
#include <eenn/io/array.hpp>

#include <cstddef>
#include <span>
#include <string>

namespace eenn::io {
inline namespace EENN_HOST {

/// @brief Images and labels of a CIFAR file, channels last.
struct cifar_images {
    array images;         // u8 (N,32,32,3): red, green, blue
    array labels;         // u8 (N): class; the fine label in CIFAR-100
    array coarse_labels;  // u8 (N) in CIFAR-100, otherwise (0)
};

/// @brief Parses the images of data_batch_1.bin ... or test_batch.bin, and converts them from planes to channels last.
///
/// @par Errors  eenn::error naming `where` and the image if the size is not a multiple of the record size or a label
///              exceeds 9.
/// @par Source  A. Krizhevsky, "The CIFAR-10 dataset", section "Binary version".
[[nodiscard]] EENN_FLOW cifar_images parse_cifar10(std::span<const std::byte> bytes,
                                                   const std::string& where = "cifar10");

/// @brief The same for CIFAR-100's train.bin and test.bin, which store a coarse and a fine label.
[[nodiscard]] EENN_FLOW cifar_images parse_cifar100(std::span<const std::byte> bytes,
                                                    const std::string& where = "cifar100");

/// @brief The images of several files, concatenated: data_batch_1.bin to data_batch_5.bin.
[[nodiscard]] EENN_FLOW cifar_images read_cifar10(std::span<const std::string> paths);

[[nodiscard]] EENN_FLOW cifar_images read_cifar10(const std::string& path);

[[nodiscard]] EENN_FLOW cifar_images read_cifar100(const std::string& path);

}  // namespace EENN_HOST
}  // namespace eenn::io

#if !defined(EENN_COMPILED)
#include <eenn/io/detail/cifar.hpp>
#endif

#endif
