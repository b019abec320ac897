// SPDX-License-Identifier: MIT
//
// transfer.hpp - carries the state of a training run over to an edited network.
// Floor 7 (training); host subset.
#ifndef EENN_TRAINING_TRANSFER_HPP
#define EENN_TRAINING_TRANSFER_HPP

#include <eenn/core/isa.hpp>
#include <eenn/network/detail/transfer.hpp>
#include <eenn/training/detail/training_state.hpp>

#include <utility>

namespace eenn {
inline namespace EENN_ISA {

/// @brief Converts the state of a run on `from` into one for a run on `to`, which shares nodes with it. Vectors with one
/// element per parameter are mapped by node id.
///
/// Parameters that are new in `to` start from `start` in parameters, average and best, and from 0 in the moments and the
/// extra vectors by parameter. Other extra vectors and all counts (optimizer steps, epochs) and the seed are kept.
///
/// @param start     (to.parameter_elements()): initialize(to, seed), or values that preserve the network's outputs.
/// @param channels  the result of keep_channels(), if it was used between the two networks.
/// @par Errors      those of transfer() of network/detail/transfer.hpp; eenn::error if the state does not belong to `from`.
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

/// @brief The same; new parameters start from initialize(to, state.seed).
[[nodiscard]] inline training_state transfer(const training_state& state, const plan_view& from, const plan_view& to,
                                             std::span<const kept_channels> channels = {}) {
    return transfer(state, from, to, initialize(to, state.seed), channels);
}

}  // namespace EENN_ISA
}  // namespace eenn

#endif
