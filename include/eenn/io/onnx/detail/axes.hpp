// SPDX-License-Identifier: MIT
//
// detail/axes.hpp - maps the axes of ONNX values to ours (H,W,C), so that transposes and reshapes move no data.
// Floor 6 (io); host subset. Tested by tests/io/onnx/import.cpp.
#ifndef EENN_IO_ONNX_DETAIL_AXES_HPP
#define EENN_IO_ONNX_DETAIL_AXES_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <eenn/core/isa.hpp>
#include <eenn/tensor/shape.hpp>

namespace eenn::onnx {
inline namespace EENN_ISA {
namespace detail {

/// An axis of a sample in our layout.
enum class axis : unsigned char { h, w, c };

[[nodiscard]] constexpr int size_along(const shape& s, axis a) noexcept {
    return a == axis::h ? s.h : a == axis::w ? s.w : s.c;
}

/// One axis of an ONNX value: a group of our axes, major first. An axis of size 1 maps to no axis of ours and is {}.
using merged = std::vector<axis>;

/// The axes of an ONNX value after its batch axis: (N,C,H,W) is {{c},{h},{w}}, flattened {{c,h,w}}.
using axis_list = std::vector<merged>;

[[nodiscard]] inline std::int64_t size_of(const merged& m, const shape& s) {
    std::int64_t size = 1;
    for (const axis a : m) size *= size_along(s, a);
    return size;
}

/// {a}, or {} if that axis has size 1.
[[nodiscard]] inline merged along(axis a, const shape& s) { return size_along(s, a) > 1 ? merged{a} : merged{}; }

/// The list for axes that each map to one of ours.
[[nodiscard]] inline axis_list axes_along(std::span<const axis> order, const shape& s) {
    axis_list list;
    for (const axis a : order) list.push_back(along(a, s));
    return list;
}

/// All our axes in the order of the ONNX value.
[[nodiscard]] inline merged order_of(const axis_list& list) {
    merged all;
    for (const auto& m : list) all.insert(all.end(), m.begin(), m.end());
    return all;
}

/// Reshapes without moving elements; empty if one of our axes would have to be split.
[[nodiscard]] inline std::optional<axis_list> regroup(const axis_list& list, const shape& s,
                                                      std::span<const std::int64_t> sizes) {
    const merged all = order_of(list);
    axis_list made;
    std::size_t next = 0;
    for (const std::int64_t wanted : sizes) {
        merged group;
        std::int64_t size = 1;
        while (size < wanted && next < all.size()) {
            size *= size_along(s, all[next]);
            group.push_back(all[next++]);
        }
        if (size != wanted) return std::nullopt;
        made.push_back(std::move(group));
    }
    if (next != all.size()) return std::nullopt;
    return made;
}

/// Maps each axis after the channels to ours; windows slide over these axes. Empty if the value does not have the form
/// channels first, then one or two axes. An axis of size 1 takes the axis that is left; a single one takes the columns.
[[nodiscard]] inline std::optional<std::vector<axis>> plane_of(const axis_list& list, const shape& s) {
    const auto count = list.empty() ? 0 : list.size() - 1;
    if (count < 1 || count > 2 || list[0] != along(axis::c, s)) return std::nullopt;
    std::vector<axis> plane(count, axis::c);  // c: not known yet
    for (std::size_t i = 0; i < count; ++i) {
        const auto& m = list[i + 1];
        if (m.size() > 1 || (m.size() == 1 && m[0] == axis::c)) return std::nullopt;
        if (m.size() == 1) plane[i] = m[0];
    }
    const auto taken = [&](axis a) { return std::find(plane.begin(), plane.end(), a) != plane.end(); };
    for (std::size_t i = 0; i < count; ++i) {
        if (plane[i] != axis::c) continue;
        const bool rows = count == 2 && !taken(axis::h);
        plane[i] = rows || taken(axis::w) ? axis::h : axis::w;
    }
    if (order_of(list).size() != order_of(axes_along(std::array{axis::c, axis::h, axis::w}, s)).size()) {
        return std::nullopt;
    }
    return plane;
}

/// The index in memory of each element along a flattened list of axes.
[[nodiscard]] inline std::vector<int> memory_order(const merged& m, const shape& s) {
    const auto stride = [&](axis a) { return a == axis::c ? 1 : a == axis::w ? s.c : s.w * s.c; };
    std::vector<int> places{0};
    for (const axis a : m) {
        std::vector<int> next;
        next.reserve(places.size() * static_cast<std::size_t>(size_along(s, a)));
        for (const int place : places) {
            for (int i = 0; i < size_along(s, a); ++i) next.push_back(place + i * stride(a));
        }
        places = std::move(next);
    }
    return places;
}

}  // namespace detail
}  // namespace EENN_ISA
}  // namespace eenn::onnx

#endif
