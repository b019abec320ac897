// SPDX-License-Identifier: MIT
//
// architectures.hpp - which exits to keep: every set of trained heads, judged with its best thresholds.
// Floor 6 (construct); host subset. Letters: N = samples, C = classes, H = heads.
#ifndef EENN_CONSTRUCT_ARCHITECTURES_HPP
#define EENN_CONSTRUCT_ARCHITECTURES_HPP

#include <eenn/exits/thresholds.hpp>
#include <eenn/policies/policy.hpp>

#include <algorithm>
#include <functional>
#include <limits>
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

/// @brief Sets of heads, judged: `judge(heads)` returns the rank of a set (smaller is better), or nothing if it cannot
/// reach the objective. Returns the best set, empty if there is none.
///
/// All sets of one and two heads are judged; larger ones grow from the `beam` best of one head fewer, by every head of
/// another site. Fewer exits win ties: an exit has to earn its place.
///
/// @param most  heads in a set, 1 at least.
[[nodiscard]] inline std::vector<int> search_head_sets(
    const exit_table& table, int most, const std::function<std::optional<double>(std::span<const int>)>& judge,
    int beam = 12) {
    struct judged {
        double rank;
        std::vector<int> heads;
    };
    const auto site_of = [&](int h) { return table.heads[static_cast<std::size_t>(h)].site; };
    std::vector<int> best;
    double best_rank = std::numeric_limits<double>::infinity();
    std::vector<judged> level{{0, {}}};
    for (int size = 1; size <= most && !level.empty(); ++size) {
        std::vector<judged> next;
        for (const judged& smaller : level) {
            for (int h = 0; h < static_cast<int>(table.heads.size()); ++h) {
                std::vector<int> heads = smaller.heads;
                if (std::any_of(heads.begin(), heads.end(), [&](int other) { return site_of(other) == site_of(h); }))
                    continue;
                heads.insert(std::upper_bound(heads.begin(), heads.end(), h), h);
                if (std::any_of(next.begin(), next.end(), [&](const judged& j) { return j.heads == heads; })) continue;
                const auto rank = judge(heads);
                next.push_back({rank.value_or(std::numeric_limits<double>::infinity()), std::move(heads)});
            }
        }
        std::stable_sort(next.begin(), next.end(), [](const judged& a, const judged& b) { return a.rank < b.rank; });
        if (!next.empty() && next.front().rank < best_rank * (1 - 1e-9)) {
            best_rank = next.front().rank;
            best = next.front().heads;
        }
        if (size >= 2 && next.size() > static_cast<std::size_t>(beam)) next.resize(static_cast<std::size_t>(beam));
        level = std::move(next);
    }
    return best;
}

}  // namespace eenn::construct

#endif
