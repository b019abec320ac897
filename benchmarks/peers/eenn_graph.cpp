// SPDX-License-Identifier: MIT
//
// eenn_graph.cpp - the runner of this library's run-time phase: networks that are values.
#include <eenn/network/runtime_network.hpp>

#include "own_passes.hpp"

int main(int argc, char** argv) {
    std::optional<eenn::runtime_network<float, eenn::graph>> compiled;  // outlives the pass that serve() makes
    const auto make = [&](const peers::network& net, const peers::task& what) {
        compiled.emplace(net.graph);
        return peers::own_pass(compiled->training(), what);
    };
    return peers::serve(argc, argv, {"eenn " + peers::own_version() + " at run time", true, make});
}
