// SPDX-License-Identifier: MIT
#include <eenn/kernels/detail/convolution.hpp>
#include <eenn/kernels/detail/reference.hpp>

#include "generated.hpp"

using namespace eenn;
using namespace generated;
using kernels::activation;
using kernels::activation_kind;
using kernels::convolution;
using kernels::select;
using kernels::selected_convolution;

namespace {

constexpr activation relu{activation_kind::relu, {}};

template <class T>
aligned_vector<T> packed_of(const selected_convolution& p, const T* w, const T* bias) {
    aligned_vector<T> packed(kernels::packed_size<T>(p), std::numeric_limits<T>::quiet_NaN());
    kernels::pack(dynamic{p}, w, bias, nullptr, nullptr, packed.data());
    return packed;
}
template <class T>
aligned_vector<T> packed_gradient_of(const selected_convolution& p, const T* w) {
    aligned_vector<T> packed(kernels::packed_gradient_size<T>(p), std::numeric_limits<T>::quiet_NaN());
    kernels::pack_gradient(dynamic{p}, w, packed.data());
    return packed;
}

template <class T>
aligned_vector<T> scratch_of(const selected_convolution& p) {
    return aligned_vector<T>(std::max({kernels::scratch_size<T>(p), kernels::gradient_scratch_size<T>(p),
                                       kernels::weight_scratch_size<T>(p)}),
                             std::numeric_limits<T>::quiet_NaN());
}

std::size_t weight_count(const convolution& g) {
    return static_cast<std::size_t>(g.kernel_h * g.kernel_w * (g.in.c / g.groups) * g.out.c);
}

/// One random problem with all its tensors, n samples.
template <class T>
struct example {
    convolution g;
    selected_convolution p;
    int n;
    std::size_t inputs, outputs, weights;
    numbers<T> x, w, bias, residual, dy;

    example(const convolution& geometry, int samples, random_stream& random, const kernels::target& on = {})
        : g{geometry},
          p{select(geometry, on)},
          n{samples},
          inputs{static_cast<std::size_t>(n) * g.in.elements()},
          outputs{static_cast<std::size_t>(n) * g.out.elements()},
          weights{weight_count(g)},
          x(inputs, random),
          w(weights, random),
          bias(static_cast<std::size_t>(g.out.c), random),
          residual(outputs, random),
          dy(outputs, random) {}

    aligned_vector<T> forward(bool with_residual, activation act) const {
        aligned_vector<T> y(outputs, std::numeric_limits<T>::quiet_NaN());
        kernels::forward(dynamic{p}, n, x.data(), packed_of(p, w.data(), bias.data()).data(),
                         with_residual ? residual.data() : nullptr, act, y.data(), scratch_of<T>(p).data());
        return y;
    }
    aligned_vector<T> backward_data() const {
        aligned_vector<T> dx(inputs, std::numeric_limits<T>::quiet_NaN());
        kernels::backward_data(dynamic{p}, n, dy.data(), packed_gradient_of(p, w.data()).data(), false, dx.data(),
                               scratch_of<T>(p).data());
        return dx;
    }
    aligned_vector<T> backward_weights() const {  // dw, then dbias
        aligned_vector<T> dw(weights + static_cast<std::size_t>(g.out.c), T(0.5));
        kernels::backward_weights(dynamic{p}, n, x.data(), dy.data(), dw.data(), dw.data() + weights,
                                  scratch_of<T>(p).data());
        return dw;
    }
};

// The bound on the error of a sum of products in T, one rounding a term: terms epsilon / 2 times the sum of magnitudes;
// 64 epsilon allows the at most 25 x 33 = 825 terms here their usual (square root) growth, with a factor of 2.
constexpr double tolerance = 64;

template <class T>
void matches_reference(const convolution& g, random_stream& random) {
    const std::string what = describe(g);
    CAPTURE(what);
    const example<T> e(g, 2, random);
    const auto x = in_double(e.x), w = in_double(e.w), bias = in_double(e.bias), residual = in_double(e.residual),
               dy = in_double(e.dy);
    const auto ax = in_double(e.x, true), aw = in_double(e.w, true), abias = in_double(e.bias, true),
               aresidual = in_double(e.residual, true), ady = in_double(e.dy, true);
    aligned_vector<double> wanted(e.outputs), magnitude(e.outputs);

    kernels::reference::forward(g, e.n, x.data(), w.data(), bias.data(), residual.data(), relu, wanted.data());
    kernels::reference::forward(g, e.n, ax.data(), aw.data(), abias.data(), aresidual.data(), activation{},
                                magnitude.data());
    CHECK_EQ(first_difference(e.forward(true, relu).data(), wanted.data(), magnitude.data(), e.outputs, tolerance), -1);

    aligned_vector<double> dx(e.inputs), adx(e.inputs);
    kernels::reference::backward_data(g, e.n, dy.data(), w.data(), dx.data());
    kernels::reference::backward_data(g, e.n, ady.data(), aw.data(), adx.data());
    const auto got = e.backward_data();
    CHECK_EQ(first_difference(got.data(), dx.data(), adx.data(), e.inputs, tolerance), -1);
    aligned_vector<T> added(e.x.begin(), e.x.begin() + static_cast<std::ptrdiff_t>(e.inputs));
    kernels::backward_data(dynamic{e.p}, e.n, e.dy.data(), packed_gradient_of(e.p, e.w.data()).data(), true,
                           added.data(), scratch_of<T>(e.p).data());
    for (std::size_t i = 0; i < e.inputs; ++i) {
        dx[i] += x[i];
        adx[i] += ax[i];
    }
    CHECK_EQ(first_difference(added.data(), dx.data(), adx.data(), e.inputs, tolerance), -1);

    const std::size_t all = e.weights + static_cast<std::size_t>(g.out.c);
    aligned_vector<double> dw(all, 0.5), adw(all, 0.5);
    kernels::reference::backward_weights(g, e.n, x.data(), dy.data(), dw.data(), dw.data() + e.weights);
    kernels::reference::backward_weights(g, e.n, ax.data(), ady.data(), adw.data(), adw.data() + e.weights);
    const double allowed = kernels::weight_scratch_size<T>(e.p) > 0 ? 6 * tolerance : tolerance;  // by Winograd
    CHECK_EQ(first_difference(e.backward_weights().data(), dw.data(), adw.data(), all, allowed), -1);
}

// 3x3, same padding, so that all nine rectangles of the plane occur.
constexpr convolution same3x3{{5, 9, 3}, {5, 9, 17}, 3, 3, 1, 1, 1, 1, 1, 1, 1};

}  // namespace

TEST_CASE("kernels/convolution: a 1x2 kernel by hand") {
    const convolution g{{1, 3, 1}, {1, 3, 2}, 1, 2, 1, 1, 0, 0, 1, 1, 1};  // one padded column on the right
    const selected_convolution p = select(g);
    const float x[] = {1, 2, 3};
    const float w[] = {10, -1, 100, -2};  // [kx][o]
    const float bias[] = {0.5F, 0};
    const auto packed = packed_of(p, w, bias);
    float y[6];
    kernels::forward(dynamic{p}, 1, x, packed.data(), nullptr, activation{}, y, nullptr);
    const float wanted[] = {210.5F, -5, 320.5F, -8, 30.5F, -3};
    for (int i = 0; i < 6; ++i) CHECK_EQ(y[i], wanted[i]);
    kernels::forward(dynamic{p}, 1, x, packed.data(), nullptr, relu, y, nullptr);
    CHECK_EQ(y[1], 0.0F);

    const float dy[] = {1, 0, 0, 1, 0, 0};
    float dx[3];
    kernels::backward_data(dynamic{p}, 1, dy, packed_gradient_of(p, w).data(), false, dx, nullptr);
    CHECK_EQ(dx[0], 10.0F);
    CHECK_EQ(dx[1], 99.0F);  // 100 from the first output, -1 from the second
    CHECK_EQ(dx[2], -2.0F);
    float dw[4] = {1, 0, 0, 0};
    float dbias[2] = {0, 5};
    kernels::backward_weights(dynamic{p}, 1, x, dy, dw, dbias, nullptr);
    CHECK_EQ(dw[0], 2.0F);  // 1 + x[0]
    CHECK_EQ(dw[1], 2.0F);
    CHECK_EQ(dw[2], 2.0F);
    CHECK_EQ(dw[3], 3.0F);
    CHECK_EQ(dbias[0], 1.0F);
    CHECK_EQ(dbias[1], 6.0F);
}

TEST_CASE("kernels/convolution: three depthwise columns slide over lines of any length") {
    random_stream random{7};
    for (const int stride : {1, 2}) {
        for (int pad_left = 0; pad_left <= 2; ++pad_left) {
            for (int width = 1; width <= 19; ++width) {
                // Outputs to the right: none, or some, of whose taps one or two lie outside.
                for (int outside = 0; outside <= 2; ++outside) {
                    const int out = (width + pad_left + outside - 3) / stride + 1;
                    if (width + pad_left + outside < 3) continue;
                    for (const int channels : {3, 16, 19}) {
                        const convolution g{
                            {4, width, channels}, {4, out, channels}, 3, 3, 1, stride, 1, pad_left, 1, 1, channels};
                        matches_reference<float>(g, random);
                    }
                }
            }
        }
    }
}

TEST_CASE("kernels/convolution: float agrees with plain loops over odd geometries") {
    random_stream random{2026, 1};
    for (int i = 0; i < 250; ++i) matches_reference<float>(any_convolution(random), random);
}

TEST_CASE("kernels/convolution: double agrees with plain loops over odd geometries") {
    random_stream random{2026, 2};
    for (int i = 0; i < 100; ++i) matches_reference<double>(any_convolution(random), random);
}

TEST_CASE("kernels/convolution: the shapes of small networks agree with plain loops") {
    random_stream random{2026, 3};
    for (const auto& g : {convolution{{12, 12, 16}, {12, 12, 16}, 3, 3, 1, 1, 1, 1, 1, 1, 1},
                          convolution{{8, 8, 16}, {4, 4, 32}, 3, 3, 2, 2, 0, 0, 1, 1, 1},
                          convolution{{10, 10, 3}, {10, 10, 16}, 3, 3, 1, 1, 1, 1, 1, 1, 1},
                          convolution{{10, 11, 4}, {10, 11, 16}, 3, 3, 1, 1, 1, 1, 1, 1, 1},
                          convolution{{8, 8, 24}, {8, 8, 48}, 1, 1, 1, 1, 0, 0, 1, 1, 1},
                          convolution{{9, 5, 24}, {9, 5, 24}, 3, 3, 1, 1, 1, 1, 1, 1, 24},
                          convolution{{9, 9, 40}, {5, 5, 40}, 3, 3, 2, 2, 1, 1, 1, 1, 40},
                          convolution{{9, 20, 8}, {9, 20, 8}, 5, 5, 1, 1, 2, 2, 1, 1, 8},
                          convolution{{12, 10, 1}, {6, 5, 64}, 10, 4, 2, 2, 4, 1, 1, 1, 1},
                          convolution{{1, 60, 8}, {1, 60, 32}, 1, 5, 1, 1, 0, 2, 1, 1, 1},
                          convolution{{1, 1, 70}, {1, 1, 140}, 1, 1, 1, 1, 0, 0, 1, 1, 1},
                          convolution{{2, 2, 9}, {2, 2, 80}, 3, 3, 1, 1, 1, 1, 1, 1, 1}}) {
        matches_reference<float>(g, random);
    }
}

TEST_CASE("kernels/convolution: five samples are five times one, bit for bit") {
    random_stream random{2026, 4};
    for (int i = 0; i < 60; ++i) {
        convolution g = any_convolution(random);
        if (i % 4 == 0) g = {{2, 3, g.in.c}, {2, 3, g.out.c}, 1, 1, 1, 1, 0, 0, 1, 1, g.groups};  // joined samples
        const std::string what = describe(g);
        CAPTURE(what);
        const example<float> e(g, 5, random);
        const auto packed = packed_of(e.p, e.w.data(), e.bias.data());
        const auto packed_gradient = packed_gradient_of(e.p, e.w.data());
        auto scratch = scratch_of<float>(e.p);
        aligned_vector<float> y(e.outputs), dx(e.inputs), dw(e.weights + static_cast<std::size_t>(g.out.c), 0.5F);
        for (std::size_t s = 0; s < 5; ++s) {
            const std::size_t in = s * g.in.elements();
            const std::size_t out = s * g.out.elements();
            kernels::forward(dynamic{e.p}, 1, e.x.data() + in, packed.data(), e.residual.data() + out, relu,
                             y.data() + out, scratch.data());
            kernels::backward_data(dynamic{e.p}, 1, e.dy.data() + out, packed_gradient.data(), false, dx.data() + in,
                                   scratch.data());
            kernels::backward_weights(dynamic{e.p}, 1, e.x.data() + in, e.dy.data() + out, dw.data(),
                                      dw.data() + e.weights, scratch.data());
        }
        CHECK_EQ(first_bit_difference(y.data(), e.forward(true, relu).data(), e.outputs), -1);
        CHECK_EQ(first_bit_difference(dx.data(), e.backward_data().data(), e.inputs), -1);
        if (kernels::weight_scratch_size<float>(e.p) == 0)
            CHECK_EQ(first_bit_difference(dw.data(), e.backward_weights().data(), dw.size()), -1);
    }
}

TEST_CASE("kernels/convolution: the shares of any number of threads are the whole, bit for bit, and nothing beside") {
    random_stream random{2026, 11};
    for (int i = 0; i < 150; ++i) {
        convolution g = any_convolution(random);
        if (i % 5 == 0) g = {{4, 5, g.in.c}, {4, 5, g.out.c}, 1, 1, 1, 1, 0, 0, 1, 1, g.groups};  // pointwise
        if (i % 5 == 2) g = {{1, 37, 16}, {1, 37, 32}, 1, 5, 1, 1, 0, 2, 1, 1, 1};                // Winograd by rows
        if (i % 5 == 1) g = {{13, 11, 16}, {13, 11, 32}, 3, 3, 1, 1, 1, 1, 1, 1, 1};              // Winograd
        const std::string what = describe(g);
        CAPTURE(what);
        const example<float> e(g, 1, random, {.far = i % 2 == 0});
        const auto packed = packed_of(e.p, e.w.data(), e.bias.data());
        const auto whole = e.forward(true, relu);
        for (const int count : {2, 3, 7}) {
            aligned_vector<float> y(e.outputs, std::numeric_limits<float>::quiet_NaN());
            std::vector<int> made(e.outputs, 0);
            for (int t = 0; t < count; ++t) {
                auto scratch = scratch_of<float>(e.p);
                aligned_vector<float> part(e.outputs, std::numeric_limits<float>::quiet_NaN());
                kernels::forward(dynamic{e.p}, 1, e.x.data(), packed.data(), e.residual.data(), relu, part.data(),
                                 scratch.data(), {t, count});
                for (std::size_t k = 0; k < e.outputs; ++k) {
                    if (std::isnan(part[k])) continue;
                    y[k] = part[k];
                    ++made[k];
                }
            }
            CAPTURE(count);
            CHECK_EQ(first_bit_difference(y.data(), whole.data(), e.outputs), -1);
            CHECK(made == std::vector<int>(e.outputs, 1));
        }
    }
}

TEST_CASE("kernels/convolution: a constant geometry gives the bits of a dynamic one") {
    random_stream random{2026, 5};
    const example<float> e(same3x3, 2, random);
    constexpr constant<select(same3x3)> known{};
    aligned_vector<float> y(e.outputs), dx(e.inputs), dw(e.weights + static_cast<std::size_t>(same3x3.out.c), 0.5F);
    kernels::forward(known, 2, e.x.data(), packed_of(e.p, e.w.data(), e.bias.data()).data(), e.residual.data(), relu,
                     y.data(), nullptr);
    kernels::backward_data(known, 2, e.dy.data(), packed_gradient_of(e.p, e.w.data()).data(), false, dx.data(),
                           nullptr);
    kernels::backward_weights(known, 2, e.x.data(), e.dy.data(), dw.data(), dw.data() + e.weights, nullptr);
    CHECK_EQ(first_bit_difference(y.data(), e.forward(true, relu).data(), e.outputs), -1);
    CHECK_EQ(first_bit_difference(dx.data(), e.backward_data().data(), e.inputs), -1);
    CHECK_EQ(first_bit_difference(dw.data(), e.backward_weights().data(), dw.size()), -1);
}

TEST_CASE("kernels/convolution: an output does not depend on its tile") {
    // Cut from an image four columns wider, the inner outputs see the same inputs through tiles of 1, 2, 3, ... pixels.
    random_stream random{2026, 6};
    for (const int channels : {3, 17, 33, 65}) {  // none that Winograd takes
        for (const int groups : {1, channels}) {
            for (int width = 3; width < 16; ++width) {
                const convolution narrow{{3, width, channels}, {3, width, channels}, 3, 3, 1, 1, 1, 1, 1, 1, groups};
                const convolution wide{
                    {3, width + 4, channels}, {3, width + 4, channels}, 3, 3, 1, 1, 1, 1, 1, 1, groups};
                const example<float> w(wide, 1, random);
                aligned_vector<float> x(narrow.in.elements());
                for (int row = 0; row < 3; ++row) {
                    std::memcpy(x.data() + row * width * channels, w.x.data() + (row * (width + 4) + 3) * channels,
                                sizeof(float) * static_cast<std::size_t>(width * channels));
                }
                aligned_vector<float> y(narrow.out.elements());
                kernels::forward(dynamic{select(narrow)}, 1, x.data(),
                                 packed_of(select(narrow), w.w.data(), w.bias.data()).data(), nullptr, relu, y.data(),
                                 nullptr);
                const auto whole = w.forward(false, relu);
                for (int row = 0; row < 3; ++row) {
                    CHECK_EQ(first_bit_difference(y.data() + (row * width + 1) * channels,
                                                  whole.data() + (row * (width + 4) + 4) * channels,
                                                  static_cast<std::size_t>((width - 2) * channels)),
                             -1);
                }
            }
        }
    }
}

TEST_CASE("kernels/convolution: gradients agree with finite differences") {
    random_stream random{2026, 7};
    for (int i = 0; i < 30; ++i) {
        const convolution g = any_convolution(random);
        const std::string what = describe(g);
        CAPTURE(what);
        example<double> e(g, 1, random);
        const auto loss = [&] {  // <y, dy>, whose gradients are dx, dw, dbias
            const auto y = e.forward(false, activation{});
            double sum = 0;
            for (std::size_t k = 0; k < e.outputs; ++k) sum += y[k] * e.dy[k];
            return sum;
        };
        const auto slope = [&](double& parameter) {  // exact but for rounding: the loss is linear in each parameter
            const double kept = parameter;
            parameter = kept + 0.5;
            const double above = loss();
            parameter = kept - 0.5;
            const double below = loss();
            parameter = kept;
            return above - below;
        };
        const auto dx = e.backward_data();
        const auto dw = e.backward_weights();
        const std::size_t a = random.below(e.inputs), b = random.below(e.weights),
                          c = random.below(static_cast<std::uint64_t>(g.out.c));
        CHECK(slope(e.x[a]) == doctest::Approx(dx[a]).epsilon(1e-9));
        CHECK(slope(e.w[b]) == doctest::Approx(dw[b] - 0.5).epsilon(1e-9));
        CHECK(slope(e.bias[c]) == doctest::Approx(dw[e.weights + c] - 0.5).epsilon(1e-9));
    }
}

TEST_CASE("kernels/convolution: pack() folds a scale and a shift per channel") {
    random_stream random{2026, 8};
    for (const int groups : {1, 3, 9}) {
        const convolution g{{4, 4, 9}, {4, 4, 9}, 3, 3, 1, 1, 1, 1, 1, 1, groups};
        const example<float> e(g, 1, random);
        const numbers<float> scale(9, random), shift(9, random);
        aligned_vector<float> packed(kernels::packed_size<float>(e.p)), y(e.outputs);
        kernels::pack(dynamic{e.p}, e.w.data(), e.bias.data(), scale.data(), shift.data(), packed.data());
        kernels::forward(dynamic{e.p}, 1, e.x.data(), packed.data(), nullptr, activation{}, y.data(), nullptr);
        const auto plain = e.forward(false, activation{});
        for (std::size_t i = 0; i < e.outputs; ++i) {
            CHECK(y[i] == doctest::Approx(plain[i] * scale[i % 9] + shift[i % 9]).epsilon(1e-4));
        }
    }
}

TEST_CASE("kernels/convolution: the residual may be the output") {
    random_stream random{2026, 9};
    const example<float> e(same3x3, 2, random);
    aligned_vector<float> y(e.residual.begin(), e.residual.begin() + static_cast<std::ptrdiff_t>(e.outputs));
    kernels::forward(dynamic{e.p}, 2, e.x.data(), packed_of(e.p, e.w.data(), e.bias.data()).data(), y.data(), relu,
                     y.data(), nullptr);
    CHECK_EQ(first_bit_difference(y.data(), e.forward(true, relu).data(), e.outputs), -1);
}

TEST_CASE("kernels/convolution: NaN reaches every output whose window holds it, and no other") {
    random_stream random{2026, 10};
    for (const int groups : {1, 9}) {
        const convolution g{{6, 7, 9}, {6, 7, 9}, 3, 3, 1, 1, 1, 1, 1, 1, groups};
        example<float> e(g, 1, random);
        e.x[static_cast<std::size_t>((2 * 7 + 0) * 9 + 4)] = std::numeric_limits<float>::quiet_NaN();
        const auto y = e.forward(false, relu);
        for (int row = 0; row < 6; ++row) {
            for (int column = 0; column < 7; ++column) {
                for (int c = 0; c < 9; ++c) {
                    const bool meets = row >= 1 && row <= 3 && column <= 1 && (groups == 1 || c == 4);
                    CHECK_EQ(std::isnan(y[static_cast<std::size_t>((row * 7 + column) * 9 + c)]), meets);
                }
            }
        }
    }
}

TEST_CASE("kernels/convolution: weights can be packed at compile time") {
    static constexpr selected_convolution p = select({{1, 2, 2}, {1, 1, 1}, 1, 2, 1, 1, 0, 0, 1, 1, 1});
    static constexpr auto packed = [] {
        std::array<float, kernels::packed_size<float>(p)> made{};
        constexpr float w[] = {1, 2, 3, 4};
        kernels::pack(constant<p>{}, w, nullptr, nullptr, nullptr, made.data());
        return made;
    }();
    const float x[] = {1, 10, 100, 1000};
    float y = 0;
    kernels::forward(constant<p>{}, 1, x, packed.data(), nullptr, activation{}, &y, nullptr);
    CHECK_EQ(y, 4321.0F);
}
