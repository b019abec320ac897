// SPDX-License-Identifier: MIT
//
// eigen.hpp - tensors as Eigen matrices and back, without a copy. The only header that names Eigen; in no umbrella
// header.
// Floor 1 (tensor). Letters: N = samples, H,W,C = height, width, channels of one sample.
#ifndef EENN_TENSOR_EIGEN_HPP
#define EENN_TENSOR_EIGEN_HPP

// GCC 12 warns about the deliberately undefined operands of the AVX-512 intrinsics (GCC bug 105593).
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <Eigen/Core>
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

#include <eenn/core/isa.hpp>
#include <eenn/tensor/shape.hpp>

#include <span>
#include <type_traits>

namespace eenn {
inline namespace EENN_ISA {

/// @brief A row-major matrix, as tensors are laid out. T may be const.
template <class T>
using row_major_matrix = Eigen::Matrix<std::remove_const_t<T>, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// @brief An Eigen matrix over caller-owned memory; const if T is. Any alignment is allowed.
template <class T, class Stride = Eigen::Stride<0, 0>>
using matrix_map = Eigen::Map<std::conditional_t<std::is_const_v<T>, const row_major_matrix<T>, row_major_matrix<T>>,
                              Eigen::Unaligned, Stride>;

/// @brief One sample as a matrix (H W, C): each row is a pixel, each column a channel.
///
/// @par Memory  Nothing is copied; the map is valid as long as the sample. Assigning to the map writes into the sample,
///              whatever the storage order of the right-hand side.
template <class T>
[[nodiscard]] matrix_map<T> pixel_matrix(T* sample, const shape& s) {
    return {sample, s.pixels(), s.c};
}

/// @brief One channel of one sample as a matrix (H, W).
template <class T>
[[nodiscard]] matrix_map<T, Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>> channel_matrix(T* sample, const shape& s,
                                                                                          int channel) {
    return {sample + channel, s.h, s.w, {Eigen::Index{s.w} * s.c, s.c}};
}

/// @brief A batch as a matrix (N, H W C): each row is a sample, or its logits if the shape is (1,1,C).
template <class T>
[[nodiscard]] matrix_map<T> batch_matrix(T* samples, int count, const shape& s) {
    return {samples, count, static_cast<Eigen::Index>(s.elements())};
}

/// @brief The elements of an Eigen matrix as a tensor in row-major order, for any function of the library that takes a
/// tensor.
///
/// A matrix with another order or with gaps does not compile: assign it to a row_major_matrix or to one of the maps
/// above.
template <class Derived>
[[nodiscard]] std::span<const typename Derived::Scalar> elements_of(
    const Eigen::PlainObjectBase<Derived>& matrix) noexcept {
    static_assert(Derived::IsRowMajor || Derived::IsVectorAtCompileTime,
                  "tensors are row-major: assign the matrix to an eenn::row_major_matrix first");
    return {matrix.data(), static_cast<std::size_t>(matrix.size())};
}

}  // namespace EENN_ISA
}  // namespace eenn

#endif
