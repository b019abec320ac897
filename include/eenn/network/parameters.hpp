// SPDX-License-Identifier: MIT
//
// parameters.hpp - the names and initial values of a network's parameters.
// Floor 4 (network); host subset. Tested by tests/io/weights.cpp.
#ifndef EENN_NETWORK_PARAMETERS_HPP
#define EENN_NETWORK_PARAMETERS_HPP

#include <eenn/core/aligned.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/core/random.hpp>
#include <eenn/network/plan.hpp>

#include <cmath>
#include <string>

namespace eenn {
inline namespace EENN_ISA {

/// @brief The path of a tensor in weight files: "conv2d_3.weight" is the weight of the node with id 3.
[[nodiscard]] inline std::string tensor_name(const tensor_info& tensor) {
    return std::string{tensor.layer} + "_" + to_string(tensor.id) + "." + std::string{tensor.spec.name};
}

/// @brief The tensor that contains a parameter element, or null.
/// @par Cost  O(tensors); meant for messages.
[[nodiscard]] inline const tensor_info* tensor_at(const plan_view& plan, std::size_t element) noexcept {
    for (const tensor_info& tensor : plan.tensors) {
        if (element >= tensor.offset && element - tensor.offset < tensor.spec.elements()) return &tensor;
    }
    return nullptr;
}

/// @brief Initial parameters, (plan.parameter_elements()): a pure function of plan and seed.
///
/// he_normal: variance 2 / fan_in (He et al. 2015, eq. 10), normal numbers truncated at six standard deviations.
/// glorot_uniform: variance 2 / (fan_in + fan_out) (Glorot, Bengio 2010, eq. 16). Each tensor has its own random stream.
template <class T = float>
[[nodiscard]] aligned_vector<T> initialize(const plan_view& plan, std::uint64_t seed) {
    aligned_vector<T> parameters(plan.parameter_elements());
    for (std::size_t t = 0; t < plan.tensors.size(); ++t) {
        const tensor_info& tensor = plan.tensors[t];
        random_stream random{.seed = seed, .stream = t};
        const double he = std::sqrt(2.0 / tensor.spec.fan_in);
        const double glorot = std::sqrt(6.0 / (tensor.spec.fan_in + tensor.spec.fan_out));
        for (std::size_t i = 0; i < tensor.spec.elements(); ++i) {
            double value = 0;
            switch (tensor.spec.start) {
                case initializer::zeros: break;
                case initializer::ones: value = 1; break;
                case initializer::he_normal: value = he * random.normal(); break;
                case initializer::glorot_uniform: value = random.uniform(-glorot, glorot); break;
            }
            parameters[tensor.offset + i] = static_cast<T>(value);
        }
    }
    return parameters;
}

}  // namespace EENN_ISA
}  // namespace eenn

#endif
