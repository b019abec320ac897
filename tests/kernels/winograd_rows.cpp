// SPDX-License-Identifier: MIT
//
// winograd_rows.cpp - one-dimensional convolutions by kernels/detail/winograd.hpp: kernels of one row and 3, 5 or 7 columns.
#include <eenn/kernels/detail/convolution.hpp>
#include <eenn/kernels/detail/reference.hpp>

#include "winograd_problem.hpp"

using namespace eenn;
using namespace generated;
using kernels::activation;
using kernels::activation_kind;
using kernels::convolution;
using kernels::select;
using kernels::selected_convolution;
using kernels::winograd_form;

namespace {

constexpr int W = lane_count<float>;
constexpr int block = lane_count<float> * kernels::tuning::winograd_vectors;
constexpr winograd_form three{1, 6, 1, 3}, five{1, 4, 1, 5}, seven{1, 2, 1, 7};

convolution row_of(int h, int width, int left, int right, int taps, int in, int out) {
    return {{h, width, in}, {h, width + left + right - taps + 1, out}, 1, taps, 1, 1, 0, left, 1, 1, 1};
}

/// Outputs of any width, inputs narrower than the kernel, paddings that differ, up to three rows. Every window meets the
/// input: an output of padding alone is zero but for the roundings of its tile, which no magnitude of its own bounds.
convolution any_row(random_stream& random, int taps) {
    for (;;) {
        const int width = pick(random, 1, 33);
        const int left = pick(random, 0, taps - 1), right = pick(random, 0, taps - 1);
        if (width + left + right < taps) continue;
        return row_of(pick(random, 1, 3), width, left, right, taps, W * pick(random, 1, 5), W * pick(random, 1, 5));
    }
}

aligned_vector<float> forward(const winograd_problem& e, const float* residual_or_null, activation act) {
    if (e.g.kernel_w == 3) return e.forward<three>(residual_or_null, act);
    return e.g.kernel_w == 5 ? e.forward<five>(residual_or_null, act) : e.forward<seven>(residual_or_null, act);
}

// Of the sum of magnitudes, in epsilons: four times the largest error met, a third of what F(4x4,3x3) is allowed.
constexpr double tolerance = 100;
constexpr activation relu{activation_kind::relu, {}};

}  // namespace

TEST_CASE(
    "kernels/winograd: rows of 3, 5 and 7 taps agree with the reference in double, any width, padding, channels") {
    random_stream random{2028, 2};
    for (const int taps : {3, 5, 7}) {
        double largest = 0;
        for (int i = 0; i < 200; ++i) {
            const winograd_problem e(any_row(random, taps), 2, random);
            const convolution& g = e.g;
            const std::string what = describe(g);
            CAPTURE(what);
            constexpr activation kinds[]{{}, relu, {activation_kind::relu6, {}}, {activation_kind::hard_swish, {}}};
            const activation act = kinds[i % 4];
            const bool with_residual = i % 3 != 0;
            const auto x = in_double(e.x), w = in_double(e.w), bias = in_double(e.bias),
                       residual = in_double(e.residual);
            const auto ax = in_double(e.x, true), aw = in_double(e.w, true), abias = in_double(e.bias, true),
                       aresidual = in_double(e.residual, true);
            aligned_vector<double> wanted(e.outputs), magnitude(e.outputs);
            kernels::reference::forward(g, e.n, x.data(), w.data(), bias.data(),
                                        with_residual ? residual.data() : nullptr, act, wanted.data());
            kernels::reference::forward(g, e.n, ax.data(), aw.data(), abias.data(), aresidual.data(), activation{},
                                        magnitude.data());
            const auto y = forward(e, with_residual ? e.residual.data() : nullptr, act);
            CHECK_EQ(first_difference(y.data(), wanted.data(), magnitude.data(), e.outputs, tolerance), -1);
            for (std::size_t k = 0; k < e.outputs; ++k)
                largest = std::max(largest, std::abs(y[k] - wanted[k]) / magnitude[k]);
        }
        MESSAGE(taps << " taps: largest error " << largest / std::numeric_limits<float>::epsilon()
                     << " epsilons of the magnitudes");
    }
}

TEST_CASE("kernels/winograd: rows take it where it pays, forward and for the data gradient") {
    const auto taken = [](const convolution& g) {
        const selected_convolution p = select(g);
        CHECK_EQ(kernels::scratch_size<float>(p) > 0, p.chosen.forward.by == kernels::algorithm::winograd);
        return kernels::scratch_size<float>(p) > 0 && kernels::gradient_scratch_size<float>(p) > 0;
    };
    for (const int taps : {3, 5}) {
        CHECK_EQ(taken(row_of(1, 96, taps / 2, taps / 2, taps, 4 * block, 4 * block)), kernels::has_winograd<float>);
        CHECK_FALSE(taken(row_of(1, 1, taps / 2, taps / 2, taps, 4 * block, 4 * block)));
        CHECK_FALSE(taken(row_of(1, 96, taps / 2, taps / 2, taps, 4 * block + 1, 4 * block)));
        convolution g = row_of(1, 96, taps / 2, taps / 2, taps, 4 * block, 4 * block);
        g.groups = 2;
        CHECK_FALSE(taken(g));
        g.groups = 1;
        g.stride_w = 2;
        g.out.w = 48;
        CHECK_FALSE(taken(g));
    }
    CHECK_FALSE(taken(row_of(1, 96, 1, 2, 4, 4 * block, 4 * block)));
    CHECK_EQ(kernels::scratch_size<double>(select(row_of(1, 96, 2, 2, 5, 64, 64))), 0);
}

TEST_CASE("kernels/winograd: rows forward and backward as the library does it, against the reference") {
    random_stream random{2028, 3};
    int by_winograd = 0;
    for (int i = 0; i < 90; ++i) {
        const int taps = 3 + 2 * (i % 3);
        const int width = i < 66 ? taps / 3 + i / 2 : pick(random, 34, 100);
        const int left = pick(random, 0, taps - 1);
        const winograd_problem e(row_of(pick(random, 1, 2), width, left, taps - 1 - left, taps,
                                        std::max(W, 8) * pick(random, 1, 8), std::max(W, 8) * pick(random, 1, 8)),
                                 3, random);
        const convolution& g = e.g;
        const selected_convolution p = select(g);
        const std::string what = describe(g);
        CAPTURE(what);
        by_winograd += kernels::scratch_size<float>(p) > 0 ? 1 : 0;
        const auto w = in_double(e.w), dy = in_double(e.dy), x = in_double(e.x), bias = in_double(e.bias);
        const auto aw = in_double(e.w, true), ady = in_double(e.dy, true), ax = in_double(e.x, true),
                   abias = in_double(e.bias, true);
        aligned_vector<double> y(e.outputs), ay(e.outputs), dx(e.inputs), adx(e.inputs);
        kernels::reference::forward(g, e.n, x.data(), w.data(), bias.data(), static_cast<const double*>(nullptr), relu,
                                    y.data());
        kernels::reference::forward(g, e.n, ax.data(), aw.data(), abias.data(), static_cast<const double*>(nullptr),
                                    activation{}, ay.data());
        kernels::reference::backward_data(g, e.n, dy.data(), w.data(), dx.data());
        kernels::reference::backward_data(g, e.n, ady.data(), aw.data(), adx.data());
        aligned_vector<float> packed(kernels::packed_size<float>(p), not_written);
        aligned_vector<float> packed_gradient(kernels::packed_gradient_size<float>(p), not_written);
        aligned_vector<float> scratch(
            std::max(kernels::scratch_size<float>(p), kernels::gradient_scratch_size<float>(p)), not_written);
        kernels::pack(dynamic{p}, e.w.data(), e.bias.data(), nullptr, nullptr, packed.data());
        kernels::pack_gradient(dynamic{p}, e.w.data(), packed_gradient.data());
        aligned_vector<float> got(e.outputs, not_written);
        kernels::forward(dynamic{p}, e.n, e.x.data(), packed.data(), nullptr, relu, got.data(), scratch.data());
        CHECK_EQ(first_difference(got.data(), y.data(), ay.data(), e.outputs, tolerance), -1);
        got.assign(e.inputs, not_written);
        kernels::backward_data(dynamic{p}, e.n, e.dy.data(), packed_gradient.data(), false, got.data(), scratch.data());
        CHECK_EQ(first_difference(got.data(), dx.data(), adx.data(), e.inputs, tolerance), -1);
        std::copy_n(e.x.begin(), e.inputs, got.begin());
        kernels::backward_data(dynamic{p}, e.n, e.dy.data(), packed_gradient.data(), true, got.data(), scratch.data());
        for (std::size_t k = 0; k < e.inputs; ++k) {
            dx[k] += x[k];
            adx[k] += ax[k];
        }
        CHECK_EQ(first_difference(got.data(), dx.data(), adx.data(), e.inputs, tolerance), -1);
    }
    CHECK_EQ(by_winograd > 30, kernels::has_winograd<float>);
}

TEST_CASE(
    "kernels/winograd: rows give the same bits from a constant geometry, in any batch, and where the residual is the "
    "output") {
    static constexpr convolution g{{1, 46, 2 * block}, {1, 46, 4 * block}, 1, 5, 1, 1, 0, 2, 1, 1, 1};
    static constexpr selected_convolution p = select(g);
    random_stream random{2028, 4};
    const winograd_problem e(g, 4, random);
    aligned_vector<float> packed(kernels::packed_size<float>(p));
    aligned_vector<float> packed_gradient(kernels::packed_gradient_size<float>(p));
    aligned_vector<float> scratch(std::max(kernels::scratch_size<float>(p), kernels::gradient_scratch_size<float>(p)));
    kernels::pack(dynamic{p}, e.w.data(), e.bias.data(), nullptr, nullptr, packed.data());
    kernels::pack_gradient(dynamic{p}, e.w.data(), packed_gradient.data());
    aligned_vector<float> whole(e.outputs),
        y(e.residual.begin(), e.residual.begin() + static_cast<std::ptrdiff_t>(e.outputs));
    kernels::forward(dynamic{p}, 4, e.x.data(), packed.data(), e.residual.data(), relu, whole.data(), scratch.data());
    aligned_vector<float> dx(e.inputs), dx_by_one(e.inputs);
    kernels::backward_data(dynamic{p}, 4, e.dy.data(), packed_gradient.data(), false, dx.data(), scratch.data());
    for (std::size_t s = 0; s < 4; ++s) {
        float* const at = y.data() + s * g.out.elements();
        kernels::forward(constant<p>{}, 1, e.x.data() + s * g.in.elements(), packed.data(), at, relu, at,
                         scratch.data());
        kernels::backward_data(constant<p>{}, 1, e.dy.data() + s * g.out.elements(), packed_gradient.data(), false,
                               dx_by_one.data() + s * g.in.elements(), scratch.data());
    }
    CHECK_EQ(first_bit_difference(y.data(), whole.data(), e.outputs), -1);
    CHECK_EQ(first_bit_difference(dx_by_one.data(), dx.data(), e.inputs), -1);
}
