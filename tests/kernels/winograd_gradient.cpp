// SPDX-License-Identifier: MIT
#include <eenn/kernels/detail/convolution.hpp>
#include <eenn/kernels/detail/reference.hpp>

#include <iterator>

#include "generated.hpp"

using namespace eenn;
using namespace generated;
using kernels::convolution;
using kernels::winograd_form;

namespace {

constexpr int W = lane_count<float>;

// Of the sum of magnitudes, in epsilons: as the outputs of F(4x4,3x3) are allowed.
constexpr double tolerance = 300;

struct gradient_problem {
    convolution g;
    int n;
    numbers<float> x, dy;

    gradient_problem(const convolution& geometry, int samples, random_stream& random)
        : g{geometry},
          n{samples},
          x(static_cast<std::size_t>(n) * g.in.elements(), random),
          dy(static_cast<std::size_t>(n) * g.out.elements(), random) {}

    [[nodiscard]] std::size_t weights() const {
        return static_cast<std::size_t>(g.kernel_h * g.kernel_w * g.in.c * g.out.c);
    }
    /// Past the rule, so that small problems are tried too; dw starts at 0.5.
    template <winograd_form F>
    [[nodiscard]] aligned_vector<float> gradient(int first, int samples) const {
        const kernels::winograd_image image = kernels::detail::image_of(g);
        aligned_vector<float> scratch(kernels::winograd_gradient_scratch(F, image) + 16, not_written);
        aligned_vector<float> dw(weights(), 0.5F);
        kernels::correlate_winograd<F>(image, samples, x.data() + static_cast<std::size_t>(first) * g.in.elements(),
                                       dy.data() + static_cast<std::size_t>(first) * g.out.elements(), dw.data(),
                                       scratch.data(), kernels::tiles_of<float, kernels::unit_stride::rows>);
        for (std::size_t i = scratch.size() - 16; i < scratch.size(); ++i) CHECK(std::isnan(scratch[i]));
        return dw;
    }
};

/// Any size and padding; I a multiple of W, O of 2 W.
template <winograd_form F>
convolution any_image(random_stream& random) {
    for (;;) {
        convolution g;
        g.kernel_h = F.taps_h;
        g.kernel_w = F.taps_w;
        g.pad_top = pick(random, 0, F.taps_h - 1);
        g.pad_left = pick(random, 0, F.taps_w - 1);
        g.in = {F.taps_h == 1 ? pick(random, 1, 3) : pick(random, 1, 14), pick(random, 1, 17), W * pick(random, 1, 4)};
        g.out = {g.in.h + g.pad_top + pick(random, 0, F.taps_h - 1) - F.taps_h + 1,
                 g.in.w + g.pad_left + pick(random, 0, F.taps_w - 1) - F.taps_w + 1, 2 * W * pick(random, 1, 3)};
        if (g.out.h > 0 && g.out.w > 0) return g;
    }
}

template <winograd_form F>
void agrees(random_stream& random) {
    double largest = 0;
    for (int i = 0; i < 60; ++i) {
        const gradient_problem e(any_image<F>(random), pick(random, 1, 5), random);
        const std::string what = describe(e.g);
        CAPTURE(what);
        aligned_vector<double> wanted(e.weights(), 0.5), magnitude(e.weights(), 0.5);
        std::vector<double> bias(static_cast<std::size_t>(e.g.out.c));
        kernels::reference::backward_weights(e.g, e.n, in_double(e.x).data(), in_double(e.dy).data(), wanted.data(),
                                             bias.data());
        kernels::reference::backward_weights(e.g, e.n, in_double(e.x, true).data(), in_double(e.dy, true).data(),
                                             magnitude.data(), bias.data());
        const auto got = e.gradient<F>(0, e.n);
        CHECK_EQ(first_difference(got.data(), wanted.data(), magnitude.data(), e.weights(), tolerance), -1);
        for (std::size_t k = 0; k < e.weights(); ++k)
            largest = std::max(largest, std::abs(got[k] - wanted[k]) / magnitude[k]);
    }
    const std::string taps = std::to_string(F.taps_h) + "x" + std::to_string(F.taps_w);
    MESSAGE("largest error of " << taps << " taps: " << largest / std::numeric_limits<float>::epsilon()
                                << " epsilons of the magnitudes");
}

}  // namespace

TEST_CASE("kernels/winograd_gradient: every form agrees with the reference in double, any size, padding and channels") {
    if (!kernels::has_winograd<float>) return;
    random_stream random{2029, 1};
    [&]<std::size_t... I>(std::index_sequence<I...>) { (agrees<kernels::winograd_forms[I]>(random), ...); }
    (std::make_index_sequence<std::size(kernels::winograd_forms)>{});
}

TEST_CASE("kernels/winograd_gradient: more tiles than are transformed at a time make the same sums") {
    constexpr winograd_form form{4, 4, 3, 3};
    random_stream random{2029, 2};
    const gradient_problem e({{23, 19, 4 * W}, {23, 19, 4 * W}, 3, 3, 1, 1, 1, 1, 1, 1, 1}, 3, random);
    const kernels::winograd_image image = kernels::detail::image_of(e.g);
    CHECK(kernels::winograd::gradient_tiles(form, image) < 3 * kernels::winograd::tiling(form, image).count);
    const auto together = e.gradient<form>(0, 3);
    aligned_vector<float> apart(e.weights(), 0.5F);
    for (int i = 0; i < 3; ++i) {
        const auto one = e.gradient<form>(i, 1);
        for (std::size_t k = 0; k < one.size(); ++k) apart[k] += one[k] - 0.5F;
    }
    for (std::size_t k = 0; k < apart.size(); ++k)
        REQUIRE(together[k] == doctest::Approx(apart[k]).epsilon(1e-3).scale(10));
}

TEST_CASE("kernels/winograd_gradient: the library takes it where it pays") {
    const auto scratch = [](const convolution& g) { return kernels::weight_scratch_size<float>(kernels::select(g)); };
    constexpr bool wide = kernels::has_winograd<float>;
    CHECK((scratch({{32, 32, 2 * W}, {32, 32, 2 * W}, 3, 3, 1, 1, 1, 1, 1, 1, 1}) > 0) == wide);
    CHECK(scratch({{32, 32, 2 * W}, {16, 16, 2 * W}, 3, 3, 2, 2, 1, 1, 1, 1, 1}) == 0);
    CHECK(scratch({{32, 32, 2 * W}, {32, 32, 2 * W}, 3, 3, 1, 1, 1, 1, 1, 1, 2}) == 0);
    CHECK(scratch({{32, 32, W + 1}, {32, 32, 2 * W}, 3, 3, 1, 1, 1, 1, 1, 1, 1}) == 0);
    CHECK(scratch({{3, 3, 2 * W}, {3, 3, 2 * W}, 3, 3, 1, 1, 1, 1, 1, 1, 1}) == 0);
    const auto of_doubles = kernels::select({{32, 32, 16}, {32, 32, 16}, 3, 3, 1, 1, 1, 1, 1, 1, 1});
    CHECK(kernels::weight_scratch_size<double>(of_doubles) == 0);
}
