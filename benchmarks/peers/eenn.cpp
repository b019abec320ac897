// SPDX-License-Identifier: MIT
//
// eenn.cpp - the runner of this library: networks that are types.
#include "own_passes.hpp"

int main(int argc, char** argv) {
    const auto make = [](const peers::network& net, const peers::task& what) {
        std::unique_ptr<peers::pass> made;
        passes::for_each_network([&]<auto Recipe>(const char* name) {
            if (net.name == name) made = peers::own_pass(eenn::network<Recipe>::training(), what);
        });
        return made;
    };
    return peers::serve(argc, argv, {"eenn " + peers::own_version(), true, make});
}
