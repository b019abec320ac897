// SPDX-License-Identifier: MIT
//
// detail/head_lessons.hpp - trains heads on samples, the classifier's logits and features of the frozen backbone.
// Floor 8 (construct); host subset. Tested by tests/construct/head_sets.cpp. Letters: N = samples, C = classes.
#ifndef EENN_CONSTRUCT_DETAIL_HEAD_LESSONS_HPP
#define EENN_CONSTRUCT_DETAIL_HEAD_LESSONS_HPP

#include <eenn/construct/detail/features.hpp>
#include <eenn/construct/detail/frozen_backbone.hpp>
#include <eenn/construct/detail/kept_work.hpp>
#include <eenn/construct/detail/propose_heads.hpp>
#include <eenn/construct/detail/train_heads.hpp>
#include <eenn/construct/detail/watcher.hpp>
#include <eenn/core/executor.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/data/augment.hpp>
#include <eenn/data/data_set.hpp>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace eenn::construct {
inline namespace EENN_ISA {

/// @brief Everything that determines the training of any head, besides the head itself and its training options.
struct lesson_inputs {
    const frozen_backbone& base;
    const data_set& train;
    const data_set& validation;  ///< trained heads are evaluated on it; influences no choice here
    int samples = 0;             ///< > 0: number of training samples to use, drawn by the seed
    augmentation changes{};      ///< augmentation of training samples, for heads at early sites
    std::uint64_t seed = 1;
};

/// @brief Trains heads on the frozen backbone in parallel, and caches data shared by several trainings.
///
/// @par Memory   Features of the sites trained last: at most `memory`, unless a single site takes more.
/// @par Threads  The trained heads do not depend on the executor. Not thread-safe: one call at a time.
class head_lessons {
public:
    /// The arguments must outlive this object.
    head_lessons(const lesson_inputs& given, std::size_t memory, const kept_work& kept, executor_ref executor,
                 watcher& watch)
        : given_{given},
          memory_{memory},
          kept_{kept},
          executor_{executor},
          watch_{watch},
          key_{kept.key_of("lessons", given)},
          samples_(static_cast<std::size_t>(given.train.size())) {
        std::iota(samples_.begin(), samples_.end(), 0);
        if (given.samples > 0 && given.samples < given.train.size()) {
            shuffle(samples_, random_stream{.seed = given.seed, .stream = 77});
            samples_.resize(static_cast<std::size_t>(given.samples));
            std::sort(samples_.begin(), samples_.end());
        }
        for (const int i : samples_) labels_.push_back(given.train.labels[static_cast<std::size_t>(i)]);
        (void)kept_.read(teacher_key(), std::pair{&teacher_, samples_.size() * classes()});
    }

    /// Trains heads for how.epochs, or loads them if they were saved by an earlier run. Each sample passes through the
    /// backbone once for all sites whose features fit into memory together.
    ///
    /// @param stage      name reported to the observer.
    /// @param resumable  whether each training saves its state after every epoch.
    /// @return           by element of `heads`; nothing if the observer stopped it. Finished heads are saved even then.
    [[nodiscard]] std::optional<std::vector<trained_head>> operator()(std::span<const candidate> heads,
                                                                      head_training how, const std::string& stage,
                                                                      bool resumable) {
        how.final_epochs = 0;  // does not affect this training, so it stays out of the key
        std::vector<lesson> all;
        for (const candidate& who : heads) all.push_back({&who, {}, {}});
        std::vector<std::vector<lesson*>> groups;
        std::size_t bytes = 0;
        int last_site = -1;
        const std::size_t samples = samples_.size() + static_cast<std::size_t>(given_.validation.size());
        for (lesson& each : all) {
            each.key = key_of(*each.who, how);
            if (read(each)) continue;
            if (groups.empty()) groups.emplace_back();
            const int s = each.who->site;
            if (s != last_site && !afresh(*each.who)) {
                const shape size = given_.base.site_at(s).features;
                const std::size_t more = feature_bytes(std::span<const shape>{&size, 1}, samples);
                if (bytes > 0 && bytes + more > memory_) {
                    groups.emplace_back();
                    bytes = 0;
                }
                bytes += more;
                last_site = s;
            }
            groups.back().push_back(&each);
        }
        for (std::size_t g = 0; g < groups.size(); ++g) {
            const std::string part =
                groups.size() == 1 ? "" : " " + std::to_string(g + 1) + "/" + std::to_string(groups.size());
            if (!make_features(groups[g], "backbone" + part) ||
                !train_together(groups[g], how, stage + part, resumable))
                return {};
        }
        std::vector<trained_head> trained;
        for (lesson& each : all) trained.push_back(std::move(each.made));
        return trained;
    }

    /// Frees the memory of the features.
    void forget_features() { features_ = {}; }

private:
    struct lesson {
        const candidate* who = nullptr;
        digest key{};
        trained_head made{};
    };
    struct kept_features {
        std::vector<edge> nodes;  // ascending
        feature_pass train;       // of samples_
        feature_pass validation;

        [[nodiscard]] bool has(edge node) const { return std::binary_search(nodes.begin(), nodes.end(), node); }
        [[nodiscard]] std::size_t slot(edge node) const {
            return static_cast<std::size_t>(std::lower_bound(nodes.begin(), nodes.end(), node) - nodes.begin());
        }
    };

    [[nodiscard]] std::size_t classes() const { return static_cast<std::size_t>(given_.train.classes); }
    [[nodiscard]] digest teacher_key() const { return kept_.key_of("teacher", key_); }
    [[nodiscard]] const site& site_of(const candidate& who) const { return given_.base.site_at(who.site); }

    /// The key leaves out the head's node ids, since they depend on the other candidates.
    [[nodiscard]] digest key_of(const candidate& who, const head_training& how) const {
        return kept_.key_of("head", key_, site_of(who).id, head_network(who.what, site_of(who).features), how);
    }
    [[nodiscard]] bool read(lesson& each) const {
        const plan lowered = lower(each.who->network);
        const std::size_t logits = given_.validation.labels.size() * classes();
        return kept_.read(each.key, std::pair{&each.made.parameters, lowered.view().parameter_elements()},
                          std::pair{&each.made.logits, logits});
    }

    /// Whether a head trains on freshly augmented samples. It does if augmentation is on and running the backbone up to
    /// its site again costs less than half of the head's own training.
    [[nodiscard]] bool afresh(const candidate& who) const {
        return given_.changes.any() && given_.changes.mix_up == 0 && 2 * site_of(who).macs < 3 * who.macs;
    }

    /// Computes the backbone's features at the sites of some heads, unless cached, and the teacher's logits.
    [[nodiscard]] bool make_features(const std::vector<lesson*>& heads, const std::string& stage) {
        std::vector<edge> nodes;
        for (const lesson* each : heads) {
            const edge node = site_of(*each->who).node;
            if (!afresh(*each->who) && (nodes.empty() || nodes.back() != node)) nodes.push_back(node);
        }
        const bool all = std::all_of(nodes.begin(), nodes.end(), [&](edge node) { return features_.has(node); });
        if (all && !teacher_.empty()) return true;
        features_ = {};
        std::vector<int> every(static_cast<std::size_t>(given_.validation.size()));
        std::iota(every.begin(), every.end(), 0);
        const auto net = given_.base.net.inference();
        const auto learnt = static_cast<std::int64_t>(samples_.size());
        const std::int64_t all_samples = learnt + given_.validation.size();
        if (!run_backbone(net, given_.base.parameters(), given_.train, samples_, nodes, features_.train, executor_,
                          [&](std::int64_t done) { return watch_.tell(stage, done, all_samples); }) ||
            !run_backbone(net, given_.base.parameters(), given_.validation, every, nodes, features_.validation,
                          executor_,
                          [&](std::int64_t done) { return watch_.tell(stage, learnt + done, all_samples); })) {
            return false;
        }
        features_.nodes = std::move(nodes);
        if (teacher_.empty()) {
            teacher_ = std::move(features_.train.logits);
            kept_.write(teacher_key(), {teacher_});
        }
        return true;
    }

    [[nodiscard]] std::optional<trained_head> train(const lesson& each, const head_training& how,
                                                    const checkpoint_file& under_way, executor_ref executor,
                                                    const head_observer& observer) const {
        const candidate& who = *each.who;
        if (afresh(who)) {
            return train_head_afresh(who.network, given_.base.network(), given_.base.parameters(), site_of(who).id,
                                     {given_.train, samples_, teacher_, given_.validation, given_.changes}, how,
                                     given_.seed, executor, under_way, observer);
        }
        const std::size_t slot = features_.slot(site_of(who).node);
        return train_head(who.network, features_.train.sites[slot], labels_, teacher_, features_.validation.sites[slot],
                          given_.validation.labels, how, given_.seed, executor, under_way, observer);
    }

    /// Trains some heads in parallel, one thread each. Heads that would exceed a thread's share train first, on all
    /// threads.
    [[nodiscard]] bool train_together(const std::vector<lesson*>& heads, const head_training& how,
                                      const std::string& stage, bool resumable) {
        std::vector<lesson*> order = heads;  // longest first, so that no thread finishes late
        std::stable_sort(order.begin(), order.end(),
                         [](const lesson* a, const lesson* b) { return a->who->macs > b->who->macs; });
        std::int64_t total = 0;
        for (const lesson* each : heads) total += each->who->macs;
        std::vector<double> share(order.size(), 0);
        std::atomic<bool> stopped{false};
        std::mutex lock;
        stage_share told{watch_, stage};
        const auto train_one = [&](std::size_t k, executor_ref executor) {
            lesson& each = *order[k];
            const auto watch = [&](std::int64_t step, std::int64_t of) {
                const std::lock_guard guard{lock};
                share[k] = static_cast<double>(each.who->macs) * static_cast<double>(step) / static_cast<double>(of);
                const double sum = std::accumulate(share.begin(), share.end(), 0.0);
                if (!told.reach(sum / static_cast<double>(total))) stopped = true;
                return !stopped;
            };
            const checkpoint_file under_way = resumable ? kept_.under_way(each.key) : checkpoint_file{};
            auto made = train(each, how, under_way, executor, watch);
            if (!made) {
                stopped = true;
                return;
            }
            each.made = std::move(*made);
            kept_.write(each.key, {each.made.parameters, each.made.logits});
            under_way.remove();
        };
        constexpr double efficiency = 0.7;  // of one training on all threads, relative to parallel trainings
        std::size_t first = 0;
        for (std::int64_t rest = total; first < order.size() && !stopped; ++first) {
            const std::int64_t macs = order[first]->who->macs;
            if (efficiency * static_cast<double>(macs) * executor_.concurrency() <= static_cast<double>(rest)) break;
            train_one(first, executor_);
            rest -= macs;
        }
        std::atomic<std::size_t> next{first};
        const int tasks = std::min(executor_.concurrency(), static_cast<int>(order.size() - first));
        if (tasks > 0) {
            executor_.run(tasks, [&](int) {
                serial here;
                for (std::size_t k = next++; k < order.size() && !stopped; k = next++) train_one(k, here);
            });
        }
        return !stopped;
    }

    lesson_inputs given_;
    std::size_t memory_;
    const kept_work& kept_;
    executor_ref executor_;
    watcher& watch_;
    digest key_;
    std::vector<int> samples_;    // training samples in use, indices into train
    std::vector<int> labels_;     // their labels
    std::vector<float> teacher_;  // the classifier's logits on them, (N,C)
    kept_features features_;      // of the sites trained last
};

}  // namespace EENN_ISA
}  // namespace eenn::construct

#endif
