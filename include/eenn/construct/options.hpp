// SPDX-License-Identifier: MIT
//
// options.hpp - what a construction is asked for.
// Floor 8 (construct); host subset. tests/construct/augment_twice.cpp reaches it.
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

/// @brief What exits are to save, and what limits on cost are shares of.
enum class cost_unit : unsigned char {
    macs,  ///< the same everywhere
    time   ///< of one sample on one thread of this machine: not all MACs take equally long
};

/// @brief The name that reports use.
[[nodiscard]] constexpr std::string_view to_string(cost_unit unit) noexcept {
    return unit == cost_unit::macs ? "MACs" : "time";
}

/// @brief How heads are trained. The defaults suit image classifiers of tens of thousands of samples.
struct head_training {
    int epochs = 3;         ///< of every head that the search looks at
    int final_epochs = 10;  ///< of those it chose, trained anew; no more than `epochs`: they stay as they are
    int batch = 64;
    double rate = 0.1;  ///< peak of one cycle
    double weight_decay = 5e-4;
    teaching criterion{};  ///< the backbone's classifier is the teacher
};

/// @brief Training of the whole early-exit network, once its exits are chosen.
struct fine_tuning {
    int epochs = 3;  ///< 0: none
    int batch = 64;
    double rate = 0.01;  ///< peak of one cycle
    double weight_decay = 5e-4;
    double last_weight = 1;  ///< of the classifier's loss, where each head's is 1
    teaching criterion{};    ///< heads learn from the classifier too
    augmentation augment{};
    double average_decay = 0;  ///< > 0: moving average of the weights
    double clip_norm = 2;      ///< > 0: largest norm of the gradient; networks without norms need it
};

/// @brief What a construction is asked for. The defaults suit image classifiers.
struct augment_options {
    /// What exits are for. The first decides which network is built; each is reported. A limit on cost is a share of the
    /// base network's.
    std::vector<exit_objective> objectives{exit_objective::least_cost(0.005)};
    cost_unit cost = cost_unit::macs;
    double loss_margin = 1;  ///< limits on loss are kept with so many standard errors to spare
    int most_exits = 3;      ///< beside the classifier, for one objective
    int most_sites = 8;      ///< heads are trained at so many of the sites, spread evenly over the MACs
    std::vector<head_form> forms{head_form::small, head_form::medium, head_form::large, head_form::whole,
                                 head_form::dense};
    double most_head_share = 0.15;  ///< of the base network's MACs: larger heads are not considered
    double deepest_share = 0.9;     ///< of the base network's MACs: sites behind this save nothing
    head_training heads{};
    int head_samples = 0;  ///< > 0: heads are trained on so many of the training samples
    fine_tuning tune{};
    std::size_t feature_memory = std::size_t{6} << 30;  ///< bytes for kept features; beyond, the backbone runs again
    /// Where the network will run, if that is known: heads that cannot run there, or not within the limits, are not trained.
    std::optional<platform> target{};
    placement_limits limits{};
    std::uint64_t seed = 1;
    /// Folder where finished work is kept for another run; empty: nowhere. Another run finds what its own inputs came to,
    /// and whatever else is asked for is worked out: it may ask for anything.
    std::filesystem::path state{};
    construct_observer observer{};
};

}  // namespace EENN_HOST
}  // namespace eenn::construct

#endif
