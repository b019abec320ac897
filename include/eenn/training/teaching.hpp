// SPDX-License-Identifier: MIT
//
// teaching.hpp - a loss over all exits that combines labels with a teacher's logits.
// Floor 7 (training); host subset. Tested by tests/training/step.cpp. Letters: B = batch, C = classes.
#ifndef EENN_TRAINING_TEACHING_HPP
#define EENN_TRAINING_TEACHING_HPP

#include <eenn/core/detail/flow.hpp>
#include <eenn/core/error.hpp>
#include <eenn/data/detail/batch.hpp>
#include <eenn/training/losses.hpp>

#include <cstdint>
#include <span>

namespace eenn {
inline namespace EENN_HOST {

/// @brief (1 - share) cross-entropy on the labels + share T^2 KL(teacher || exit), for step_hooks::loss.
///
/// The teacher's logits come with the batch. Without them, the network's own last exit teaches: its logits are treated as
/// constants, and it learns from the labels alone.
///
/// @par Errors  eenn::error if the batch has no labels, and those of cross_entropy and distillation.
/// @par Source  Hinton, Vinyals, Dean (2015), section 2; from the last exit: Phuong, Lampert (2019), "Distillation-based
///              training for multi-exit architectures".
struct teaching {
    double share = 0.5;
    double temperature = 2;
    double smoothing = 0;  ///< label smoothing

    /// A template, so that the code is compiled for the same instruction set as the given exit_output.
    template <class ExitOutput>
    double operator()(const batch& samples, std::span<const ExitOutput> exits) const {
        if (samples.labels == nullptr) raise("teaching", "the batch has no labels", "give batches with labels");
        double sum = 0;
        for (const ExitOutput& exit : exits) {
            if (exit.gradient.empty()) continue;
            const bool is_last = exit.exit == exits.back().exit;
            const float* own = is_last ? nullptr : exits.back().logits.data();
            sum += of(samples, exit, samples.teacher != nullptr ? samples.teacher : own);
        }
        return sum;
    }

private:
    template <class ExitOutput>
    double of(const batch& samples, const ExitOutput& exit, const float* teacher) const {
        const std::span<const std::int32_t> labels{samples.labels, static_cast<std::size_t>(samples.size)};
        loss_part part{.weight = exit.weight};
        if (teacher == nullptr || share <= 0) return cross_entropy{smoothing}(exit.logits, labels, exit.gradient, part);
        part.weight = exit.weight * (1 - share);
        double loss = cross_entropy{smoothing}(exit.logits, labels, exit.gradient, part);
        part.weight = exit.weight * share;
        part.accumulate = true;
        loss += distillation{temperature}(exit.logits, {teacher, exit.logits.size()},
                                          exit.logits.size() / labels.size(), exit.gradient, part);
        return loss;
    }
};

}  // namespace EENN_HOST
}  // namespace eenn

#endif
