// SPDX-License-Identifier: MIT
#include <eenn/core/threads.hpp>
#include <eenn/exits/collect_trace.hpp>
#include <eenn/exits/infer_batch.hpp>
#include <eenn/exits/logit_trace.hpp>
#include <eenn/network/parameters.hpp>
#include <eenn/network/runtime_network.hpp>
#include <eenn/network/runtime_session.hpp>
#include <eenn/policies/deciders.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "../network/generated.hpp"

namespace {

using namespace eenn;

/// Two exits and two classes; probabilities of class 0 at each.
basic_logit_trace<float> two_exits() {
    const double p[4][2] = {{0.9, 0.6}, {0.6, 0.2}, {0.7, 0.8}, {0.1, 0.3}};
    basic_logit_trace<float> trace{4, 2, 2, {}, {0, 1, 1, 1}, {max_probability{}, max_probability{}}, {10, 30}, {}};
    for (const auto& sample : p) {
        for (const double q : sample) {
            trace.logits.push_back(static_cast<float>(std::log(q / (1 - q))));
            trace.logits.push_back(0);
        }
    }
    return trace;
}

struct collected {
    runtime_network<float, graph> net;
    aligned_vector<float> parameters;
    data_set set;
    basic_logit_trace<float> trace;
};

collected collect(std::uint64_t seed) {
    const graph g = generated::network_of(seed);
    collected made{runtime_network<float, graph>{g}, {}, {g.input(), 3, {}, {}, {}}, {}};
    made.parameters = initialize(made.net.plan(), 5);
    random_stream random{.seed = seed, .stream = 6};
    for (int i = 0; i < 40; ++i) {
        made.set.labels.push_back(i % 3);
        for (std::size_t x = 0; x < g.input().elements(); ++x)
            made.set.pixels.push_back(static_cast<float>(2 * random.normal()));
    }
    threads pool{2};
    made.trace = collect_logits(made.net.inference(), made.parameters, made.set, pool);
    return made;
}

/// Thresholds that the middle sample passes.
std::vector<exit_rule> middle_rules(const basic_logit_trace<float>& logits) {
    const exit_trace trace = trace_of(logits);
    std::vector<exit_rule> rules;
    for (int e = 0; e < trace.exits; ++e) {
        std::vector<float> seen;
        for (int i = 0; i < trace.samples; ++i) seen.push_back(trace.confidence[trace.at(i, e)]);
        std::nth_element(seen.begin(), seen.begin() + trace.samples / 2, seen.end());
        rules.push_back({.threshold = seen[seen.size() / 2], .temperature = 1});
    }
    return rules;
}

/// Decisions of the three: one sample after another, batches, the trace.
template <class D>
int disagreements(const collected& c, const D& rule) {
    const auto n = c.net.inference();
    session one{n, c.parameters, rule};
    std::vector<decision> alone;
    for (int i = 0; i < c.set.size(); ++i) alone.push_back(one(c.set[i]));
    std::vector<decision> together(alone.size());
    if constexpr (D::sequential) {
        together = alone;
    } else {
        threads pool{2};
        batch_inference<float, D> batch{n, 2, 7};
        batch(packed_weights{n, c.parameters}, c.set.pixels, rule, together, pool);
    }
    typename D::state state{};
    const auto foretold = decide_all(c.trace, rule, state);
    int different = 0;
    for (std::size_t i = 0; i < alone.size(); ++i)
        different += alone[i] == together[i] && alone[i] == foretold[i] ? 0 : 1;
    return different;
}

}  // namespace

TEST_CASE("exits/logit_trace: hand values: at 0.65 the first, third and fourth of four samples leave early") {
    const auto trace = two_exits();
    const std::vector<exit_rule> rules{{0.65F}, {}};
    const threshold_rules<> rule{rules};
    const auto e = evaluate(trace, rule);
    CHECK(e.leaving == std::vector<int>{3, 1});
    CHECK(e.right == std::vector<int>{2, 1});
    CHECK(e.accuracy == 0.75);
    CHECK(e.mean_cost == 15);
    CHECK(e.share == std::vector<double>{0.75, 0.25});
    CHECK(e.mean_seconds == 0);
    auto timed = trace;
    timed.seconds = {2, 4};
    CHECK(evaluate(timed, rule).mean_seconds == 2.5);
    exit_state state;
    CHECK(decide_all(trace, rule, state)[1].label == 1);
}

TEST_CASE("exits/logit_trace: recall and ensemble are judged on the same logits") {
    const auto trace = two_exits();
    const std::vector<exit_rule> closed{{never_exit}, {}};
    CHECK(evaluate(trace, threshold_rules<>{closed}).accuracy == 0.75);          // labels 0 1 0 1
    CHECK(evaluate(trace, recall{threshold_rules<>{closed}}).accuracy == 0.75);  // surest: 0 1 0 1
    recall<threshold_rules<>>::state state{};
    const auto surest = decide_all(trace, recall{threshold_rules<>{closed}}, state);
    CHECK(surest[0].confidence == doctest::Approx(0.9));
    CHECK(surest[3].confidence == doctest::Approx(0.9));
    ensemble<2>::state sums{};
    const auto means = decide_all(trace, ensemble<2>{closed}, sums);
    CHECK(means[1].label == 1);  // (0.6 + 0.2) / 2
    CHECK(means[1].confidence == doctest::Approx(0.6));
    CHECK(means[3].confidence == doctest::Approx(0.8));
}

TEST_CASE("exits/logit_trace: single samples, batches and traces come to the same decisions, to the bit") {
    int exits = 0;
    int early = 0;
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
        CAPTURE(seed);
        const collected c = collect(seed);
        const auto rules = middle_rules(c.trace);
        exits += static_cast<int>(rules.size()) - 1;
        const threshold_rules<> rule{rules};
        CHECK(disagreements(c, rule) == 0);
        CHECK(disagreements(c, recall{rule}) == 0);
        CHECK(disagreements(c, ensemble<3>{rules}) == 0);
        CHECK(disagreements(c, running_quantile<8>{{0.5F, 0.5F, 0.5F, 0.5F}, 0.1F}) == 0);
        const auto e = evaluate(c.trace, rule);
        early += 40 - e.leaving.back();
        // Where every exit has its own policy, thresholds alone say the same.
        std::vector<float> thresholds;
        for (std::size_t k = 0; k + 1 < rules.size(); ++k) thresholds.push_back(rules[k].threshold);
        const auto plain = evaluate(trace_of(c.trace), thresholds);
        CHECK(plain.leaving == e.leaving);
        CHECK(plain.accuracy == e.accuracy);
        CHECK(plain.mean_cost == e.mean_cost);
    }
    CHECK(exits >= 30);
    CHECK(early >= 500);
}

TEST_CASE("exits/logit_trace: sixteen bits change a logit by 2^-11 of it, a log-probability by 2^-10 of the largest") {
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
        const collected c = collect(seed);
        const logit_trace kept = to_16_bits(c.trace);
        double largest = 0;
        for (std::size_t x = 0; x < kept.logits.size(); ++x) {
            const double exact = static_cast<double>(c.trace.logits[x]);
            largest = std::max(largest, std::abs(exact));
            CHECK(std::abs(static_cast<double>(float{kept.logits[x]}) - exact) <=
                  std::max(std::abs(exact) * 0x1p-11, 0x1p-25));
        }
        const std::vector<exit_rule> rules(kept.exits);
        auto always = c.trace;
        auto narrow = kept;
        for (policy& p : always.decides) p = max_probability{};
        for (policy& p : narrow.decides) p = max_probability{};
        const exit_trace wide = trace_of(always, threshold_rules<>{rules});
        const exit_trace rounded = trace_of(narrow, threshold_rules<>{rules});
        for (std::size_t x = 0; x < wide.confidence.size(); ++x) {
            const double apart = std::log(static_cast<double>(rounded.confidence[x])) -
                                 std::log(static_cast<double>(wide.confidence[x]));
            CHECK(std::abs(apart) <= largest * 0x1p-10 + 1e-6);
        }
    }
}

TEST_CASE("exits/logit_trace: the trace of an exit's policy has its confidences, at the temperatures given") {
    const collected c = collect(3);
    REQUIRE(c.trace.exits > 1);
    std::vector<float> temperatures(c.trace.exits, 1.0F);
    temperatures[0] = 2;
    const exit_trace trace = trace_of(c.trace, temperatures);
    for (std::size_t i = 0; i < c.trace.samples; ++i) {
        exit_state state;
        for (std::size_t e = 0; e < c.trace.exits; ++e) {
            const auto s = c.trace.decides[e].confidence(c.trace.at(i, e), temperatures[e], state);
            const auto x = trace.at(static_cast<int>(i), static_cast<int>(e));
            CHECK(trace.confidence[x] == s.confidence);
            CHECK(trace.prediction[x] == s.label);
        }
    }
    CHECK_THROWS_WITH_AS((void)trace_of(c.trace, std::vector<float>(9)), doctest::Contains("9 temperatures for"),
                         error);
}

TEST_CASE("exits/logit_trace: what nobody can judge is an error that says where") {
    const auto good = two_exits();
    const auto refuses = [](const basic_logit_trace<float>& trace, const char* message) {
        CHECK_THROWS_WITH_AS(check_logit_trace(trace), doctest::Contains(message), error);
    };
    check_logit_trace(good);
    refuses({}, "0 samples, 0 exits, 0 classes");
    auto bad = good;
    bad.logits.pop_back();
    refuses(bad, "logit_trace::logits: 15 elements, where 16 are needed");
    bad = good;
    bad.labels.push_back(0);
    refuses(bad, "logit_trace::labels: 5 elements, where 4 are needed");
    bad = good;
    bad.decides.clear();
    refuses(bad, "logit_trace::decides: 0 elements, where 2 are needed");
    bad = good;
    bad.macs = {3, 2};
    refuses(bad, "logit_trace::macs: exit 1 costs less than the exit before it");
    bad = good;
    bad.seconds = {1};
    refuses(bad, "logit_trace::seconds: 1 elements, where E = 2 are needed");
    bad = good;
    bad.logits[7] = std::numeric_limits<float>::quiet_NaN();
    refuses(bad, "at sample 1, exit 1, class 1");
    bad.logits[7] = std::numeric_limits<float>::infinity();
    refuses(bad, "at sample 1, exit 1, class 1");
    bad.logits[7] = -std::numeric_limits<float>::infinity();
    CHECK_NOTHROW((void)to_16_bits(bad));
    bad.logits[7] = -70000;
    CHECK_NOTHROW(check_logit_trace(bad));
    const std::vector<exit_rule> one(1);
    CHECK_THROWS_WITH_AS((void)evaluate(good, recall{threshold_rules<>{one}}),
                         doctest::Contains("a decider with settings for 1 exits of 2"), error);
    CHECK_THROWS_WITH_AS((void)evaluate(good, running_quantile<1>{}),
                         doctest::Contains("a decider with settings for 1 exits of 2"), error);
    CHECK_THROWS_WITH_AS((void)to_16_bits(bad), doctest::Contains("-70000.000000 at sample 1, exit 1, class 1"), error);
}

TEST_CASE("exits/collect_trace: networks whose exits are not alike, and parts of networks, are refused by name") {
    graph g{{4, 4, 2}};
    g(conv2d{.filters = 4}, relu{});
    g.exit(exit_head{.classes = 5}, max_probability{});
    g(global_average_pool{}, dense{.units = 3});
    graph half{{4, 4, 2}};
    half(conv2d{.filters = 4}, relu{});
    half.ends_in_features();
    serial here;
    const data_set set{{4, 4, 2}, 3, decltype(data_set::pixels)(64), {0, 1}, {}};
    const runtime_network<float, graph> two{g};
    const runtime_network<float, graph> part{half};
    const auto collects = [&](const runtime_network<float, graph>& net) {
        (void)collect_logits(net.inference(), initialize(net.plan(), 1), set, here);
    };
    CHECK_THROWS_WITH_AS(collects(two), doctest::Contains("exit 0 has 5 classes, the last one 3"), error);
    CHECK_THROWS_WITH_AS(collects(part), doctest::Contains("the network ends in features"), error);
    CHECK_THROWS_WITH_AS((void)collect_logits(part.inference(), std::vector<float>(3), set, here),
                         doctest::Contains("the network ends in features"), error);
}
