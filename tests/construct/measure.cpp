// SPDX-License-Identifier: MIT
#include <eenn/construct/detail/measure.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace eenn;
using namespace eenn::construct;

namespace {

result measured(double validation, double test) {
    result r;
    r.base_validation_accuracy = validation;
    r.base_accuracy = test;
    r.test_samples = 1000;
    construct::detail::doubt_validation(1000, r);
    return r;
}

std::string verdict_at(double share, std::string unit) {
    result r;
    r.verdict = "60.0 % of the MACs.";
    r.cost_unit = std::move(unit);
    r.mean_time_share = share;
    construct::detail::judge_time(r);
    return r.verdict;
}

}  // namespace

TEST_CASE(
    "construct/measure: a network that is better on validation data by more than three standard errors is doubted") {
    // Two shares of 1,000 around 0.92 have a standard error of sqrt(0.92 x 0.08 x 2 / 1000) = 0.0121.
    CHECK(measured(0.937, 0.903).warnings.empty());
    CHECK(measured(0.92, 0.92).warnings.empty());
    CHECK(measured(0.85, 0.95).warnings.empty());
    CHECK(measured(1, 1).warnings.empty());
    const result r = measured(0.94, 0.9);
    REQUIRE(r.warnings.size() == 1);
    CHECK(r.warnings[0].find("94.00 % right on validation data and 90.00 % on test data") != std::string::npos);
    CHECK(measured(1, 0.98).warnings.size() == 1);
}

TEST_CASE("construct/measure: the verdict says where exits save no time, and what to ask for instead") {
    CHECK(verdict_at(0.999, "MACs") == "60.0 % of the MACs.");
    CHECK(
        verdict_at(1.023, "MACs") ==
        "60.0 % of the MACs. On this machine it saves no time: 102.3 % of the base network's, one by one. Choose exits "
        "by what they save in time instead of MACs, or allow fewer.");
    CHECK(verdict_at(1.023, "time").ends_with("Allow fewer exits."));
}
