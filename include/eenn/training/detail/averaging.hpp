// SPDX-License-Identifier: MIT
//
// detail/averaging.hpp - a moving average of the weights, often more accurate than the last weights.
// Floor 7 (training). Letters: P = parameters, w = weights, a = their average, t = update from 1.
#ifndef EENN_TRAINING_DETAIL_AVERAGING_HPP
#define EENN_TRAINING_DETAIL_AVERAGING_HPP

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>

#include <eenn/core/detail/allowed.hpp>
#include <eenn/core/error.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/training/detail/parameter_range.hpp>

namespace eenn {
inline namespace EENN_ISA {

/// @brief Exponential moving average of weights in place: a = d a + (1 - d) w.
/// @param average (P); initially the starting weights, or anything with warm_up
/// @param weights (P)
/// @param update  t, from 1
///
/// With warm_up, d = decay (1 - decay^(t-1)) / (1 - decay^t) at update t. Then a equals, at every t, the bias-corrected
/// average (1 - decay) sum_s decay^(t-s) w_s / (1 - decay^t), independent of its initial content. Without warm_up, d =
/// decay, and the initial content keeps the share decay^t.
///
/// @par Cost    3 flops and 12 bytes per float parameter.
/// @par Errors  eenn::error if the decay is outside [0, 1), update is below 1 or sizes disagree.
/// @par Source  Polyak, Juditsky (1992) for averaging; Kingma, Ba (2015), section 3, for the bias correction, which is
///              applied inside the average here.
template <std::floating_point T = float>
void average_weights(std::span<std::type_identity_t<T>> average, std::span<const std::type_identity_t<T>> weights,
                     double decay, std::int64_t update, bool warm_up = true) {
    require("average_weights", "decay", decay, allowed_range::half_open(0, 1));
    if (update < 1) raise("average_weights: update", std::to_string(update), "updates count from 1");
    if (average.size() != weights.size()) {
        raise("average_weights: average",
              std::to_string(average.size()) + " elements for " + std::to_string(weights.size()) + " weights",
              "it belongs to another network");
    }
    const double t = static_cast<double>(update);
    const double kept = warm_up ? decay * (1 - std::pow(decay, t - 1)) / (1 - std::pow(decay, t)) : decay;
    T* __restrict a = average.data();
    const T* __restrict w = weights.data();
    if (kept <= 0) {
        std::copy(weights.begin(), weights.end(), average.begin());
        return;
    }
    const T taken = static_cast<T>(1 - kept);
    for (std::size_t i = 0; i < weights.size(); ++i) a[i] += taken * (w[i] - a[i]);
}

/// @brief The same over the ranges that training moves. The rest of the average is a bitwise copy of the weights.
/// @param moving  ranges, ascending.
/// @par Errors    also those of check_ranges().
template <std::floating_point T = float>
void average_weights(std::span<std::type_identity_t<T>> average, std::span<const std::type_identity_t<T>> weights,
                     std::span<const parameter_range> moving, double decay, std::int64_t update, bool warm_up = true) {
    check_ranges(moving, weights.size());
    if (average.size() != weights.size()) average_weights<T>(average, weights, decay, update, warm_up);
    std::size_t end = 0;  // of the elements done
    const auto copy_until = [&](std::size_t next) {
        std::copy(weights.begin() + static_cast<std::ptrdiff_t>(end),
                  weights.begin() + static_cast<std::ptrdiff_t>(next),
                  average.begin() + static_cast<std::ptrdiff_t>(end));
    };
    for (const parameter_range& range : moving) {
        copy_until(range.offset);
        average_weights<T>(average.subspan(range.offset, range.count), weights.subspan(range.offset, range.count),
                           decay, update, warm_up);
        end = range.offset + range.count;
    }
    copy_until(weights.size());
}

}  // namespace EENN_ISA
}  // namespace eenn

#endif
