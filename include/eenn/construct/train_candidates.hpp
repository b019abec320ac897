// SPDX-License-Identifier: MIT
//
// train_candidates.hpp - every candidate head, trained on the frozen backbone.
// Floor 8 (construct); host subset. Letters: N = samples, C = classes.
#ifndef EENN_CONSTRUCT_TRAIN_CANDIDATES_HPP
#define EENN_CONSTRUCT_TRAIN_CANDIDATES_HPP

#include <eenn/construct/construction.hpp>
#include <eenn/construct/evaluate.hpp>
#include <eenn/construct/features.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/exits/collect_trace.hpp>

#include <atomic>
#include <filesystem>

namespace eenn::construct {
inline namespace EENN_ISA {

namespace detail {

template <Executor X>
[[nodiscard]] std::vector<int> training_indices(const construction<X>& work) {
    std::vector<int> all(static_cast<std::size_t>(work.train.size()));
    std::iota(all.begin(), all.end(), 0);
    if (work.options.head_samples > 0 && work.options.head_samples < work.train.size()) {
        shuffle(all, random_stream{.seed = work.options.seed, .stream = 77});
        all.resize(static_cast<std::size_t>(work.options.head_samples));
        std::sort(all.begin(), all.end());
    }
    return all;
}

template <Executor X>
[[nodiscard]] std::filesystem::path head_file(const construction<X>& work, const candidate& who) {
    return work.options.state / ("head_" + who.print.text() + ".safetensors");
}
template <Executor X>
[[nodiscard]] bool read_head(const construction<X>& work, candidate& who) {
    if (work.options.state.empty()) return false;
    return read_vectors(head_file(work, who), std::pair{"parameters", &who.trained.parameters},
                        std::pair{"logits", &who.trained.logits});
}
template <Executor X>
void write_head(const construction<X>& work, const candidate& who) {
    if (work.options.state.empty()) return;
    write_vectors(head_file(work, who), {{"parameters", who.trained.parameters}, {"logits", who.trained.logits}});
}

/// What each head's training depends on; the state's files are named after it. One pass over the training samples.
template <Executor X>
void take_fingerprints(construction<X>& work) {
    work.print = fingerprint{}
                     .add(std::span<const float>{work.parameters})
                     .add(std::span<const int>{work.train.labels})
                     .add(std::span<const int>{work.validation.labels})
                     .add(std::span<const float>{work.train.pixels})
                     .add(work.options.heads.epochs)
                     .add(work.options.heads.batch)
                     .add(work.options.heads.rate)
                     .add(work.options.heads.weight_decay)
                     .add(work.options.heads.criterion.share)
                     .add(work.options.heads.criterion.temperature)
                     .add(work.options.heads.criterion.smoothing)
                     .add(work.options.head_samples)
                     .add(work.options.tune.augment.crop_padding)
                     .add(work.options.tune.augment.flip)
                     .add(work.options.tune.augment.cutout)
                     .add(work.options.seed);
    for (candidate& c : work.candidates) {
        c.print = work.print;
        c.print.add(work.site_of(c).node).add(c.what.hidden);
        for (int i = 0; i < c.what.count; ++i) {
            const auto& s = c.what.stages[static_cast<std::size_t>(i)];
            c.print.add(s.filters).add(s.stride_h).add(s.stride_w).add(s.separable);
        }
    }
}

/// The classifier's logits on the training samples, from the state or the backbone's pass.
template <Executor X>
[[nodiscard]] std::filesystem::path teacher_file(const construction<X>& work) {
    return work.options.state / ("teacher_" + work.print.text() + ".safetensors");
}
template <Executor X>
void read_teacher(construction<X>& work) {
    if (!work.options.state.empty()) (void)read_vectors(teacher_file(work), std::pair{"logits", &work.teacher});
}
template <Executor X>
void keep_teacher(construction<X>& work, std::vector<float> logits) {
    work.teacher = std::move(logits);
    if (!work.options.state.empty()) write_vectors(teacher_file(work), {{"logits", work.teacher}});
}

/// Whether a head sees its samples changed at random: where running the backbone again up to its site costs less than
/// half of the head's own training, and there are changes to make.
template <Executor X>
[[nodiscard]] bool afresh(const construction<X>& work, const candidate& who) {
    return work.options.tune.augment.any() && work.options.tune.augment.mix_up == 0 &&
           2 * work.site_of(who).macs < 3 * who.macs;
}

/// The backbone's features at the sites of some heads, unless they are kept already; and the teacher's logits.
template <Executor X>
[[nodiscard]] bool keep_features(construction<X>& work, const std::vector<std::size_t>& heads,
                                 const std::string& stage) {
    std::vector<int> nodes;
    for (const std::size_t c : heads) {
        const int node = work.site_of(work.candidates[c]).node;
        if (!afresh(work, work.candidates[c]) && (nodes.empty() || nodes.back() != node)) nodes.push_back(node);
    }
    const bool all = std::all_of(nodes.begin(), nodes.end(), [&](int node) { return work.kept.has(node); });
    if (all && !work.teacher.empty()) return true;
    kept_features& kept = work.kept;
    kept = {};
    std::vector<int> every(static_cast<std::size_t>(work.validation.size()));
    std::iota(every.begin(), every.end(), 0);
    const auto count = static_cast<std::int64_t>(work.training_samples.size());
    if (!run_backbone(work.net.inference(), work.parameters, work.train, work.training_samples, nodes, kept.train,
                      work.executor, [&](std::int64_t done) { return work.tell(stage, done, count); }) ||
        !run_backbone(work.net.inference(), work.parameters, work.validation, every, nodes, kept.validation,
                      work.executor)) {
        return false;
    }
    kept.nodes = std::move(nodes);
    if (work.teacher.empty()) keep_teacher(work, std::move(kept.train.logits));
    return true;
}

/// Some heads, side by side, a thread each; those that take longer than a thread's share first, on all threads.
///
/// @param resumable  whether each leaves a checkpoint after every epoch.
template <Executor X>
[[nodiscard]] bool train_together(construction<X>& work, const std::vector<std::size_t>& heads,
                                  const head_training& how, const std::string& stage, bool resumable) {
    std::vector<int> labels;
    for (const int i : work.training_samples) labels.push_back(work.train.labels[static_cast<std::size_t>(i)]);
    std::vector<std::size_t> order = heads;  // the longest first, so that no thread is left with it at the end
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return work.candidates[a].macs > work.candidates[b].macs; });
    std::int64_t total = 0;
    for (const std::size_t c : heads) total += work.candidates[c].macs;
    std::vector<double> share(work.candidates.size(), 0);
    std::atomic<bool> stopped{false};
    std::mutex lock;
    const auto train = [&](std::size_t c, auto& executor) {
        candidate& who = work.candidates[c];
        const auto watch = [&](std::int64_t step, std::int64_t of) {
            const std::lock_guard guard{lock};
            share[c] = static_cast<double>(who.macs) * static_cast<double>(step) / static_cast<double>(of);
            const double sum = std::accumulate(share.begin(), share.end(), 0.0);
            if (!work.tell(stage, static_cast<std::int64_t>(1000 * sum / static_cast<double>(total)), 1000))
                stopped = true;
            return !stopped;
        };
        const int node = work.site_of(who).node;
        const bool writes = resumable && !work.options.state.empty();
        const std::filesystem::path checkpoint = writes ? head_file(work, who) += ".training" : std::filesystem::path{};
        auto made = afresh(work, who)
                        ? train_head_afresh(who.network, work.base, work.parameters, work.site_of(who).id,
                                            {work.train, work.training_samples, work.teacher, work.validation,
                                             work.options.tune.augment},
                                            how, work.options.seed, executor, checkpoint, watch)
                        : train_head(who.network, work.kept.train.sites[work.kept.slot(node)], labels, work.teacher,
                                     work.kept.validation.sites[work.kept.slot(node)], work.validation.labels, how,
                                     work.options.seed, executor, checkpoint, watch);
        if (!made) {
            stopped = true;
            return;
        }
        who.trained = std::move(*made);
        write_head(work, who);
        if (writes) std::filesystem::remove(checkpoint);
    };
    constexpr double efficiency = 0.7;  // of one training on all threads, against trainings side by side
    std::size_t first = 0;
    for (std::int64_t rest = total; first < order.size() && !stopped; ++first) {
        const std::int64_t macs = work.candidates[order[first]].macs;
        if (efficiency * static_cast<double>(macs) * work.executor.concurrency() <= static_cast<double>(rest)) break;
        train(order[first], work.executor);
        rest -= macs;
    }
    std::atomic<std::size_t> next{first};
    const int tasks = std::min(work.executor.concurrency(), static_cast<int>(order.size() - first));
    if (tasks > 0) {
        work.executor.run(tasks, [&](int) {
            serial here;
            for (std::size_t k = next++; k < order.size() && !stopped; k = next++) train(order[k], here);
        });
    }
    return !stopped;
}

/// What heads say on validation data, into the report.
template <Executor X>
void report_heads(construction<X>& work, const std::vector<std::size_t>& heads) {
    for (const std::size_t c : heads) {
        head_summary& summary = work.report.heads[static_cast<std::size_t>(work.candidates[c].summary)];
        summary.trained = true;
        summary.accuracy = mean_of(right_answers(work.candidates[c].trained.logits, work.validation.labels));
    }
}

}  // namespace detail

/// @brief Trains every candidate. Every sample passes the backbone once for all sites whose features fit the memory
/// together; heads train side by side. False if the observer stopped it; heads that were finished are kept in the state.
template <Executor X>
[[nodiscard]] bool train_candidates(construction<X>& work) {
    if (!work.options.state.empty()) detail::take_fingerprints(work);
    work.training_samples = detail::training_indices(work);
    detail::read_teacher(work);
    work.base_validation = collect_logits(work.net.inference(), work.parameters, work.validation, work.executor).logits;

    // Groups of candidates whose features fit the memory together.
    const std::size_t samples = work.training_samples.size() + static_cast<std::size_t>(work.validation.size());
    std::vector<std::vector<std::size_t>> groups;
    std::vector<std::size_t> every;
    std::size_t bytes = 0;
    int last_site = -1;
    for (std::size_t c = 0; c < work.candidates.size(); ++c) {
        every.push_back(c);
        if (detail::read_head(work, work.candidates[c])) continue;
        if (groups.empty()) groups.emplace_back();
        const int s = work.candidates[c].site;
        if (s != last_site && !detail::afresh(work, work.candidates[c])) {
            const shape size = work.site_of(work.candidates[c]).features;
            const std::size_t more = feature_bytes(std::span<const shape>{&size, 1}, samples);
            if (bytes > 0 && bytes + more > work.options.feature_memory) {
                groups.emplace_back();
                bytes = 0;
            }
            bytes += more;
            last_site = s;
        }
        groups.back().push_back(c);
    }
    for (std::size_t g = 0; g < groups.size(); ++g) {
        const std::string stage =
            groups.size() == 1 ? "backbone" : "backbone " + std::to_string(g + 1) + "/" + std::to_string(groups.size());
        if (!detail::keep_features(work, groups[g], stage)) return false;
        if (!detail::train_together(work, groups[g], work.options.heads, "heads", false)) return false;
    }
    detail::report_heads(work, every);
    return true;
}

}  // namespace EENN_ISA
}  // namespace eenn::construct

#endif
