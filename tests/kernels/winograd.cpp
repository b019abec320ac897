// SPDX-License-Identifier: MIT
#include <eenn/kernels/detail/convolution.hpp>
#include <eenn/kernels/detail/reference.hpp>

#include "winograd_problem.hpp"

using namespace eenn;
using namespace generated;
using kernels::activation;
using kernels::activation_kind;
using kernels::convolution;
using kernels::select;

namespace {

constexpr int W = lane_count<float>;
constexpr int block = lane_count<float> * kernels::tuning::winograd_vectors;
constexpr kernels::winograd_form four{4, 4, 3, 3};
constexpr kernels::winograd_form two{2, 2, 3, 3};

convolution any_winograd(random_stream& random) {
    const int pad = static_cast<int>(random.below(3));
    const int h = 6 + static_cast<int>(random.below(20));
    const int w = 6 + static_cast<int>(random.below(20));
    const int in = W * (1 + static_cast<int>(random.below(5)));
    const int out = W * (1 + static_cast<int>(random.below(5)));
    const int right = static_cast<int>(random.below(3));
    return {{h, w, in}, {h + 2 * pad - 2, w + pad + right - 2, out}, 3, 3, 1, 1, pad, pad, 1, 1, 1};
}

// Of the sum of magnitudes, in epsilons. The transforms' constants enlarge roundings; Lavin and Gray report the same factor.
constexpr double tolerance = 400;

}  // namespace

TEST_CASE("kernels/winograd: agrees with the reference in double, any size, padding and channels") {
    random_stream random{2027, 1};
    double largest[2] = {};
    for (int i = 0; i < 60; ++i) {
        const winograd_problem e(any_winograd(random), 2, random);
        const convolution& g = e.g;
        const std::string what = describe(g);
        CAPTURE(what);
        constexpr activation kinds[]{
            {}, {activation_kind::relu, {}}, {activation_kind::relu6, {}}, {activation_kind::hard_swish, {}}};
        const activation act = kinds[i % 4];
        const bool with_residual = i % 3 != 0;
        const auto x = in_double(e.x), w = in_double(e.w), bias = in_double(e.bias), residual = in_double(e.residual);
        const auto ax = in_double(e.x, true), aw = in_double(e.w, true), abias = in_double(e.bias, true),
                   aresidual = in_double(e.residual, true);
        aligned_vector<double> wanted(e.outputs), magnitude(e.outputs);
        kernels::reference::forward(g, e.n, x.data(), w.data(), bias.data(), with_residual ? residual.data() : nullptr,
                                    act, wanted.data());
        kernels::reference::forward(g, e.n, ax.data(), aw.data(), abias.data(), aresidual.data(), activation{},
                                    magnitude.data());
        const float* const added = with_residual ? e.residual.data() : nullptr;
        const auto error_of = [&](const aligned_vector<float>& y) {
            CHECK_EQ(first_difference(y.data(), wanted.data(), magnitude.data(), e.outputs, tolerance), -1);
            double error = 0;
            for (std::size_t k = 0; k < e.outputs; ++k)
                error = std::max(error, std::abs(y[k] - wanted[k]) / magnitude[k]);
            return error;
        };
        largest[0] = std::max(largest[0], error_of(e.forward<four>(added, act)));
        largest[1] = std::max(largest[1], error_of(e.forward<two>(added, act)));
    }
    constexpr double epsilon = std::numeric_limits<float>::epsilon();
    CHECK(largest[1] < largest[0]);
    MESSAGE("largest error " << largest[0] / epsilon << " epsilons of the magnitudes, of F(2x2,3x3) "
                             << largest[1] / epsilon);
}

TEST_CASE("kernels/winograd: 3x3 convolutions of stride 1 take it where it pays, forward and for the data gradient") {
    constexpr convolution g{{16, 16, 4 * W}, {16, 16, 4 * W}, 3, 3, 1, 1, 1, 1, 1, 1, 1};
    constexpr bool wide = W >= kernels::tuning::winograd_lanes;
    constexpr kernels::selected_convolution p = select(g);
    CHECK_EQ(kernels::scratch_size<float>(p) > 0, wide);
    CHECK_EQ(kernels::gradient_scratch_size<float>(p) > 0, wide);
    CHECK_EQ(kernels::scratch_size<double>(p), 0);
    const auto refused = [](const convolution& other) { return kernels::scratch_size<float>(select(other)) == 0; };
    CHECK(refused({{16, 16, 4 * W}, {8, 8, 4 * W}, 3, 3, 2, 2, 1, 1, 1, 1, 1}));
    CHECK(refused({{16, 16, 4 * W}, {16, 16, 4 * W}, 1, 1, 1, 1, 0, 0, 1, 1, 1}));
    CHECK(refused({{16, 16, 4 * W}, {16, 16, 4 * W}, 3, 3, 1, 1, 2, 2, 2, 2, 1}));
    CHECK(refused({{16, 16, 4 * W}, {16, 16, 4 * W}, 3, 3, 1, 1, 1, 1, 1, 1, 2}));
    CHECK(refused({{16, 16, W + 1}, {16, 16, W}, 3, 3, 1, 1, 1, 1, 1, 1, 1}));
    CHECK(refused({{3, 3, W}, {3, 3, W}, 3, 3, 1, 1, 1, 1, 1, 1, 1}));
}

TEST_CASE("kernels/winograd: weights from afar make smaller ones the better choice") {
    if (W < 8) return;  // narrow vectors compute for longer than the weights are on their way
    const convolution g{{8, 8, 64}, {8, 8, 64}, 3, 3, 1, 1, 1, 1, 1, 1, 1};
    const std::size_t direct = kernels::packed_block_size<float>(9, 64, 64);
    CHECK(kernels::packed_size<float>(select(g)) == kernels::packed_winograd_size(four, 64, 64));
    const kernels::selected_convolution p = select(g, {.far = true});
    CHECK(kernels::packed_size<float>(p) < kernels::packed_winograd_size(four, 64, 64));
    CHECK(kernels::packed_size<float>(p) < 2 * direct);
    CHECK(kernels::packed_gradient_size<float>(p) == kernels::packed_winograd_size(four, 64, 64));
    random_stream random{2027, 4};
    const winograd_problem e(g, 2, random);
    aligned_vector<float> packed(kernels::packed_size<float>(p));
    kernels::pack(dynamic{p}, e.w.data(), e.bias.data(), nullptr, nullptr, packed.data());
    aligned_vector<float> y(e.outputs);
    aligned_vector<float> scratch(kernels::scratch_size<float>(p));
    kernels::forward(dynamic{p}, 2, e.x.data(), packed.data(), nullptr, activation{}, y.data(), scratch.data());
    const auto near = e.forward<four>(nullptr, activation{});
    for (std::size_t k = 0; k < e.outputs; ++k) REQUIRE(y[k] == doctest::Approx(near[k]).epsilon(1e-3).scale(10));
}

TEST_CASE("kernels/winograd: forward and data gradient of the library, sums included, against the reference") {
    random_stream random{2027, 2};
    for (int i = 0; i < 20; ++i) {
        const int c = W * (1 + static_cast<int>(random.below(6)));
        const int o = W * (1 + static_cast<int>(random.below(6)));
        const int size = 8 + static_cast<int>(random.below(25));
        const winograd_problem e({{size, size + 3, c}, {size, size + 3, o}, 3, 3, 1, 1, 1, 1, 1, 1, 1}, 3, random);
        const convolution& g = e.g;
        const kernels::selected_convolution p = select(g);
        const std::string what = describe(g);
        CAPTURE(what);
        const auto w = in_double(e.w), dy = in_double(e.dy), x = in_double(e.x);
        const auto aw = in_double(e.w, true), ady = in_double(e.dy, true), ax = in_double(e.x, true);
        aligned_vector<double> dx(e.inputs), adx(e.inputs);
        kernels::reference::backward_data(g, e.n, dy.data(), w.data(), dx.data());
        kernels::reference::backward_data(g, e.n, ady.data(), aw.data(), adx.data());
        aligned_vector<float> packed(kernels::packed_gradient_size<float>(p));
        kernels::pack_gradient(dynamic{p}, e.w.data(), packed.data());
        aligned_vector<float> scratch(kernels::gradient_scratch_size<float>(p), not_written);
        aligned_vector<float> got(e.x.begin(), e.x.begin() + static_cast<std::ptrdiff_t>(e.inputs));
        kernels::backward_data(dynamic{p}, e.n, e.dy.data(), packed.data(), false, got.data(), scratch.data());
        CHECK_EQ(first_difference(got.data(), dx.data(), adx.data(), e.inputs, tolerance), -1);
        std::copy_n(e.x.begin(), e.inputs, got.begin());
        kernels::backward_data(dynamic{p}, e.n, e.dy.data(), packed.data(), true, got.data(), scratch.data());
        for (std::size_t k = 0; k < e.inputs; ++k) {
            dx[k] += x[k];
            adx[k] += ax[k];
        }
        CHECK_EQ(first_difference(got.data(), dx.data(), adx.data(), e.inputs, tolerance), -1);
    }
}

TEST_CASE("kernels/winograd: samples may be taken in any grouping, and the residual may be the output") {
    random_stream random{2027, 3};
    const winograd_problem e({{13, 10, 3 * W}, {13, 10, 2 * block}, 3, 3, 1, 1, 1, 1, 1, 1, 1}, 4, random);
    constexpr activation relu{activation_kind::relu, {}};
    const auto whole = e.forward<four>(e.residual.data(), relu);
    const kernels::winograd_image image = kernels::detail::image_of(e.g);
    const auto packed = e.packed<four>();
    auto scratch = e.scratch<four>();
    aligned_vector<float> y(e.residual.begin(), e.residual.begin() + static_cast<std::ptrdiff_t>(e.outputs));
    for (std::size_t s = 0; s < 4; ++s) {
        float* const at = y.data() + s * e.g.out.elements();
        kernels::convolve_winograd<four>(image, e.x.data() + s * e.g.in.elements(), packed.data(), at, relu, at,
                                         scratch.data());
    }
    CHECK_EQ(first_bit_difference(y.data(), whole.data(), e.outputs), -1);
}

TEST_CASE("kernels/winograd: an image takes no product outside of its set, whatever the share") {
    static int strangers = 0;
    random_stream random{2027, 5};
    const float* const none = nullptr;
    for (int i = 0; i < 100; ++i) {
        const winograd_problem e(any_winograd(random), 1, random);
        const kernels::tile_set set = kernels::winograd::products_taken<float>(four, kernels::detail::image_of(e.g));
        auto table = kernels::winograd::products_of<float>;
        for (std::size_t v = 0; v < table.size(); ++v) {
            for (std::size_t p = 0; p < table[v].size(); ++p) {
                if (set.holds(v + 1, static_cast<int>(p + 1))) continue;
                table[v][p] = [](const kernels::winograd::product_sweep<float>&) noexcept { ++strangers; };
            }
        }
        const auto packed = e.packed<four>();
        auto scratch = e.scratch<four>();
        aligned_vector<float> y(e.outputs);
        const int threads = 1 + static_cast<int>(random.below(4));
        for (int t = 0; t < threads; ++t) {
            const auto part = kernels::detail::slice_of(e.g, {t, threads}, four.out_h, four.out_w);
            if (part.g.out.pixels() == 0) continue;
            kernels::convolve_winograd<four>(kernels::detail::image_of(part.g), e.x.data(), packed.data(), none, {},
                                             y.data() + part.y, scratch.data(), table);
        }
    }
    CHECK_EQ(strangers, 0);
}
