// SPDX-License-Identifier: MIT
//
// augment.hpp - a trained network in, the best early-exit network out: sites, heads, search, fine-tuning, measurement.
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

/// @brief What a construction learns from, chooses by, and is measured on.
struct samples {
    const data_set& train;
    const data_set& validation;
    const data_set& test;
};

/// @brief Turns a trained network into an early-exit network: `augment(model, {train, validation, test}, options, pool)`.
///
/// Finds the blocks of the network and the sites behind them; trains heads there on the frozen backbone; judges every set
/// of them with its best thresholds for the objective, on validation data; trains the network with the chosen exits on,
/// and keeps that where validation data says it helped; measures on test data, which chooses nothing.
///
/// @param base  without exits; what comes back has its names, classes and preprocessing.
/// @par Memory   The sets, options.feature_memory, and the training of the whole network on a batch.
/// @par Threads  The result does not depend on the executor. With options.state, a run that was stopped goes on from the
///               work that was finished, to the same bits; whatever else is asked for with the same folder comes out as
///               without one.
/// @par Errors   eenn::error for a network with exits or without logits, data that does not fit it, too few validation
///               samples, or no place for an exit; for kept work that is damaged, naming the file to delete.
/// @par Source   Sponner et al. (2024), "Efficient post-training augmentation for adaptive inference in heterogeneous and
///               distributed IoT environments". Theirs models exits as independent and never charges earlier heads; here
///               thresholds are chosen on the joint trace with all costs, and the classifier teaches the heads.
[[nodiscard]] EENN_FLOW augmented augment(const model& base, const samples& data, const augment_options& options,
                                          executor_ref executor);

}  // namespace EENN_HOST
}  // namespace eenn::construct

#if !defined(EENN_COMPILED)
#include <eenn/construct/detail/augment.hpp>
#endif

#endif
