// SPDX-License-Identifier: MIT
//
// native.cpp - the six networks as types; compiled with -march=native.
#include "passes.hpp"

#include <memory>

#include "../passes.hpp"

std::vector<network_passes> native_passes() {
    std::vector<network_passes> made;
    passes::for_each_network([&]<auto Recipe>(const char* name) {
        using net = eenn::network<Recipe>;
        const auto one = std::make_shared<passes::inference_pass>(net::inference(), 1, 1);
        const auto step = std::make_shared<passes::training_step>(net::training(), 16, 1);
        made.push_back({name, [=] { (*one)(); }, [=] { (*step)(); }});
    });
    return made;
}
