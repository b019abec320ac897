// SPDX-License-Identifier: MIT
//
// weights.hpp - a network's parameters as a safetensors file, with tensors named by layer path.
// Floor 6 (io); host subset.
#ifndef EENN_IO_WEIGHTS_HPP
#define EENN_IO_WEIGHTS_HPP

#include <eenn/core/aligned.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/io/safetensors.hpp>
#include <eenn/network/parameters.hpp>

#include <span>
#include <string>
#include <vector>

namespace eenn::io {
inline namespace EENN_ISA {

/// @brief The tensors of a network by layer path, as views into `parameters`, (plan.parameter_elements()).
template <Element T>
[[nodiscard]] std::vector<tensor_view> weight_views(const plan_view& plan, std::span<const T> parameters) {
    if (parameters.size() != plan.parameter_elements()) {
        raise("weight_views", std::to_string(parameters.size()) + " parameters for a network of " +
                                  std::to_string(plan.parameter_elements()));
    }
    std::vector<tensor_view> views;
    for (const auto& tensor : plan.tensors) {
        const std::vector<std::int64_t> dims(tensor.spec.dims.begin(), tensor.spec.dims.begin() + tensor.spec.rank);
        views.push_back(
            make_tensor_view(tensor_name(tensor), dims, parameters.subspan(tensor.offset, tensor.spec.elements())));
    }
    return views;
}

/// @brief Writes parameters and running statistics. The file appears whole or not at all.
template <Element T>
void write_weights(const std::string& path, const plan_view& plan, std::span<const T> parameters,
                   const tensor_metadata& metadata = {}) {
    write_safetensors(path, weight_views(plan, parameters), metadata);
}

/// @brief The same for parameters in their own vector.
template <Element T>
void write_weights(const std::string& path, const plan_view& plan, const aligned_vector<T>& parameters,
                   const tensor_metadata& metadata = {}) {
    write_weights(path, plan, std::span<const T>{parameters}, metadata);
}

/// @brief Fills `parameters`, (plan.parameter_elements()), from tensors; these may view a file or memory.
///
/// @par Errors  eenn::error naming `where` and the mismatch, if a tensor is missing, superfluous, or has another shape
///              or type than its layer. `parameters` is then unchanged.
template <Element T>
void assign_weights(const tensor_list& list, const plan_view& plan, std::span<T> parameters,
                    const std::string& where = "weights") {
    if (parameters.size() != plan.parameter_elements()) {
        raise(where, "room for " + std::to_string(parameters.size()) + " parameters of a network of " +
                         std::to_string(plan.parameter_elements()));
    }
    std::vector<tensor_target<T>> wanted;
    for (const auto& tensor : plan.tensors) {
        const std::vector<std::int64_t> dims(tensor.spec.dims.begin(), tensor.spec.dims.begin() + tensor.spec.rank);
        wanted.push_back({tensor_name(tensor), dims, parameters.data() + tensor.offset});
    }
    assign<T>(list.tensors, wanted, extra_tensors::refused, where);
}

/// @brief Reads a weight file into `parameters`, (plan.parameter_elements()); see assign_weights().
template <Element T>
void read_weights(const std::string& path, const plan_view& plan, std::span<T> parameters) {
    const auto bytes = read_file(path);
    assign_weights(parse_safetensors(bytes, path), plan, parameters, path);
}

/// @brief Reads into a vector that already has the right size, such as a model's or the result of initialize().
template <Element T>
void read_weights(const std::string& path, const plan_view& plan, aligned_vector<T>& parameters) {
    read_weights(path, plan, std::span<T>{parameters});
}

/// @brief The parameters in a weight file, (plan.parameter_elements()).
///
/// Usage: `net::session run{io::read_weights(path, net::plan)}`.
///
/// @par Memory  the parameters and, during the call, the file.
/// @par Errors  as read_file() and assign_weights(), naming the file.
template <Element T = float>
[[nodiscard]] aligned_vector<T> read_weights(const std::string& path, const plan_view& plan) {
    aligned_vector<T> parameters(plan.parameter_elements());
    read_weights(path, plan, std::span<T>{parameters});
    return parameters;
}

}  // namespace EENN_ISA
}  // namespace eenn::io

#endif
