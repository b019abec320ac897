// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <cmath>
#include <eenn/core/random.hpp>
#include <eenn/training/losses.hpp>
#include <functional>
#include <limits>
#include <string>
#include <vector>

using namespace eenn;

namespace {

std::vector<double> normals(std::size_t count, std::uint64_t seed) {
    random_stream random{seed, 1};
    std::vector<double> v(count);
    for (double& x : v) x = 2 * random.normal();
    return v;
}

// Central differences with step 1e-5 in double: error about 1e-10.
void check_gradient(std::vector<double> z, const std::vector<double>& gradient,
                    const std::function<double(const std::vector<double>&)>& f) {
    REQUIRE(z.size() == gradient.size());
    constexpr double h = 1e-5;
    for (std::size_t i = 0; i < z.size(); ++i) {
        const double kept = z[i];
        z[i] = kept + h;
        const double up = f(z);
        z[i] = kept - h;
        const double down = f(z);
        z[i] = kept;
        CHECK(std::abs(gradient[i] - (up - down) / (2 * h)) < 1e-8);
    }
}

template <class F>
std::string message(F&& f) {
    try {
        f();
    } catch (const error& e) {
        return e.what();
    }
    return "nothing was thrown";
}

bool contains(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("training/losses: logits log 1, log 2, log 5 with label 2 cost log 8/5, gradient p - q") {
    const std::vector<double> z{std::log(1.0), std::log(2.0), std::log(5.0)};
    std::vector<double> g(3);
    CHECK(cross_entropy{}(z, std::vector<int>{2}, g) == doctest::Approx(std::log(1.6)).epsilon(1e-14));
    CHECK(g[0] == doctest::Approx(0.125).epsilon(1e-14));
    CHECK(g[1] == doctest::Approx(0.25).epsilon(1e-14));
    CHECK(g[2] == doctest::Approx(-0.375).epsilon(1e-14));
}

TEST_CASE("training/losses: smoothing 0.3 over three classes makes the target 0.8, 0.1, 0.1") {
    const std::vector<double> z{std::log(1.0), std::log(2.0), std::log(5.0)};
    std::vector<double> g(3);
    const double expected = -(0.8 * std::log(1 / 8.0) + 0.1 * std::log(2 / 8.0) + 0.1 * std::log(5 / 8.0));
    CHECK(cross_entropy{.smoothing = 0.3}(z, std::vector<int>{0}, g) == doctest::Approx(expected).epsilon(1e-13));
    CHECK(g[0] == doctest::Approx(0.125 - 0.8).epsilon(1e-13));
    CHECK(g[1] == doctest::Approx(0.25 - 0.1).epsilon(1e-13));
    CHECK(g[2] == doctest::Approx(0.625 - 0.1).epsilon(1e-13));
}

TEST_CASE("training/losses: a mixed target costs the weighted sum of its two labels' losses") {
    const auto z = normals(4 * 5, 1);
    const std::vector<int> a{0, 1, 2, 3};
    const std::vector<int> b{4, 1, 0, 2};
    const std::vector<float> share{0.25F};
    for (const double smoothing : {0.0, 0.1}) {
        const cross_entropy loss{.smoothing = smoothing};
        const double expected = 0.25 * loss(z, a) + 0.75 * loss(z, b);
        CHECK(loss(z, mixed_labels{a, b, share}) == doctest::Approx(expected).epsilon(1e-13));
    }
}

TEST_CASE("training/losses: gradients equal central differences") {
    const std::size_t n = 3;
    const std::size_t c = 5;
    const auto z = normals(n * c, 2);
    const auto t = normals(n * c, 3);
    const std::vector<int> a{0, 4, 2};
    const std::vector<int> b{1, 4, 0};
    const std::vector<float> share{0.25F, 0.5F, 1.0F};
    std::vector<double> g(n * c);
    for (const double smoothing : {0.0, 0.1, 1.0}) {
        const cross_entropy loss{.smoothing = smoothing};
        loss(z, a, g);
        check_gradient(z, g, [&](const auto& x) { return loss(x, a); });
        loss(z, mixed_labels{a, b, share}, g, {.weight = 0.7});
        check_gradient(z, g, [&](const auto& x) { return loss(x, mixed_labels{a, b, share}, {}, {.weight = 0.7}); });
    }
    squared_error{}(z, t, g);
    check_gradient(z, g, [&](const auto& x) { return squared_error{}(x, t); });
    for (const double temperature : {0.5, 1.0, 4.0}) {
        const distillation loss{.temperature = temperature};
        loss(z, t, c, g, {.weight = 1.5});
        check_gradient(z, g, [&](const auto& x) { return loss(x, t, c, {}, {.weight = 1.5}); });
    }
}

TEST_CASE("training/losses: squared errors of 1, 2 and 3 have mean 14/3") {
    std::vector<float> g(3);
    CHECK(squared_error{}(std::vector<float>{1, 2, 3}, std::vector<float>{0, 4, 0}, g) == doctest::Approx(14 / 3.0));
    CHECK(g[1] == doctest::Approx(-4 / 3.0));
}

TEST_CASE("training/losses: distillation of odds 4 into odds 1 at temperature 2 is 4 (2/3 log 4/3 + 1/3 log 2/3)") {
    const std::vector<double> teacher{std::log(4.0), 0};  // at temperature 2: odds 2, probabilities 2/3 and 1/3
    const std::vector<double> student{0, 0};
    std::vector<double> g(2);
    const double expected = 4 * (2 / 3.0 * std::log(4 / 3.0) + 1 / 3.0 * std::log(2 / 3.0));
    CHECK(distillation{.temperature = 2}(student, teacher, 2, g) == doctest::Approx(expected).epsilon(1e-13));
    CHECK(g[0] == doctest::Approx(2 * (0.5 - 2 / 3.0)).epsilon(1e-13));
    CHECK(g[1] == doctest::Approx(2 * (0.5 - 1 / 3.0)).epsilon(1e-13));
    CHECK(distillation{.temperature = 3}(teacher, teacher, 2, g) == doctest::Approx(0).epsilon(1e-15));
    CHECK(g[0] == 0);
}

TEST_CASE(
    "training/losses: the factor temperature squared makes a hot distillation the squared error of centred logits / "
    "C") {
    const auto z = normals(4, 5);
    const auto t = normals(4, 6);
    double z_mean = 0;
    double t_mean = 0;
    for (std::size_t c = 0; c < 4; ++c) {
        z_mean += z[c] / 4;
        t_mean += t[c] / 4;
    }
    std::vector<double> g(4);
    distillation{.temperature = 1e4}(z, t, 4, g);
    for (std::size_t c = 0; c < 4; ++c)
        CHECK(g[c] == doctest::Approx(((z[c] - z_mean) - (t[c] - t_mean)) / 4).epsilon(1e-3));
}

TEST_CASE("training/losses: a weighted, accumulated loss adds exactly its own gradient to what is there") {
    const auto z = normals(6, 7);
    const auto t = normals(6, 8);
    const std::vector<int> y{0, 2};
    std::vector<double> a(6);
    std::vector<double> b(6);
    std::vector<double> both(6);
    const double va = cross_entropy{}(z, y, a, {.weight = 0.25});
    const double vb = distillation{.temperature = 2}(z, t, 3, b, {.weight = 0.75});
    CHECK(va == doctest::Approx(0.25 * cross_entropy{}(z, y)));
    cross_entropy{}(z, y, both, {.weight = 0.25});
    CHECK(distillation{.temperature = 2}(z, t, 3, both, {.weight = 0.75, .accumulate = true}) == vb);
    for (std::size_t i = 0; i < 6; ++i) CHECK(both[i] == doctest::Approx(a[i] + b[i]).epsilon(1e-14));
    squared_error{}(z, t, both, {.weight = 2, .accumulate = true});
    for (std::size_t i = 0; i < 6; ++i)
        CHECK(both[i] == doctest::Approx(a[i] + b[i] + 2 * 2 * (z[i] - t[i]) / 6).epsilon(1e-13));
}

TEST_CASE(
    "training/losses: float follows double to 1e-6, huge logits do not overflow, gradients of a sample sum to zero") {
    const auto z = normals(8 * 10, 9);
    const std::vector<float> narrow(z.begin(), z.end());
    const std::vector<double> wide(narrow.begin(), narrow.end());
    const std::vector<int> y{0, 1, 2, 3, 4, 5, 6, 7};
    std::vector<float> g(80);
    CHECK(cross_entropy{.smoothing = 0.1}(narrow, y, g) ==
          doctest::Approx(cross_entropy{.smoothing = 0.1}(wide, y)).epsilon(1e-6));
    for (std::size_t i = 0; i < 8; ++i) {
        float sum = 0;
        for (std::size_t c = 0; c < 10; ++c) sum += g[i * 10 + c];
        CHECK(std::abs(sum) < 1e-7F);
    }
    const std::vector<float> huge{3e38F, -3e38F, 0};
    std::vector<float> h(3);
    CHECK(cross_entropy{}(huge, std::vector<int>{0}, h) == 0);
    CHECK(h == std::vector<float>{0, 0, 0});
    const std::vector<float> far{1e4F, 0, 0};
    CHECK(cross_entropy{}(far, std::vector<int>{1}) == 1e4);
    CHECK(std::isnan(
        cross_entropy{}(std::vector<float>{0, std::numeric_limits<float>::quiet_NaN()}, std::vector<int>{0})));
}

TEST_CASE("training/losses: errors name the argument and the index") {
    const std::vector<float> z(6);
    std::vector<float> g(5);
    const std::vector<float> share{0.5F};
    const std::vector<float> wrong_share{1.5F};
    const std::vector<int> fine{0, 1};
    const std::vector<int> low{0, -1};
    const std::vector<int> high{3, 0};
    const std::vector<int> none;
    CHECK(contains(message([&] { cross_entropy{}(z, low); }),
                   "cross_entropy: labels: label -1 at index 1 is outside of [0, 3)"));
    CHECK(contains(message([&] { cross_entropy{}(z, high); }), "label 3 at index 0"));
    CHECK(contains(message([&] {
                       cross_entropy{}(z, mixed_labels{fine, low, share});
                   }),
                   "second labels: label -1 at index 1"));
    CHECK(contains(message([&] { cross_entropy{}(z, mixed_labels{fine, fine, wrong_share}); }), "share: 1.5"));
    CHECK(contains(message([&] { cross_entropy{}(z, none); }), "no samples"));
    CHECK(contains(message([&] { cross_entropy{}(z, std::vector<int>{0, 0, 0, 0}); }), "6 elements for 4 samples"));
    CHECK(contains(message([&] { cross_entropy{}(z, fine, g); }), "gradient: 5 elements for 6"));
    CHECK(contains(message([&] { cross_entropy{.smoothing = 2}(z, fine); }), "smoothing: 2"));
    CHECK(contains(message([&] { squared_error{}(z, std::vector<float>(3)); }), "3 elements for 6"));
    CHECK(contains(message([&] { distillation{}(z, std::vector<float>(3), 3); }), "teacher: 3"));
    CHECK(contains(message([&] { distillation{.temperature = 0}(z, z, 3); }), "temperature: 0"));
    CHECK(contains(message([&] { distillation{}(z, z, 4); }), "6 elements for 4 classes"));
}
