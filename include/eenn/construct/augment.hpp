// SPDX-License-Identifier: MIT
//
// augment.hpp - a trained network in, the best early-exit network out: sites, heads, search, fine-tuning, measurement.
// Floor 8 (construct); host subset. Letters: N = samples, C = classes, H = heads, E = exits.
#ifndef EENN_CONSTRUCT_AUGMENT_HPP
#define EENN_CONSTRUCT_AUGMENT_HPP

#include <eenn/construct/fine_tune.hpp>
#include <eenn/construct/measure.hpp>
#include <eenn/construct/propose_heads.hpp>
#include <eenn/construct/renormalise.hpp>
#include <eenn/construct/train_chosen.hpp>
#include <eenn/core/isa.hpp>

#include <chrono>

namespace eenn::construct {
inline namespace EENN_ISA {

namespace detail {

/// Runs a stage and takes its time.
template <Executor X, class Stage>
[[nodiscard]] bool timed(construction<X>& work, const char* stage, Stage&& run) {
    using clock = std::chrono::steady_clock;
    const auto start = clock::now();
    const bool done = run();
    work.report.seconds.emplace_back(stage, std::chrono::duration<double>(clock::now() - start).count());
    return done;
}

}  // namespace detail

/// @brief Turns a trained network into an early-exit network: `augment(model, {train, validation, test}, options, pool)`.
///
/// Finds the blocks of the network and the sites behind them; trains heads there on the frozen backbone; judges every set
/// of them with its best thresholds for the objective, on validation data; trains the network with the chosen exits on,
/// and keeps that where validation data says it helped; measures on test data, which chooses nothing.
///
/// @param base  without exits; what comes back has its names, classes and preprocessing.
/// @par Memory   The sets, options.feature_memory, and the training of the whole network on a batch.
/// @par Threads  The result does not depend on the executor. With options.state, a run that was stopped goes on from the
///               work that was finished, to the same bits.
/// @par Errors   eenn::error for a network with exits or without logits, data that does not fit it, too few validation
///               samples, or no place for an exit.
/// @par Source   Sponner et al. (2024), "Efficient post-training augmentation for adaptive inference in heterogeneous and
///               distributed IoT environments". Theirs models exits as independent and never charges earlier heads; here
///               thresholds are chosen on the joint trace with all costs, and the classifier teaches the heads.
template <Executor X>
[[nodiscard]] augmented augment(const model& base, const samples& data, const augment_options& options, X& executor) {
    check(base, "construct");
    const renormalised normal = renormalise(base.network, base.parameters, data.train, executor);
    construction<X> work{with_parameters(base, normal), data, options, executor};
    augmented made{.model = work.base};
    propose_heads(work);
    made.finished = detail::timed(work, "backbone and heads", [&] { return train_candidates(work); }) &&
                    detail::timed(work, "search", [&] { return search_exits(work); }) &&
                    detail::timed(work, "chosen heads", [&] { return train_chosen(work); }) &&
                    detail::timed(work, "fine-tuning",
                                  [&] {
                                      assemble_heads(work);
                                      return fine_tune(work);
                                  }) &&
                    detail::timed(work, "test", [&] { return measure_exits(work, made); });
    made.report = std::move(work.report);
    if (!normal.norms.empty()) {
        made.report.notes.emplace_back("Batch norms",
                                       std::to_string(normal.norms.size()) +
                                           " were put back behind convolutions without one for training; "
                                           "they fold into the convolutions again for inference.");
    }
    return made;
}

}  // namespace EENN_ISA
}  // namespace eenn::construct

#endif
