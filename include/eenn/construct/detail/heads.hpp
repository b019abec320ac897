// SPDX-License-Identifier: MIT
//
// detail/heads.hpp - exit heads modelled on a network's own classifier.
// Floor 8 (construct).
#ifndef EENN_CONSTRUCT_DETAIL_HEADS_HPP
#define EENN_CONSTRUCT_DETAIL_HEADS_HPP

#include <eenn/construct/detail/head_form.hpp>
#include <eenn/construct/detail/sites.hpp>
#include <eenn/core/isa.hpp>

#include <algorithm>
#include <array>
#include <limits>

namespace eenn::construct {
inline namespace EENN_ISA {

/// @brief An exit head: convolution stages that adapt a site's features, then the blueprint's classifier. A composite.
///
/// Each stage is a 3x3 convolution, whole or separable, with batch norm and relu. A separable convolution applies the stage's
/// stride itself. A whole one has stride 1 after average pooling instead, so that Winograd applies. The classifier consists of
/// global average pooling, a hidden layer if the network's own classifier has one, and the logits.
struct head {
    static constexpr int most_stages = 6;
    struct stage {
        int filters = 0;
        int stride_h = 1;
        int stride_w = 1;
        bool separable = true;
        friend constexpr bool operator==(const stage&, const stage&) = default;
    };
    std::array<stage, most_stages> stages{};
    int count = 0;
    int hidden = 0;
    int classes = 0;

    friend constexpr bool operator==(const head&, const head&) = default;

    template <class Graph>
    constexpr void build(Graph& g) const {
        for (int i = 0; i < count; ++i) {
            const stage& s = stages[static_cast<std::size_t>(i)];
            const shape in = g.shape_of(g.here());
            const bool pools = !s.separable && (s.stride_h > 1 || s.stride_w > 1);
            if (pools) g(average_pool{.kernel_h = s.stride_h, .kernel_w = s.stride_w, .pad = same});
            const conv2d spatial{.filters = s.separable ? in.c : s.filters,
                                 .kernel_h = in.h > 1 ? 3 : 1,
                                 .kernel_w = in.w > 1 ? 3 : 1,
                                 .stride = s.separable ? s.stride_h : 1,
                                 .stride_w = s.separable ? s.stride_w : 1,
                                 .groups = s.separable ? in.c : 1};
            g(spatial, batch_norm{});
            if (s.separable) g(conv2d{.filters = s.filters, .kernel_h = 1, .kernel_w = 1}, batch_norm{});
            g(relu{});
        }
        g(global_average_pool{});
        if (hidden > 0) g(dense{.units = hidden}, relu{});
        g(dense{.units = classes});
    }
};

/// @brief A head as a network of its own, with a site's features as input.
///
/// @param first  id of its first layer. It must be unused in the base network, so that the head's tensors keep their ids when
///               it is attached.
[[nodiscard]] constexpr graph head_network(const head& h, shape features, node_id first = node_id{1}) {
    graph g{features};
    g.number_from(first)(h);
    return g;
}

namespace detail {

/// Channels of whole convolutions are multiples of sixteen, which fills the vector registers of every supported machine.
inline constexpr int channel_grain = 16;

/// Stages that halve the plane, ending with `most` channels.
[[nodiscard]] inline head staged_head(const backbone& b, shape features, head_form form, int most) {
    const bool separable = is_separable(form);
    head h;
    h.classes = b.classes;
    h.hidden = b.hidden > 0 ? std::max(b.hidden / 4, 16) : 0;
    const auto push = [&](int filters, int h_stride, int w_stride) {
        if (h.count < head::most_stages)
            h.stages[static_cast<std::size_t>(h.count++)] = {filters, h_stride, w_stride, separable};
    };
    const auto halved = [](const shape& plane) { return shape{(plane.h + 1) / 2, (plane.w + 1) / 2, plane.c}; };
    shape plane = features;
    const auto push_halved = [&](int filters) {
        push(filters, plane.h > 1 ? 2 : 1, plane.w > 1 ? 2 : 1);
        plane = halved(plane);
    };
    if (form == head_form::small) {
        push_halved(most);
        return h;
    }
    constexpr int smallest_plane = 64;
    const int target = std::max(smallest_plane, b.classified.pixels());
    int halvings = 0;
    for (shape p = features; p.pixels() > target && halvings < head::most_stages - 2; p = halved(p)) ++halvings;
    int channels = features.c;
    for (int left = halvings - 1; left >= 0; --left) {
        channels = separable ? std::min(2 * channels, most)
                             : kernels::ceil_divide(most >> left, channel_grain) * channel_grain;
        push_halved(channels);
    }
    for (int i = 0; i < (form == head_form::medium ? 1 : 2); ++i) push(most, 1, 1);
    return h;
}

}  // namespace detail

/// @brief The head for a site.
///
/// - small: one separable stage that halves the plane, with as many channels as the classifier's input.
/// - medium: separable stages that halve the plane down to that of the classifier's input (or to 8x8 if that is larger) and
///   double the channels up to the classifier's, then one more stage.
/// - large: the same, up to twice the classifier's channels, then two more stages.
/// - whole: as many stages of whole convolutions, with few enough channels to match the MACs of a large head; they run in a
///   fraction of the time.
/// - dense: whole stages with as many channels as `most_macs` allows: a small network of its own, for very early sites.
///
/// A hidden layer gets a quarter of the blueprint's units, but at least 16.
///
/// @par Source  Sponner et al. (2024), blueprint adaption. They resize with one large strided depthwise convolution, or with
///              pooling and a 1x1 convolution. The stages here are those of MobileNet (Howard et al. 2017), normalised. Pooling
///              before a convolution instead of striding follows He et al. (2019), "Bag of tricks", who do so on shortcuts;
///              here it is on the main path.
/// @param most_macs  limit for a whole or dense head; the other forms have fixed sizes.
[[nodiscard]] inline head design_head(const backbone& b, shape features, head_form form,
                                      std::int64_t most_macs = std::numeric_limits<std::int64_t>::max()) {
    const int widest = std::max(b.classified.c, features.c);
    if (form == head_form::small || form == head_form::medium) return detail::staged_head(b, features, form, widest);
    const auto macs = [&](const head& h) { return lower(head_network(h, features)).sizes.macs; };
    const head large = detail::staged_head(b, features, head_form::large, 2 * widest);
    if (form == head_form::large) return large;
    if (form == head_form::whole) most_macs = std::min(most_macs, macs(large) + macs(large) / 10);
    constexpr int grain = detail::channel_grain;
    for (int most = std::max(2 * widest / grain, 1) * grain;; most -= grain) {
        const head h = detail::staged_head(b, features, form, most);
        if (most == grain || macs(h) <= most_macs) return h;
    }
}

}  // namespace EENN_ISA
}  // namespace eenn::construct

#endif
