// SPDX-License-Identifier: MIT
//
// train_chosen.hpp - the heads that the search chose, trained for longer than it could afford for all of them.
// Floor 6 (construct); host subset.
#ifndef EENN_CONSTRUCT_TRAIN_CHOSEN_HPP
#define EENN_CONSTRUCT_TRAIN_CHOSEN_HPP

#include <eenn/construct/train_candidates.hpp>

namespace eenn::construct {

/// @brief Trains chosen heads at early sites again, for options.heads.final_epochs, on samples changed at random. The
/// backbone stays frozen. False if the observer stopped it.
///
/// Heads at later sites stay as they are: features of unchanged samples have no more to teach them, and changed samples
/// would have to pass most of the backbone each time.
template <Executor X>
[[nodiscard]] bool train_chosen(construction<X>& work) {
    if (work.options.heads.final_epochs <= work.options.heads.epochs) return true;
    std::vector<std::size_t> longer;
    for (const std::size_t c : work.chosen) {
        if (detail::afresh(work, work.candidates[c])) longer.push_back(c);
    }
    head_training how = work.options.heads;
    how.epochs = how.final_epochs;
    std::int64_t total = 0;
    std::int64_t done = 0;
    for (const std::size_t c : longer) total += work.candidates[c].macs;
    for (const std::size_t c : longer) {
        candidate& who = work.candidates[c];
        who.print.add(how.epochs);
        if (!detail::read_head(work, who)) {
            if (work.teacher.empty()) {  // every head was found in the state, and the teacher's file is gone
                feature_pass pass;
                if (!run_backbone(work.net.inference(), work.parameters, work.train, work.training_samples, {}, pass,
                                  work.executor))
                    return false;
                detail::keep_teacher(work, std::move(pass.logits));
            }
            const auto watch = [&](std::int64_t step, std::int64_t of) {
                const double now = static_cast<double>(done) +
                                   static_cast<double>(who.macs) * static_cast<double>(step) / static_cast<double>(of);
                return work.tell("chosen heads", static_cast<std::int64_t>(1000 * now / static_cast<double>(total)),
                                 1000);
            };
            const std::filesystem::path checkpoint =
                work.options.state.empty() ? std::filesystem::path{} : detail::head_file(work, who) += ".part";
            auto made = train_head_afresh(who.what, work.base, work.parameters, work.site_of(who).node,
                                          detail::fresh_samples_of(work), how, work.options.seed, work.executor,
                                          checkpoint, watch);
            if (!made) return false;
            who.trained = std::move(*made);
            detail::write_head(work, who);
            if (!checkpoint.empty()) std::filesystem::remove(checkpoint);
        }
        done += who.macs;
        head_summary& summary = work.report.heads[static_cast<std::size_t>(who.summary)];
        summary.accuracy = mean_of(right_answers(who.trained.logits, work.validation.labels));
    }
    return true;
}

}  // namespace eenn::construct

#endif
