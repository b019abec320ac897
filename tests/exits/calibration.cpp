// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <cmath>
#include <eenn/core/random.hpp>
#include <eenn/exits/calibration.hpp>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

using namespace eenn;

namespace {

struct sample_set {
    std::vector<float> logits;  // (N,C)
    std::vector<int> labels;
};

// Labels drawn from softmax(z), so z is calibrated at temperature 1; the logits are then multiplied by `scale`.
sample_set drawn(int samples, int classes, double scale, std::uint64_t seed) {
    random_stream random{seed, 1};
    sample_set set;
    for (int i = 0; i < samples; ++i) {
        std::vector<double> z(static_cast<std::size_t>(classes));
        double sum = 0;
        for (double& v : z) sum += std::exp(v = 2 * random.normal());
        double u = random.uniform() * sum;
        int label = 0;
        while (label + 1 < classes && (u -= std::exp(z[static_cast<std::size_t>(label)])) > 0) ++label;
        set.labels.push_back(label);
        for (const double v : z) set.logits.push_back(static_cast<float>(v * scale));
    }
    return set;
}

double nll(const sample_set& set, double temperature) {
    const std::size_t c = set.logits.size() / set.labels.size();
    double total = 0;
    for (std::size_t i = 0; i < set.labels.size(); ++i) {
        const double own = static_cast<double>(set.logits[i * c + static_cast<std::size_t>(set.labels[i])]);
        double sum = 0;
        for (std::size_t k = 0; k < c; ++k)
            sum += std::exp((static_cast<double>(set.logits[i * c + k]) - own) / temperature);
        total += std::log(sum);
    }
    return total / static_cast<double>(set.labels.size());
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

TEST_CASE("exits/calibration: three of four right at odds of 9 to 1 asks for odds of 3 to 1, temperature 2") {
    const float z = static_cast<float>(std::log(9.0));
    const std::vector<float> logits{z, 0, z, 0, z, 0, z, 0};
    const std::vector<int> labels{0, 0, 0, 1};
    const calibration c = fit_temperature(logits, labels);
    CHECK(c.temperature == doctest::Approx(2).epsilon(1e-6));
    CHECK(c.nll_after == doctest::Approx(-(0.75 * std::log(0.75) + 0.25 * std::log(0.25))).epsilon(1e-9));
    CHECK(c.nll_before == doctest::Approx(-(0.75 * std::log(0.9) + 0.25 * std::log(0.1))).epsilon(1e-6));
    CHECK(c.ece_before == doctest::Approx(0.15).epsilon(1e-6));
    CHECK(c.ece_after < 1e-6);
    CHECK_FALSE(c.at_limit);
}

TEST_CASE("exits/calibration: the calibration error of two bins is the weighted distance of accuracy and confidence") {
    // bin (0, 0.5]: confidences 0.2, 0.5, one right; bin (0.5, 1]: 0.6, 0.8, 1.0, all right
    const std::vector<float> confidence{0.2F, 0.5F, 0.6F, 0.8F, 1.0F};
    const std::vector<std::uint8_t> correct{1, 0, 1, 1, 1};
    const reliability r = reliability_of(confidence, correct, 2);
    CHECK(r.bins[0].count == 2);
    CHECK(r.bins[0].confidence == doctest::Approx(0.35));
    CHECK(r.bins[0].accuracy == 0.5);
    CHECK(r.bins[1].confidence == doctest::Approx(0.8));
    CHECK(r.error == doctest::Approx(0.4 * 0.15 + 0.6 * 0.2));
    CHECK(r.largest == doctest::Approx(0.2));
    CHECK(r.accuracy == doctest::Approx(0.8));
    CHECK(r.confidence == doctest::Approx(0.62));
    const reliability edges = reliability_of(std::vector<float>{0, 1}, std::vector<std::uint8_t>{0, 1});
    CHECK(edges.bins.front().count == 1);
    CHECK(edges.bins.back().count == 1);
    CHECK(edges.error == 0);
}

TEST_CASE("exits/calibration: logits scaled by 3 or by 1/4 get their temperature back, and the error falls") {
    for (const double scale : {3.0, 0.25}) {
        const sample_set set = drawn(4000, 10, scale, 21);
        const calibration c = fit_temperature(set.logits, set.labels);
        CHECK(c.temperature == doctest::Approx(scale).epsilon(0.05));
        CHECK(c.ece_after < 0.03);
        CHECK(c.ece_after < 0.5 * c.ece_before);
        CHECK(c.nll_after < c.nll_before);
        CHECK(c.steps < 15);
    }
}

TEST_CASE("exits/calibration: losses are those of extended precision, and the slope at the temperature found is none") {
    const sample_set set = drawn(300, 8, 3, 51);
    const calibration c = fit_temperature(set.logits, set.labels);
    const auto exact = [&](long double b) {
        long double loss = 0;
        long double slope = 0;
        for (std::size_t i = 0; i < set.labels.size(); ++i) {
            const auto z = std::span{set.logits}.subspan(8 * i, 8);
            const long double own = z[static_cast<std::size_t>(set.labels[i])];
            long double sum = 0;
            long double first = 0;
            for (const long double other : z) {
                const long double e = std::exp(b * (other - own));
                sum += e;
                first += e * (other - own);
            }
            loss += std::log(sum);
            slope += first / sum;
        }
        return std::pair{loss / 300, slope / 300};
    };
    const auto close = [](double value, long double to) { return std::abs(value - to) < 1e-14L; };
    CHECK(close(c.nll_before, exact(1).first));
    CHECK(close(c.nll_after, exact(1 / static_cast<long double>(c.temperature)).first));
    CHECK(std::abs(exact(1 / static_cast<long double>(c.temperature)).second) < 1e-10L);
}

TEST_CASE("exits/calibration: no other temperature has a smaller loss") {
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        const sample_set set = drawn(60, 4, 0.5 + static_cast<double>(seed), seed);
        const calibration c = fit_temperature(set.logits, set.labels);
        CHECK(c.nll_after == doctest::Approx(nll(set, c.temperature)).epsilon(1e-10));
        for (double t = 0.01; t <= 100; t *= 1.05) CHECK(nll(set, t) >= c.nll_after - 1e-12);
    }
}

TEST_CASE("exits/calibration: fitting calibrated logits again gives temperature 1, whatever the shift of a sample") {
    sample_set set = drawn(500, 5, 2, 31);
    const calibration first = fit_temperature(set.logits, set.labels);
    for (std::size_t i = 0; i < set.logits.size(); ++i) {
        set.logits[i] =
            static_cast<float>(static_cast<double>(set.logits[i]) / first.temperature) + static_cast<float>(i / 5 % 7);
    }
    CHECK(fit_temperature(set.logits, set.labels).temperature == doctest::Approx(1).epsilon(1e-5));
}

TEST_CASE(
    "exits/calibration: samples that are all right want to be surer, samples that are all wrong want to be flat") {
    const std::vector<float> logits{3, 0, 5, 1};
    const calibration sure = fit_temperature(logits, std::vector<int>{0, 0});
    CHECK(sure.at_limit);
    CHECK(sure.temperature == doctest::Approx(0.01));
    const calibration flat = fit_temperature(logits, std::vector<int>{1, 1});
    CHECK(flat.at_limit);
    CHECK(flat.temperature == doctest::Approx(100));
    const calibration nothing = fit_temperature(std::vector<float>{1, 1, 1, 1}, std::vector<int>{0, 1});
    CHECK(nothing.temperature == 1);
}

TEST_CASE(
    "exits/calibration: every exit gets its own temperature, and errors name the exit, the sample and the label") {
    const sample_set hot = drawn(1000, 6, 4, 41);
    const sample_set cold = [&] {
        sample_set s = hot;
        for (float& z : s.logits) z *= 0.125F;
        return s;
    }();
    const std::vector<std::span<const float>> exits{hot.logits, cold.logits};
    const auto fitted = calibrate(exits, hot.labels);
    REQUIRE(fitted.size() == 2);
    CHECK(fitted[0].temperature == doctest::Approx(8 * fitted[1].temperature).epsilon(1e-6));
    std::vector<float> broken = cold.logits;
    broken[13] = std::numeric_limits<float>::quiet_NaN();
    const std::vector<std::span<const float>> bad{hot.logits, broken};
    CHECK(contains(message([&] { (void)calibrate(bad, hot.labels); }),
                   "calibrate: exit 1: fit_temperature: logits: nan at sample 2, class 1"));
    CHECK(contains(message([&] {
                       (void)fit_temperature(std::vector<float>{1, 2}, std::vector<int>{2});
                   }),
                   "label 2 at index 0 is outside of [0, 2)"));
    CHECK(contains(message([&] {
                       (void)fit_temperature(std::vector<float>{1, 2, 3}, std::vector<int>{0, 1});
                   }),
                   "3 elements for 2 labels"));
    CHECK(contains(message([&] { (void)reliability_of(std::vector<float>{1.5F}, std::vector<std::uint8_t>{1}); }),
                   "1.5"));
    CHECK(contains(message([&] { (void)reliability_of(std::vector<float>{}, std::vector<std::uint8_t>{}); }),
                   "0 samples"));
}
