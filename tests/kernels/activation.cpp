// SPDX-License-Identifier: MIT
#include <eenn/kernels/detail/activation.hpp>
#include <eenn/kernels/detail/reference.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

using namespace eenn;
using kernels::activation;
using kernels::activation_kind;

namespace {

constexpr activation all[] = {{activation_kind::none, {}},       {activation_kind::relu, {}},
                              {activation_kind::relu6, {}},      {activation_kind::leaky_relu, 0.1},
                              {activation_kind::sigmoid, {}},    {activation_kind::hard_sigmoid, {}},
                              {activation_kind::hard_swish, {}}, {activation_kind::tanh, {}}};

template <class T>
T apply(activation f, T u) {
    T y[lane_count<T>];
    store<T>(y, kernels::apply<T>(f, broadcast(u)));
    for (const T value : y) CHECK((value == y[0] || std::isnan(value)));
    return y[0];
}
template <class T>
T derivative(activation f, T dy, T y, T u) {
    T du[lane_count<T>];
    store<T>(du, kernels::derivative<T>(f, broadcast(dy), broadcast(y), broadcast(u)));
    return du[0];
}

}  // namespace

TEST_CASE("kernels/activation: values by hand") {
    CHECK_EQ(apply(all[1], -2.0F), 0.0F);
    CHECK_EQ(apply(all[1], 7.0F), 7.0F);
    CHECK_EQ(apply(all[2], 7.0F), 6.0F);
    CHECK_EQ(apply(all[3], -2.0F), -2.0F * 0.1F);
    CHECK_EQ(apply(all[4], 0.0F), 0.5F);
    CHECK_EQ(apply(all[5], 3.0F), 1.0F);
    CHECK_EQ(apply(all[5], -3.0F), 0.0F);
    CHECK_EQ(apply(all[6], 4.0F), 4.0F);
    CHECK_EQ(apply(all[6], -4.0F), 0.0F);
    CHECK_EQ(apply(all[7], 0.0F), 0.0F);
}

TEST_CASE("kernels/activation: values agree with libm and plain formulas to 8 epsilon") {
    for (const auto& f : all) {
        for (double u = -20; u <= 20; u += 0.0371) {
            const double wanted = kernels::reference::apply(f, u);
            CHECK(std::abs(apply(f, u) - wanted) <=
                  8 * std::numeric_limits<double>::epsilon() * std::max(1.0, std::abs(u)));
            const auto single = static_cast<float>(u);
            const double near = kernels::reference::apply(f, static_cast<double>(single));
            CHECK(std::abs(static_cast<double>(apply(f, single)) - near) <=
                  8 * static_cast<double>(std::numeric_limits<float>::epsilon()) * std::max(1.0, std::abs(u)));
        }
    }
}

TEST_CASE("kernels/activation: NaN in, NaN out") {
    for (const auto& f : all) {
        CHECK(std::isnan(apply(f, std::numeric_limits<float>::quiet_NaN())));
        CHECK(std::isnan(apply(f, std::numeric_limits<double>::quiet_NaN())));
        CHECK(std::isnan(derivative(f, std::numeric_limits<float>::quiet_NaN(), 0.5F, 0.5F)));
    }
}

TEST_CASE("kernels/activation: far arguments saturate") {
    for (const float far : {1e4F, std::numeric_limits<float>::infinity()}) {
        CHECK_EQ(apply(all[4], far), 1.0F);
        CHECK(apply(all[4], -far) >= 0.0F);
        CHECK(apply(all[4], -far) < 1e-37F);
        CHECK_EQ(apply(all[5], -far), 0.0F);
        CHECK_EQ(apply(all[7], far), doctest::Approx(1.0F).epsilon(1e-6));
    }
}

TEST_CASE("kernels/activation: derivatives agree with finite differences") {
    constexpr double h = 1e-6;
    for (const auto& f : all) {
        for (double u = -7.005; u < 7.1; u += 0.0391) {  // no point within h of a kink
            const double slope = (kernels::reference::apply(f, u + h) - kernels::reference::apply(f, u - h)) / (2 * h);
            const double y = apply(f, u);
            const double unused = std::numeric_limits<double>::quiet_NaN();
            const double got =
                kernels::needs_input(f.kind) ? derivative(f, 3.0, unused, u) : derivative(f, 3.0, y, unused);
            CHECK(got == doctest::Approx(3 * slope).epsilon(1e-7));
        }
    }
}

TEST_CASE("kernels/activation: a derivative at a kink takes the flat side") {
    CHECK_EQ(derivative(all[1], 1.0F, 0.0F, 0.0F), 0.0F);
    CHECK_EQ(derivative(all[2], 1.0F, 6.0F, 6.0F), 0.0F);
    CHECK_EQ(derivative(all[5], 1.0F, 1.0F, 3.0F), 0.0F);
}
