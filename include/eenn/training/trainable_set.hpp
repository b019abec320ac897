// SPDX-License-Identifier: MIT
//
// trainable_set.hpp - which parts of a network are trained: channels of tensors, addressed by node id.
// Floor 7 (training). Letters: C = channels of a tensor along its output axis.
#ifndef EENN_TRAINING_TRAINABLE_SET_HPP
#define EENN_TRAINING_TRAINABLE_SET_HPP

#include <eenn/core/error.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/network/plan.hpp>
#include <eenn/training/detail/parameter_range.hpp>

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
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
    std::size_t name = 0;  ///< start of its name among the set's letters
    std::size_t name_size = 0;
    channel_range channels{0, -1};  ///< [0, -1) for all
};

/// @brief The tensors, and their output channels, that are trained. Everything else is frozen and keeps its bits.
///
/// The set alone decides what the backward pass computes, what is clipped, decayed, averaged and updated, and how many bytes
/// that takes. Tensors are identified by (node id, name), so a set applies to every network that has these nodes, edited or
/// not. everything() and nothing() apply to all networks; freezing.hpp builds sets from a plan.
///
/// A step is an operation with the norm fused into it. For a step, the set means:
/// - Nothing trained: the step runs as in inference, with its norm folded.
/// - Tensors of the operation trained, fully or partly: their gradient is computed, then cleared where it is frozen.
/// - Scale or shift of a channel trained: the channel is normalised by batch statistics, its running statistics are updated,
///   and both gradients are computed. The gradient of the operation's tensors is skipped if those are frozen.
/// - Scale and shift of a channel frozen: the channel is normalised by its running statistics, which do not change, and the
///   gradient passes through a constant scale.
/// - Layers without tensors that act differently in training (dropout) run in training mode if an entry names their node or
///   tensors of their step are trained.
class trainable_set {
public:
    /// Everything trainable.
    [[nodiscard]] static constexpr trainable_set everything() {
        trainable_set all;
        all.everything_ = true;
        return all;
    }
    /// The empty set.
    constexpr trainable_set() = default;

    /// Adds the tensors of a node to the set: those called `name`, or all, in the given channels, or all.
    constexpr trainable_set& add(node_id node, std::string_view name = {},
                                 std::initializer_list<channel_range> channels = {{0, -1}}) {
        return add(node, name, std::span<const channel_range>{channels.begin(), channels.size()});
    }
    constexpr trainable_set& add(node_id node, std::string_view name, std::span<const channel_range> channels) {
        for (const channel_range& range : channels) entries_.push_back({node, letters_.size(), name.size(), range});
        letters_.insert(letters_.end(), name.begin(), name.end());
        return *this;
    }

    [[nodiscard]] constexpr bool is_everything() const noexcept { return everything_; }
    /// In the order of addition, one entry per range of channels.
    [[nodiscard]] constexpr std::span<const trained_tensor> entries() const noexcept { return entries_; }
    /// The tensor that an entry of this set names; empty: every tensor of the node.
    [[nodiscard]] constexpr std::string_view name_of(const trained_tensor& entry) const {
        return {letters_.data() + entry.name, entry.name_size};
    }

private:
    bool everything_ = false;
    std::vector<trained_tensor> entries_;
    std::vector<char> letters_;  // (clang 14 cannot evaluate std::string in a constant expression)
};

/// @brief All of any network.
[[nodiscard]] constexpr trainable_set everything() { return trainable_set::everything(); }
/// @brief None of any network: everything runs as in inference.
[[nodiscard]] constexpr trainable_set nothing() { return {}; }

/// @brief The effect of a trainable set on one step of a plan.
struct trained_step {
    bool named = false;       ///< its operation runs in training mode
    bool weights = false;     ///< computes gradients of the operation's tensors
    bool norm = false;        ///< some channels are normalised by batch statistics; their scale and shift get gradients
    std::size_t channel = 0;  ///< offset of its channels in trained_parts::norm_channels, if norm is set
};

/// @brief A trainable set resolved against a plan: flat ranges for the optimizers, and the mode of each step.
struct trained_parts {
    std::vector<char> channels;               ///< of all tensors, concatenated: 1 if trained
    std::vector<std::size_t> first_channel;   ///< by tensor: offset of its channels; then the end
    std::vector<parameter_range> ranges;      ///< trained parameters, ascending
    std::vector<parameter_range> statistics;  ///< running statistics that a forward pass updates, ascending
    std::vector<parameter_range> cleared;     ///< frozen parameters whose gradient is computed anyway, to be cleared
    id_vector<step_id, trained_step> steps;
    std::vector<char> norm_channels;  ///< of the trained norms, concatenated: 1 if normalised by the batch
    std::size_t elements = 0;         ///< number of trained elements

    /// For each channel of a tensor: 1 if it is trained.
    [[nodiscard]] constexpr std::span<const char> channels_of(std::size_t tensor) const {
        return {channels.data() + first_channel[tensor], first_channel[tensor + 1] - first_channel[tensor]};
    }
    /// For each channel of a step with a trained norm: 1 if it is normalised by batch statistics.
    [[nodiscard]] constexpr std::span<const char> norm_of(step_id step, std::size_t channel_count) const {
        return {norm_channels.data() + steps[step].channel, channel_count};
    }
    /// Bytes of the gradients of trained elements. (backpropagation keeps a vector of all parameters, at their offsets.)
    [[nodiscard]] constexpr std::size_t gradient_bytes() const noexcept { return elements * sizeof(float); }
    /// Bytes of an optimizer's state for trained elements, with Optimizer::moments vectors. (Kept in full likewise.)
    [[nodiscard]] constexpr std::size_t moment_bytes(int moments) const noexcept {
        return elements * sizeof(float) * static_cast<std::size_t>(moments);
    }
};

namespace detail {

/// A tensor of (outer, C, inner) elements. A tensor without an output axis counts as one channel.
struct channel_layout {
    std::size_t outer = 1;
    int channels = 1;
    std::size_t inner = 1;

    constexpr explicit channel_layout(const tensor_spec& spec) {
        int axis = 0;
        for (const int size : spec.sizes()) {
            if (axis == spec.output_axis) {
                channels = size;
            } else {
                (axis < spec.output_axis ? outer : inner) *= static_cast<std::size_t>(size);
            }
            ++axis;
        }
    }
};

/// The next channels [first, last) at or after `from` that equal `which`; first is C if there are none.
[[nodiscard, gnu::cold]] constexpr channel_range next_range(std::span<const char> chosen, char which, int from) {
    const int count = static_cast<int>(chosen.size());
    while (from < count && chosen[static_cast<std::size_t>(from)] != which) ++from;
    int last = from;
    while (last < count && chosen[static_cast<std::size_t>(last)] == which) ++last;
    return {from, last};
}

/// Appends the elements of the channels that equal `which` as ascending, maximal ranges. Returns the number of elements.
[[gnu::cold]] constexpr std::size_t append_ranges(const tensor_info& tensor, std::span<const char> chosen, char which,
                                                  std::vector<parameter_range>& to) {
    const channel_layout layout{tensor.spec};
    std::size_t sum = 0;
    const auto put = [&](std::size_t offset, std::size_t count) {
        to.push_back({tensor.offset + offset, count, tensor.spec.decay});
        sum += count;
    };
    if (next_range(chosen, which, 0) == channel_range{0, layout.channels}) {
        put(0, tensor.spec.elements());
        return sum;
    }
    for (std::size_t o = 0; o < layout.outer; ++o) {
        const std::size_t row = o * static_cast<std::size_t>(layout.channels);
        for (channel_range r = next_range(chosen, which, 0); r.first < r.last; r = next_range(chosen, which, r.last))
            put((row + static_cast<std::size_t>(r.first)) * layout.inner,
                static_cast<std::size_t>(r.last - r.first) * layout.inner);
    }
    return sum;
}

[[noreturn, gnu::cold]] inline void refuse_entry(const trainable_set& set, const trained_tensor& entry,
                                                 const std::string& what, const char* remedy) {
    const std::string name{set.name_of(entry)};
    raise("trainable_set: node " + to_string(entry.node) + (name.empty() ? "" : ", tensor '" + name + "'"), what,
          remedy);
}

[[noreturn, gnu::cold]] inline void refuse_channels(const trainable_set& set, const trained_tensor& entry,
                                                    const tensor_spec& spec) {
    refuse_entry(set, entry,
                 "channels [" + std::to_string(entry.channels.first) + ", " + std::to_string(entry.channels.last) +
                     ") of '" + std::string{spec.name} + "', which has " +
                     (spec.output_axis < 0 ? "no output channels" : std::to_string(channel_layout{spec}.channels)),
                 "name channels that it has");
}

/// Marks the channels that an entry names in parts.channels.
[[gnu::cold]] constexpr void mark(const plan_view& plan, const trainable_set& set, const trained_tensor& entry,
                                  trained_parts& parts) {
    const std::string_view name = set.name_of(entry);
    bool found = false;
    for (std::size_t t = 0; t < plan.tensors.size(); ++t) {
        const tensor_info& tensor = plan.tensors[t];
        if (tensor.id != entry.node || !(name.empty() || name == tensor.spec.name)) continue;
        if (!tensor.spec.trainable) {
            if (!name.empty())
                refuse_entry(set, entry, "training moves it by other means", "name the scale or the shift of the norm");
            continue;
        }
        found = true;
        const int count = channel_layout{tensor.spec}.channels;
        const bool all = entry.channels == channel_range{0, -1};
        const auto [first, last] = all ? channel_range{0, count} : entry.channels;
        if (first < 0 || first >= last || last > count || (!all && tensor.spec.output_axis < 0))
            refuse_channels(set, entry, tensor.spec);
        for (int c = first; c < last; ++c) parts.channels[parts.first_channel[t] + static_cast<std::size_t>(c)] = 1;
    }
    for (const step_id s : plan.steps.ids()) {
        if (plan.steps[s].id != entry.node) continue;
        parts.steps[s].named = true;
        found = found || name.empty();
    }
    if (!found) {
        refuse_entry(set, entry, "the network has none such",
                     "make the set from this network's plan, or from one that shares the node");
    }
}

}  // namespace detail

/// @brief Resolves a set against a plan.
///
/// @par Cost    O(entries x tensors + channels).
/// @par Errors  eenn::error if an entry names a node, tensor or channels that the plan does not have, or a running statistic.
[[nodiscard, gnu::cold]] constexpr trained_parts resolve(const plan_view& plan, const trainable_set& set) {
    trained_parts parts;
    parts.first_channel.push_back(0);
    for (const tensor_info& tensor : plan.tensors) {
        const auto count = static_cast<std::size_t>(detail::channel_layout{tensor.spec}.channels);
        parts.channels.resize(parts.channels.size() + count, set.is_everything() && tensor.spec.trainable ? 1 : 0);
        parts.first_channel.push_back(parts.channels.size());
    }
    parts.steps.resize(plan.steps.size(), {.named = set.is_everything()});
    for (const trained_tensor& entry : set.entries()) detail::mark(plan, set, entry, parts);

    edge last{0};
    for (const step_info& step : plan.steps) last = std::max(last, step.tail);
    for (const tensor_info& tensor : plan.tensors) last = std::max(last, tensor.node);  // one that no step reads
    id_vector<edge, step_id> step_of(last.index() + 1, step_id{});                      // by operation or norm
    for (const step_id s : plan.steps.ids()) {
        step_of[plan.steps[s].node] = s;
        if (plan.steps[s].norm.exists()) step_of[plan.steps[s].norm] = s;
    }
    for (std::size_t t = 0; t < plan.tensors.size(); ++t) {
        const tensor_info& tensor = plan.tensors[t];
        const auto chosen = parts.channels_of(t);
        const std::size_t trained = detail::append_ranges(tensor, chosen, 1, parts.ranges);
        parts.elements += trained;
        const step_id s = step_of[tensor.node];
        if (trained == 0 || !s.exists()) continue;
        trained_step& step = parts.steps[s];
        step.named = true;
        if (plan.steps[s].norm != tensor.node) {
            step.weights = true;
            continue;
        }
        if (!step.norm) {
            step.norm = true;
            step.channel = parts.norm_channels.size();
            parts.norm_channels.resize(step.channel + chosen.size(), 0);
        }
        for (std::size_t c = 0; c < chosen.size(); ++c) parts.norm_channels[step.channel + c] |= chosen[c];
    }
    for (std::size_t t = 0; t < plan.tensors.size(); ++t) {
        const tensor_info& tensor = plan.tensors[t];
        const step_id s = step_of[tensor.node];
        if (!s.exists()) continue;
        const bool of_norm = plan.steps[s].norm == tensor.node;
        const auto chosen = parts.channels_of(t);
        if (tensor.spec.trainable) {
            if (of_norm ? parts.steps[s].norm : parts.steps[s].weights)
                (void)detail::append_ranges(tensor, chosen, 0, parts.cleared);
        } else if (of_norm && parts.steps[s].norm) {
            (void)detail::append_ranges(tensor, parts.norm_of(s, chosen.size()), 1, parts.statistics);
        }
    }
    return parts;
}

}  // namespace EENN_ISA
}  // namespace eenn

#endif
