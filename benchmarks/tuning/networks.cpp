// SPDX-License-Identifier: MIT
//
// networks.cpp - tune's probe of whole passes: the six networks, one sample, compiled at run time, with their weights
// in the caches (group warm) and after other memory went through them (group cold).
#include <eenn/network/runtime_network.hpp>

#include <memory>

#include "../passes.hpp"
#include "probe.hpp"

namespace {

using namespace eenn;

struct network_pass {
    runtime_network<float, graph> net;
    passes::inference_pass pass{net.inference(), 1, 1};
};

void add_network(const std::string& name, const graph& g, std::vector<tuning_probe::workload>& all) {
    for (const bool cold : {false, true}) {
        all.push_back({cold ? "cold" : "warm", name,
                       [g, data = std::shared_ptr<network_pass>{}]() mutable {
                           if (data == nullptr) data.reset(new network_pass{runtime_network<float, graph>{g}});
                           data->pass();
                       },
                       cold});
    }
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
