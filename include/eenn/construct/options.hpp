// SPDX-License-Identifier: MIT
//
// options.hpp - options of a construction.
// Floor 8 (construct); host subset. Tested by tests/construct/augment_twice.cpp.
#ifndef EENN_CONSTRUCT_OPTIONS_HPP
#define EENN_CONSTRUCT_OPTIONS_HPP

#include <eenn/construct/detail/head_form.hpp>
#include <eenn/construct/detail/watcher.hpp>
#include <eenn/core/detail/flow.hpp>
#include <eenn/data/augment.hpp>
#include <eenn/exits/detail/objective.hpp>
#include <eenn/platform/detail/candidates.hpp>
#include <eenn/platform/platform.hpp>
#include <eenn/training/teaching.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

namespace eenn::construct {
inline namespace EENN_HOST {

/// @brief The cost that exits should save. Cost limits are shares of the base network's.
enum class cost_unit : unsigned char {
    macs,  ///< independent of the machine
    time   ///< of one sample on one thread of this machine; MACs differ in speed
};

/// @brief The name used in reports.
[[nodiscard]] constexpr std::string_view to_string(cost_unit unit) noexcept {
    return unit == cost_unit::macs ? "MACs" : "time";
}

/// @brief How heads are trained. The defaults suit image classifiers with tens of thousands of samples.
struct head_training {
    int epochs = 3;         ///< for every candidate head
    int final_epochs = 10;  ///< for selected heads, trained from scratch; if not above `epochs`, they are not retrained
    int batch = 64;
    double rate = 0.1;  ///< peak of the one-cycle schedule
    double weight_decay = 5e-4;
    teaching criterion{};  ///< the backbone's classifier is the teacher
};

/// @brief Fine-tuning of the whole early-exit network with its selected exits.
struct fine_tuning {
    int epochs = 3;  ///< 0: no fine-tuning
    int batch = 64;
    double rate = 0.01;  ///< peak of the one-cycle schedule
    double weight_decay = 5e-4;
    double last_weight = 1;  ///< weight of the classifier's loss; each head has 1
    teaching criterion{};    ///< the classifier also teaches the heads
    augmentation augment{};
    double average_decay = 0;  ///< > 0: keeps a moving average of the weights
    double clip_norm = 2;      ///< > 0: maximum norm of the gradient; networks without norms need it
};

/// @brief Options of a construction. The defaults suit image classifiers.
struct augment_options {
    /// What to optimise for. The first objective decides which network is built; the report covers all. A cost limit is a
    /// share of the base network's cost.
    std::vector<exit_objective> objectives{exit_objective::least_cost(0.005)};
    cost_unit cost = cost_unit::macs;
    double loss_margin = 1;  ///< loss limits are met with this many standard errors to spare
    int most_exits = 3;      ///< per objective, without the classifier
    int most_sites = 8;      ///< number of sites that get heads, spread evenly over the MACs
    std::vector<head_form> forms{head_form::small, head_form::medium, head_form::large, head_form::whole,
                                 head_form::dense};
    double most_head_share = 0.15;  ///< of the base network's MACs: larger heads are not considered
    double deepest_share = 0.9;     ///< of the base network's MACs: deeper sites save too little
    head_training heads{};
    int head_samples = 0;  ///< > 0: heads train on this many of the training samples
    fine_tuning tune{};
    std::size_t feature_memory = std::size_t{6} << 30;  ///< bytes of stored features; beyond it, the backbone reruns
    /// The target platform, if known. Heads that cannot run there, or not within the limits, are not trained.
    std::optional<platform> target{};
    placement_limits limits{};
    std::uint64_t seed = 1;
    /// Folder that keeps finished work for later runs; empty: none. A run only reuses work done on exactly the same inputs
    /// and computes everything else, so runs with different options may share a folder.
    std::filesystem::path state{};
    construct_observer observer{};
};

}  // namespace EENN_HOST
}  // namespace eenn::construct

#endif
