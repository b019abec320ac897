// SPDX-License-Identifier: MIT
//
// detail/exit_table.hpp - the outputs of every exit on every sample, from which any set of exits can be evaluated.
// Floor 8 (construct); host subset. Tested by tests/construct/augment.cpp. Letters: N = samples, C = classes.
#ifndef EENN_CONSTRUCT_DETAIL_EXIT_TABLE_HPP
#define EENN_CONSTRUCT_DETAIL_EXIT_TABLE_HPP

#include <eenn/core/isa.hpp>
#include <eenn/exits/trace.hpp>
#include <eenn/policies/policy.hpp>

#include <span>
#include <vector>

namespace eenn::construct {
inline namespace EENN_ISA {

/// @brief The logits of one exit on every sample, and its cost in MACs or any additive unit.
struct exit_words {
    std::vector<float> logits;  ///< (N,C)
    float temperature = 1;
    policy decides = max_probability{};
    double reach = 0;  ///< cost of the backbone from the input to here
    double head = 0;   ///< cost of the head itself
    int site = 0;      ///< heads of the same site exclude each other
};

/// @brief Logits and costs of all candidate heads, by depth, and of the classifier.
struct exit_table {
    std::vector<exit_words> heads;
    exit_words classifier;             ///< reach is the whole network, head 0
    std::vector<std::int32_t> labels;  ///< (N)

    [[nodiscard]] std::size_t classes() const { return classifier.logits.size() / labels.size(); }
};

/// @brief The joint trace of some heads, by depth, and the classifier. Heads left out cost nothing.
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

}  // namespace EENN_ISA
}  // namespace eenn::construct

#endif
