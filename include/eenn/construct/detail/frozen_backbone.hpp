// SPDX-License-Identifier: MIT
//
// detail/frozen_backbone.hpp - the trained network that receives heads, with its sites.
// Floor 8 (construct); host subset. Tested by tests/construct/features.cpp.
#ifndef EENN_CONSTRUCT_DETAIL_FROZEN_BACKBONE_HPP
#define EENN_CONSTRUCT_DETAIL_FROZEN_BACKBONE_HPP

#include <eenn/construct/detail/sites.hpp>
#include <eenn/core/aligned.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/network/model.hpp>
#include <eenn/network/runtime_network.hpp>
#include <eenn/network/standard.hpp>

#include <string>
#include <tuple>
#include <utility>

namespace eenn::construct {
inline namespace EENN_ISA {

/// @brief A trained network whose weights are frozen.
struct frozen_backbone {
    model start;
    backbone layout;
    runtime_network<float, graph> net;

    /// @par Errors  eenn::error if the network has exits or no logits.
    explicit frozen_backbone(model what)
        : start{std::move(what)}, layout{find_backbone(start.network)}, net{start.network} {}

    [[nodiscard]] const graph& network() const noexcept { return start.network; }
    [[nodiscard]] const aligned_vector<float>& parameters() const noexcept { return start.parameters; }
    [[nodiscard]] const site& site_at(int index) const { return layout.sites[static_cast<std::size_t>(index)]; }

    /// The exporter's name of a layer, or a name made from its kind and id. A batch norm inserted by renormalise() takes
    /// the name of its input.
    [[nodiscard]] std::string name_of(edge place) const {
        const auto& node = start.network.nodes()[place];
        const bool put_in = !start.names.empty() && !start.names.contains(node.id);
        if (put_in && std::holds_alternative<batch_norm>(node.what)) return name_of(node.inputs[0]);
        return eenn::name_of(start, node.id);
    }

    /// The fields that training depends on: the network and its parameters. Layout and net follow from these. Names,
    /// classes and preprocessing only enter the final model, so they are not part of any key.
    [[nodiscard]] auto fields() const { return std::tie(start.network, start.parameters); }
};

}  // namespace EENN_ISA
}  // namespace eenn::construct

#endif
