// SPDX-License-Identifier: MIT
//
// augmented.hpp - what a construction gives: the early-exit network, its traces and its report.
// Floor 8 (construct); host subset. tests/construct/augment.cpp reaches it.
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

/// @brief What comes out: the early-exit network of the first objective, ready to infer, and the account of it all.
struct augmented {
    bool finished = false;         ///< false: the observer stopped it; the state folder has what was done
    eenn::model model{};           ///< with the exits that were kept and their rules; the base network if none pays off
    std::vector<node_id> sites{};  ///< by kept exit but the last: the node it comes after
    exit_trace validation{};       ///< of the model
    exit_trace test{};
    result report{};
};

}  // namespace EENN_HOST
}  // namespace eenn::construct

#endif
