// SPDX-License-Identifier: MIT
//
// heads.hpp - exit heads modelled on a network's own classifier.
// Floor 6 (construct).
#ifndef EENN_CONSTRUCT_HEADS_HPP
#define EENN_CONSTRUCT_HEADS_HPP

#include <eenn/construct/sites.hpp>

#include <algorithm>
#include <array>
#include <limits>

namespace eenn::construct {

/// @brief How much a head computes before it classifies.
enum class head_form : unsigned char { small, medium, large, dense };

/// @brief The name that reports use.
[[nodiscard]] constexpr std::string_view to_string(head_form form) noexcept {
    switch (form) {
        case head_form::small: return "small";
        case head_form::medium: return "medium";
        case head_form::large: return "large";
        case head_form::dense: break;
    }
    return "dense";
}

/// @brief An exit head: convolution stages that adapt a site's features, then the blueprint's classifier. A composite.
///
/// Each stage is a 3x3 convolution, dense or separable, with batch norm and relu. The classifier is global average
/// pooling, a hidden layer if the network's own has one, and the logits.
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
            const conv2d spatial{.filters = s.separable ? in.c : s.filters,
                                 .kernel_h = in.h > 1 ? 3 : 1,
                                 .kernel_w = in.w > 1 ? 3 : 1,
                                 .stride = s.stride_h,
                                 .stride_w = s.stride_w,
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

/// @brief A head alone, as a network of a site's features.
[[nodiscard]] constexpr graph head_network(const head& h, shape features) {
    graph g{features};
    g(h);
    return g;
}

namespace detail {

/// Stages that halve the plane, with `most` channels at the end.
[[nodiscard]] inline head staged_head(const backbone& b, shape features, head_form form, int most) {
    head h;
    h.classes = b.classes;
    h.hidden = b.hidden > 0 ? std::max(b.hidden / 4, 16) : 0;
    int rows = features.h;
    int columns = features.w;
    const auto push = [&](int filters, int h_stride, int w_stride) {
        if (h.count < head::most_stages) {
            h.stages[static_cast<std::size_t>(h.count++)] = {filters, h_stride, w_stride, form != head_form::dense};
        }
    };
    const auto push_halved = [&](int filters) {
        const int h_stride = rows > 1 ? 2 : 1;
        const int w_stride = columns > 1 ? 2 : 1;
        rows = (rows + h_stride - 1) / h_stride;
        columns = (columns + w_stride - 1) / w_stride;
        push(filters, h_stride, w_stride);
    };
    if (form == head_form::small) {
        push_halved(most);
        return h;
    }
    constexpr int smallest_plane = 64;
    const int target = std::max(smallest_plane, b.classified.pixels());
    int channels = features.c;
    while (rows * columns > target && h.count < head::most_stages - 2) {
        channels = std::min(2 * channels, most);
        push_halved(channels);
    }
    for (int i = 0; i < (form == head_form::medium ? 1 : 2); ++i) push(most, 1, 1);
    return h;
}

}  // namespace detail

/// @brief The head for a site.
///
/// small: one separable stage that halves the plane, to as many channels as the classifier gets.
/// medium: separable stages that halve the plane down to the size of the classifier's (8x8 where that is larger), doubling
/// the channels up to the classifier's, and one more there. large: the same up to twice the classifier's channels, and two
/// more. dense: as large, of whole convolutions, with fewer channels where it would take more than `most_macs`: a small
/// network of its own, for sites so early that it can be one. A hidden layer of the blueprint becomes a quarter of its
/// units, 16 at least.
///
/// @par Source  Sponner et al. (2024), blueprint adaption. Theirs resizes with one large strided depthwise convolution or
///              pooling and a 1x1 convolution; here the stages are those of MobileNet (Howard et al. 2017), normalised.
/// @param most_macs  of a dense head; the others have their sizes.
[[nodiscard]] inline head design_head(const backbone& b, shape features, head_form form,
                                      std::int64_t most_macs = std::numeric_limits<std::int64_t>::max()) {
    const int widest = std::max(b.classified.c, features.c);
    if (form == head_form::small) return detail::staged_head(b, features, form, widest);
    if (form == head_form::medium) return detail::staged_head(b, features, form, widest);
    if (form == head_form::large) return detail::staged_head(b, features, form, 2 * widest);
    for (int most = 2 * widest;; most -= std::max(1, widest / 8)) {
        const head h = detail::staged_head(b, features, form, most);
        if (most <= features.c || lower(head_network(h, features)).sizes.macs <= most_macs) return h;
    }
}

}  // namespace eenn::construct

#endif
