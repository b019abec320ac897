// SPDX-License-Identifier: MIT
//
// generated_task.hpp - random placement problems and the exhaustive search over them, for tests and benchmarks.
#ifndef EENN_TESTS_PLATFORM_GENERATED_TASK_HPP
#define EENN_TESTS_PLATFORM_GENERATED_TASK_HPP

#include <algorithm>
#include <eenn/core/random.hpp>
#include <eenn/platform/placement.hpp>
#include <functional>
#include <limits>
#include <vector>

namespace eenn_tests {

struct problem_size {
    int segments = 4;
    int exits = 3;
    int processors = 3;
    int samples = 10;
    int levels = 0;          // > 0: confidences are rounded to so many values
    double noise = 0.2;      // of confidences
    double ambiguous = 0;    // share of the samples that no exit learned: right by chance, at any exit
    bool narrowing = false;  // outputs shrink with depth as in a CNN, and the work is the same in every segment
};

// A sample has a difficulty; later exits are right more often, and confidence follows being right, with noise.
inline eenn::exit_trace generated_trace(eenn::random_stream& random, const problem_size& size) {
    eenn::exit_trace trace;
    trace.samples = size.samples;
    trace.exits = size.exits;
    trace.cost.assign(static_cast<std::size_t>(size.exits), 0);
    for (int i = 0; i < size.samples; ++i) {
        const bool unclear = random.uniform() < size.ambiguous;
        const double difficulty = unclear ? 0.5 + 0.5 * random.uniform() : random.uniform();
        for (int e = 0; e < size.exits; ++e) {
            const double skill = 0.55 + 0.42 * (e + 1.0) / size.exits;
            const double margin = skill - 0.8 * difficulty + 0.25 * (random.uniform() - 0.5);
            const bool right = unclear ? random.uniform() < 0.4 : margin > 0 || random.uniform() < 0.1;
            double c = 1 / (1 + std::exp(-6 * (margin + size.noise * (random.uniform() - 0.5))));
            if (size.levels > 0) c = std::floor(c * size.levels) / size.levels;
            trace.confidence.push_back(static_cast<float>(c));
            trace.correct.push_back(right ? 1 : 0);
        }
    }
    return trace;
}

inline eenn::workload generated_work(eenn::random_stream& random, double scale) {
    eenn::workload work;
    const auto kind = eenn::all_operator_classes[random.below(3)];
    work.macs[kind] = scale * (0.2 + random.uniform());
    work.weights = 1000 * random.uniform();
    work.activations = 1000 * random.uniform();
    return work;
}

inline eenn::placement_task generated_task(eenn::random_stream& random, const problem_size& size) {
    eenn::placement_task task;
    task.input_bytes = size.narrowing ? 12288 : 4000 * random.uniform();
    for (int s = 0; s < size.segments; ++s) {
        task.segments.push_back(
            {"block " + std::to_string(s), eenn::node_id{s}, generated_work(random, 1e6), 4000 * random.uniform()});
        if (size.narrowing) {
            task.segments.back().work.macs = {};
            task.segments.back().work.macs[eenn::operator_class::convolution] = 1e6;
            task.segments.back().output_bytes = 16384 >> (3 * s / size.segments) << random.below(2);
        }
    }
    for (int e = 0; e < size.exits; ++e) {
        const int after = e + 1 == size.exits ? size.segments - 1 : (e + 1) * size.segments / size.exits - 1;
        task.exits.push_back(
            {"exit " + std::to_string(e), static_cast<std::size_t>(std::max(0, after)), generated_work(random, 1e5)});
    }
    task.trace = generated_trace(random, size);
    return task;
}

// A chain from a weak to a strong processor; `dag` adds shortcuts. `tight` makes memory scarce and operators missing.
inline eenn::platform generated_platform(eenn::random_stream& random, const problem_size& size, bool dag, bool tight) {
    eenn::platform on;
    double rate = 1e8;
    for (int p = 0; p < size.processors; ++p, rate *= 3) {
        eenn::processor it{.name = "processor " + std::to_string(p),
                           .macs_per_second = rate * (0.5 + random.uniform()),
                           .memory_bytes = tight ? (2 + 6 * random.uniform()) * 4000 : 1e9,
                           .bytes_per_weight = random.below(2) == 0 ? 1.0 : 4.0,
                           .active_watts = 1 + random.uniform() * 10,
                           .idle_watts = random.uniform(),
                           .start_seconds = random.uniform() * 1e-3,
                           .price_per_mac = random.uniform()};
        it.class_macs_per_second[eenn::operator_class::depthwise] = 0.3 * it.macs_per_second;
        if (tight && random.below(4) == 0) it.unsupported[eenn::all_operator_classes[random.below(3)]] = true;
        on.processors.push_back(it);
    }
    for (int p = 0; p < size.processors; ++p) {
        for (int q = p + 1; q < size.processors; ++q) {
            if (q > p + 1 && !(dag && random.below(2) == 0)) continue;
            on.links.push_back({.from = on.processors[static_cast<std::size_t>(p)].name,
                                .to = on.processors[static_cast<std::size_t>(q)].name,
                                .bytes_per_second = 1e5 * (1 + 9 * random.uniform()),
                                .latency_seconds = 1e-3 * random.uniform(),
                                .joules_per_byte = 1e-6 * random.uniform()});
        }
    }
    return on;
}

// Every way through the platform with every cut.
inline void for_all_assignments(const eenn::placement_task& task, const eenn::platform& on,
                                const std::function<void(const eenn::assignment&)>& visit) {
    const std::size_t segments = task.segments.size();
    eenn::assignment stages;
    const std::function<void(std::size_t, std::size_t)> go = [&](std::size_t p, std::size_t first) {
        for (std::size_t end = first; end <= segments; ++end) {
            stages.push_back({p, first, end});
            if (end == segments) {
                visit(stages);
            } else {
                for (std::size_t q = 0; q < on.processors.size(); ++q) {
                    for (const auto& over : on.links) {
                        if (on.find(over.from) == p && on.find(over.to) == q) go(q, end);
                    }
                }
            }
            stages.pop_back();
        }
    };
    go(0, 0);
}

// What one sample costs that leaves at each kept exit, written anew: seconds, joules, price; and whether all fits.
struct naive_costs {
    std::vector<double> seconds, joules, price;
    bool fits = true;
};
inline naive_costs naive(const eenn::placement_task& task, const eenn::platform& on, const eenn::assignment& stages,
                         eenn::exit_set kept) {
    naive_costs result;
    const std::size_t exits = task.exits.size();
    for (std::size_t target = 0; target < exits; ++target) {
        double seconds = 0;
        double joules = 0;
        double price = 0;
        for (std::size_t j = 0; j < stages.size(); ++j) {
            const auto& at = on.processors[stages[j].processor];
            double idle = 0;
            for (std::size_t k = 0; k < j; ++k) idle += on.processors[stages[k].processor].idle_watts;
            if (j > 0 && stages[j].first > task.exits[target].after) break;  // left before
            if (j > 0) {
                const double bytes =
                    stages[j].first == 0 ? task.input_bytes : task.segments[stages[j].first - 1].output_bytes;
                for (const auto& over : on.links) {
                    if (on.find(over.from) != stages[j - 1].processor || on.find(over.to) != stages[j].processor)
                        continue;
                    const double time = over.latency_seconds + bytes / over.bytes_per_second;
                    seconds += time;
                    joules += time * idle + bytes * over.joules_per_byte;
                }
            }
            double time = stages[j].end > stages[j].first ? at.start_seconds : 0;
            const auto add = [&](const eenn::workload& work) {
                for (const auto c : eenn::all_operator_classes) {
                    time += work.macs[c] / at.rate(c);
                    price += work.macs[c] * at.price_per_mac;
                }
            };
            for (std::size_t s = stages[j].first; s < stages[j].end && s <= task.exits[target].after; ++s) {
                add(task.segments[s].work);
                for (std::size_t e = 0; e <= target; ++e) {
                    if (task.exits[e].after == s && eenn::contains(kept, e)) add(task.exits[e].head);
                }
            }
            seconds += time;
            joules += time * (at.active_watts + idle);
        }
        result.seconds.push_back(seconds);
        result.joules.push_back(joules);
        result.price.push_back(price);
    }
    for (const auto& stage : stages) {
        const auto& at = on.processors[stage.processor];
        double weights = 0;
        double activations = 0;
        const auto hold = [&](const eenn::workload& work) {
            weights += work.weights;
            activations = std::max(activations, work.activations);
            for (const auto c : eenn::all_operator_classes) {
                if (at.unsupported[c] && (work.operators[c] || work.macs[c] > 0)) result.fits = false;
            }
        };
        for (std::size_t s = stage.first; s < stage.end; ++s) {
            hold(task.segments[s].work);
            for (std::size_t e = 0; e < exits; ++e) {
                if (task.exits[e].after == s && eenn::contains(kept, e)) hold(task.exits[e].head);
            }
        }
        if (weights * at.bytes_per_weight + activations * at.bytes_per_activation > at.memory_bytes)
            result.fits = false;
    }
    return result;
}

// The least expected objective over all sets of exits, thresholds and assignments; infinite if there is none.
inline double exhausted(const eenn::placement_task& task, const eenn::platform& on,
                        const eenn::placement_objective& objective, double worst_seconds) {
    const std::size_t exits = task.exits.size();
    const std::size_t samples = static_cast<std::size_t>(task.trace.samples);
    int required = 0;
    for (std::size_t i = 0; i < samples; ++i) required += task.trace.correct[i * exits + exits - 1];
    required -= static_cast<int>(std::floor(objective.max_accuracy_loss * task.trace.samples + 1e-9));
    double best = std::numeric_limits<double>::infinity();
    for (eenn::exit_set early = 0; early < 1U << (exits - 1); ++early) {
        const eenn::exit_set kept = early | 1U << (exits - 1);
        std::vector<std::vector<double>> costs;
        for_all_assignments(task, on, [&](const eenn::assignment& stages) {
            const naive_costs it = naive(task, on, stages, kept);
            if (!it.fits || it.seconds.back() > worst_seconds) return;
            costs.emplace_back();
            for (std::size_t e = 0; e < exits; ++e) {
                costs.back().push_back(objective.per_second * it.seconds[e] + objective.per_joule * it.joules[e] +
                                       objective.per_price * it.price[e]);
            }
        });
        if (costs.empty()) continue;
        std::vector<float> thresholds(exits - 1, eenn::never_exit);
        const std::function<void(std::size_t)> choose = [&](std::size_t e) {
            if (e + 1 == exits) {
                std::vector<double> leaving(exits, 0);
                int right = 0;
                for (std::size_t i = 0; i < samples; ++i) {
                    std::size_t x = 0;
                    while (x + 1 < exits && !(task.trace.confidence[i * exits + x] >= thresholds[x])) ++x;
                    leaving[x] += 1;
                    right += task.trace.correct[i * exits + x];
                }
                if (right < required) return;
                for (const auto& cost : costs) {
                    double total = 0;
                    for (std::size_t x = 0; x < exits; ++x) total += leaving[x] * cost[x];
                    best = std::min(best, total / static_cast<double>(samples));
                }
                return;
            }
            thresholds[e] = eenn::never_exit;
            if (!eenn::contains(kept, e)) return choose(e + 1);
            for (std::size_t i = 0; i < samples; ++i) {
                thresholds[e] = task.trace.confidence[i * exits + e];
                choose(e + 1);
            }
        };
        choose(0);
    }
    return best;
}

}  // namespace eenn_tests

#endif
