// SPDX-License-Identifier: MIT
//
// session.hpp - a network ready to run: packed weights, arena, decider and executor in one object.
// Floor 4 (network); device subset. Letters: E = exits.
#ifndef EENN_NETWORK_SESSION_HPP
#define EENN_NETWORK_SESSION_HPP

#include <eenn/core/detail/exact_span.hpp>
#include <eenn/network/detail/infer.hpp>
#include <eenn/network/network.hpp>

#include <concepts>
#include <span>
#include <utility>

namespace eenn {
inline namespace EENN_ISA {

/// @brief A session's memory for a network type. Its size is a constant, and all of it lies inside the object.
///
/// @tparam Weights  Network::packed owns the weights; packed_view<float> views weights elsewhere, such as in flash, which
///                  must outlive it.
template <class Network, class Weights>
class fixed_storage {
public:
    using value_type = float;
    using sample = exact_span<const float, Network::input.elements()>;
    using parameters = exact_span<const float, Network::parameter_elements>;
    static constexpr bool sized = true;  ///< samples of another size do not compile

    explicit fixed_storage(parameters from) requires std::same_as<Weights, typename Network::packed> {
        pack_weights(compiled(), from, weights_.values);
    }
    explicit fixed_storage(const typename Network::packed& from) noexcept : weights_{from} {}

    [[nodiscard]] static constexpr executable<float> compiled() noexcept { return Network::inference(); }
    [[nodiscard]] static constexpr auto default_rule() noexcept {
        return threshold_rules{default_rules<Network::plan.exits.size()>(Network::plan)};
    }
    [[nodiscard]] packed_view<float> weights() const noexcept { return weights_; }
    [[nodiscard]] std::span<float> workspace() noexcept { return workspace_.data; }
    [[nodiscard]] std::span<const float> workspace() const noexcept { return workspace_.data; }
    static void check(sample) noexcept {}

private:
    Weights weights_;
    typename Network::workspace workspace_;
};

/// @brief Runs one sample at a time: `run(sample)` stops at the exit where the decider lets the sample leave.
///
/// For a network type, `net::session run{parameters}` packs the parameters; `net::flash_session run{packed}` views packed
/// weights stored elsewhere. The object contains all its memory. For a large network it is large and belongs in static memory
/// or on the heap. For networks compiled at run time and for several threads, see runtime_session.hpp.
///
/// @tparam Storage  holds packed weights and arena.
/// @tparam D        the decider; defaults to the thresholds of the network's policies.
/// @tparam X        the executor; a reference if the caller owns it.
/// @par Cost     construction packs the parameters in one pass; each call is one infer().
/// @par Memory   Calls allocate nothing.
/// @par Threads  One call at a time. Give each thread its own session; sessions may view the same packed weights.
/// @par Errors   Arrays of the wrong size do not compile. For sizes known only at run time, eenn::error names both sizes.
template <class Storage, class D, class X>
class session {
public:
    using value_type = typename Storage::value_type;
    using sample = typename Storage::sample;  ///< (H,W,C)
    using state_type = typename D::state;
    static_assert(Decider<D, value_type>, "eenn: a session wants a decider (policies/decider.hpp)");

    /// @param weights  parameters, which are packed, or packed weights of this network.
    template <class W>
    requires std::constructible_from<Storage, const W&>
    explicit session(const W& weights) : storage_{weights}, rule_{Storage::default_rule()} {}
    template <class W>
    requires std::constructible_from<Storage, const W&> session(const W& weights, D rule)
        : storage_{weights}, rule_{std::move(rule)} {}

    /// @param compiled  must outlive the session.
    /// @param weights   parameters of `compiled`, which are packed, or a packed_view, which is used in place.
    /// @par Errors  eenn::error for parameters or rules that do not match the network.
    template <class W>
    requires std::constructible_from < Storage, const executable<value_type>
    &, const W&,
        int > session(const executable<value_type>& compiled, const W& weights)
        : storage_{compiled, weights, 1},
    rule_{storage_.default_rule()} {}
    template <class W>
    requires std::constructible_from < Storage, const executable<value_type>
    &, const W&,
        int > session(const executable<value_type>& compiled, const W& weights, D rule)
        : storage_{compiled, weights, 1},
    rule_{std::move(rule)} {
        storage_.check(rule_);
    }
    /// @param executor  its threads divide the larger steps.
    template <class W>
    requires std::constructible_from < Storage, const executable<value_type>
    &, const W&,
        int > session(const executable<value_type>& compiled, const W& weights, D rule, X executor)
        : storage_{compiled, weights, static_cast<int>(executor.concurrency())},
    rule_{std::move(rule)}, executor_{std::forward<X>(executor)} {
        storage_.check(rule_);
    }

    [[nodiscard]] decision operator()(sample input) noexcept(Storage::sized) { return (*this)(input, state_); }
    /// Runs with the caller's state, for deciders whose state outlives the sample or is sent elsewhere. Calls begin() on it.
    [[nodiscard]] decision operator()(sample input, state_type& state) noexcept(Storage::sized) {
        storage_.check(input);
        return infer(storage_.compiled(), storage_.weights(), input, storage_.workspace(), rule_, state, executor_);
    }
    /// Continues a sample that has passed the exits in an earlier part of the network: `features` are the output of that part,
    /// `state` is the state it left.
    [[nodiscard]] decision resume(sample features, state_type& state) noexcept(Storage::sized) {
        storage_.check(features);
        return resume_inference(storage_.compiled(), storage_.weights(), features, storage_.workspace(), rule_, state,
                                executor_);
    }

    /// The logits of the exit where the last sample left, or the features at the end of the network; valid until the next call.
    /// @param exit  decision::exit of that sample; an exit that does not exist gives an empty span.
    [[nodiscard]] std::span<const value_type> output(int exit) const noexcept {
        if (exit < 0 || std::cmp_greater_equal(exit, storage_.compiled().plan.exits.size())) return {};
        return view_exit(storage_.compiled().plan, static_cast<std::size_t>(exit), storage_.workspace()).logits;
    }
    [[nodiscard]] const D& rule() const noexcept { return rule_; }
    /// The decider's state, from the last sample and, if it is sequential, from earlier ones.
    [[nodiscard]] const state_type& state() const noexcept { return state_; }

private:
    Storage storage_;
    D rule_;
    state_type state_{};
    [[no_unique_address]] X executor_{};
};

}  // namespace EENN_ISA
}  // namespace eenn

#endif
