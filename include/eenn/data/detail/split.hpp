// SPDX-License-Identifier: MIT
//
// detail/split.hpp - implementation of split_by_label() and split_by_group().
// Floor 2 (data); host subset. Tested by tests/data/split.cpp. Letters: N = samples, K = classes, G = groups.
#ifndef EENN_DATA_DETAIL_SPLIT_HPP
#define EENN_DATA_DETAIL_SPLIT_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <eenn/core/detail/flow.hpp>
#include <eenn/core/error.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/core/random.hpp>
#include <eenn/data/data_set.hpp>
#include <eenn/data/split.hpp>

namespace eenn {
inline namespace EENN_ISA {

namespace detail {

struct part_counts {
    int validation;
    int test;
    int samples;  // all parts together
};

[[nodiscard]] inline part_counts resolve(const split_options& options, std::span<const int> labels) {
    const int samples = static_cast<int>(labels.size());
    const auto count = [samples](const part_size& size, const char* part) {
        const double wanted = size.samples != 0 ? size.samples : std::floor(size.fraction * samples + 0.5);
        if (!(size.fraction >= 0 && wanted >= 0 && wanted < samples)) {
            raise("split",
                  std::string{"the "} + part + " part cannot have " +
                      (size.samples != 0 ? std::to_string(size.samples) : std::to_string(size.fraction)) + " of " +
                      std::to_string(samples) + " samples",
                  "give a fraction in [0, 1) or a number of samples below that");
        }
        if (size.fraction > 0 && wanted == 0)
            raise("split", std::string{"a fraction of "} + std::to_string(size.fraction) + " leaves the " + part +
                               " part empty");
        return static_cast<int>(wanted);
    };
    const part_counts counts{count(options.validation, "validation"), count(options.test, "test"), samples};
    if (samples - counts.validation <= counts.test) {
        raise("split", std::to_string(counts.validation) + " validation and " + std::to_string(counts.test) +
                           " test samples of " + std::to_string(samples) + " leave none to train on");
    }
    return counts;
}

// Divides `total` among the classes in proportion to `sizes`, within [least, most] for each: whole quotas first, then
// one at a time to the class furthest behind its quota. Ties go to the lower class. Returns empty if impossible.
[[nodiscard]] inline std::vector<int> apportion(int total, const std::vector<int>& sizes, const std::vector<int>& least,
                                                const std::vector<int>& most) {
    double all = 0;
    for (const int size : sizes) all += size;
    std::vector<int> shares(sizes.size());
    std::vector<double> quotas(sizes.size());
    int given = 0;
    for (std::size_t k = 0; k < sizes.size(); ++k) {
        quotas[k] = 1.0 * total * sizes[k] / std::max(all, 1.0);
        if (least[k] > most[k]) return {};
        shares[k] = std::clamp(static_cast<int>(quotas[k]), least[k], most[k]);
        given += shares[k];
    }
    while (given != total) {
        const int step = given < total ? 1 : -1;
        std::size_t best = sizes.size();
        double furthest = 0;
        for (std::size_t k = 0; k < sizes.size(); ++k) {
            if (shares[k] + step < least[k] || shares[k] + step > most[k]) continue;
            const double lag = step * (quotas[k] - shares[k]);
            if (best == sizes.size() || lag > furthest) {
                best = k;
                furthest = lag;
            }
        }
        if (best == sizes.size()) return {};
        shares[best] += step;
        given += step;
    }
    return shares;
}

inline void check_labels(std::span<const int> labels, int classes) {
    if (labels.empty()) raise("split", "there are no samples");
    for (std::size_t i = 0; i < labels.size(); ++i) {
        if (labels[i] < 0 || labels[i] >= classes) {
            raise("split", "sample " + std::to_string(i) + " has label " + std::to_string(labels[i]) +
                               ", outside [0, " + std::to_string(classes) + ")");
        }
    }
}

}  // namespace detail

}  // namespace EENN_ISA
inline namespace EENN_HOST {

EENN_FLOW data_split split_by_label(std::span<const int> labels, int classes, const split_options& options) {
    detail::check_labels(labels, classes);
    const auto wanted = detail::resolve(options, labels);
    const auto count = static_cast<std::size_t>(classes);
    std::vector<std::vector<int>> members(count);
    std::vector<int> sizes(count);
    std::for_each(labels.begin(), labels.end(), [&, sample = 0](std::size_t label) mutable {
        members[label].push_back(sample++);
        ++sizes[label];
    });

    const int parts = 1 + (wanted.validation > 0) + (wanted.test > 0);
    for (std::size_t k = 0; k < count; ++k) {
        if (options.every_class && sizes[k] < parts) {
            raise("split",
                  "class " + std::to_string(k) + " has " + std::to_string(sizes[k]) + " samples for " +
                      std::to_string(parts) + " parts",
                  "add samples, drop the class, or set every_class = false");
        }
    }
    // Every existing part gets at least one sample of each class, and one is left for each later part.
    const auto share = [&](int total, const std::vector<int>& taken, int after, const char* part) {
        std::vector<int> least(count), most(count);
        for (std::size_t k = 0; k < count; ++k) {
            least[k] = options.every_class && total > 0 ? 1 : 0;
            most[k] = total > 0 ? std::max(sizes[k] - taken[k] - (options.every_class ? after : 0), 0) : 0;
        }
        auto shares = detail::apportion(total, sizes, least, most);
        if (shares.empty()) {
            raise("split",
                  std::string{"a "} + part + " part of " + std::to_string(total) + " samples cannot hold each of " +
                      std::to_string(classes) + " classes beside the other parts",
                  "change its size, or set every_class = false");
        }
        return shares;
    };
    const auto validation = share(wanted.validation, std::vector<int>(count), parts - 1, "validation");
    const auto test = share(wanted.test, validation, 1, "test");

    data_split result;
    for (std::size_t k = 0; k < count; ++k) {
        shuffle(members[k], random_stream{options.seed, k});
        const auto first = members[k].begin();
        result.validation.insert(result.validation.end(), first, first + validation[k]);
        result.test.insert(result.test.end(), first + validation[k], first + validation[k] + test[k]);
        result.train.insert(result.train.end(), first + validation[k] + test[k], members[k].end());
    }
    for (auto* part : {&result.train, &result.validation, &result.test}) std::sort(part->begin(), part->end());
    return result;
}

EENN_FLOW data_split split_by_group(std::span<const int> labels, int classes, std::span<const int> groups,
                                    const split_options& options) {
    detail::check_labels(labels, classes);
    if (groups.size() != labels.size())
        raise("split", std::to_string(groups.size()) + " groups for " + std::to_string(labels.size()) + " samples");
    const auto wanted = detail::resolve(options, labels);
    const double samples = wanted.samples;
    const auto class_total = static_cast<std::size_t>(classes);

    std::vector<int> ids(groups.begin(), groups.end());
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    const auto place_of = [&](int id) {
        return static_cast<std::size_t>(std::lower_bound(ids.begin(), ids.end(), id) - ids.begin());
    };
    std::vector<std::vector<int>> counts(ids.size(), std::vector<int>(class_total));  // (G,K)
    std::vector<double> in_class(class_total);
    for (std::size_t i = 0; i < labels.size(); ++i) {
        const auto k = static_cast<std::size_t>(labels[i]);
        ++counts[place_of(groups[i])][k];
        ++in_class[k];
    }

    const std::array<double, 3> share{(samples - wanted.validation - wanted.test) / samples,
                                      wanted.validation / samples, wanted.test / samples};
    std::size_t parts = 0;
    for (const double s : share) parts += s > 0;
    if (ids.size() < parts)
        raise("split", std::to_string(ids.size()) + " groups cannot fill " + std::to_string(parts) + " parts");

    struct attempt {
        std::vector<std::size_t> part;  // (G)
        std::size_t missing = std::numeric_limits<std::size_t>::max();
        double error = 0;
        std::string fault;
    };
    attempt best;
    std::vector<std::size_t> order(ids.size());
    for (std::uint64_t trial = 0; trial < 64; ++trial) {
        for (std::size_t g = 0; g < order.size(); ++g) order[g] = g;
        shuffle(order, random_stream{options.seed, trial});
        std::array<std::vector<double>, 3> lag;  // (3,K): what a part still lacks, as a fraction of the class
        for (std::size_t p = 0; p < 3; ++p) lag[p].assign(class_total, share[p]);
        std::array<std::size_t, 3> filled{};
        attempt tried{std::vector<std::size_t>(ids.size()), 0, 0, {}};
        for (std::size_t at = 0; at < order.size(); ++at) {
            const auto& group = counts[order[at]];
            std::size_t empty = 0;
            for (std::size_t p = 0; p < 3; ++p) empty += share[p] > 0 && filled[p] == 0;
            const bool only_empty = order.size() - at <= empty;  // the remaining groups must fill the empty parts
            std::size_t chosen = 3;
            double least = 0;
            for (std::size_t p = 0; p < 3; ++p) {
                if (share[p] <= 0 || (only_empty && filled[p] != 0)) continue;
                double increase = 0;  // of the squared error
                for (std::size_t k = 0; k < class_total; ++k) {
                    if (in_class[k] <= 0) continue;
                    const double part_of_class = group[k] / in_class[k];
                    increase += part_of_class * (part_of_class - 2 * lag[p][k]);
                }
                if (chosen == 3 || increase < least) {
                    chosen = p;
                    least = increase;
                }
            }
            tried.part[order[at]] = chosen;
            ++filled[chosen];
            for (std::size_t k = 0; k < class_total; ++k)
                lag[chosen][k] -= in_class[k] > 0 ? group[k] / in_class[k] : 0;
        }
        constexpr std::array<const char*, 3> names{"training", "validation", "test"};
        for (std::size_t p = 0; p < 3; ++p) {
            for (std::size_t k = 0; share[p] > 0 && k < class_total; ++k) {
                tried.error += in_class[k] > 0 ? lag[p][k] * lag[p][k] : 0;
                if (options.every_class && share[p] - lag[p][k] < 0.5 / samples) {
                    ++tried.missing;
                    tried.fault = "class " + std::to_string(k) + " has no sample in the " + names[p] + " part";
                }
            }
        }
        if (tried.missing < best.missing || (tried.missing == best.missing && tried.error < best.error))
            best = std::move(tried);
    }
    if (best.missing != 0)
        raise("split", best.fault + ", however the " + std::to_string(ids.size()) + " groups were shared",
              "enlarge the part, or set every_class = false");

    data_split result;
    int sample = 0;
    for (const int id : groups) {
        const std::size_t part = best.part[place_of(id)];
        (part == 0 ? result.train : part == 1 ? result.validation : result.test).push_back(sample++);
    }
    return result;
}

EENN_FLOW data_split split(const data_set& set, const split_options& options) {
    return set.groups.empty() ? split_by_label(set.labels, set.classes, options)
                              : split_by_group(set.labels, set.classes, set.groups, options);
}

}  // namespace EENN_HOST
}  // namespace eenn

#endif
