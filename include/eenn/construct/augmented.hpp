// SPDX-License-Identifier: MIT
//
// augmented.hpp - the result of a construction: the early-exit network, its traces and its report.
// Floor 8 (construct); host subset. Tested by tests/construct/augment.cpp.
#ifndef EENN_CONSTRUCT_AUGMENTED_HPP
#define EENN_CONSTRUCT_AUGMENTED_HPP

#include <eenn/construct/detail/result.hpp>
#include <eenn/core/detail/flow.hpp>
#include <eenn/exits/detail/exit_trace.hpp>
#include <eenn/network/detail/basic_model.hpp>
#include <eenn/tensor/detail/id.hpp>

#include <vector>

namespace eenn::construct {
inline namespace EENN_HOST {

/// @brief The early-exit network for the first objective, ready for inference, with traces and report.
struct augmented {
    bool finished = false;         ///< false: stopped by the observer; the state folder holds the finished work
    eenn::model model{};           ///< with the kept exits and their rules; the base network if no exit pays off
    std::vector<node_id> sites{};  ///< by kept exit, without the last: the node that it follows
    exit_trace validation{};       ///< of the model
    exit_trace test{};
    result report{};
};

}  // namespace EENN_HOST
}  // namespace eenn::construct

#endif
