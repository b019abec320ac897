// SPDX-License-Identifier: MIT
//
// train_chosen.hpp - the heads that the search chose, trained for longer than it could afford for all of them.
// Floor 8 (construct); host subset.
#ifndef EENN_CONSTRUCT_TRAIN_CHOSEN_HPP
#define EENN_CONSTRUCT_TRAIN_CHOSEN_HPP

#include <eenn/construct/train_candidates.hpp>
#include <eenn/core/isa.hpp>

namespace eenn::construct {
inline namespace EENN_ISA {

/// @brief Trains the chosen heads anew, for options.heads.final_epochs; the backbone stays frozen. False if the observer
/// stopped it; training that was stopped goes on from the last epoch that the state has.
template <Executor X>
[[nodiscard]] bool train_chosen(construction<X>& work) {
    head_training how = work.options.heads;
    if (how.final_epochs <= how.epochs) {
        work.kept = {};
        return true;
    }
    how.epochs = how.final_epochs;
    std::vector<std::size_t> missing;
    for (const std::size_t c : work.chosen) {
        work.candidates[c].print.add(how.epochs);
        if (!detail::read_head(work, work.candidates[c])) missing.push_back(c);
    }
    if (!missing.empty() && (!detail::keep_features(work, missing, "backbone") ||
                             !detail::train_together(work, missing, how, "chosen heads", true)))
        return false;
    work.kept = {};
    detail::report_heads(work, work.chosen);
    return true;
}

}  // namespace EENN_ISA
}  // namespace eenn::construct

#endif
