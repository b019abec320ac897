// SPDX-License-Identifier: MIT
//
// detail/fold.hpp - folds operators on constants. Exporters write pad amounts, sizes and slices as chains of them.
// Floor 6 (io); host subset.
#ifndef EENN_IO_ONNX_DETAIL_FOLD_HPP
#define EENN_IO_ONNX_DETAIL_FOLD_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <limits>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <eenn/core/error.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/io/detail/bytes.hpp>
#include <eenn/io/onnx/detail/attributes.hpp>
#include <eenn/io/onnx/detail/model.hpp>
#include <eenn/io/onnx/detail/values.hpp>

namespace eenn::onnx {
inline namespace EENN_ISA {
namespace detail {

using integer_list = std::vector<std::int64_t>;

/// Limits the size of folded constants, so that a few bytes of a file cannot consume all memory or hours of time.
class fold_budget {
public:
    /// @param stored  number of elements stored in the file.
    explicit fold_budget(std::size_t stored) : most_{stored + (1U << 20)}, left_{16 * most_} {}

    /// Counts an empty axis as size 1, so that the other axes stay bounded.
    void charge(const std::string& where, const std::vector<std::int64_t>& dims) {
        auto sizes = dims;
        std::replace(sizes.begin(), sizes.end(), 0, 1);
        const auto count = io::checked_product(sizes);
        if (!count || *count > most_) {
            raise(where, "makes a constant of dims " + io::to_string(dims), "it is too large");
        }
        charge(where, *count);
    }
    void charge(const std::string& where, std::size_t elements) {
        if (elements > left_) raise(where, "the constants of the file grow too large");
        left_ -= elements;
    }

private:
    std::size_t most_;
    std::size_t left_;
};

/// A call of a node whose inputs are all constant.
struct fold_call {
    const node& what;
    std::span<const tensor* const> inputs;  ///< null if absent
    fold_budget& budget;

    [[nodiscard]] std::string where() const { return describe(what); }
    [[nodiscard]] bool has(std::size_t i) const { return i < inputs.size() && inputs[i] != nullptr; }
    [[nodiscard]] const tensor& in(std::size_t i) const {
        if (!has(i)) raise(where(), "lacks its input " + std::to_string(i));
        check(*inputs[i]);
        return *inputs[i];
    }
    /// The dims of an input; the only thing known of an activation.
    [[nodiscard]] const integer_list& dims(std::size_t i) const {
        if (!has(i)) raise(where(), "lacks its input " + std::to_string(i));
        return inputs[i]->dims;
    }
    [[nodiscard]] integer_list list(std::size_t i) const { return numbers<std::int64_t>(in(i)); }
    /// A list that is an attribute in old opsets and an input in new ones.
    [[nodiscard]] std::optional<integer_list> list(std::string_view attribute, std::size_t input) const {
        if (auto given = integers_in(what, attribute)) return given;
        return has(input) ? std::optional{list(input)} : std::nullopt;
    }
    [[nodiscard]] std::int64_t scalar(std::size_t i) const {
        const auto values = list(i);
        if (values.size() != 1) raise(where(), "its input " + std::to_string(i) + " is no single number");
        return values[0];
    }
};

/// The same bytes with other dims.
[[nodiscard]] inline tensor with_dims(const fold_call& call, const tensor& from, integer_list dims) {
    if (io::checked_product(dims) != io::checked_product(from.dims)) {
        raise(call.where(), "dims " + io::to_string(from.dims) + " do not become " + io::to_string(dims));
    }
    call.budget.charge(call.where(), dims);
    return {.name = {}, .type = from.type, .dims = std::move(dims), .bytes = from.bytes};
}

/// result[i, j, ...] = from[picks[0][i], picks[1][j], ...]: slices, gathers, tiles and broadcasts.
[[nodiscard]] inline tensor pick(const fold_call& call, const tensor& from, const std::vector<integer_list>& picks) {
    tensor made{.name = {}, .type = from.type, .dims = {}, .bytes = {}};
    for (const auto& p : picks) made.dims.push_back(std::ssize(p));
    call.budget.charge(call.where(), made.dims);
    const std::size_t width = element_bytes(from.type);
    const auto count = io::checked_product(made.dims).value_or(0);
    made.bytes.resize(count * width);
    const std::size_t rank = picks.size();
    integer_list strides(rank, 1);
    for (std::size_t d = rank; d-- > 1;) strides[d - 1] = strides[d] * from.dims[d];
    std::vector<std::size_t> at(rank, 0);
    for (std::size_t i = 0; i < count; ++i) {
        std::int64_t place = 0;
        for (std::size_t d = 0; d < rank; ++d) place += picks[d][at[d]] * strides[d];
        std::memcpy(&made.bytes[i * width], &from.bytes[static_cast<std::size_t>(place) * width], width);
        for (std::size_t d = rank; d-- > 0;) {
            if (++at[d] < picks[d].size()) break;
            at[d] = 0;
        }
    }
    return made;
}

/// 0, 1, ..., size - 1.
[[nodiscard]] inline integer_list all_of_axis(const fold_call& call, std::int64_t size) {
    call.budget.charge(call.where(), integer_list{size});
    integer_list all;
    for (std::int64_t i = 0; i < size; ++i) all.push_back(i);
    return all;
}
[[nodiscard]] inline std::vector<integer_list> all_of_axes(const fold_call& call, const tensor& from) {
    std::vector<integer_list> picks;
    for (const std::int64_t size : from.dims) picks.push_back(all_of_axis(call, size));
    return picks;
}

/// The dims of two values after ONNX's (NumPy's) broadcasting.
[[nodiscard]] inline integer_list broadcast_dims(const fold_call& call, integer_list a, integer_list b) {
    const std::size_t rank = std::max(a.size(), b.size());
    a.insert(a.begin(), rank - a.size(), 1);
    b.insert(b.begin(), rank - b.size(), 1);
    for (std::size_t d = 0; d < rank; ++d) {
        if (a[d] != b[d] && a[d] != 1 && b[d] != 1) {
            raise(call.where(), io::to_string(a) + " and " + io::to_string(b) + " do not fit each other");
        }
        if (a[d] == 1) a[d] = b[d];
    }
    return a;
}
[[nodiscard]] inline tensor broadcast_to(const fold_call& call, tensor from, const integer_list& dims) {
    if (from.dims == dims) return from;
    from.dims.insert(from.dims.begin(), dims.size() - from.dims.size(), 1);
    call.budget.charge(call.where(), dims);
    std::vector<integer_list> picks;
    for (std::size_t d = 0; d < dims.size(); ++d) {
        picks.push_back(from.dims[d] == dims[d] ? all_of_axis(call, dims[d])
                                                : integer_list(static_cast<std::size_t>(dims[d]), 0));
    }
    return pick(call, from, picks);
}

/// A slice of one axis: start, step and number of elements.
struct slice_range {
    std::int64_t start;
    std::int64_t step;
    std::int64_t count;
};
[[nodiscard]] inline slice_range slice_of(std::int64_t size, std::int64_t start, std::int64_t end, std::int64_t step) {
    const bool forward = step > 0;
    const auto place = [&](std::int64_t i) {
        if (i < 0) i = i < -size ? -1 : i + size;
        return std::clamp<std::int64_t>(i, forward ? 0 : -1, forward ? size : size - 1);
    };
    const auto place_start = [&](std::int64_t i) { return forward ? std::max<std::int64_t>(place(i), 0) : place(i); };
    const std::int64_t first = place_start(start);
    const std::int64_t last = place(end);
    const std::int64_t length = forward ? last - first : first - last;
    if (length <= 0) return {first, step, 0};
    const std::int64_t stride = step == std::numeric_limits<std::int64_t>::min() ? size + 1 : std::abs(step);
    return {first, step, (length - 1) / stride + 1};
}

/// The dims requested by Reshape's second input: 0 keeps a size, -1 infers it.
[[nodiscard]] inline integer_list reshaped(const node& n, const integer_list& from, integer_list wanted) {
    const bool keep_zero = integer_or(n, "allowzero", 0) != 0;
    std::size_t open = wanted.size();
    for (std::size_t d = 0; d < wanted.size(); ++d) {
        if (wanted[d] == 0 && !keep_zero) {
            if (d >= from.size()) raise(describe(n), "keeps the size of an axis that is not there");
            wanted[d] = from[d];
        } else if (wanted[d] == -1) {
            if (open != wanted.size()) raise(describe(n), "leaves two sizes open");
            open = d;
        }
    }
    if (open < wanted.size()) {
        wanted[open] = 1;
        const auto all = io::checked_product(from);
        const auto others = io::checked_product(wanted);
        if (!all || !others || *others == 0 || *all % *others != 0) {
            raise(describe(n),
                  io::to_string(from) + " does not become " + io::to_string(wanted) + " with one size open");
        }
        wanted[open] = static_cast<std::int64_t>(*all / *others);
    }
    if (io::checked_product(wanted) != io::checked_product(from)) {
        raise(describe(n), io::to_string(from) + " does not become " + io::to_string(wanted));
    }
    return wanted;
}

/// Removes the named axes, which must have size 1; all axes of size 1 if none are named.
[[nodiscard]] inline integer_list squeezed(const node& n, const integer_list& from,
                                           const std::optional<integer_list>& axes) {
    std::vector<bool> drop(from.size(), false);
    for (std::size_t d = 0; !axes && d < from.size(); ++d) drop[d] = from[d] == 1;
    for (const std::int64_t a : axes.value_or(integer_list{})) {
        const auto d = axis_index(n, a, from.size());
        if (from[d] != 1) raise(describe(n), "axis " + std::to_string(a) + " has size " + std::to_string(from[d]));
        drop[d] = true;
    }
    integer_list kept;
    for (std::size_t d = 0; d < from.size(); ++d) {
        if (!drop[d]) kept.push_back(from[d]);
    }
    return kept;
}

/// Inserts axes of size 1 so that they end up at the named positions.
[[nodiscard]] inline integer_list unsqueezed(const node& n, const integer_list& from, const integer_list& axes) {
    if (axes.size() > 64) raise(describe(n), "adds more than 64 axes");
    const std::size_t rank = from.size() + axes.size();
    std::vector<bool> added(rank, false);
    for (const std::int64_t a : axes) {
        const auto d = axis_index(n, a, rank);
        if (added[d]) raise(describe(n), "adds axis " + std::to_string(a) + " twice");
        added[d] = true;
    }
    integer_list made;
    std::size_t next = 0;
    for (std::size_t d = 0; d < rank; ++d) made.push_back(added[d] ? 1 : from[next++]);
    return made;
}

/// Transpose's `perm`, checked; by default all axes in reverse.
[[nodiscard]] inline std::vector<std::size_t> permutation(const node& n, std::size_t rank) {
    integer_list given(rank);
    std::iota(given.rbegin(), given.rend(), 0);
    given = integers_in(n, "perm").value_or(given);
    std::vector<bool> seen(rank, false);
    std::vector<std::size_t> perm;
    for (const std::int64_t p : given) {
        const auto axis = static_cast<std::size_t>(p);
        if (p < 0 || axis >= rank || seen[axis]) break;
        seen[axis] = true;
        perm.push_back(axis);
    }
    if (perm.size() != rank || given.size() != rank) {
        raise(describe(n),
              "perm " + io::to_string(given) + " does not name each of " + std::to_string(rank) + " axes once");
    }
    return perm;
}

// The operators, in the order of the table below.

inline tensor fold_constant(const fold_call& call) {
    using kind = attribute::kind_of;
    for (const auto& a : call.what.attributes) {
        const auto size = [&](const auto& values) { return integer_list{std::ssize(values)}; };
        if (a.name == "value" && a.kind == kind::tensor) return a.tensors[0];
        if (a.name == "value_float" && a.kind == kind::real) {
            return tensor_of<float>(data_type::float32, {}, std::span{&a.real, 1});
        }
        if (a.name == "value_int" && a.kind == kind::integer) {
            return tensor_of<std::int64_t>(data_type::int64, {}, std::span{&a.integer, 1});
        }
        if (a.name == "value_floats" && a.kind == kind::reals) {
            return tensor_of<float>(data_type::float32, size(a.reals), a.reals);
        }
        if (a.name == "value_ints" && a.kind == kind::integers) {
            return tensor_of<std::int64_t>(data_type::int64, size(a.integers), a.integers);
        }
    }
    raise(call.where(), "holds a constant of a form that no layer takes", "store it as a tensor of numbers");
}

inline tensor fold_constant_of_shape(const fold_call& call) {
    const auto dims = call.list(0);
    call.budget.charge(call.where(), dims);
    tensor made{.name = {}, .type = data_type::float32, .dims = dims, .bytes = {}};
    const auto* given = find_attribute(call.what, "value", attribute::kind_of::tensor);
    const std::vector<std::byte> zero(4, std::byte{0});
    const auto& one = given != nullptr ? given->tensors[0].bytes : zero;
    if (given != nullptr) made.type = given->tensors[0].type;
    if (one.empty() || one.size() != element_bytes(made.type)) raise(call.where(), "its value is no single number");
    made.bytes.resize(io::checked_product(dims).value_or(0) * one.size());
    for (std::size_t at = 0; at < made.bytes.size(); at += one.size()) {
        std::copy(one.begin(), one.end(), made.bytes.data() + at);
    }
    return made;
}

inline tensor fold_identity(const fold_call& call) { return with_dims(call, call.in(0), call.in(0).dims); }

inline tensor fold_cast(const fold_call& call) {
    const auto& from = call.in(0);
    const auto to = static_cast<data_type>(integer_or(call.what, "to", 0));
    call.budget.charge(call.where(), from.dims);
    if (from.type == to) return from;
    return is_floating(from.type) ? tensor_of<double>(to, from.dims, numbers<double>(from))
                                  : tensor_of<std::int64_t>(to, from.dims, numbers<std::int64_t>(from));
}

/// Applies Shape's attributes `start` and `end` to its result.
[[nodiscard]] inline integer_list shape_cut(const node& n, const integer_list& dims) {
    const std::int64_t count = std::ssize(dims);
    const auto cut = slice_of(count, integer_or(n, "start", 0), integer_or(n, "end", count), 1);
    return {dims.begin() + cut.start, dims.begin() + cut.start + cut.count};
}
inline tensor fold_shape(const fold_call& call) { return integers_tensor(shape_cut(call.what, call.dims(0))); }

inline tensor fold_size(const fold_call& call) {
    const auto count = static_cast<std::int64_t>(io::checked_product(call.dims(0)).value_or(0));
    return tensor_of<std::int64_t>(data_type::int64, {}, std::span{&count, 1});
}

inline tensor fold_reshape(const fold_call& call) {
    const auto wanted = call.list("shape", 1);
    if (!wanted) raise(call.where(), "lacks its shape");
    return with_dims(call, call.in(0), reshaped(call.what, call.in(0).dims, *wanted));
}

inline tensor fold_flatten(const fold_call& call) {
    const auto& dims = call.in(0).dims;
    const auto given = integer_or(call.what, "axis", 1);
    const auto at = given == std::ssize(dims) ? dims.size() : axis_index(call.what, given, dims.size());
    const auto product = [](std::span<const std::int64_t> some) {
        return static_cast<std::int64_t>(io::checked_product(some).value_or(0));
    };
    return with_dims(call, call.in(0), {product(std::span{dims}.first(at)), product(std::span{dims}.subspan(at))});
}

inline tensor fold_squeeze(const fold_call& call) {
    return with_dims(call, call.in(0), squeezed(call.what, call.in(0).dims, call.list("axes", 1)));
}

inline tensor fold_unsqueeze(const fold_call& call) {
    const auto axes = call.list("axes", 1).value_or(integer_list{});
    return with_dims(call, call.in(0), unsqueezed(call.what, call.in(0).dims, axes));
}

inline tensor fold_transpose(const fold_call& call) {
    const auto& from = call.in(0);
    const auto perm = permutation(call.what, from.dims.size());
    const std::size_t rank = perm.size();
    const std::size_t width = element_bytes(from.type);
    call.budget.charge(call.where(), from.dims);
    tensor made{.name = {}, .type = from.type, .dims = {}, .bytes = std::vector<std::byte>(from.bytes.size())};
    const std::vector<std::size_t> sizes(from.dims.begin(), from.dims.end());
    std::vector<std::size_t> strides(rank, 1);
    for (std::size_t d = rank; d-- > 1;) strides[d - 1] = strides[d] * sizes[d];
    for (const std::size_t p : perm) made.dims.push_back(from.dims[p]);
    std::vector<std::size_t> at(rank, 0);
    for (std::size_t i = 0; i * width < made.bytes.size(); ++i) {
        std::size_t place = 0;
        for (std::size_t d = 0; d < rank; ++d) place += at[d] * strides[perm[d]];
        std::memcpy(&made.bytes[i * width], &from.bytes[place * width], width);
        for (std::size_t d = rank; d-- > 0;) {
            if (++at[d] < sizes[perm[d]]) break;
            at[d] = 0;
        }
    }
    return made;
}

[[nodiscard]] inline std::size_t concat_axis(const node& n, std::size_t rank) {
    if (find_attribute(n, "axis", attribute::kind_of::integer) == nullptr) raise(describe(n), "lacks its axis");
    return axis_index(n, integer_or(n, "axis", 0), rank);
}

inline tensor fold_concat(const fold_call& call) {
    const auto& first = call.in(0);
    if (first.dims.empty()) raise(call.where(), "joins numbers that have no axis");
    const auto axis = concat_axis(call.what, first.dims.size());
    tensor made{.name = {}, .type = first.type, .dims = first.dims, .bytes = {}};
    for (std::size_t i = 1; i < call.inputs.size(); ++i) {
        auto dims = call.in(i).dims;
        if (axis < dims.size()) made.dims[axis] += std::exchange(dims[axis], first.dims[axis]);
        if (dims != first.dims || call.in(i).type != first.type) raise(call.where(), "joins unlike values");
        call.budget.charge(call.where(), made.dims);
    }
    const auto rows = io::checked_product(std::span{first.dims}.first(axis)).value_or(0);
    made.bytes.reserve(io::checked_product(made.dims, element_bytes(made.type)).value_or(0));
    for (std::size_t row = 0; row < rows; ++row) {
        for (const tensor* part : call.inputs) {
            const std::size_t length = part->bytes.size() / rows;
            const auto from = std::span{part->bytes}.subspan(row * length, length);
            made.bytes.insert(made.bytes.end(), from.begin(), from.end());
        }
    }
    return made;
}

inline tensor fold_gather(const fold_call& call) {
    const auto& from = call.in(0);
    const auto axis = axis_index(call.what, integer_or(call.what, "axis", 0), from.dims.size());
    auto places = call.list(1);
    for (auto& place : places) {
        if (place < 0) place += from.dims[axis];
        if (place < 0 || place >= from.dims[axis]) raise(call.where(), "takes an element that is not there");
    }
    auto picks = all_of_axes(call, from);
    picks[axis] = std::move(places);
    auto made = pick(call, from, picks);
    const auto& shape = call.in(1).dims;
    const auto next = made.dims.erase(made.dims.begin() + static_cast<std::ptrdiff_t>(axis));
    made.dims.insert(next, shape.begin(), shape.end());
    return made;
}

/// Slice's bounds for one axis; old opsets store them as attributes.
struct slice_bounds {
    std::size_t axis;
    std::int64_t start, end, step;
};
[[nodiscard]] inline std::vector<slice_bounds> slices_of(const fold_call& call, std::size_t rank) {
    const auto starts = call.list("starts", 1), ends = call.list("ends", 2);
    if (!starts || !ends || starts->size() != ends->size()) raise(call.where(), "its starts and ends do not fit");
    auto axes = call.list("axes", 3).value_or(integer_list{});
    if (axes.empty()) {
        axes.resize(starts->size());
        std::iota(axes.begin(), axes.end(), 0);
    }
    const auto steps = call.list("steps", 4).value_or(integer_list(starts->size(), 1));
    if (axes.size() != starts->size() || steps.size() != starts->size()) raise(call.where(), "its bounds do not fit");
    std::vector<slice_bounds> bounds;
    for (std::size_t i = 0; i < axes.size(); ++i) {
        if (steps[i] == 0) raise(call.where(), "has a step of 0");
        bounds.push_back({axis_index(call.what, axes[i], rank), (*starts)[i], (*ends)[i], steps[i]});
    }
    return bounds;
}
inline tensor fold_slice(const fold_call& call) {
    const auto& from = call.in(0);
    auto picks = all_of_axes(call, from);
    for (const auto& b : slices_of(call, from.dims.size())) {
        const auto range = slice_of(from.dims[b.axis], b.start, b.end, b.step);
        picks[b.axis].clear();
        for (std::int64_t i = 0; i < range.count; ++i) picks[b.axis].push_back(range.start + i * range.step);
    }
    return pick(call, from, picks);
}

inline tensor fold_expand(const fold_call& call) {
    auto dims = call.list(1);
    dims = broadcast_dims(call, call.in(0).dims, dims);
    call.budget.charge(call.where(), dims);
    return broadcast_to(call, call.in(0), dims);
}

inline tensor fold_tile(const fold_call& call) {
    const auto& from = call.in(0);
    const auto repeats = call.list(1);
    if (repeats.size() != from.dims.size()) raise(call.where(), "does not say how often for each axis");
    std::vector<integer_list> picks;
    for (std::size_t d = 0; d < repeats.size(); ++d) {
        const integer_list both{repeats[d], from.dims[d]};
        call.budget.charge(call.where(), both);
        picks.emplace_back();
        for (std::int64_t i = 0; i < repeats[d] * from.dims[d]; ++i) picks.back().push_back(i % from.dims[d]);
    }
    return pick(call, from, picks);
}

inline tensor fold_range(const fold_call& call) {
    if (is_floating(call.in(0).type)) raise(call.where(), "counts in fractions", "count in integers");
    const auto start = call.scalar(0), limit = call.scalar(1), step = call.scalar(2);
    constexpr std::int64_t most = 1LL << 40;
    if (step == 0 || std::max({start, limit, step}) > most || std::min({start, limit, step}) < -most) {
        raise(call.where(),
              "counts from " + std::to_string(start) + " to " + std::to_string(limit) + " by " + std::to_string(step));
    }
    const std::int64_t length = step > 0 ? limit - start : start - limit;
    const std::int64_t count = length <= 0 ? 0 : (length - 1) / std::abs(step) + 1;
    call.budget.charge(call.where(), integer_list{count});
    integer_list values;
    for (std::int64_t i = 0; i < count; ++i) values.push_back(start + i * step);
    return tensor_of<std::int64_t>(call.in(0).type, {count}, values);
}

/// Applies op to every pair, in int64 or, for floating types, in double. The result has the type of a, or is boolean.
template <class Op>
tensor fold_pairs(const fold_call& call, data_type made_type, Op op, const tensor& left, const tensor& right) {
    const auto dims = broadcast_dims(call, left.dims, right.dims);
    call.budget.charge(call.where(), dims);
    const auto a = broadcast_to(call, left, dims), b = broadcast_to(call, right, dims);
    const auto each = [&]<class T>(T) {
        auto x = numbers<T>(a);
        const auto y = numbers<T>(b);
        for (std::size_t i = 0; i < x.size(); ++i) x[i] = op(call, x[i], y[i]);
        return tensor_of<T>(made_type, dims, x);
    };
    return is_floating(a.type) || is_floating(b.type) ? each(double{}) : each(std::int64_t{});
}
template <class Op>
tensor fold_pairs(const fold_call& call, Op op) {
    return fold_pairs(call, call.in(0).type, op, call.in(0), call.in(1));
}
template <class Op>
tensor fold_comparison(const fold_call& call, Op op) {
    return fold_pairs(
        call, data_type::boolean, [op](const fold_call&, auto a, auto b) { return static_cast<decltype(a)>(op(a, b)); },
        call.in(0), call.in(1));
}
/// Integers wrap on overflow, as in ONNX Runtime.
template <class Op>
[[nodiscard]] std::int64_t wrapping(Op op, std::int64_t a, std::int64_t b) {
    return static_cast<std::int64_t>(op(static_cast<std::uint64_t>(a), static_cast<std::uint64_t>(b)));
}
template <class Op>
tensor fold_ring(const fold_call& call, Op op) {
    return fold_pairs(call, [op](const fold_call&, auto a, auto b) {
        if constexpr (std::is_integral_v<decltype(a)>) {
            return wrapping(op, a, b);
        } else {
            return op(a, b);
        }
    });
}
inline tensor fold_add(const fold_call& call) {
    return fold_ring(call, [](auto a, auto b) { return a + b; });
}
inline tensor fold_subtract(const fold_call& call) {
    return fold_ring(call, [](auto a, auto b) { return a - b; });
}
inline tensor fold_multiply(const fold_call& call) {
    return fold_ring(call, [](auto a, auto b) { return a * b; });
}
inline tensor fold_divide(const fold_call& call) {
    return fold_pairs(call, [](const fold_call& of, auto a, auto b) {
        if constexpr (std::is_integral_v<decltype(a)>) {
            if (b == 0 || (b == -1 && a == std::numeric_limits<std::int64_t>::min())) raise(of.where(), "divides by 0");
        }
        return a / b;
    });
}
template <class Op>
tensor fold_many(const fold_call& call, Op op) {
    tensor made = call.in(0);
    for (std::size_t i = 1; i < call.inputs.size(); ++i) made = fold_pairs(call, made.type, op, made, call.in(i));
    return made;
}
inline tensor fold_minimum(const fold_call& call) {
    return fold_many(call, [](const fold_call&, auto a, auto b) { return b < a ? b : a; });
}
inline tensor fold_maximum(const fold_call& call) {
    return fold_many(call, [](const fold_call&, auto a, auto b) { return a < b ? b : a; });
}
inline tensor fold_equal(const fold_call& call) {
    return fold_comparison(call, [](auto a, auto b) { return a == b; });
}
inline tensor fold_less(const fold_call& call) {
    return fold_comparison(call, [](auto a, auto b) { return a < b; });
}
inline tensor fold_greater(const fold_call& call) {
    return fold_comparison(call, [](auto a, auto b) { return b < a; });
}

/// Applies f to every element, in double; floating types only.
template <class F>
tensor fold_each(const fold_call& call, F f) {
    const auto& from = call.in(0);
    call.budget.charge(call.where(), from.dims);
    auto values = numbers<double>(from);
    for (auto& v : values) v = f(v);
    return tensor_of<double>(from.type, from.dims, values);
}
inline tensor fold_negate(const fold_call& call) {
    return fold_each(call, [](double x) { return -x; });
}
inline tensor fold_absolute(const fold_call& call) {
    return fold_each(call, [](double x) { return std::fabs(x); });
}
inline tensor fold_floor(const fold_call& call) {
    return fold_each(call, [](double x) { return std::floor(x); });
}
inline tensor fold_ceil(const fold_call& call) {
    return fold_each(call, [](double x) { return std::ceil(x); });
}
inline tensor fold_square_root(const fold_call& call) {
    return fold_each(call, [](double x) { return std::sqrt(x); });
}
inline tensor fold_not(const fold_call& call) {
    const auto& from = call.in(0);
    call.budget.charge(call.where(), from.dims);
    auto values = numbers<std::int64_t>(from);
    for (auto& v : values) v = v == 0 ? 1 : 0;
    return tensor_of<std::int64_t>(data_type::boolean, from.dims, values);
}

inline tensor fold_where(const fold_call& call) {
    const auto& yes = call.in(1);
    const auto& no = call.in(2);
    if (yes.type != no.type) raise(call.where(), "chooses among unlike values");
    const auto dims = broadcast_dims(call, broadcast_dims(call, call.in(0).dims, yes.dims), no.dims);
    const auto choose = broadcast_to(call, call.in(0), dims);
    auto made = broadcast_to(call, yes, dims);
    const auto other = broadcast_to(call, no, dims);
    const std::size_t width = element_bytes(made.type);
    const auto chosen = numbers<std::int64_t>(choose);
    for (std::size_t i = 0; i < chosen.size(); ++i) {
        if (chosen[i] == 0) std::memcpy(&made.bytes[i * width], &other.bytes[i * width], width);
    }
    return made;
}

inline tensor fold_product(const fold_call& call) {
    const auto& from = call.in(0);
    const auto axes = call.list("axes", 1);
    if (from.dims.size() > 1 && axes && axes->size() != from.dims.size()) {
        raise(call.where(), "multiplies along some axes of a constant", "only all axes are multiplied");
    }
    call.budget.charge(call.where(), from.dims);
    double product = 1;
    for (const double v : numbers<double>(from)) product *= v;
    const bool keep = integer_or(call.what, "keepdims", 1) != 0;
    return tensor_of<double>(from.type, keep ? integer_list(from.dims.size(), 1) : integer_list{},
                             std::span{&product, 1});
}

struct fold_operator {
    std::string_view op_type;
    tensor (*evaluate)(const fold_call&);
};
inline constexpr fold_operator fold_operators[] = {
    {"Constant", fold_constant},
    {"ConstantOfShape", fold_constant_of_shape},
    {"Identity", fold_identity},
    {"Dropout", fold_identity},
    {"Cast", fold_cast},
    {"Shape", fold_shape},
    {"Size", fold_size},
    {"Reshape", fold_reshape},
    {"Flatten", fold_flatten},
    {"Squeeze", fold_squeeze},
    {"Unsqueeze", fold_unsqueeze},
    {"Transpose", fold_transpose},
    {"Concat", fold_concat},
    {"Gather", fold_gather},
    {"Slice", fold_slice},
    {"Expand", fold_expand},
    {"Tile", fold_tile},
    {"Range", fold_range},
    {"Add", fold_add},
    {"Sub", fold_subtract},
    {"Mul", fold_multiply},
    {"Div", fold_divide},
    {"Min", fold_minimum},
    {"Max", fold_maximum},
    {"Equal", fold_equal},
    {"Less", fold_less},
    {"Greater", fold_greater},
    {"Neg", fold_negate},
    {"Abs", fold_absolute},
    {"Floor", fold_floor},
    {"Ceil", fold_ceil},
    {"Sqrt", fold_square_root},
    {"Not", fold_not},
    {"Where", fold_where},
    {"ReduceProd", fold_product},
};

[[nodiscard]] constexpr const fold_operator* find_fold_operator(std::string_view op_type) noexcept {
    for (const auto& known : fold_operators) {
        if (known.op_type == op_type) return &known;
    }
    return nullptr;
}

}  // namespace detail
}  // namespace EENN_ISA
}  // namespace eenn::onnx

#endif
