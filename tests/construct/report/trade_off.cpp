// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <eenn/construct/report/trade_off.hpp>
#include <eenn/exits/thresholds.hpp>
#include <string>
#include <vector>

using namespace eenn;
using namespace eenn::report;

namespace {
// Costs 2 and 8; the first exit is right on two of four samples, the last on three.
exit_trace example() {
    exit_trace t;
    t.samples = 4;
    t.exits = 2;
    t.confidence = {0.9F, 1, 0.8F, 1, 0.3F, 1, 0.2F, 1};
    t.correct = {1, 1, 1, 1, 0, 1, 0, 0};
    t.cost = {2, 8};
    return t;
}
}  // namespace

TEST_CASE(
    "report/trade_off: the chart has the front, each exit alone at its cost and accuracy, and what the choice saves") {
    const exit_trace trace = example();
    const threshold_choice choice = choose_thresholds(trace, exit_objective::least_cost(0));
    CHECK(choice.evaluation.mean_cost == 5);
    const chart c = trade_off_chart(trace, pareto_front(trace), choice.evaluation);
    REQUIRE(c.series.size() == 4);
    CHECK(c.series[0].name == "best thresholds (proven)");
    CHECK(c.series[1].points[0].x == 2);
    CHECK(c.series[1].points[0].y == 0.5);
    CHECK(c.series[2].points[0].x == 8);
    CHECK(c.series[2].points[0].y == 0.75);
    CHECK(c.series[3].points[0].label ==
          "\xe2\x88\x92"
          "37.5 % cost, \xc2\xb1"
          "0.0 points");
    CHECK(to_svg(c).find("last exit") != std::string::npos);
}

TEST_CASE("report/trade_off: names replace the numbers of exits, and must be as many") {
    const exit_trace trace = example();
    const exit_evaluation e = evaluate(trace, std::vector<float>{0.5F});
    const chart c = trade_off_chart(trace, pareto_front(trace), e, {.exit_names = {"device", "server"}});
    CHECK(c.series[1].points[0].label == "device");
    CHECK(c.series[2].points[0].label == "server");
    CHECK_THROWS_AS((void)trade_off_chart(trace, pareto_front(trace), e, {.exit_names = {"device"}}), error);
}
