// SPDX-License-Identifier: MIT
//
// architectures.hpp - which exits to keep: every set of trained heads, judged with its best thresholds.
// Floor 6 (construct); host subset. Letters: N = samples, C = classes, H = heads.
#ifndef EENN_CONSTRUCT_ARCHITECTURES_HPP
#define EENN_CONSTRUCT_ARCHITECTURES_HPP

#include <eenn/exits/thresholds.hpp>
#include <eenn/policies/policy.hpp>

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace eenn::construct {

/// @brief What an exit says about every sample, and what it costs. Costs are MACs, or any additive unit.
struct exit_words {
    std::vector<float> logits;  ///< (N,C)
    float temperature = 1;
    policy decides = max_probability{};
    double reach = 0;  ///< cost of the backbone from the input to here
    double head = 0;   ///< cost of the head itself
    int site = 0;      ///< heads of one site exclude each other
};

/// @brief The words of all candidate heads, by depth, and of the classifier: any set of exits can be judged from them.
struct exit_table {
    std::vector<exit_words> heads;
    exit_words classifier;             ///< reach is the whole network, head 0
    std::vector<std::int32_t> labels;  ///< (N)

    [[nodiscard]] std::size_t classes() const { return classifier.logits.size() / labels.size(); }
};

/// @brief The joint trace of some heads, by depth, and the classifier. A head that is not among them costs nothing.
[[nodiscard]] inline exit_trace trace_of(const exit_table& table, std::span<const int> heads) {
    std::vector<const exit_words*> exits;
    std::vector<double> cost;
    double of_heads = 0;
    const auto add = [&](const exit_words& words) {
        of_heads += words.head;
        exits.push_back(&words);
        cost.push_back(words.reach + of_heads);
    };
    for (const int h : heads) add(table.heads[static_cast<std::size_t>(h)]);
    add(table.classifier);
    const std::size_t classes = table.classes();
    std::vector<float> confidence;
    std::vector<std::int32_t> prediction;
    confidence.reserve(table.labels.size() * exits.size());
    prediction.reserve(table.labels.size() * exits.size());
    for (std::size_t i = 0; i < table.labels.size(); ++i) {
        exit_state state;
        for (const exit_words* words : exits) {
            const auto s =
                words->decides.confidence({words->logits.data() + i * classes, classes}, words->temperature, state);
            confidence.push_back(s.confidence);
            prediction.push_back(s.label);
        }
    }
    return make_trace(std::move(confidence), std::move(prediction), table.labels, std::move(cost));
}

/// @brief A set of heads with its best thresholds.
struct architecture {
    std::vector<int> heads;  ///< of the table, by depth; empty: the network as it is
    threshold_choice choice;
};

/// @brief Visits every set of one to `most` heads of different sites, small sets first, each set by depth.
inline void each_head_set(const exit_table& table, int most, const std::function<void(std::span<const int>)>& visit) {
    std::vector<int> chosen;
    const auto deeper = [&](const auto& self, int from, int left) -> void {
        for (int h = from; h < static_cast<int>(table.heads.size()); ++h) {
            if (!chosen.empty() && table.heads[static_cast<std::size_t>(h)].site ==
                                       table.heads[static_cast<std::size_t>(chosen.back())].site) {
                continue;
            }
            chosen.push_back(h);
            if (left == 1) {
                visit(chosen);
            } else {
                self(self, h + 1, left - 1);
            }
            chosen.pop_back();
        }
    };
    for (int size = 1; size <= most; ++size) deeper(deeper, 0, size);
}

}  // namespace eenn::construct

#endif
