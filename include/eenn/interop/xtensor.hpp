// SPDX-License-Identifier: MIT
//
// xtensor.hpp - converts data sets, batches and array files to and from xtensor arrays.
// Floor 10 (interop); host subset. Needs xtensor: link eenn::xtensor. Letters: N = samples, B = samples of a batch,
// H,W,C = height, width, channels of one sample.
#ifndef EENN_INTEROP_XTENSOR_HPP
#define EENN_INTEROP_XTENSOR_HPP

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>
#include <xtensor/xadapt.hpp>
#include <xtensor/xexpression.hpp>

#include <eenn/core/aligned.hpp>
#include <eenn/core/error.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/data/batches.hpp>
#include <eenn/data/data_set.hpp>
#include <eenn/io/array.hpp>
#include <eenn/io/detail/bytes.hpp>

namespace eenn {
inline namespace EENN_ISA {

namespace detail {

template <std::size_t Rank>
[[nodiscard]] std::array<std::size_t, Rank> xtensor_shape(int count, const shape& sample) {
    const std::array<int, 4> dims{count, sample.h, sample.w, sample.c};
    std::array<std::size_t, Rank> converted;
    for (std::size_t d = 0; d < Rank; ++d) converted[d] = static_cast<std::size_t>(dims[d]);
    return converted;
}

[[nodiscard]] inline std::size_t elements_of(const std::array<std::size_t, 4>& dims) noexcept {
    return dims[0] * dims[1] * dims[2] * dims[3];
}

}  // namespace detail

/// @brief A set's pixels as a 4-dim xtensor (N,H,W,C). This is a view; the set must outlive it.
[[nodiscard]] inline auto pixels_as_xtensor(const data_set& set) {
    const auto dims = detail::xtensor_shape<4>(set.size(), set.sample);
    return xt::adapt(set.pixels.data(), detail::elements_of(dims), xt::no_ownership(), dims);
}
/// @brief A writable view. Written values must be finite; check() verifies this.
[[nodiscard]] inline auto pixels_as_xtensor(data_set& set) {
    const auto dims = detail::xtensor_shape<4>(set.size(), set.sample);
    return xt::adapt(set.pixels.data(), detail::elements_of(dims), xt::no_ownership(), dims);
}
void pixels_as_xtensor(data_set&&) = delete;

/// @brief A set's labels as an xtensor (N). This is a view; the set must outlive it.
[[nodiscard]] inline auto labels_as_xtensor(const data_set& set) {
    return xt::adapt(set.labels.data(), set.labels.size(), xt::no_ownership(),
                     detail::xtensor_shape<1>(set.size(), set.sample));
}
void labels_as_xtensor(data_set&&) = delete;

/// @brief A batch's pixels as an xtensor (B,H,W,C). This is a view, valid until the loader's next next() or start().
[[nodiscard]] inline auto pixels_as_xtensor(const batch& samples) {
    const auto dims = detail::xtensor_shape<4>(samples.size, samples.sample);
    return xt::adapt(samples.pixels, detail::elements_of(dims), xt::no_ownership(), dims);
}

/// @brief A batch's labels as an xtensor (B). This is a view, valid until the loader's next next() or start().
[[nodiscard]] inline auto labels_as_xtensor(const batch& samples) {
    return xt::adapt(samples.labels, static_cast<std::size_t>(samples.size), xt::no_ownership(),
                     detail::xtensor_shape<1>(samples.size, samples.sample));
}

/// @brief An array file's elements as an xarray of its dims. This is a view; the array must outlive it.
///
/// Raises naming both types unless T is the array's own type; `array.to<T>()` converts.
template <Element T>
[[nodiscard]] auto as_xarray(const io::array& from) {
    const auto elements = from.as<T>("as_xarray");
    const std::vector<std::size_t> dims(from.dims.begin(), from.dims.end());
    return xt::adapt(elements.data(), elements.size(), xt::no_ownership(), dims);
}
template <Element T>
void as_xarray(io::array&&) = delete;

/// @brief Copies any xtensor expression to an array that io can write: `io::write_npy(path, to_array(expression))`.
template <class E>
[[nodiscard]] io::array to_array(const xt::xexpression<E>& expression) {
    using value_type = typename E::value_type;
    static_assert(Element<value_type>, "the expression's elements have no type in array files; cast them first");
    const E& values = expression.derived_cast();
    std::vector<std::int64_t> dims;
    for (const auto dim : values.shape()) dims.push_back(static_cast<std::int64_t>(dim));
    aligned_vector<std::byte> bytes(values.size() * sizeof(value_type));
    std::byte* to = bytes.data();
    for (auto it = values.template begin<xt::layout_type::row_major>();
         it != values.template end<xt::layout_type::row_major>(); ++it) {
        const value_type value = *it;
        io::store(to, value, std::endian::native);
        to += sizeof(value_type);
    }
    return {element_type_of<value_type>, std::move(dims), std::move(bytes)};
}

/// @brief Makes a checked data set from expressions: pixels (N,...), where the other dims hold one sample of shape
/// (H,W,C), and labels (N).
///
/// Pixels (N,28,28) make samples of {28, 28, 1}: only the number of elements must agree. The values are copied once.
/// @par Errors  eenn::error if the dims disagree with `sample` or with each other, and as make_data_set().
template <class Pixels, class Labels>
[[nodiscard]] data_set make_data_set(shape sample, int classes, const xt::xexpression<Pixels>& pixels,
                                     const xt::xexpression<Labels>& labels) {
    const Pixels& values = pixels.derived_cast();
    const Labels& classes_of = labels.derived_cast();
    if (classes_of.dimension() != 1)
        raise("make_data_set", "labels of " + std::to_string(classes_of.dimension()) + " dims", "give one dim");
    const std::size_t count = classes_of.size();
    if (values.dimension() < 1 || static_cast<std::size_t>(values.shape()[0]) != count ||
        values.size() != count * sample.elements()) {
        std::string dims;
        for (const auto dim : values.shape()) dims += (dims.empty() ? "" : ", ") + std::to_string(dim);
        raise("make_data_set", "pixels of dims (" + dims + ") are not " + std::to_string(count) +
                                   " samples (one a label) of shape " + to_string(sample));
    }
    aligned_vector<float> copied;
    copied.reserve(values.size());
    for (auto it = values.template begin<xt::layout_type::row_major>();
         it != values.template end<xt::layout_type::row_major>(); ++it) {
        copied.push_back(static_cast<float>(*it));
    }
    std::vector<int> copied_labels;
    copied_labels.reserve(count);
    for (auto it = classes_of.begin(); it != classes_of.end(); ++it) {
        const auto label = *it;
        if (!io::detail::fits<int>(label))
            raise("make_data_set",
                  "sample " + std::to_string(copied_labels.size()) + " has label " + std::to_string(label));
        copied_labels.push_back(static_cast<int>(label));
    }
    return make_data_set(sample, classes, std::move(copied), std::move(copied_labels));
}

}  // namespace EENN_ISA
}  // namespace eenn

#endif
