// SPDX-License-Identifier: MIT
//
// model.hpp - a network with everything that belongs to it: parameters, exit rules, preprocessing, class names, metadata.
// Floor 4 (network); host subset. Letters: E = exits.
#ifndef EENN_NETWORK_MODEL_HPP
#define EENN_NETWORK_MODEL_HPP

#include <eenn/core/aligned.hpp>
#include <eenn/core/detail/fingerprint.hpp>
#include <eenn/core/error.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/data/preprocessing.hpp>
#include <eenn/network/channels.hpp>
#include <eenn/network/detail/basic_model.hpp>
#include <eenn/network/detail/lower.hpp>
#include <eenn/network/detail/transfer.hpp>
#include <eenn/network/parameters.hpp>
#include <eenn/network/standard.hpp>
#include <eenn/policies/detail/exit_rule.hpp>

#include <cmath>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace eenn {

inline namespace EENN_ISA {

/// @brief The name of a layer: the one stored in the model, or one made from its kind and id ("conv2d_3").
template <class Layers>
[[nodiscard]] std::string name_of(const basic_model<Layers>& m, node_id id) {
    if (const auto found = m.names.find(id); found != m.names.end()) return found->second;
    const edge place = m.network.place_of(id);
    if (place <= edge{0}) return place.exists() ? "input" : "node_" + to_string(id);
    return std::visit([](const auto& layer) { return std::string{layer.kind}; }, m.network.nodes()[place].what) + "_" +
           to_string(id);
}

/// @brief A digest of everything that determines a model's predictions: graph, parameters, rules, preprocessing.
template <class Layers>
[[nodiscard]] digest fingerprint_of(const basic_model<Layers>& m) {
    return digest_of(m.network, m.parameters, m.rules, m.prepare);
}

/// @brief Rejects a model whose parts do not match.
/// @par Errors  eenn::error naming the part, its size and the allowed one; non-finite parameters are named by their tensor.
template <class Layers>
void check(const basic_model<Layers>& m, const std::string& where = "model") {
    if (m.network.here() == edge{0}) raise(where, "the graph has no layers", "append at least one");
    const plan lowered = lower(m.network);
    if (m.parameters.size() != lowered.view().parameter_elements())
        raise(where, std::to_string(m.parameters.size()) + " parameters for a network of " +
                         std::to_string(lowered.view().parameter_elements()));
    for (std::size_t i = 0; i < m.parameters.size(); ++i) {
        if (std::isfinite(m.parameters[i])) continue;
        const tensor_info& tensor = *tensor_at(lowered.view(), i);  // tensors fill the vector
        raise(where, "element " + std::to_string(i - tensor.offset) + " of " + tensor_name(tensor) + " is not a number",
              "look at how the parameters were trained or read");
    }
    if (!m.rules.empty() && m.rules.size() != lowered.exits.size())
        raise(where, std::to_string(m.rules.size()) + " rules for " + std::to_string(lowered.exits.size()) + " exits",
              "give one an exit, the last included, or none");
    for (std::size_t e = 0; e < m.rules.size(); ++e) {
        const exit_rule& rule = m.rules[e];
        if (std::isnan(rule.threshold) || !(rule.temperature > 0) || !std::isfinite(rule.temperature))
            raise(where,
                  "exit " + std::to_string(e) + ": threshold is " + std::to_string(rule.threshold) +
                      ", temperature is " + std::to_string(rule.temperature),
                  "thresholds are numbers, temperatures positive and finite");
    }
    check(m.prepare, m.network.input().c, where);
    const std::size_t classes = m.network.shape_of(m.network.here()).elements();
    if (!m.classes.empty() && m.classes.size() != classes)
        raise(where, std::to_string(m.classes.size()) + " class names for " + std::to_string(classes) + " logits");
}

/// @brief Makes a model of another network that shares nodes with this one, such as the result of an edit.
///
/// Parameters and rules are carried over by id. New tensors start with the random values of initialize(plan, seed), so a new
/// exit stays closed (never_exit) until its head is trained and its threshold chosen.
/// Example: `with_network(m, insert_after(m.network, id, relu{}))`.
///
/// @param channels  the channels that keep_channels() kept, if it was applied between the two.
/// @par Errors      those of transfer(); `from` is unchanged.
template <class Layers>
[[nodiscard]] basic_model<Layers> with_network(const basic_model<Layers>& from, basic_graph<Layers> network,
                                               std::span<const kept_channels> channels = {}, std::uint64_t seed = 0) {
    basic_model<Layers> made{.network = std::move(network), .classes = from.classes, .metadata = from.metadata};
    const plan before = lower(from.network);
    const plan after = lower(made.network);
    made.parameters = initialize(after.view(), seed);
    transfer(before.view(), from.parameters, after.view(), made.parameters, channels);
    const auto logits_of = [](const basic_graph<Layers>& g, std::size_t e) {
        return g.id_of(e < g.exits().size() ? g.exits()[e].node : g.here());
    };
    bool any_new = false;
    for (std::size_t e = 0; e < after.exits.size(); ++e) {
        std::size_t f = 0;
        while (f < before.exits.size() && logits_of(from.network, f) != logits_of(made.network, e)) ++f;
        const bool is_new = f == before.exits.size() && e + 1 < after.exits.size();
        const bool has_rule = f < from.rules.size();
        made.rules.push_back(has_rule ? from.rules[f] : exit_rule{after.exits[e].decides.default_threshold(), 1});
        if (is_new) made.rules.back().threshold = never_exit;
        any_new = any_new || is_new;
    }
    if (from.rules.empty() && !any_new) made.rules.clear();
    if (made.network.nodes().front().id == from.network.nodes().front().id)
        made.prepare = from.prepare;  // otherwise the network reads features
    if (logits_of(made.network, after.exits.size() - 1) != logits_of(from.network, before.exits.size() - 1))
        made.classes.clear();
    for (const auto& [id, name] : from.names) {
        if (made.network.place_of(id).exists()) made.names.emplace(id, name);
    }
    return made;
}

}  // namespace EENN_ISA
}  // namespace eenn

#endif
