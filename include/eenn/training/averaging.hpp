// SPDX-License-Identifier: MIT
//
// averaging.hpp - a moving average of the weights, often better than the last ones.
// Floor 5 (training). Letters: P = parameters, w = weights, a = their average, t = update from 1.
#ifndef EENN_TRAINING_AVERAGING_HPP
#define EENN_TRAINING_AVERAGING_HPP

#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>

#include <eenn/core/aligned.hpp>
#include <eenn/core/error.hpp>

namespace eenn {

/// @brief The average and how many weights are in it. Empty until the first update.
template <std::floating_point T>
struct weight_average {
    aligned_vector<T> weights;  ///< (P)
    std::int64_t updates = 0;
};

/// @brief Exponential moving average of weights: a = d a + (1 - d) w, first update a = w.
///
/// With warm_up the factor at update t is decay (1 - decay^(t-1)) / (1 - decay^t), which makes a at every t equal the
/// bias-corrected average (1 - decay) sum_s decay^(t-s) w_s / (1 - decay^t): the first weights fade as they should. Without it
/// the first weights keep the share decay^(t-1).
///
/// @par Cost    3 flops and 12 bytes a float parameter. Memory P elements.
/// @par Errors  eenn::error if the decay is outside of [0, 1) or sizes disagree.
/// @par Source  Polyak, Juditsky (1992) for averaging as such; the bias correction of Kingma, Ba (2015), section 3, kept
///              inside of the average.
struct moving_average {
    double decay = 0.999;
    bool warm_up = true;

    template <std::floating_point T>
    void update(weight_average<T>& average, std::span<const std::type_identity_t<T>> weights) const {
        if (!(decay >= 0 && decay < 1)) raise("moving_average: decay", std::to_string(decay), "take a value in [0, 1)");
        if (average.updates == 0) {
            average.weights.assign(weights.begin(), weights.end());
            average.updates = 1;
            return;
        }
        if (average.weights.size() != weights.size()) {
            raise("moving_average: weights", std::to_string(weights.size()) + " elements for an average of " + std::to_string(average.weights.size()),
                  "it belongs to another network: start from an empty average");
        }
        const double t = static_cast<double>(++average.updates);
        const double kept = warm_up ? decay * (1 - std::pow(decay, t - 1)) / (1 - std::pow(decay, t)) : decay;
        const T taken = static_cast<T>(1 - kept);
        T* __restrict a = average.weights.data();
        const T* __restrict w = weights.data();
        for (std::size_t i = 0; i < weights.size(); ++i) a[i] += taken * (w[i] - a[i]);
    }
};

}  // namespace eenn

#endif
