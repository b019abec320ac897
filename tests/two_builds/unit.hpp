// SPDX-License-Identifier: MIT
//
// unit.hpp - what a translation unit of this test offers: the same source, compiled with -march of three levels.
#ifndef EENN_TESTS_TWO_BUILDS_UNIT_HPP
#define EENN_TESTS_TWO_BUILDS_UNIT_HPP

#include <eenn/network/detail/executable.hpp>
#include <eenn/network/standard.hpp>

#include <vector>

namespace two_builds {

/// What one unit computed: it depends on its instruction set, not on what else is in the program.
struct results {
    std::vector<float> type;         ///< network<recipe>: decisions and logits
    std::vector<float> graph;        ///< the same network, made at run time
    std::vector<float> trained;      ///< losses and parameters after two steps
    std::vector<float> probability;  ///< confidences by each policy
};

/// A unit's functions. The graph and the executable are of every instruction set's program: they come and go between units.
struct unit {
    results (*run)(const eenn::graph&);
    eenn::executable<float> (*network)();  ///< for others to run
};

// Weak: those that are linked are not null.
[[gnu::weak]] unit unit_v1();
[[gnu::weak]] unit unit_v3();
[[gnu::weak]] unit unit_v4();

}  // namespace two_builds

#endif
