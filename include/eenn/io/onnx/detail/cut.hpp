// SPDX-License-Identifier: MIT
//
// detail/cut.hpp - cuts an early-exit network into stages: which exits each holds, which values pass between them.
// Floor 6 (io); host subset. Tested by tests/io/onnx/import.cpp.
#ifndef EENN_IO_ONNX_DETAIL_CUT_HPP
#define EENN_IO_ONNX_DETAIL_CUT_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include <eenn/core/error.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/io/onnx/detail/export_exits.hpp>
#include <eenn/network/detail/needed.hpp>
#include <eenn/network/standard.hpp>

namespace eenn::onnx {
inline namespace EENN_ISA {
namespace detail {

/// The stages of export_stages().
[[nodiscard]] inline std::vector<stage> cut(const eenn::graph& g, const exit_list& exits,
                                            std::span<const node_id> last_nodes) {
    const auto backbone = backbone_of(g);
    const auto in_backbone = [&](edge node) { return backbone[node] != 0; };

    std::vector<edge> ends;
    for (const node_id id : last_nodes) {
        const edge node = g.place_of(id);
        if (node <= (ends.empty() ? edge{0} : ends.back()) || node >= g.here() || !in_backbone(node)) {
            raise("onnx", "the backbone cannot be cut behind node " + to_string(id),
                  "cuts are nodes of the backbone between the input and the end, rising");
        }
        ends.push_back(node);
    }
    ends.push_back(g.here());
    std::vector<stage> stages(ends.size());

    // An exit goes where its last backbone node is, but never before an earlier exit.
    std::size_t at = 0;
    for (std::size_t e = 0; e < exits.size(); ++e) {
        const auto reads = needed_by(g, std::array{exits.points[e].node}, in_backbone);
        edge deepest{0};
        for (edge i{0}; i <= exits.points[e].node; ++i) {
            if (reads[i] != 0 && in_backbone(i)) deepest = i;
        }
        for (; ends[at] < deepest; ++at) stages[at + 1].first_exit = stages[at + 1].last_exit = e;
        stages[at].last_exit = e + 1;
    }

    // Carried values: backbone values up to here that later exits read, flattened or not.
    for (std::size_t k = 0; k < stages.size(); ++k) {
        auto& s = stages[k];
        s.says_done = true;
        if (k > 0) {
            s.takes = stages[k - 1].sends;
            s.takes_prefix = stages[k - 1].sends_prefix;
            s.takes_state = stages[k - 1].sends_state;
        } else {
            s.takes = {edge{0}};
        }
        if (k + 1 == stages.size()) break;
        std::vector<edge> later;
        for (std::size_t e = s.last_exit; e < exits.size(); ++e) {
            if (exits.heard(e)) later.push_back(exits.points[e].node);
        }
        const auto sent = [&](edge node) {
            return node <= ends[k] && in_backbone(node) && !std::holds_alternative<flatten>(g.nodes()[node].what);
        };
        const auto wanted = needed_by(g, later, sent);
        for (edge i{0}; i <= ends[k]; ++i) {
            if (wanted[i] != 0 && sent(i)) s.sends.push_back(i);
        }
        s.sends_prefix = "carry_" + std::to_string(k) + ".";
        s.sends_state = s.last_exit > 0 && exits.counted_from(s.last_exit);
    }
    return stages;
}

}  // namespace detail
}  // namespace EENN_ISA
}  // namespace eenn::onnx

#endif
