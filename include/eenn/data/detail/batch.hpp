// SPDX-License-Identifier: MIT
//
// detail/batch.hpp - the batch that training reads, and the concept of a source that produces batches.
// Floor 2 (data). Tested by tests/data/batches.cpp.
// Letters: B = samples of a batch, H,W,C = height, width, channels of one sample.
#ifndef EENN_DATA_DETAIL_BATCH_HPP
#define EENN_DATA_DETAIL_BATCH_HPP

#include <concepts>

#include <eenn/tensor/shape.hpp>

namespace eenn {

/// @brief B contiguous samples. The source owns the memory, which stays valid until the source's next next() or start().
struct batch {
    int size = 0;  // B
    shape sample;
    const float* pixels = nullptr;      // (B,H,W,C)
    const int* labels = nullptr;        // (B), or null if the loss needs no labels
    const int* mixed_labels = nullptr;  // (B), or null without mix-up: labels of the mix-up partners
    const float* label_weight =
        nullptr;                   // (B), or null without mix-up: weight of `labels`; `mixed_labels` get 1 - weight
    const int* indices = nullptr;  // (B), into the data set
    int epoch = 0;
    int step = 0;                    // within the epoch
    const float* teacher = nullptr;  // (B,C), or null: teacher logits for the distillation loss
};

/// @brief A source of training batches, epoch by epoch: batch_loader, or any type with the same interface.
template <class S>
concept BatchSource = requires(S& source, int epoch) {
    { source.batch_size() } -> std::convertible_to<int>;       // size of the largest batch
    { source.steps_per_epoch() } -> std::convertible_to<int>;  // batches until next() returns null; 0: unknown
    source.start(epoch);
    { source.next() } -> std::same_as<const batch*>;
};

}  // namespace eenn

#endif
