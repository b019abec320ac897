// SPDX-License-Identifier: MIT
//
// detail/basic_model.hpp - a network and everything that belongs to it, as one value: parameters, exit rules,
// preprocessing, class names, metadata.
// Floor 4 (network); host subset. Tested by tests/network/model.cpp. Letters: E = exits.
#ifndef EENN_NETWORK_DETAIL_BASIC_MODEL_HPP
#define EENN_NETWORK_DETAIL_BASIC_MODEL_HPP

#include <eenn/core/aligned.hpp>
#include <eenn/data/preprocessing.hpp>
#include <eenn/network/graph.hpp>
#include <eenn/network/standard.hpp>
#include <eenn/policies/detail/exit_rule.hpp>
#include <eenn/tensor/detail/id.hpp>

#include <map>
#include <string>
#include <vector>

namespace eenn {

/// @brief The value that users load, edit, send and store.
template <class Layers>
struct basic_model {
    basic_graph<Layers> network{shape{}};
    aligned_vector<float> parameters{};      ///< (plan.parameter_elements()) of lower(network)
    std::vector<exit_rule> rules{};          ///< (E), including the final one; empty: the defaults of the policies
    preprocessing prepare{};                 ///< of raw samples
    std::vector<std::string> classes{};      ///< names by label, or empty
    std::map<node_id, std::string> names{};  ///< layer names, as given by an exporter
    std::map<std::string, std::string> metadata{};  ///< other entries of a model file
};

/// @brief A model of standard layers.
using model = basic_model<standard_layers>;

}  // namespace eenn

#endif
