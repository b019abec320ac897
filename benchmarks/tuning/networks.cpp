// SPDX-License-Identifier: MIT
//
// networks.cpp - tune's probe of whole passes: the six networks, one sample, compiled at run time, with their weights
// in the caches (group warm), after other memory went through them (group cold), and on two threads (group two_threads).
#include <eenn/network/runtime_network.hpp>

#include <memory>

#include "../passes.hpp"
#include "probe.hpp"

namespace {

using namespace eenn;

void add_network(const std::string& name, const graph& g, std::vector<tuning_probe::workload>& all) {
    const auto net = std::make_shared<runtime_network<float, graph>>(g);
    const auto pass = std::make_shared<passes::inference_pass>(net->inference(), 1, 1);
    const auto call = [net, pass] { (*pass)(); };
    all.push_back({"warm", name, call});
    all.push_back({"cold", name, call, true});
    const auto shared = std::make_shared<passes::inference_pass>(net->inference(), 1, 2);
    all.push_back({"two_threads", name, [net, shared] { (*shared)(); }});
}

}  // namespace

int main() {
    std::vector<tuning_probe::workload> all;
    add_network("resnet8", models::resnet8(), all);
    add_network("resnet20", models::resnet20(), all);
    add_network("resnet56", models::resnet56(), all);
    add_network("dscnn", models::dscnn(), all);
    add_network("mobilenet_v1_025_96", models::mobilenet_v1_025_96(), all);
    add_network("ecg_cnn", models::ecg_cnn(), all);
    tuning_probe::answer(all);
}
