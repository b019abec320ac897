// SPDX-License-Identifier: MIT
//
// detail/features.hpp - features of a frozen backbone at some sites, computed once and stored.
// Floor 8 (construct); host subset. Letters: N = samples, C = classes.
#ifndef EENN_CONSTRUCT_DETAIL_FEATURES_HPP
#define EENN_CONSTRUCT_DETAIL_FEATURES_HPP

#include <eenn/construct/detail/sites.hpp>
#include <eenn/core/aligned.hpp>
#include <eenn/core/executor.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/data/batches.hpp>
#include <eenn/network/detail/infer.hpp>
#include <eenn/tensor/detail/float16.hpp>

#include <functional>
#include <memory>
#include <span>

namespace eenn::construct {
inline namespace EENN_ISA {

/// @brief The features of N samples at one site.
struct site_features {
    shape size;
    std::unique_ptr<bfloat16[]> values;  ///< (N,H,W,C)

    /// Converts sample i to float, (H,W,C).
    void read(std::size_t i, float* out) const noexcept {
        const std::size_t each = size.elements();
        const bfloat16* from = values.get() + i * each;
        for (std::size_t k = 0; k < each; ++k) out[k] = from[k];
    }
};

/// @brief One pass of a backbone over a data set: the features at the requested sites, and the logits.
struct feature_pass {
    std::vector<site_features> sites;  ///< in the requested order
    std::vector<float> logits;         ///< (N,C)
};

/// @brief Bytes that a pass stores.
[[nodiscard]] inline std::size_t feature_bytes(std::span<const shape> sites, std::size_t samples) {
    std::size_t each = 0;
    for (const shape& s : sites) each += s.elements() * sizeof(bfloat16);
    return each * samples;
}

/// @brief The step that produces the value of a node. The node must end a fused step, as sites do.
/// @par Errors  eenn::error if there is no such step.
[[nodiscard]] inline step_id step_of(const plan_view& plan, edge node) {
    for (const step_id s : plan.steps.ids()) {
        if (plan.steps[s].tail == node) return s;
    }
    raise("backbone", "layer " + std::to_string(node.number) + " makes no value of its own");
}

/// @brief Runs the backbone over samples once, in inference mode, and stores its logits and its features at `nodes`.
///
/// @param nodes     of the network, ascending; each ends a fused step, as sites do.
/// @param indices   the samples of the set to run, (N).
/// @param observer  called repeatedly, on one thread, with the number of samples done; false stops the pass.
/// @return          false if the observer stopped it.
/// @par Threads     The executor distributes the samples; results do not depend on the thread count.
[[nodiscard]] inline bool run_backbone(const executable<float>& net, std::span<const float> parameters,
                                       const data_set& set, std::span<const int> indices, std::span<const edge> nodes,
                                       feature_pass& result, executor_ref executor,
                                       const std::function<bool(std::int64_t done)>& observer = {}) {
    const packed_weights<float> packed{net, parameters};
    std::vector<step_id> steps;
    const std::size_t count = indices.size();
    result.sites.clear();
    for (const edge node : nodes) {
        steps.push_back(step_of(net.plan, node));
        const shape size = net.plan.values[net.plan.steps[steps.back()].output].size;
        result.sites.push_back({size, std::make_unique_for_overwrite<bfloat16[]>(count * size.elements())});
    }
    const auto& last = net.plan.exits.back();
    const auto classes = static_cast<std::size_t>(last.classes);
    result.logits.resize(count * classes);

    constexpr std::size_t grain = 512;  // samples between two calls of the observer
    for (std::size_t first = 0; first < count; first += grain) {
        const std::size_t here = std::min(grain, count - first);
        const int tasks =
            static_cast<int>(std::min<std::size_t>(here, static_cast<std::size_t>(executor.concurrency())));
        executor.run(tasks, [&](int t) {
            aligned_vector<float> workspace(net.plan.sizes.workspace);
            const auto task = static_cast<std::size_t>(t);
            const auto all = static_cast<std::size_t>(tasks);
            for (std::size_t i = first + here * task / all; i < first + here * (task + 1) / all; ++i) {
                const std::span<const float> input = set[indices[i]];
                step_id done{0};
                for (std::size_t k = 0; k < steps.size(); ++k) {
                    run_steps(net, {done, steps[k].next()}, packed, input, workspace);
                    done = steps[k].next();
                    const auto made = view_value(net.plan, net.plan.steps[steps[k]].output, workspace);
                    bfloat16* to = result.sites[k].values.get() + i * made.size();
                    for (const float x : made) *to++ = to_bfloat16(x);
                }
                run_steps(net, {done, last.step.next()}, packed, input, workspace);
                const auto logits = view_value(net.plan, last.logits, workspace);
                std::copy(logits.begin(), logits.end(), result.logits.data() + i * classes);
            }
        });
        if (observer && !observer(static_cast<std::int64_t>(first + here))) return false;
    }
    return true;
}

/// @brief Batches of stored features, reshuffled every epoch, with the backbone's logits as teacher: a BatchSource.
///
/// The order is a pure function of (seed, epoch), so heads of different sites see the same samples.
class feature_batches {
public:
    /// The features, labels (N) and logits (N,C) must outlive this.
    feature_batches(const site_features& features, std::span<const int> labels, std::span<const float> logits, int size,
                    std::uint64_t seed)
        : features_{&features}, labels_{labels}, logits_{logits}, size_{size}, seed_{seed} {
        const auto most = std::min(static_cast<std::size_t>(size), labels.size());
        order_.resize(labels.size());
        values_.resize(most * features.size.elements());
        batch_labels_.resize(most);
        batch_logits_.resize(most * classes());
    }
    [[nodiscard]] int batch_size() const noexcept { return size_; }
    /// A partial last batch is dropped, unless it is the only one.
    [[nodiscard]] int steps_per_epoch() const noexcept { return std::max(1, static_cast<int>(labels_.size()) / size_); }
    void start(int epoch) {
        for (std::size_t i = 0; i < order_.size(); ++i) order_[i] = static_cast<int>(i);
        shuffle(order_, random_stream{.seed = seed_, .stream = static_cast<std::uint64_t>(epoch)});
        batch_.epoch = epoch;
        next_ = 0;
    }
    [[nodiscard]] const batch* next() {
        if (next_ == steps_per_epoch()) return nullptr;
        const auto first = static_cast<std::size_t>(next_) * static_cast<std::size_t>(size_);
        const std::size_t count = batch_labels_.size();
        const std::size_t each = features_->size.elements();
        for (std::size_t i = 0; i < count; ++i) {
            const auto sample = static_cast<std::size_t>(order_[first + i]);
            features_->read(sample, values_.data() + i * each);
            batch_labels_[i] = labels_[sample];
            std::copy_n(logits_.data() + sample * classes(), classes(), batch_logits_.data() + i * classes());
        }
        batch_.size = static_cast<int>(count);
        batch_.sample = features_->size;
        batch_.pixels = values_.data();
        batch_.labels = batch_labels_.data();
        batch_.indices = order_.data() + first;
        batch_.teacher = batch_logits_.data();
        batch_.step = next_++;
        return &batch_;
    }

private:
    [[nodiscard]] std::size_t classes() const noexcept { return logits_.size() / labels_.size(); }

    const site_features* features_;
    std::span<const int> labels_;
    std::span<const float> logits_;
    int size_;
    std::uint64_t seed_;
    std::vector<int> order_;
    aligned_vector<float> values_;
    std::vector<int> batch_labels_;
    std::vector<float> batch_logits_;
    batch batch_;
    int next_ = 0;
};

}  // namespace EENN_ISA
}  // namespace eenn::construct

#endif
