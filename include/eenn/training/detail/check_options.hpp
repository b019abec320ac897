// SPDX-License-Identifier: MIT
//
// detail/check_options.hpp - checks before training starts: options out of range, non-finite parameters.
// Floor 7 (training); host subset. Letters: P = plan.parameter_elements().
#ifndef EENN_TRAINING_DETAIL_CHECK_OPTIONS_HPP
#define EENN_TRAINING_DETAIL_CHECK_OPTIONS_HPP

#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include <eenn/core/detail/allowed.hpp>
#include <eenn/core/error.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/network/parameters.hpp>
#include <eenn/network/plan.hpp>

namespace eenn {
inline namespace EENN_ISA {

/// @brief Checks epochs, patience, clip_norm, average_decay and exit_weights, as far as the options have them.
///
/// @par Errors  eenn::error that names the option, its value and the allowed range: "trainer: clip_norm is NaN, allowed
///              [0, infinity)".
template <class Options>
void check_options(std::string_view where, const Options& options) {
    const auto check = [where](std::string_view option, double value, const allowed_range& allowed) {
        require(where, option, value, allowed);
    };
    if constexpr (requires { options.epochs; }) check("epochs", options.epochs, allowed_range::from(1));
    if constexpr (requires { options.patience; }) check("patience", options.patience, allowed_range::from(0));
    if constexpr (requires { options.clip_norm; }) check("clip_norm", options.clip_norm, allowed_range::from(0));
    if constexpr (requires { options.average_decay; })
        check("average_decay", options.average_decay, allowed_range::half_open(0, 1));
    if constexpr (requires { options.exit_weights; }) {
        double sum = 0;
        for (std::size_t e = 0; e < options.exit_weights.size(); ++e) {
            check("exit_weights[" + std::to_string(e) + "]", options.exit_weights[e], allowed_range::from(0));
            sum += options.exit_weights[e];
        }
        if (!options.exit_weights.empty()) check("the sum of exit_weights", sum, allowed_range::above(0));
    }
}

/// @brief Checks the hyperparameters of an optimizer, if it has a check().
template <class O>
void check_optimizer(const O& optimizer) {
    if constexpr (requires { optimizer.check(); }) optimizer.check();
}

/// @brief Checks that the initial parameters (P) are finite.
///
/// @par Errors  eenn::error: "parameters: element 17 (conv2d_1.weight) is NaN".
/// @par Cost    One load per element.
inline void check_parameters(std::string_view where, std::span<const float> parameters, const plan_view& plan) {
    std::size_t at = 0;
    while (at < parameters.size() && std::isfinite(parameters[at])) ++at;
    if (at == parameters.size()) return;
    const tensor_info* const holder = tensor_at(plan, at);
    const std::string tensor = holder != nullptr ? tensor_name(*holder) : "no tensor";
    const fixed_text value = fixed_text{}.append(static_cast<double>(parameters[at]));
    raise(std::string{where},
          "parameters: element " + std::to_string(at) + " (" + tensor + ") is " + std::string{value.view()},
          "start from numbers: the file or the training that they come from was broken");
}

}  // namespace EENN_ISA
}  // namespace eenn

#endif
