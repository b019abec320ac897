// SPDX-License-Identifier: MIT
//
// teaching.hpp - exits that learn from labels and from a teacher's logits: a criterion for trainers.
// Floor 7 (training); host subset. Letters: B = batch, C = classes.
#ifndef EENN_TRAINING_TEACHING_HPP
#define EENN_TRAINING_TEACHING_HPP

#include <eenn/core/isa.hpp>
#include <eenn/training/trainer.hpp>

namespace eenn {
inline namespace EENN_ISA {

/// @brief (1 - share) cross entropy on the labels + share T^2 KL(teacher || exit), for training_options::criterion.
///
/// The teacher is the batch's, where it has one; else the network's own last exit, whose logits are taken as constants and
/// which itself learns from the labels alone.
///
/// @par Source  Hinton, Vinyals, Dean (2015), section 2; from the last exit: Phuong, Lampert (2019), "Distillation-based
///              training for multi-exit architectures".
struct teaching {
    double share = 0.5;
    double temperature = 2;
    double smoothing = 0;  ///< of the labels

    double operator()(const exit_batch& exit, std::span<float> gradient) const {
        const std::span<const std::int32_t> labels{exit.samples.labels, static_cast<std::size_t>(exit.samples.size)};
        const bool is_last = exit.logits.data() == exit.last.data();
        const float* teacher =
            exit.samples.teacher != nullptr ? exit.samples.teacher : (is_last ? nullptr : exit.last.data());
        loss_part part = exit.part;
        if (teacher == nullptr || share <= 0) return cross_entropy{smoothing}(exit.logits, labels, gradient, part);
        part.weight = exit.part.weight * (1 - share);
        double loss = cross_entropy{smoothing}(exit.logits, labels, gradient, part);
        part.weight = exit.part.weight * share;
        part.accumulate = true;
        loss += distillation{temperature}(exit.logits, {teacher, exit.logits.size()},
                                          exit.logits.size() / labels.size(), gradient, part);
        return loss;
    }
};

}  // namespace EENN_ISA
}  // namespace eenn

#endif
