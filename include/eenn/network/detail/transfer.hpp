// SPDX-License-Identifier: MIT
//
// detail/transfer.hpp - copies tensor values between networks that share nodes, matched by node id.
// Floor 4 (network); host subset.
#ifndef EENN_NETWORK_DETAIL_TRANSFER_HPP
#define EENN_NETWORK_DETAIL_TRANSFER_HPP

#include <eenn/core/error.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/network/channels.hpp>
#include <eenn/network/parameters.hpp>

#include <algorithm>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

namespace eenn {
inline namespace EENN_ISA {

namespace detail {

/// Sorts tensors by id. Tensors of one node keep their order.
[[nodiscard]] inline std::vector<const tensor_info*> by_id(std::span<const tensor_info> tensors) {
    std::vector<const tensor_info*> sorted;
    for (const tensor_info& tensor : tensors) sorted.push_back(&tensor);
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const tensor_info* a, const tensor_info* b) { return a->id < b->id; });
    return sorted;
}

[[nodiscard]] inline const tensor_info* find_tensor(std::span<const tensor_info* const> sorted, node_id id,
                                                    std::string_view name) {
    auto at = std::lower_bound(sorted.begin(), sorted.end(), id,
                               [](const tensor_info* tensor, node_id wanted) { return tensor->id < wanted; });
    for (; at != sorted.end() && (*at)->id == id; ++at) {
        if ((*at)->spec.name == name) return *at;
    }
    return nullptr;
}

[[nodiscard]] inline std::string dims_of(const tensor_spec& spec) {
    std::string text;
    for (const int size : spec.sizes()) text += (text.empty() ? "" : "x") + std::to_string(size);
    return text;
}

/// Copies element by element where a tensor's input or output channels have changed.
template <class T>
void copy_chosen(const tensor_info& from, std::span<const std::type_identity_t<T>> values, const tensor_info& to,
                 std::span<T> into, const kept_channels& kept) {
    // Index in the source of each target element, built axis by axis; -1 if it has none.
    std::vector<std::ptrdiff_t> sources{0};
    for (std::size_t axis = 0; axis < to.spec.sizes().size(); ++axis) {
        const std::ptrdiff_t size = from.spec.dims[axis];
        const std::span<const int> chosen = kept.along(to.spec, axis);
        std::vector<std::ptrdiff_t> finer;
        for (const std::ptrdiff_t outer : sources) {
            for (const int place : chosen) finer.push_back(outer < 0 || place < 0 ? -1 : outer * size + place);
            for (int i = 0; chosen.empty() && i < size; ++i) finer.push_back(outer < 0 ? -1 : outer * size + i);
        }
        sources = std::move(finer);
    }
    const auto before = values.subspan(from.offset).begin();
    for (std::size_t i = 0; i < sources.size(); ++i) {
        if (sources[i] >= 0) into[to.offset + i] = before[sources[i]];
    }
}

}  // namespace detail

/// @brief Copies the tensors of nodes with equal ids. Tensors that only one network has are left alone.
///
/// @param source_values  (from.parameter_elements()), or (from.sizes.parameters) for values of trained parameters only, such
///                       as moments.
/// @param target_values  likewise for `to`.
/// @param channels       the channels that keep_channels() kept, if it was applied; new channels keep the target's values.
/// @return               number of tensors copied.
/// @par Cost    O(tensors log tensors + elements).
/// @par Errors  eenn::error if a shared tensor has sizes that `channels` does not explain, or a span has the wrong size;
///              target_values are then unchanged.
template <class Source, class Target>
std::size_t transfer(const plan_view& from, const Source& source_values, const plan_view& to, Target&& target_values,
                     std::span<const kept_channels> channels = {}) {
    const std::span from_values{source_values};
    const std::span to_values{target_values};
    const auto check = [](const plan_view& plan, std::size_t size, const char* which) {
        if (size == plan.parameter_elements() || size == plan.sizes.parameters) return;
        raise("transfer", std::string{which} + " has " + std::to_string(size) + " elements, its network has " +
                              std::to_string(plan.sizes.parameters) + " parameters, " +
                              std::to_string(plan.parameter_elements()) + " with running statistics");
    };
    check(from, from_values.size(), "the source");
    check(to, to_values.size(), "the target");
    struct pair {
        const tensor_info* from;
        const tensor_info* to;
        const kept_channels* kept;
    };
    std::vector<pair> shared;
    const auto sources = detail::by_id(from.tensors);
    for (const tensor_info& target : to.tensors) {
        const tensor_info* source = detail::find_tensor(sources, target.id, target.spec.name);
        if (source == nullptr || source->offset + source->spec.elements() > from_values.size() ||
            target.offset + target.spec.elements() > to_values.size()) {
            continue;
        }
        const auto kept =
            std::find_if(channels.begin(), channels.end(), [&](const kept_channels& k) { return k.node == target.id; });
        const kept_channels* how = kept == channels.end() ? nullptr : &*kept;
        bool fits = source->spec.rank == target.spec.rank;
        for (std::size_t axis = 0; fits && axis < target.spec.sizes().size(); ++axis) {
            const int before = source->spec.dims[axis];
            const int now = target.spec.dims[axis];
            const auto chosen = how == nullptr ? std::span<const int>{} : how->along(target.spec, axis);
            fits = chosen.empty() ? before == now
                                  : std::cmp_equal(chosen.size(), now) &&
                                        std::all_of(chosen.begin(), chosen.end(),
                                                    [&](int place) { return place >= -1 && place < before; });
        }
        if (!fits) {
            raise("transfer",
                  tensor_name(target) + " is " + detail::dims_of(source->spec) + " in the source, " +
                      detail::dims_of(target.spec) + " in the target" +
                      (how == nullptr ? "" : ", which the channels that were kept do not explain"),
                  "give what keep_channels() kept, or a network whose node " + to_string(target.id) + " is the same");
        }
        shared.push_back({source, &target, how});
    }
    for (const auto& [source, target, kept] : shared) {
        if (kept != nullptr) {
            detail::copy_chosen(*source, from_values, *target, to_values, *kept);
        } else {
            std::copy_n(from_values.subspan(source->offset).begin(), source->spec.elements(),
                        to_values.subspan(target->offset).begin());
        }
    }
    return shared.size();
}

}  // namespace EENN_ISA
}  // namespace eenn

#endif
