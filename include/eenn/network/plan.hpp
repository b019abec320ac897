// SPDX-License-Identifier: MIT
//
// plan.hpp - the execution plan of a network: steps, values, tensors, exits and sizes, as plain numbers.
// Floor 4 (network). Tested by tests/network/lower.cpp. Letters: N = samples.
#ifndef EENN_NETWORK_PLAN_HPP
#define EENN_NETWORK_PLAN_HPP

#include <eenn/layers/layer.hpp>
#include <eenn/policies/policy.hpp>
#include <eenn/tensor/detail/element_type.hpp>
#include <eenn/tensor/detail/id.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

namespace eenn {

/// @brief One kernel call: an operation with the norm, residual addition and activation fused into it.
struct step_info {
    edge node{};               ///< layer of the operation
    node_id id{};              ///< id of that layer
    std::string_view layer{};  ///< kind of that layer
    edge tail{};               ///< last layer covered by this step
    std::array<value_id, max_inputs> inputs{};
    std::size_t input_count = 0;
    value_id residual{};  ///< added before the activation
    value_id output{};
    activation act{};
    edge norm{};  ///< layer of the batch norm
    real epsilon{};
    real momentum{};
    std::size_t weights = 0;  ///< offset of the operation's tensors in the parameters
    std::size_t weight_count = 0;
    std::size_t norm_weights = 0;  ///< offset of gamma; beta follows
    std::size_t norm_state = 0;    ///< offset of the running mean; the running variance follows
    std::int64_t macs = 0;         ///< per sample
    std::size_t scratch = 0;       ///< offset in the workspace
    scratch_elements scratch_sizes{};
    kernel_choice chosen{};  ///< the forward and backward kernels
    bool carrier = false;    ///< an identity that carries layers no operation could absorb
    bool divides = false;    ///< large enough for several threads, each computing a share of the output
    exit_id owner{};  ///< exit whose head contains it; the last exit owns the backbone; none if the step is unused

    /// The values that the operation reads, except the residual.
    [[nodiscard]] constexpr std::span<const value_id> sources() const noexcept { return {inputs.data(), input_count}; }
};

/// @brief An activation tensor. Value 0 is the input, which stays in the caller's memory.
struct value_info {
    shape size{};
    std::size_t offset = 0;  ///< elements into the workspace
    step_id first{};         ///< step that writes it; none for the input
    step_id last{};          ///< last step that reads it
    element_type type = element_type::f32;
    quantization stands_for{};

    [[nodiscard]] constexpr std::size_t bytes() const noexcept { return size.elements() * size_bytes(type); }
    [[nodiscard]] constexpr std::size_t offset_bytes() const noexcept { return offset * size_bytes(type); }
};

/// @brief A parameter tensor: `parameters[offset, offset + elements)`.
struct tensor_info {
    edge node{};               ///< place of its layer in the graph
    node_id id{};              ///< id of its layer; with the name, it identifies the tensor in files and in transfer()
    std::string_view layer{};  ///< kind of its layer
    tensor_spec spec{};
    std::size_t offset = 0;
    element_type type = element_type::f32;
    quantization stands_for{};

    [[nodiscard]] constexpr std::size_t bytes() const noexcept { return spec.elements() * size_bytes(type); }
    [[nodiscard]] constexpr std::size_t offset_bytes() const noexcept { return offset * size_bytes(type); }
};

/// @brief An exit, including the final one.
struct exit_info {
    value_id logits{};
    step_id step{};  ///< the decision follows this step
    int classes = 0;
    policy decides{};
    std::int64_t macs = 0;   ///< from the input to this decision, including earlier heads
    bool classifies = true;  ///< false: an output, or the features at the end of a partial network; no decision is made
};

/// @brief Totals of a plan.
struct plan_sizes {
    std::size_t parameters = 0;             ///< trainable; stored first
    std::size_t state = 0;                  ///< running statistics, stored after the parameters
    std::size_t workspace = 0;              ///< elements of the activation arena for one sample
    std::size_t workspace_bound = 0;        ///< the largest live set, a lower bound for every arena
    bool workspace_proven = false;          ///< the arena is proven to be minimal
    std::size_t divided_scratch = 0;        ///< additional elements per extra thread
    std::int64_t macs = 0;                  ///< everything, including all heads
    element_type type = element_type::f32;  ///< of the elements above

    [[nodiscard]] constexpr std::size_t parameter_bytes() const noexcept {
        return (parameters + state) * size_bytes(type);
    }
    [[nodiscard]] constexpr std::size_t workspace_bytes() const noexcept { return workspace * size_bytes(type); }
    [[nodiscard]] constexpr std::size_t divided_scratch_bytes() const noexcept {
        return divided_scratch * size_bytes(type);
    }
};

/// @brief View of a compiled network's numbers, read by inference, training and reports. It owns nothing.
struct plan_view {
    shape input{};
    id_span<step_id, const step_info> steps;
    id_span<value_id, const value_info> values;
    std::span<const tensor_info> tensors;
    std::span<const exit_info> exits;
    plan_sizes sizes{};

    [[nodiscard]] constexpr std::size_t parameter_elements() const noexcept { return sizes.parameters + sizes.state; }
    [[nodiscard]] constexpr int classes() const noexcept { return exits.back().classes; }
};

/// @brief Workspace offsets are multiples of this many elements, so that float rows start on a cache line.
inline constexpr std::size_t workspace_grain = 16;

[[nodiscard]] constexpr std::size_t round_up(std::size_t count, std::size_t grain) noexcept {
    return (count + grain - 1) / grain * grain;
}

}  // namespace eenn

#endif
