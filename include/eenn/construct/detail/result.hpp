// SPDX-License-Identifier: MIT
//
// detail/result.hpp - the findings of a construction as plain values, for reports.
// Floor 8 (construct); host subset. Tested by tests/construct/report/augmentation_json.cpp.
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

/// @brief How well the network separates the classes. Means over classes weigh rare and common classes equally.
struct class_scores {
    std::vector<double> recall;    ///< (C), share of a class's samples that are assigned to it; 0 without samples
    std::vector<double> f1;        ///< (C), harmonic mean of recall and precision
    double balanced_accuracy = 0;  ///< mean recall over the classes that have samples
    double macro_f1 = 0;           ///< mean F1 over these
};

/// @brief A place where an exit can go: the end of a block of the backbone.
struct site_summary {
    std::string name;        ///< the exporter's name for the layer
    node_id node{};          ///< of the base network
    shape features;          ///< input of a head
    std::int64_t macs = 0;   ///< of the backbone from the input to here
    std::int64_t bytes = 0;  ///< of the features in float32: transferred if the network is cut here
};

/// @brief A head considered at a site.
struct head_summary {
    int site = 0;      ///< index into result::sites
    std::string form;  ///< "small", "large"
    std::int64_t macs = 0;
    std::int64_t parameters = 0;
    bool trained = false;
    double accuracy = 0;  ///< on validation data, if every sample left here
    bool chosen = false;
    std::string pruned;  ///< why it was rejected; empty if it was not
};

/// @brief A set of exits considered for the objective.
struct architecture_summary {
    std::vector<int> heads;  ///< indices into result::heads, by depth
    double cost = 0;         ///< mean on validation data, as a share of the base network's
    double accuracy = 0;     ///< on validation data
    bool feasible = false;   ///< meets the objective's limit
    std::string pruned;      ///< why it was discarded before solving; empty if it was solved
};

/// @brief A point of a trade-off. Costs are shares of the base network's.
struct operating_point {
    double cost = 0;
    double accuracy = 0;
};

/// @brief A trade-off under one way of choosing thresholds, on one data set; by ascending cost.
struct trade_off_curve {
    std::string name;
    std::vector<operating_point> points;
};

/// @brief An exit of the kept network. The last exit is the base network's classifier.
struct exit_summary {
    std::string site;
    std::string form;     ///< "small", "large", "classifier"
    int head = -1;        ///< index into result::heads; -1: the classifier
    std::string policy;   ///< "max_probability", ...
    float threshold = 0;  ///< infinity: closed; the last exit takes all
    double temperature = 1;
    std::int64_t macs = 0;                  ///< from the input to this decision, including earlier heads
    double share = 0;                       ///< of test samples that leave here
    double accuracy = 0;                    ///< on the samples that leave here
    double lone_accuracy = 0;               ///< on test data, if every sample left here
    double microseconds = 0;                ///< median latency of samples that leave here, batch 1
    double error_before = 0;                ///< expected calibration error on validation data, before scaling
    double error_after = 0;                 ///< and after
    std::vector<double> share_by_class;     ///< by class: share of its test samples that leave here
    std::vector<double> confidence_before;  ///< reliability bins on validation data: mean confidence,
    std::vector<double> accuracy_before;    ///< accuracy,
    std::vector<double> weight_before;      ///< and share of the samples, before scaling
    std::vector<double> confidence_after;
    std::vector<double> accuracy_after;
    std::vector<double> weight_after;
};

/// @brief The network at one setting, on test data that influenced no choice.
struct setting_summary {
    std::string objective;          ///< "at most 0.5 points of loss"
    std::vector<float> thresholds;  ///< (exits - 1); infinity where an exit is closed
    double validation_cost = 0;     ///< share of the base network's, in result::cost_unit
    double validation_accuracy = 0;
    double test_cost = 0;
    double test_accuracy = 0;
    double loss = 0;      ///< accuracy of the base network minus that of the EENN, on the same test samples
    double loss_low = 0;  ///< 95 % interval of the paired difference
    double loss_high = 0;
    double bound = 0;     ///< certificate: minimum cost on validation data (as validation_cost); infinity: none
    bool proven = false;  ///< bound == validation_cost
    std::vector<std::string> heads{};  ///< (exits - 1), "site, form"; empty: unknown
    /// Certificate under a cost limit: the maximum of validation_accuracy over all thresholds, with answers counted as
    /// by smoothed(). 0 under any other limit.
    /// counts answers; 0: the limit is another.
    double accuracy_bound = 0;
};

/// @brief A row of the table that compares signals and threshold solvers, for one objective.
struct signal_row {
    std::string policy;  ///< "entropy", ...
    std::string solver;  ///< "proven", "published graph", "one shared threshold", "coordinate descent", "oracle"
    double validation_cost = 0;
    double validation_accuracy = 0;
    double test_cost = 0;
    double test_accuracy = 0;
};

/// @brief The stage of a network that runs on one processor.
struct stage_summary {
    std::string processor;
    std::string from;  ///< first layer
    std::string to;    ///< last layer
    node_id last{};    ///< id of the last layer
    std::int64_t macs = 0;
    std::int64_t weight_bytes = 0;
    std::int64_t transfer_bytes = 0;  ///< sent to the next stage, per sample that continues
    double seconds = 0;               ///< for a sample that passes the whole stage
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

/// @brief Everything that a report shows.
struct result {
    std::string model;    ///< name of the base network
    std::string data;     ///< "2,500 test samples ..."
    std::string command;  ///< as given by the user
    std::string machine;
    std::uint64_t seed = 0;
    std::vector<std::string> class_names;  ///< or empty
    int train_samples = 0;
    int validation_samples = 0;
    int test_samples = 0;

    std::string cost_unit = "MACs";  ///< or "time": unit behind the cost shares of settings, curves, sets, signals
    double base_validation_accuracy = 0;
    double base_accuracy = 0;  ///< on test data
    std::int64_t base_macs = 0;
    std::int64_t base_parameters = 0;
    class_scores base_classes;  ///< test data

    double accuracy = 0;  ///< of the EENN on test data, first setting
    double mean_macs_share = 1;
    double mean_time_share = 1;  ///< batch 1, measured: with exits / base network
    double base_microseconds = 0;
    double mean_microseconds = 0;
    double batch_time_share = 1;   ///< batch 64 with compaction
    double decision_overhead = 0;  ///< share of a full pass
    class_scores classes;

    bool pays_off = false;
    std::string verdict;                ///< the outcome, whether it saves time, or why no exit pays off
    std::vector<std::string> warnings;  ///< reasons to doubt the numbers: one or two sentences each
    bool fine_tuned = false;            ///< whether the fine-tuned network was kept
    std::string fine_tuning;            ///< the comparison on validation data

    std::vector<site_summary> sites;
    std::vector<head_summary> heads;
    std::vector<architecture_summary> architectures;
    std::vector<exit_summary> exits;
    std::vector<setting_summary> settings;  ///< the first is the user's objective
    std::vector<trade_off_curve> curves;    ///< "validation", "test", "before fine-tuning", "oracle", ...
    std::vector<signal_row> signals;
    placement_summary placement;
    std::vector<std::pair<std::string, double>> seconds;     ///< by stage, in order
    std::vector<std::pair<std::string, std::string>> notes;  ///< further remarks for readers: title, text
};

}  // namespace EENN_HOST
}  // namespace eenn::construct

#endif
