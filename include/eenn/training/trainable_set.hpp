// SPDX-License-Identifier: MIT
//
// trainable_set.hpp - what of a network is trained: channels of tensors, named by the ids of their nodes.
// Floor 7 (training). Letters: C = channels of a tensor along its output axis.
#ifndef EENN_TRAINING_TRAINABLE_SET_HPP
#define EENN_TRAINING_TRAINABLE_SET_HPP

#include <eenn/core/error.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/network/plan.hpp>
#include <eenn/training/parameter_range.hpp>

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace eenn {
inline namespace EENN_ISA {

/// @brief Output channels [first, last) of a tensor.
struct channel_range {
    int first = 0;
    int last = 0;
    friend constexpr bool operator==(const channel_range&, const channel_range&) = default;
};

/// @brief One entry of a trainable set.
struct trained_tensor {
    node_id node{};
    std::vector<char> letters;            ///< see name(); clang 14 evaluates no std::string as a constant
    std::vector<channel_range> channels;  ///< empty: all

    /// Of the tensor; empty: every tensor of the node.
    [[nodiscard]] constexpr std::string_view name() const { return {letters.data(), letters.size()}; }
};

/// @brief Which tensors, and which output channels of them, are trained; all else is frozen and keeps its bits.
///
/// The one source of what backward computes, what is clipped, decayed, averaged and updated, and of the bytes that this
/// takes. A tensor is known by (node id, name), so a set holds for every network that has these nodes, edited or not.
/// everything() and nothing() are sets of all networks; freezing.hpp makes sets from a plan.
///
/// On a step (an operation with the norm that was fused into it) it means:
/// - Nothing of it trained: it runs as in inference, its norm folded.
/// - Tensors of the operation trained, in full or in part: their gradient is computed and cleared where it is frozen.
/// - A channel's scale or shift trained: the channel is normalised by the batch, its running statistics move, and both
///   gradients are computed. If the operation's tensors are frozen, their gradient is not.
/// - A channel's scale and shift frozen: the channel is normalised by its running statistics, which stay, and the gradient
///   passes through a constant scale.
/// - A layer that training changes without tensors (dropout) works as in training where an entry names its node, or where
///   tensors of its step are trained.
class trainable_set {
public:
    /// Everything that can be trained.
    [[nodiscard]] static constexpr trainable_set everything() {
        trainable_set all;
        all.everything_ = true;
        return all;
    }
    /// The empty set.
    constexpr trainable_set() = default;

    /// Adds tensors of a node, what is in the set already included: those of one name, or all, in these channels, or all.
    constexpr trainable_set& add(node_id node, std::string_view name = {}, std::vector<channel_range> channels = {}) {
        parts_.push_back({node, {name.begin(), name.end()}, std::move(channels)});
        return *this;
    }

    [[nodiscard]] constexpr bool is_everything() const noexcept { return everything_; }
    /// In the order in which they were added.
    [[nodiscard]] constexpr std::span<const trained_tensor> entries() const noexcept { return parts_; }

private:
    bool everything_ = false;
    std::vector<trained_tensor> parts_;
};

/// @brief All of any network.
[[nodiscard]] constexpr trainable_set everything() { return trainable_set::everything(); }
/// @brief None of any network: all runs as in inference.
[[nodiscard]] constexpr trainable_set nothing() { return {}; }

/// @brief What a trainable set means for one step of a plan.
struct trained_step {
    bool named = false;      ///< its operation works as in training
    bool weights = false;    ///< gradients of the operation's tensors
    std::vector<char> norm;  ///< (C) 1: normalised by the batch, scale and shift get gradients; empty: frozen

    [[nodiscard]] constexpr bool any() const noexcept { return weights || !norm.empty(); }
};

/// @brief A trainable set on a plan: the flat ranges that optimizers read, and what the steps do.
struct trained_parts {
    std::vector<std::vector<channel_range>>
        channels;                             ///< by tensor: rising and apart, [0, C) for the whole; empty: frozen
    std::vector<parameter_range> ranges;      ///< what is trained, rising
    std::vector<parameter_range> statistics;  ///< running statistics that a forward pass moves, rising
    std::vector<parameter_range> cleared;     ///< frozen, among what backward computes
    std::vector<trained_step> steps;
    std::size_t elements = 0;  ///< that are trained

    /// Bytes of the gradients of what is trained. (backpropagation keeps a vector of all parameters at their offsets.)
    [[nodiscard]] constexpr std::size_t gradient_bytes() const noexcept { return elements * sizeof(float); }
    /// Bytes that an optimizer's state takes for what is trained: Optimizer::moments of them. (Likewise.)
    [[nodiscard]] constexpr std::size_t moment_bytes(int moments) const noexcept {
        return elements * sizeof(float) * static_cast<std::size_t>(moments);
    }
};

namespace detail {

/// A tensor of (outer, C, inner) elements; one that has no output axis is one channel.
struct channel_layout {
    std::size_t outer = 1;
    int channels = 1;
    std::size_t inner = 1;

    constexpr explicit channel_layout(const tensor_spec& spec) {
        for (int a = 0; a < spec.rank; ++a) {
            const int size = spec.dims[static_cast<std::size_t>(a)];
            if (a == spec.output_axis) {
                channels = size;
            } else {
                (a < spec.output_axis ? outer : inner) *= static_cast<std::size_t>(size);
            }
        }
    }
    /// put(offset, count) for the elements of channels [first, last), rising, as few as there are.
    template <class Put>
    constexpr void each_range(std::span<const channel_range> ranges, Put&& put) const {
        if (ranges.size() == 1 && ranges[0] == channel_range{0, channels}) {
            put(std::size_t{0}, outer * static_cast<std::size_t>(channels) * inner);
            return;
        }
        for (std::size_t o = 0; o < outer; ++o) {
            const std::size_t row = o * static_cast<std::size_t>(channels);
            for (const auto& [first, last] : ranges)
                put((row + static_cast<std::size_t>(first)) * inner, static_cast<std::size_t>(last - first) * inner);
        }
    }
};

/// The ranges that a row of channels is made of.
[[nodiscard]] constexpr std::vector<channel_range> ranges_of(std::span<const char> chosen, char which) {
    std::vector<channel_range> ranges;
    const int count = static_cast<int>(chosen.size());
    for (int c = 0; c < count; ++c) {
        if (chosen[static_cast<std::size_t>(c)] != which) continue;
        const int first = c;
        while (c < count && chosen[static_cast<std::size_t>(c)] == which) ++c;
        ranges.push_back({first, c});
    }
    return ranges;
}

[[nodiscard, gnu::cold]] inline std::string name_of(const trained_tensor& entry) {
    return "node " + to_string(entry.node) +
           (entry.letters.empty() ? "" : ", tensor '" + std::string{entry.name()} + "'");
}

/// Marks the channels of an entry; `chosen` has one place a channel.
[[gnu::cold]] constexpr void choose_channels(const trained_tensor& entry, const tensor_info& tensor,
                                             std::vector<char>& chosen) {
    const int channels = channel_layout{tensor.spec}.channels;
    chosen.resize(static_cast<std::size_t>(channels), 0);
    if (entry.channels.empty()) chosen.assign(chosen.size(), 1);
    for (const auto& [first, last] : entry.channels) {
        if (first < 0 || first >= last || last > channels || tensor.spec.output_axis < 0) {
            raise("trainable_set: " + name_of(entry),
                  "channels [" + std::to_string(first) + ", " + std::to_string(last) + ") of '" +
                      std::string{tensor.spec.name} + "', which has " +
                      (tensor.spec.output_axis < 0 ? "no output channels" : std::to_string(channels)),
                  "name channels that it has");
        }
        for (int c = first; c < last; ++c) chosen[static_cast<std::size_t>(c)] = 1;
    }
}

/// By tensor of the plan, the channels that are trained: none, or one place each.
[[nodiscard, gnu::cold]] constexpr std::vector<std::vector<char>> chosen_channels(const plan_view& plan,
                                                                                  const trainable_set& set) {
    std::vector<std::vector<char>> chosen(plan.tensors.size());
    if (set.is_everything()) {
        for (std::size_t t = 0; t < chosen.size(); ++t) {
            const tensor_spec& spec = plan.tensors[t].spec;
            if (spec.trainable) chosen[t].assign(static_cast<std::size_t>(channel_layout{spec}.channels), 1);
        }
    }
    for (const trained_tensor& entry : set.entries()) {
        bool found = false;
        for (std::size_t t = 0; t < chosen.size(); ++t) {
            const tensor_info& tensor = plan.tensors[t];
            if (tensor.id != entry.node || !(entry.name().empty() || entry.name() == tensor.spec.name)) continue;
            if (!tensor.spec.trainable && !entry.name().empty()) {
                raise("trainable_set: " + name_of(entry), "training moves it by other means",
                      "name the scale or the shift of the norm");
            }
            found = true;
            if (tensor.spec.trainable) choose_channels(entry, tensor, chosen[t]);
        }
        for (const step_info& step : plan.steps) found = found || (step.id == entry.node && entry.name().empty());
        if (!found) {
            raise("trainable_set: " + name_of(entry), "the network has none such",
                  "make the set from this network's plan, or from one that shares the node");
        }
    }
    return chosen;
}

}  // namespace detail

/// @brief What a set means on a plan.
///
/// @par Cost    O(entries x tensors + channels).
/// @par Errors  eenn::error if an entry names a node, tensor or channels that the plan does not have, or a running statistic.
[[nodiscard, gnu::cold]] constexpr trained_parts resolve(const plan_view& plan, const trainable_set& set) {
    const auto chosen = detail::chosen_channels(plan, set);
    trained_parts parts;
    parts.steps.resize(plan.steps.size());
    int nodes = 0;
    for (const step_info& step : plan.steps) nodes = std::max({nodes, step.node, step.norm});
    std::vector<int> step_of(static_cast<std::size_t>(nodes) + 1, -1);  // by place of the operation or the norm
    for (std::size_t s = 0; s < plan.steps.size(); ++s) {
        const step_info& step = plan.steps[s];
        step_of[static_cast<std::size_t>(step.node)] = static_cast<int>(s);
        if (step.norm >= 0) step_of[static_cast<std::size_t>(step.norm)] = static_cast<int>(s);
        parts.steps[s].named = set.is_everything();
        for (const trained_tensor& entry : set.entries())
            parts.steps[s].named = parts.steps[s].named || entry.node == step.id;
    }
    const auto step_at = [&](const tensor_info& tensor) {
        return tensor.node <= nodes ? step_of[static_cast<std::size_t>(tensor.node)] : -1;
    };
    const auto is_of_norm = [&](const tensor_info& tensor, int step) {
        return plan.steps[static_cast<std::size_t>(step)].norm == tensor.node;
    };
    parts.channels.resize(chosen.size());
    for (std::size_t t = 0; t < chosen.size(); ++t) {
        const tensor_info& tensor = plan.tensors[t];
        parts.channels[t] = detail::ranges_of(chosen[t], 1);
        if (parts.channels[t].empty()) continue;
        detail::channel_layout{tensor.spec}.each_range(parts.channels[t], [&](std::size_t offset, std::size_t count) {
            parts.ranges.push_back({tensor.offset + offset, count, tensor.spec.decay});
            parts.elements += count;
        });
        const int s = step_at(tensor);
        if (s < 0) continue;
        trained_step& step = parts.steps[static_cast<std::size_t>(s)];
        step.named = true;
        if (is_of_norm(tensor, s)) {
            step.norm.resize(chosen[t].size(), 0);
            for (std::size_t c = 0; c < step.norm.size(); ++c) step.norm[c] |= chosen[t][c];
        } else {
            step.weights = true;
        }
    }
    for (std::size_t t = 0; t < chosen.size(); ++t) {
        const tensor_info& tensor = plan.tensors[t];
        const int s = step_at(tensor);
        if (s < 0) continue;
        const trained_step& step = parts.steps[static_cast<std::size_t>(s)];
        const detail::channel_layout layout{tensor.spec};
        if (!tensor.spec.trainable) {
            if (is_of_norm(tensor, s)) {
                layout.each_range(detail::ranges_of(step.norm, 1), [&](std::size_t offset, std::size_t count) {
                    parts.statistics.push_back({tensor.offset + offset, count, false});
                });
            }
        } else if (is_of_norm(tensor, s) ? !step.norm.empty() : step.weights) {
            auto frozen = chosen[t];
            frozen.resize(static_cast<std::size_t>(layout.channels), 0);
            layout.each_range(detail::ranges_of(frozen, 0), [&](std::size_t offset, std::size_t count) {
                parts.cleared.push_back({tensor.offset + offset, count, false});
            });
        }
    }
    return parts;
}

}  // namespace EENN_ISA
}  // namespace eenn

#endif
