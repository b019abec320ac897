// SPDX-License-Identifier: MIT
//
// detail/result.hpp - what a construction found, measured and discarded: plain values for reports.
// Floor 8 (construct); host subset. tests/construct/report/augmentation_json.cpp reaches it.
// Accuracies and shares are fractions.
#ifndef EENN_CONSTRUCT_DETAIL_RESULT_HPP
#define EENN_CONSTRUCT_DETAIL_RESULT_HPP

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <eenn/core/detail/flow.hpp>
#include <eenn/tensor/detail/id.hpp>
#include <eenn/tensor/shape.hpp>

namespace eenn::construct {
inline namespace EENN_HOST {

/// @brief How well each class is told from the others; means over the classes weigh rare ones as much as common ones.
struct class_scores {
    std::vector<double> recall;  ///< (C), of a class's samples, those that were given it; 0 for a class without samples
    std::vector<double> f1;      ///< (C), harmonic mean of recall and precision
    double balanced_accuracy = 0;  ///< mean recall of the classes that have samples
    double macro_f1 = 0;           ///< mean F1 of them
};

/// @brief A place where an exit can go: the end of a block of the backbone.
struct site_summary {
    std::string name;        ///< the exporter's name of the layer
    node_id node{};          ///< of the base network
    shape features;          ///< what a head gets
    std::int64_t macs = 0;   ///< of the backbone from the input to here
    std::int64_t bytes = 0;  ///< of the features, float32: what a cut here transfers
};

/// @brief A head that was considered at a site.
struct head_summary {
    int site = 0;      ///< index into result::sites
    std::string form;  ///< "small", "large"
    std::int64_t macs = 0;
    std::int64_t parameters = 0;
    bool trained = false;
    double accuracy = 0;  ///< on validation data, if every sample left here
    bool chosen = false;
    std::string pruned;  ///< why it was not considered further; empty if it was
};

/// @brief A set of exits that was solved for the objective.
struct architecture_summary {
    std::vector<int> heads;  ///< indices into result::heads, by depth
    double cost = 0;         ///< mean, as a share of the base network's, on validation data
    double accuracy = 0;     ///< on validation data
    bool feasible = false;   ///< the objective's limit was reached
    std::string pruned;      ///< why it was dropped before solving; empty if it was solved
};

/// @brief A point of a trade-off. Costs are shares of the base network's.
struct operating_point {
    double cost = 0;
    double accuracy = 0;
};

/// @brief The trade-off under one way of choosing, on one data set; by rising cost.
struct trade_off_curve {
    std::string name;
    std::vector<operating_point> points;
};

/// @brief One exit of the network that was kept; the last one is the base network's classifier.
struct exit_summary {
    std::string site;
    std::string form;     ///< "small", "large", "classifier"
    int head = -1;        ///< index into result::heads; -1: the classifier
    std::string policy;   ///< "max_probability", ...
    float threshold = 0;  ///< infinity: closed; the last exit takes all
    double temperature = 1;
    std::int64_t macs = 0;                  ///< from the input to this decision, earlier heads included
    double share = 0;                       ///< of the test samples that leave here
    double accuracy = 0;                    ///< of those
    double lone_accuracy = 0;               ///< on test data, if every sample left here
    double microseconds = 0;                ///< median time of samples that leave here, batch 1
    double error_before = 0;                ///< expected calibration error on validation data, before the temperature
    double error_after = 0;                 ///< and after
    std::vector<double> share_by_class;     ///< of the test samples of each class, those that leave here
    std::vector<double> confidence_before;  ///< reliability bins on validation data: mean confidence,
    std::vector<double> accuracy_before;    ///< accuracy,
    std::vector<double> weight_before;      ///< and share of the samples, before the temperature
    std::vector<double> confidence_after;
    std::vector<double> accuracy_after;
    std::vector<double> weight_after;
};

/// @brief The network at one chosen setting, on test data that chose nothing.
struct setting_summary {
    std::string objective;          ///< "at most 0.5 points of loss"
    std::vector<float> thresholds;  ///< (exits - 1); infinity where the exit is closed
    double validation_cost = 0;     ///< share of the base network's, in result::cost_unit
    double validation_accuracy = 0;
    double test_cost = 0;
    double test_accuracy = 0;
    double loss = 0;      ///< base less EENN accuracy on the same test samples
    double loss_low = 0;  ///< 95 % interval of the paired difference
    double loss_high = 0;
    double bound = 0;  ///< certificate: no thresholds cost less on validation data (as validation_cost); infinity: none
    bool proven = false;               ///< bound == validation_cost
    std::vector<std::string> heads{};  ///< (exits - 1), "site, form"; empty: not known
    /// Certificate of a limit on cost: validation_accuracy and what other thresholds may have over it, as smoothed()
    /// counts answers; 0: the limit is another.
    double accuracy_bound = 0;
};

/// @brief A row of the table of signals and ways to choose thresholds, one objective.
struct signal_row {
    std::string policy;  ///< "entropy", ...
    std::string solver;  ///< "proven", "published graph", "one shared threshold", "coordinate descent", "oracle"
    double validation_cost = 0;
    double validation_accuracy = 0;
    double test_cost = 0;
    double test_accuracy = 0;
};

/// @brief What runs on one processor.
struct stage_summary {
    std::string processor;
    std::string from;  ///< first layer
    std::string to;    ///< last layer
    node_id last{};    ///< that layer
    std::int64_t macs = 0;
    std::int64_t weight_bytes = 0;
    std::int64_t transfer_bytes = 0;  ///< sent on to the next stage, for a sample that goes on
    double seconds = 0;               ///< of a sample that passes all of it
    double reach = 1;                 ///< share of the samples that get here
};

struct placement_summary {
    std::vector<stage_summary> stages;
    double expected_seconds = 0;
    double worst_seconds = 0;
    double expected_joules = 0;
    double bound = 0;  ///< certificate of the objective
    bool proven = false;
    std::string objective;
};

/// @brief Everything a report shows.
struct result {
    std::string model;    ///< name of the base network
    std::string data;     ///< "2,500 test samples ..."
    std::string command;  ///< as the user gave it
    std::string machine;
    std::uint64_t seed = 0;
    std::vector<std::string> class_names;  ///< or empty
    int train_samples = 0;
    int validation_samples = 0;
    int test_samples = 0;

    std::string cost_unit = "MACs";  ///< or "time": what costs of settings, curves, sets and signals are shares of
    double base_validation_accuracy = 0;
    double base_accuracy = 0;  ///< on test data
    std::int64_t base_macs = 0;
    std::int64_t base_parameters = 0;
    class_scores base_classes;  ///< test data

    double accuracy = 0;  ///< of the EENN on test data, first setting
    double mean_macs_share = 1;
    double mean_time_share = 1;  ///< batch 1, measured: with exits / the base network
    double base_microseconds = 0;
    double mean_microseconds = 0;
    double batch_time_share = 1;   ///< batch 64 with compaction
    double decision_overhead = 0;  ///< share of a full pass
    class_scores classes;

    bool pays_off = false;
    std::string verdict;                ///< what was found, whether it saves time, or why no exit pays off
    std::vector<std::string> warnings;  ///< what makes the numbers doubtful: a sentence or two each
    bool fine_tuned = false;            ///< fine-tuning was kept
    std::string fine_tuning;            ///< what validation said about it

    std::vector<site_summary> sites;
    std::vector<head_summary> heads;
    std::vector<architecture_summary> architectures;
    std::vector<exit_summary> exits;
    std::vector<setting_summary> settings;  ///< the first is the user's objective
    std::vector<trade_off_curve> curves;    ///< "validation", "test", "before fine-tuning", "oracle", ...
    std::vector<signal_row> signals;
    placement_summary placement;
    std::vector<std::pair<std::string, double>> seconds;     ///< by stage, in order
    std::vector<std::pair<std::string, std::string>> notes;  ///< whatever else a reader should know: title, text
};

}  // namespace EENN_HOST
}  // namespace eenn::construct

#endif
