// SPDX-License-Identifier: MIT
//
// construction.hpp - the state of a construction: what was given, what its stages found, start to tell.
// Floor 8 (construct); host subset. Letters: N = samples, C = classes.
#ifndef EENN_CONSTRUCT_CONSTRUCTION_HPP
#define EENN_CONSTRUCT_CONSTRUCTION_HPP

#include <eenn/construct/exit_table.hpp>
#include <eenn/construct/features.hpp>
#include <eenn/construct/options.hpp>
#include <eenn/construct/result.hpp>
#include <eenn/construct/sites.hpp>
#include <eenn/construct/state.hpp>
#include <eenn/construct/train_heads.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/data/mirror.hpp>
#include <eenn/exits/thresholds.hpp>
#include <eenn/network/model.hpp>

#include <algorithm>
#include <memory>
#include <mutex>
#include <numeric>
#include <optional>

namespace eenn::construct {
inline namespace EENN_ISA {

/// @brief A head that is trained.
struct candidate {
    int site = 0;  ///< index into construction::layout.sites
    head what;
    graph network{shape{}};  ///< the head alone, with the ids that it has on the base network too
    head_form form = head_form::small;
    std::int64_t macs = 0;
    std::int64_t parameters = 0;
    int summary = 0;      ///< index into result::heads
    fingerprint print{};  ///< of all that its training depends on
    trained_head trained{};
};

/// @brief What the frozen backbone makes of the samples at some sites.
struct kept_features {
    std::vector<int> nodes;  ///< ascending
    feature_pass train;      ///< of construction::training_samples
    feature_pass validation;

    [[nodiscard]] bool has(int node) const { return std::binary_search(nodes.begin(), nodes.end(), node); }
    [[nodiscard]] std::size_t slot(int node) const {
        return static_cast<std::size_t>(std::lower_bound(nodes.begin(), nodes.end(), node) - nodes.begin());
    }
};

/// @brief What samples pay, in the unit of augment_options::cost: MACs, or microseconds.
struct part_costs {
    std::vector<double> reach;  ///< of the backbone from the input to each site
    std::vector<double> heads;  ///< by candidate
    double base = 0;            ///< of the whole base network
};

/// @brief The choice for one objective.
struct setting {
    std::vector<int> heads;  ///< indices into the table it was made from
    threshold_choice choice;
    bool feasible = false;
};

/// @brief What a construction learns from, chooses by, and is measured on.
struct samples {
    const data_set& train;
    const data_set& validation;
    const data_set& test;
};

/// @brief All that a construction works on: what was given, and what its stages have found so far.
template <Executor X>
struct construction {
    /// The sets and the executor must outlive this.
    construction(model what, const samples& data, augment_options how, X& runs_on)
        : start{std::move(what)},
          mirrored{how.tune.augment.flip ? with_mirror_images(data.validation) : data_set{}},
          train{data.train},
          validation{how.tune.augment.flip ? mirrored : data.validation},
          test{data.test},
          options{std::move(how)},
          executor{runs_on},
          net{base},
          layout{find_backbone(base)} {
        check_input(data.validation);
        describe(data.validation);
    }

    const model start;
    const graph& base = start.network;
    const aligned_vector<float>& parameters = start.parameters;
    const data_set mirrored;  // the validation samples and their mirror images; empty where those mean something else
    const data_set& train;
    const data_set& validation;  // what choices are made on: choices on `mirrored` vary less
    const data_set& test;
    augment_options options;
    X& executor;
    runtime_network<float, graph> net;  // of the base
    backbone layout;

    std::vector<candidate> candidates;
    part_costs costs;
    fingerprint print{};                 // of what every head's training depends on
    std::vector<int> training_samples;   // those that heads learn from, indices into train
    std::vector<float> teacher;          // the classifier's logits on them, (N,C)
    kept_features kept;                  // of the sites whose heads were trained last
    std::vector<float> base_validation;  // (N,C)
    std::vector<std::size_t> chosen;     // candidates in the network, by depth
    std::optional<graph> whole;          // with all chosen heads
    aligned_vector<float> whole_parameters;
    exit_table table;               // of the chosen heads, on validation data
    std::vector<setting> settings;  // by objective; heads are indices into table
    result report;
    bool stopped = false;

    /// Where a head is attached.
    [[nodiscard]] const site& site_of(const candidate& who) const {
        return layout.sites[static_cast<std::size_t>(who.site)];
    }

    /// The exporter's name of a layer, or one made of its kind and id; a batch norm that was put in is called as its input.
    [[nodiscard]] std::string name_of(int place) const {
        const auto& node = base.nodes()[static_cast<std::size_t>(place)];
        const bool put_in = !start.names.empty() && !start.names.contains(node.id);
        if (put_in && std::holds_alternative<batch_norm>(node.what)) return name_of(node.inputs[0]);
        return eenn::name_of(start, node.id);
    }

    /// Tells the observer where the work stands, from any thread; false if it wants to stop.
    [[nodiscard]] bool tell(const std::string& stage, std::int64_t done, std::int64_t total,
                            const std::string& note = {}) {
        if (!options.observer) return true;
        const std::lock_guard lock{telling};
        if (!stopped && !options.observer({stage, done, total, note})) stopped = true;
        return !stopped;
    }

private:
    void check_input(const data_set& given) const {
        const auto check_set = [&](const data_set& set, const char* what, int least) {
            if (!(set.sample == base.input())) {
                raise("construct", std::string{what} + " samples are " + to_string(set.sample) +
                                       ", the network takes " + to_string(base.input()));
            }
            if (set.classes != layout.classes) {
                raise("construct",
                      std::string{what} + " labels are of " + std::to_string(set.classes) +
                          " classes, the network has " + std::to_string(layout.classes) + " logits",
                      "give the data that the network was trained for");
            }
            if (set.size() < least) {
                raise("construct", std::to_string(set.size()) + " " + what + " samples are too few to choose exits by",
                      "give at least " + std::to_string(least));
            }
        };
        check_set(train, "training", 2);
        check_set(given, "validation", std::max(50, 2 * layout.classes));
        check_set(test, "test", 1);
        if (parameters.size() != net.plan().parameter_elements()) {
            raise("construct", std::to_string(parameters.size()) + " parameters for a network of " +
                                   std::to_string(net.plan().parameter_elements()));
        }
        if (options.objectives.empty()) raise("construct", "there is no objective", "give at least one");
        if (options.most_exits < 1 || options.most_sites < 1)
            raise("construct", "no exits are allowed", "allow at least one exit and one site");
    }

    void describe(const data_set& given) {
        result& r = report;
        r.seed = options.seed;
        r.train_samples = train.size();
        r.validation_samples = given.size();
        if (mirrored.size() > 0) {
            r.notes.emplace_back(
                "Validation", "Exits and thresholds were chosen on the validation samples and their mirror images, " +
                                  std::to_string(mirrored.size()) + " in all.");
        }
        std::string choices =
            "On validation data an answer counts half as it was and half as isotonic regression on its confidence "
            "promises; certificates are of that count, accuracies are plain.";
        const bool limits_loss = std::any_of(options.objectives.begin(), options.objectives.end(),
                                             [](const auto& o) { return o.goal == exit_objective::kind::least_cost; });
        if (limits_loss && options.loss_margin > 0)
            choices += " Limits on loss are kept with a margin in standard errors where the heads allow it.";
        if (options.cost == cost_unit::time)
            choices += " Costs are times of one sample on one thread of this machine, measured part by part.";
        r.notes.emplace_back("Choices", std::move(choices));
        r.test_samples = test.size();
        r.base_macs = layout.macs;
        r.cost_unit = to_string(options.cost);
        r.base_parameters = layout.parameters;
        for (const site& s : layout.sites) {
            r.sites.push_back({name_of(s.node), s.id, s.features, s.macs, static_cast<std::int64_t>(s.bytes)});
        }
    }

    std::mutex telling;
};

}  // namespace EENN_ISA
}  // namespace eenn::construct

#endif
