// SPDX-License-Identifier: MIT
//
// detail/batch.hpp - what training takes samples from: batches, and anything that makes them.
// Floor 2 (data). tests/data/batches.cpp reaches it.
// Letters: B = samples of a batch, H,W,C = height, width, channels of one sample.
#ifndef EENN_DATA_DETAIL_BATCH_HPP
#define EENN_DATA_DETAIL_BATCH_HPP

#include <concepts>

#include <eenn/tensor/shape.hpp>

namespace eenn {

/// @brief B samples side by side. The memory belongs to their source and stays until its next next() or start().
struct batch {
    int size = 0;  // B
    shape sample;
    const float* pixels = nullptr;      // (B,H,W,C)
    const int* labels = nullptr;        // (B), or null: a loss of one's own does without
    const int* mixed_labels = nullptr;  // (B), or null without mix-up: the labels of the partners
    const float* label_weight =
        nullptr;  // (B), or null without mix-up: the weight of `labels`; `mixed_labels` has the rest to 1
    const int* indices = nullptr;  // (B), in the data set
    int epoch = 0;
    int step = 0;                    // within the epoch
    const float* teacher = nullptr;  // (B,C), or null: logits to learn from beside the labels
};

/// @brief What training draws its batches from, epoch by epoch: batch_loader, or anything that does the same.
template <class S>
concept BatchSource = requires(S& source, int epoch) {
    { source.batch_size() } -> std::convertible_to<int>;       // the largest batch
    { source.steps_per_epoch() } -> std::convertible_to<int>;  // batches until next() returns null; 0: not known
    source.start(epoch);
    { source.next() } -> std::same_as<const batch*>;
};

}  // namespace eenn

#endif
