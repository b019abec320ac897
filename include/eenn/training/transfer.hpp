// SPDX-License-Identifier: MIT
//
// transfer.hpp - the state of a training run on its way to an edited network.
// Floor 7 (training); host subset.
#ifndef EENN_TRAINING_TRANSFER_HPP
#define EENN_TRAINING_TRANSFER_HPP

#include <eenn/core/isa.hpp>
#include <eenn/network/detail/transfer.hpp>
#include <eenn/training/detail/training_state.hpp>

#include <utility>

namespace eenn {
inline namespace EENN_ISA {

/// @brief The state of a run on `from`, for a run on `to`, which shares nodes with it: every vector that has an element a
/// parameter follows by the nodes' ids.
///
/// What is new in `to` begins as `start` says in parameters, average and best, and at 0 in the moments and in the extra
/// vectors by parameter. Other extra vectors and all counts stay: the optimizer's steps, epochs, seed.
///
/// @param start     (to.parameter_elements()): initialize(to, seed), or what keeps the answers of the network as they were.
/// @param channels  what keep_channels() kept, where it lies between the two.
/// @par Errors      those of transfer() of network/detail/transfer.hpp; eenn::error if the state is not of `from`.
[[nodiscard]] inline training_state transfer(const training_state& state, const plan_view& from, const plan_view& to,
                                             const aligned_vector<float>& start,
                                             std::span<const kept_channels> channels = {}) {
    detail::check_state(from, state, "transfer");
    const auto moved = [&](const aligned_vector<float>& values, aligned_vector<float> to_values) {
        transfer(from, values, to, to_values, channels);
        return to_values;
    };
    const aligned_vector<float> zeros(to.sizes.parameters, 0.0F);
    training_state made = state;
    made.parameters = moved(state.parameters, start);
    for (auto* moment : {&made.optimizer.first, &made.optimizer.second}) {
        if (!moment->empty()) *moment = moved(*moment, zeros);
    }
    if (!state.average.empty()) made.average = moved(state.average, start);
    if (!state.best.empty()) made.best = moved(state.best, start);
    for (auto& [name, vector] : made.extra) {
        if (vector.by_parameter) vector.values = moved(vector.values, zeros);
    }
    return made;
}

/// @brief The same, with what is new begun by initialize(to, state.seed).
[[nodiscard]] inline training_state transfer(const training_state& state, const plan_view& from, const plan_view& to,
                                             std::span<const kept_channels> channels = {}) {
    return transfer(state, from, to, initialize(to, state.seed), channels);
}

}  // namespace EENN_ISA
}  // namespace eenn

#endif
