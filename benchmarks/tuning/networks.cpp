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

struct network_pass {
    network_pass(const graph& g, int thread_count) : net{g}, pass{net.inference(), 1, thread_count} {}
    runtime_network<float, graph> net;
    passes::inference_pass pass;
};

void add_network(const std::string& name, const graph& g, std::vector<tuning_probe::workload>& all) {
    const auto add = [&](const char* group, int thread_count, bool cold) {
        const auto call = [g, thread_count, data = std::shared_ptr<network_pass>{}]() mutable {
            if (data == nullptr) data = std::make_shared<network_pass>(g, thread_count);
            data->pass();
        };
        all.push_back({group, name, call, cold});
    };
    add("warm", 1, false);
    add("cold", 1, true);
    add("two_threads", 2, false);
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
