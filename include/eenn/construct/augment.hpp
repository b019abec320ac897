// SPDX-License-Identifier: MIT
//
// augment.hpp - turns a trained network into the best early-exit network: sites, heads, search, fine-tuning, measurement.
// Floor 8 (construct); host subset. Letters: N = samples, C = classes, H = heads, E = exits.
#ifndef EENN_CONSTRUCT_AUGMENT_HPP
#define EENN_CONSTRUCT_AUGMENT_HPP

#include <eenn/construct/augmented.hpp>
#include <eenn/construct/options.hpp>
#include <eenn/core/detail/flow.hpp>
#include <eenn/core/executor.hpp>
#include <eenn/data/data_set.hpp>
#include <eenn/network/detail/basic_model.hpp>

namespace eenn::construct {
inline namespace EENN_HOST {

/// @brief The data of a construction: to train on, to choose by, and to measure on.
struct samples {
    const data_set& train;
    const data_set& validation;
    const data_set& test;
};

/// @brief Turns a trained network into an early-exit network: `augment(model, {train, validation, test}, options, pool)`.
///
/// Finds the blocks of the network and the sites at their ends. Trains heads there on the frozen backbone. On validation
/// data, evaluates sets of heads with the best thresholds for the objective. Fine-tunes the network with the selected
/// exits and keeps the result if validation data shows an improvement. Measures on test data, which influences no choice.
///
/// @param base  a network without exits; the result inherits its names, classes and preprocessing.
/// @par Memory   The data sets, options.feature_memory, and training of the whole network on one batch.
/// @par Threads  The result does not depend on the executor. With options.state, an interrupted run resumes from its
///               finished work and gives the same bits. A run with other inputs may share the folder; its result is the
///               same as without one.
/// @par Errors   eenn::error for a network with exits or without logits, data that does not fit it, too few validation
///               samples, or no place for an exit; for damaged saved work, naming the file to delete.
/// @par Source   Sponner et al. (2024), "Efficient post-training augmentation for adaptive inference in heterogeneous and
///               distributed IoT environments". They model exits as independent and never charge for earlier heads. Here
///               thresholds are chosen on the joint trace with all costs, and the classifier teaches the heads.
[[nodiscard]] EENN_FLOW augmented augment(const model& base, const samples& data, const augment_options& options,
                                          executor_ref executor);

}  // namespace EENN_HOST
}  // namespace eenn::construct

#if !defined(EENN_COMPILED)
#include <eenn/construct/detail/augment.hpp>
#endif

#endif
