// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <cmath>
#include <eenn/core/random.hpp>
#include <eenn/training/averaging.hpp>
#include <vector>

using namespace eenn;

TEST_CASE("training/averaging: decay 0.5 over weights 1, 3, 7 gives 1, 2, 4.5 as it stands and 1, 7/3, 5 with warm-up") {
    weight_average<double> plain;
    weight_average<double> corrected;
    const double expected_plain[] = {1, 2, 4.5};
    const double expected_corrected[] = {1, (1 + 2 * 3) / 3.0, (1 + 2 * 3 + 4 * 7) / 7.0};
    const double weights[] = {1, 3, 7};
    for (int t = 0; t < 3; ++t) {
        moving_average{.decay = 0.5, .warm_up = false}.update(plain, std::vector<double>{weights[t]});
        moving_average{.decay = 0.5}.update(corrected, std::vector<double>{weights[t]});
        CHECK(plain.weights[0] == doctest::Approx(expected_plain[t]).epsilon(1e-14));
        CHECK(corrected.weights[0] == doctest::Approx(expected_corrected[t]).epsilon(1e-14));
    }
    CHECK(plain.updates == 3);
}

TEST_CASE("training/averaging: with warm-up the average equals the bias-corrected sum after any number of updates") {
    random_stream random{6, 1};
    const double decay = 0.97;
    weight_average<double> average;
    double sum = 0;
    for (int t = 1; t <= 300; ++t) {
        const double w = random.normal();
        sum = decay * sum + (1 - decay) * w;
        moving_average{.decay = decay}.update(average, std::vector<double>{w});
        CHECK(average.weights[0] == doctest::Approx(sum / (1 - std::pow(decay, t))).epsilon(1e-10));
    }
}

TEST_CASE("training/averaging: weights that stay are their own average, decay 0 follows the last weights") {
    const std::vector<float> w{1.5F, -2, 3};
    weight_average<float> still;
    for (int t = 0; t < 50; ++t) moving_average{}.update(still, w);
    for (std::size_t i = 0; i < 3; ++i) CHECK(still.weights[i] == w[i]);
    weight_average<float> last;
    moving_average{.decay = 0}.update(last, w);
    moving_average{.decay = 0}.update(last, std::vector<float>{4, 5, 6});
    CHECK(last.weights[2] == 6);
}

TEST_CASE("training/averaging: another size or a decay of 1 is refused and changes nothing") {
    weight_average<float> average;
    moving_average{}.update(average, std::vector<float>{1, 2});
    CHECK_THROWS_AS(moving_average{}.update(average, std::vector<float>{1}), error);
    CHECK_THROWS_AS(moving_average{.decay = 1}.update(average, std::vector<float>{1, 2}), error);
    CHECK(average.updates == 1);
    CHECK(average.weights[1] == 2);
}
