// SPDX-License-Identifier: MIT
//
// runtime_session.hpp - sessions with heap memory, for networks compiled at run time and for several threads.
// Floor 4 (network); host subset. Tested by tests/network/session.cpp.
#ifndef EENN_NETWORK_RUNTIME_SESSION_HPP
#define EENN_NETWORK_RUNTIME_SESSION_HPP

#include <eenn/core/aligned.hpp>
#include <eenn/network/detail/check_rules.hpp>
#include <eenn/network/session.hpp>

#include <type_traits>
#include <vector>

namespace eenn {
inline namespace EENN_ISA {

/// @brief A session's memory on the heap, for any network.
///
/// @tparam Weights  packed_weights<T> owns the weights; packed_view<T> views weights that must outlive it.
template <class T, class Weights = packed_weights<T>>
class heap_storage {
public:
    using value_type = T;
    using sample = std::span<const T>;
    static constexpr bool sized = false;

    /// @param from         parameters, or packed weights if Weights is a view.
    /// @param concurrency  of the executor that runs the session.
    template <class W>
        heap_storage(const executable<T>& compiled, const W& from,
                     int concurrency) requires std::constructible_from < Weights,
        const executable<T>
    &, const W& > || std::same_as<Weights, W> : compiled_{compiled}, weights_{weights_of(compiled, from)},
        workspace_(workspace_elements(compiled.plan, concurrency)) {}

    [[nodiscard]] const executable<T>& compiled() const noexcept { return compiled_; }
    [[nodiscard]] auto default_rule() const {
        std::vector<exit_rule> rules;
        for (const exit_info& exit : compiled_.plan.exits)
            rules.push_back({.threshold = exit.decides.default_threshold()});
        return threshold_rules{std::move(rules)};
    }
    [[nodiscard]] packed_view<T> weights() const noexcept { return weights_; }
    [[nodiscard]] std::span<T> workspace() noexcept { return workspace_; }
    [[nodiscard]] std::span<const T> workspace() const noexcept { return workspace_; }
    void check(sample input) const {
        if (input.size() != compiled_.plan.input.elements()) {
            raise("session", "a sample of " + std::to_string(input.size()) + " elements, the network takes " +
                                 std::to_string(compiled_.plan.input.elements()));
        }
    }
    template <class D>
    void check(const D& rule) const {
        check_decider(compiled_.plan, rule, "session");
    }

private:
    template <class W>
    [[nodiscard]] static Weights weights_of(const executable<T>& compiled, const W& from) {
        if constexpr (std::same_as<Weights, W>) {
            return from;
        } else {
            return {compiled, from};
        }
    }

    executable<T> compiled_;
    Weights weights_;
    aligned_vector<T> workspace_;
};

/// @brief The weights type of a session: a packed_view stays a view, anything else becomes packed weights it owns.
template <class T, class W>
using kept_weights = std::conditional_t<std::same_as<W, packed_view<T>>, packed_view<T>, packed_weights<T>>;

// session run{net.inference(), parameters}, {..., decider}, {..., decider, pool}
template <class T, class W>
session(const executable<T>&, const W&)
    -> session<heap_storage<T, kept_weights<T, W>>, threshold_rules<std::vector<exit_rule>>>;
template <class T, class W, class D>
session(const executable<T>&, const W&, D) -> session<heap_storage<T, kept_weights<T, W>>, D>;
template <class T, class W, class D, class X>
session(const executable<T>&, const W&, D, X&&) -> session<heap_storage<T, kept_weights<T, W>>, D, X>;

}  // namespace EENN_ISA
}  // namespace eenn

#endif
