// SPDX-License-Identifier: MIT
//
// train_candidates.hpp - every candidate head, trained on the frozen backbone.
// Floor 6 (construct); host subset. Letters: N = samples, C = classes.
#ifndef EENN_CONSTRUCT_TRAIN_CANDIDATES_HPP
#define EENN_CONSTRUCT_TRAIN_CANDIDATES_HPP

#include <eenn/construct/construction.hpp>
#include <eenn/construct/evaluate.hpp>
#include <eenn/construct/features.hpp>
#include <eenn/exits/collect_trace.hpp>

#include <atomic>

namespace eenn::construct {

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

/// What every head's training depends on.
template <Executor X>
[[nodiscard]] fingerprint common_print(const construction<X>& work) {
    return fingerprint{}
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
}

template <Executor X>
void take_fingerprints(construction<X>& work) {
    const fingerprint common = common_print(work);
    for (candidate& c : work.candidates) {
        fingerprint print = common;
        print.add(work.site_of(c).node).add(c.what.hidden);
        for (int i = 0; i < c.what.count; ++i) {
            const auto& s = c.what.stages[static_cast<std::size_t>(i)];
            print.add(s.filters).add(s.stride_h).add(s.stride_w).add(s.separable);
        }
        c.print = print;
    }
}

/// The classifier's logits on the training samples, from the state or the backbone's pass.
template <Executor X>
[[nodiscard]] std::filesystem::path teacher_file(const construction<X>& work) {
    return work.options.state / ("teacher_" + common_print(work).text() + ".safetensors");
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

template <Executor X>
[[nodiscard]] fresh_samples fresh_samples_of(const construction<X>& work) {
    return {work.train, work.training_samples, work.teacher, work.validation, work.options.tune.augment};
}

/// The heads of sites whose features are in memory, side by side.
template <Executor X>
bool train_group(construction<X>& work, const std::vector<std::size_t>& group, const std::vector<std::size_t>& slot,
                 const std::vector<int>& labels, const feature_pass& train, const feature_pass& validation) {
    std::vector<std::size_t> order = group;  // the longest first, so that no thread is left with it at the end
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return work.candidates[a].macs > work.candidates[b].macs; });
    std::vector<std::int64_t> steps(work.candidates.size(), 0);
    std::int64_t total = 0;
    for (const std::size_t c : group) total += work.candidates[c].macs;
    std::vector<double> share(work.candidates.size(), 0);
    std::atomic<std::size_t> next{0};
    std::atomic<bool> stopped{false};
    std::mutex lock;
    const int tasks = std::min(work.executor.concurrency(), static_cast<int>(order.size()));
    work.executor.run(tasks, [&](int) {
        for (std::size_t k = next++; k < order.size() && !stopped; k = next++) {
            const std::size_t c = order[k];
            candidate& who = work.candidates[c];
            const auto watch = [&](std::int64_t step, std::int64_t of) {
                const std::lock_guard guard{lock};
                share[c] = static_cast<double>(who.macs) * static_cast<double>(step) / static_cast<double>(of);
                const double sum = std::accumulate(share.begin(), share.end(), 0.0);
                if (!work.tell("heads", static_cast<std::int64_t>(1000 * sum / static_cast<double>(total)), 1000))
                    stopped = true;
                return !stopped;
            };
            serial here;
            auto made =
                afresh(work, who)
                    ? train_head_afresh(who.what, work.base, work.parameters, work.site_of(who).node,
                                        fresh_samples_of(work), work.options.heads, work.options.seed, here, {}, watch)
                    : train_head(who.what, train.sites[slot[c]], labels, work.teacher, validation.sites[slot[c]],
                                 work.validation.labels, work.options.heads, work.options.seed, watch);
            if (!made) {
                stopped = true;
                return;
            }
            who.trained = std::move(*made);
            write_head(work, who);
        }
    });
    return !stopped;
}

}  // namespace detail

/// @brief Trains every candidate. Every sample passes the backbone once for all sites whose features fit the memory
/// together; heads train side by side. False if the observer stopped it; heads that were finished are kept in the state.
template <Executor X>
[[nodiscard]] bool train_candidates(construction<X>& work) {
    detail::take_fingerprints(work);
    work.training_samples = detail::training_indices(work);
    const std::vector<int>& indices = work.training_samples;
    std::vector<int> every(static_cast<std::size_t>(work.validation.size()));
    std::iota(every.begin(), every.end(), 0);
    std::vector<int> labels;
    for (const int i : indices) labels.push_back(work.train.labels[static_cast<std::size_t>(i)]);

    detail::read_teacher(work);

    // Groups of candidates whose features fit the memory together.
    std::vector<std::vector<std::size_t>> groups;
    std::size_t bytes = 0;
    int last_site = -1;
    for (std::size_t c = 0; c < work.candidates.size(); ++c) {
        if (detail::read_head(work, work.candidates[c])) continue;
        if (groups.empty()) groups.emplace_back();
        const int s = work.candidates[c].site;
        if (s != last_site && !detail::afresh(work, work.candidates[c])) {
            const shape size = work.layout.sites[static_cast<std::size_t>(s)].features;
            const std::size_t more = feature_bytes(std::span<const shape>{&size, 1}, indices.size() + every.size());
            if (bytes > 0 && bytes + more > work.options.feature_memory) {
                groups.emplace_back();
                bytes = 0;
            }
            bytes += more;
            last_site = s;
        }
        groups.back().push_back(c);
    }

    work.base_validation = collect_logits(work.net.inference(), work.parameters, work.validation, work.executor)[0];
    for (std::size_t g = 0; g < groups.size(); ++g) {
        std::vector<int> nodes;
        std::vector<std::size_t> slot(work.candidates.size(), 0);
        for (const std::size_t c : groups[g]) {
            if (detail::afresh(work, work.candidates[c])) continue;
            const int node = work.site_of(work.candidates[c]).node;
            if (nodes.empty() || nodes.back() != node) nodes.push_back(node);
            slot[c] = nodes.size() - 1;
        }
        const std::string stage =
            groups.size() == 1 ? "backbone" : "backbone " + std::to_string(g + 1) + "/" + std::to_string(groups.size());
        feature_pass train;
        feature_pass validation;
        const auto all = static_cast<std::int64_t>(indices.size());
        if (!run_backbone(work.net.inference(), work.parameters, work.train, indices, nodes, train, work.executor,
                          [&](std::int64_t done) { return work.tell(stage, done, all); }) ||
            !run_backbone(work.net.inference(), work.parameters, work.validation, every, nodes, validation,
                          work.executor)) {
            return false;
        }
        if (work.teacher.empty()) detail::keep_teacher(work, std::move(train.logits));
        if (!detail::train_group(work, groups[g], slot, labels, train, validation)) return false;
    }
    for (std::size_t c = 0; c < work.candidates.size(); ++c) {
        head_summary& summary = work.report.heads[static_cast<std::size_t>(work.candidates[c].summary)];
        summary.trained = true;
        summary.accuracy = mean_of(right_answers(work.candidates[c].trained.logits, work.validation.labels));
    }
    return true;
}

}  // namespace eenn::construct

#endif
