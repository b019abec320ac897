// SPDX-License-Identifier: MIT
//
// batches.hpp - shuffled, augmented batches, prepared on a second thread while the caller computes.
// Floor 2 (data); host subset. Letters: B = samples of a batch, H,W,C = height, width, channels of one sample.
#ifndef EENN_DATA_BATCHES_HPP
#define EENN_DATA_BATCHES_HPP

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <numeric>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <eenn/core/aligned.hpp>
#include <eenn/core/error.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/core/random.hpp>
#include <eenn/data/augment.hpp>
#include <eenn/data/data_set.hpp>
#include <eenn/data/detail/batch.hpp>

namespace eenn {
inline namespace EENN_ISA {

/// @brief Options of a batch_loader.
struct batch_options {
    int size = 64;           // samples per batch
    std::uint64_t seed = 0;  // of the order and of every augmentation
    bool shuffle = true;
    bool drop_last = false;  // skip an incomplete last batch
    augmentation augment{};
    std::function<void(std::span<float> pixels, random_stream random)>
        transform{};  // (H,W,C), after crop, flip and cutout, before mix-up
    int ahead = 2;    // batches prepared ahead on the loader's own thread; 0: prepared on demand on the caller's thread
};

/// @brief Serves a data set, or the samples at given indices, as batches, epoch by epoch.
///
/// @code
/// batch_loader loader{set, parts.train, {.size = 64, .seed = 7, .augment = {.crop_padding = 4, .flip = true}}};
/// for (int epoch = 0; epoch < 20; ++epoch)
///     for (loader.start(epoch); const batch* b = loader.next();) train_on(*b);
/// @endcode
///
/// A batch is a pure function of (data set, indices, options, epoch, step). It is bit-identical for any thread timing and
/// any `ahead`, and start(epoch, step) resumes where an earlier run stopped. The data set must outlive the loader and
/// must not change meanwhile.
///
/// @par Memory   (ahead + 1) batches and one sample.
/// @par Threads  one consumer; the loader's thread sleeps while idle. The loader may be destroyed at any time.
/// @par Errors   eenn::error for a size below 1, no samples, an index out of range or an invalid augmentation. If
///               `transform` throws, the next() that would have returned that batch rethrows the exception, and so does
///               every later one until start().
class batch_loader {
public:
    explicit batch_loader(const data_set& set, batch_options options = {})
        : batch_loader{set, every_index(set), std::move(options)} {}

    batch_loader(const data_set& set, std::span<const int> indices, batch_options options = {})
        : set_{&set}, options_{std::move(options)}, indices_(indices.begin(), indices.end()) {
        if (options_.size < 1)
            raise("batch_loader", "a batch of " + std::to_string(options_.size) + " samples", "ask for at least 1");
        if (options_.ahead < 0)
            raise("batch_loader", "ahead is " + std::to_string(options_.ahead),
                  "use 0 to prepare batches on the caller's thread");
        if (indices_.empty()) raise("batch_loader", "there are no samples to load");
        for (const int i : indices) {
            if (i < 0 || i >= set.size())
                raise("batch_loader",
                      "index " + std::to_string(i) + " is outside [0, " + std::to_string(set.size()) + ")");
        }
        if (steps_per_epoch() == 0) {
            raise("batch_loader",
                  std::to_string(indices_.size()) + " samples fill no batch of " + std::to_string(options_.size),
                  "reduce the size or keep the last batch");
        }
        check(options_.augment, set.sample);
        size_ = static_cast<std::size_t>(options_.size);
        const std::size_t samples = std::min(size_, indices_.size());
        slots_.resize(static_cast<std::size_t>(options_.ahead) + 1);
        for (auto& each : slots_) {
            each.pixels.resize(samples * set.sample.elements());
            each.labels.resize(samples);
            each.indices.resize(samples);
            each.mixed_labels.resize(mixes() ? samples : 0);
            each.weights.resize(mixes() ? samples : 0);
        }
        partner_.resize(mixes() ? set.sample.elements() : 0);
        order_.resize(indices_.size());
        if (options_.ahead > 0) thread_ = std::thread{[this] { produce(); }};
    }
    batch_loader(data_set&&, batch_options = {}) = delete;  // the set must outlive the loader
    batch_loader(data_set&&, std::span<const int>, batch_options = {}) = delete;
    batch_loader(const batch_loader&) = delete;
    batch_loader& operator=(const batch_loader&) = delete;
    ~batch_loader() {
        if (!thread_.joinable()) return;
        {
            const std::lock_guard lock{mutex_};
            stopping_ = true;
        }
        wake_producer_.notify_one();
        thread_.join();
    }

    [[nodiscard]] int steps_per_epoch() const noexcept {
        const auto samples = static_cast<int>(indices_.size());
        return samples / options_.size + (!options_.drop_last && samples % options_.size != 0 ? 1 : 0);
    }
    [[nodiscard]] const batch_options& options() const noexcept { return options_; }
    [[nodiscard]] int batch_size() const noexcept { return options_.size; }

    /// Makes `step` of `epoch` the next batch and discards batches prepared earlier.
    void start(int epoch, int step = 0) {
        if (epoch < 0 || step < 0 || step > steps_per_epoch()) {
            raise("batch_loader::start", "there is no step " + std::to_string(step) + " of epoch " +
                                             std::to_string(epoch) + "; an epoch has " +
                                             std::to_string(steps_per_epoch()) + " steps");
        }
        std::unique_lock lock{mutex_};
        end_ = 0;  // gives the producer nothing to do after its current batch
        wake_consumer_.wait(lock, [this] { return !filling_; });
        order_ = indices_;
        if (options_.shuffle) {
            shuffle(order_,
                    random_stream{options_.seed,
                                  random_bits(options_.seed, 0x6f72646572ULL, static_cast<std::uint64_t>(epoch)), 0});
        }
        epoch_ = epoch;
        wanted_ = prepared_ = step;
        held_ = false;
        failure_ = nullptr;
        end_ = steps_per_epoch();
        wake_producer_.notify_one();
    }

    /// Returns the next batch, or null at the end of the epoch. The very first call starts epoch 0.
    [[nodiscard]] const batch* next() {
        if (epoch_ < 0) start(0);
        std::unique_lock lock{mutex_};
        held_ = false;  // the consumer is done with the previous batch
        if (wanted_ == end_) return nullptr;
        if (options_.ahead == 0) {
            fill(wanted_);
        } else {
            wake_producer_.notify_one();
            wake_consumer_.wait(lock, [this] { return prepared_ > wanted_ || failure_; });
            if (prepared_ == wanted_) std::rethrow_exception(failure_);
        }
        held_ = true;
        return &slots_[slot_of(wanted_++)].view;
    }

private:
    struct slot {
        aligned_vector<float> pixels;
        std::vector<int> labels;
        std::vector<int> mixed_labels;
        std::vector<int> indices;
        std::vector<float> weights;
        batch view;
    };

    static std::vector<int> every_index(const data_set& set) {
        std::vector<int> all(set.labels.size());
        std::iota(all.begin(), all.end(), 0);
        return all;
    }
    [[nodiscard]] bool mixes() const noexcept { return options_.augment.mix_up > 0; }
    [[nodiscard]] std::size_t slot_of(int step) const noexcept {
        return static_cast<std::size_t>(step) % slots_.size();
    }

    // Step p may overwrite the slot of step p - slots once the consumer has released that slot.
    [[nodiscard]] bool has_work() const noexcept {
        const int oldest = wanted_ - (held_ ? 1 : 0);
        return !failure_ && prepared_ < end_ && std::cmp_less(prepared_ - oldest, slots_.size());
    }

    void produce() {
        std::unique_lock lock{mutex_};
        for (;;) {
            wake_producer_.wait(lock, [this] { return stopping_ || has_work(); });
            if (stopping_) return;
            filling_ = true;
            const int step = prepared_;
            lock.unlock();
            std::exception_ptr failure;
            try {
                fill(step);
            } catch (...) {
                failure = std::current_exception();
            }
            lock.lock();
            filling_ = false;
            if (failure) {
                failure_ = failure;
            } else {
                ++prepared_;
            }
            wake_consumer_.notify_one();
        }
    }

    // Loads one sample and applies crop, flip, cutout and transform. The mix-up draws from `random` next.
    void load(std::size_t index, std::span<float> target, random_stream& random) {
        const auto source = std::span{set_->pixels}.subspan(index * target.size(), target.size());
        apply_change(draw_change(options_.augment, set_->sample, random), set_->sample, options_.augment.fill,
                     source.data(), target.data());
        if (options_.transform) options_.transform(target, random_stream{random.bits(), index, 0});
    }

    void fill(int step) {
        slot& s = slots_[slot_of(step)];
        const auto order = std::span{order_}.subspan(static_cast<std::size_t>(step) * size_);
        const std::size_t count = std::min(size_, order.size());
        const std::size_t elements = set_->sample.elements();
        const auto epoch = static_cast<std::uint64_t>(epoch_);
        std::copy_n(order.begin(), count, s.indices.begin());
        for (std::size_t b = 0; b < count; ++b) {
            const std::size_t index = order[b];
            const auto pixels = std::span{s.pixels}.subspan(b * elements, elements);
            auto random = augmentation_stream(options_.seed, epoch, index);
            load(index, pixels, random);
            s.labels[b] = set_->labels[index];
            if (!mixes()) continue;
            const std::size_t partner = indices_[random.below(indices_.size())];
            s.weights[b] = static_cast<float>(beta_weight(options_.augment.mix_up, random));
            s.mixed_labels[b] = set_->labels[partner];
            load(partner, partner_, random);
            mix_samples(pixels, partner_.data(), s.weights[b]);
        }
        s.view = batch{static_cast<int>(count),
                       set_->sample,
                       s.pixels.data(),
                       s.labels.data(),
                       mixes() ? s.mixed_labels.data() : nullptr,
                       mixes() ? s.weights.data() : nullptr,
                       s.indices.data(),
                       epoch_,
                       step};
    }

    const data_set* set_;
    batch_options options_;
    std::size_t size_ = 0;              // of a batch
    std::vector<std::size_t> indices_;  // into the data set
    std::vector<std::size_t> order_;    // order of this epoch
    std::vector<slot> slots_;
    aligned_vector<float> partner_;  // (H,W,C)

    std::mutex mutex_;  // guards all below; while filling_, the producer owns `order_`, `epoch_` and the slot it fills
    std::condition_variable wake_producer_;
    std::condition_variable wake_consumer_;
    int epoch_ = -1;
    int wanted_ = 0;    // the step that next() returns next
    int prepared_ = 0;  // steps before this one are ready
    int end_ = 0;
    bool held_ = false;  // the consumer is still reading step wanted_ - 1
    bool filling_ = false;
    bool stopping_ = false;
    std::exception_ptr failure_;
    std::thread thread_;
};

}  // namespace EENN_ISA
}  // namespace eenn

#endif
