// SPDX-License-Identifier: MIT
#include <eenn/core/threads.hpp>
#include <eenn/network/detail/transfer.hpp>
#include <eenn/network/network.hpp>
#include <eenn/network/runtime_network.hpp>
#include <eenn/network/runtime_session.hpp>
#include <eenn/network/session.hpp>
#include <eenn/policies/deciders.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>

#include "early_exits.hpp"

namespace {

using namespace eenn;

std::atomic<long> allocations = 0;  // of the whole program, by the operators below

using net = network<early_exits::recipe>;

const auto parameters = initialize(net::plan, early_exits::seed);

const std::vector<float>& all_images() {
    static const auto images = early_exits::images(net::plan);
    return images;
}
std::span<const float> image(std::size_t i) { return early_exits::image(all_images(), i); }

std::vector<exit_rule> rules_of(const executable<float>& n) {
    return early_exits::middle_rules(n, packed_weights{n, parameters}, all_images());
}

// What infer() makes of all samples.
template <class D>
std::vector<decision> by_infer(const executable<float>& n, const D& rule) {
    const packed_weights packed{n, parameters};
    aligned_vector<float> workspace(n.plan.sizes.workspace);
    typename D::state state{};
    std::vector<decision> all;
    for (std::size_t i = 0; i < early_exits::sample_count; ++i)
        all.push_back(infer(n, packed, image(i), workspace, rule, state));
    return all;
}
template <class Session>
std::vector<decision> by(Session& run) {
    std::vector<decision> all;
    for (std::size_t i = 0; i < early_exits::sample_count; ++i) all.push_back(run(image(i)));
    return all;
}

}  // namespace

[[gnu::noinline]] void* operator new(std::size_t size, std::align_val_t align) {
    ++allocations;
    const auto grain = static_cast<std::size_t>(align);
    if (void* memory = std::aligned_alloc(grain, (size + grain - 1) / grain * grain)) return memory;
    throw std::bad_alloc{};
}
[[gnu::noinline]] void* operator new(std::size_t size) {
    ++allocations;
    if (void* memory = std::malloc(size > 0 ? size : 1)) return memory;
    throw std::bad_alloc{};
}
// The sanitizers have one of their own, whose memory only theirs may free.
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    ++allocations;
    return std::malloc(size > 0 ? size : 1);
}
[[gnu::noinline]] void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

TEST_CASE("network/session: its size is a constant: packed weights, arena, rules and state") {
    constexpr std::size_t parts =
        sizeof(net::packed) + sizeof(net::workspace) + 3 * sizeof(exit_rule) + sizeof(exit_state);
    CHECK(sizeof(net::session) == (parts + alignment - 1) / alignment * alignment);
    CHECK(sizeof(net::flash_session) <= sizeof(net::workspace) + 2 * alignment);
    CHECK(sizeof(net::packed) == net::inference().packed_elements * sizeof(float));
}

TEST_CASE("network/session: of a network type, over flash and on the heap, it decides as infer() does") {
    const auto n = net::inference();
    const auto rules = rules_of(n);
    const auto expected = by_infer(n, threshold_rules<>{rules});
    const std::array<exit_rule, 3> fixed{rules[0], rules[1], rules[2]};

    const auto in_object = std::make_unique<net::session>(parameters, threshold_rules{fixed});
    CHECK(by(*in_object) == expected);

    static net::packed flash;
    pack_weights(n, parameters, flash.values);
    net::flash_session over_flash{flash, threshold_rules{fixed}};
    CHECK(by(over_flash) == expected);

    const runtime_network built{early_exits::recipe()};
    static_assert(std::same_as<decltype(built), const runtime_network<float, graph>>);
    session at_run_time{built.inference(), parameters, threshold_rules{rules}};
    CHECK(by(at_run_time) == expected);
    threads pool{2};
    session on_threads{n, parameters, threshold_rules{rules}, pool};
    CHECK(by(on_threads) == expected);

    const packed_weights packed{n, parameters};
    const packed_view<float> shared = packed;
    session one{n, shared, threshold_rules{rules}};
    session other{n, shared, threshold_rules{rules}};
    CHECK(by(one) == expected);
    CHECK(by(other) == expected);
}

TEST_CASE("network/session: without rules the policies' own thresholds hold") {
    const auto own = default_rules<3>(net::plan);
    CHECK(own[0].threshold == max_probability::default_threshold);
    const auto expected = by_infer(net::inference(), threshold_rules{own});
    const auto fixed = std::make_unique<net::session>(parameters);
    session on_heap{net::inference(), parameters};
    CHECK(by(*fixed) == expected);
    CHECK(by(on_heap) == expected);
}

TEST_CASE("network/session: a call throws nothing and allocates nothing") {
    const auto fixed = std::make_unique<net::session>(parameters);
    session on_heap{net::inference(), parameters};
    std::array<float, net::input.elements()> sample{};
    std::copy_n(image(0).begin(), sample.size(), sample.begin());
    CHECK(noexcept((*fixed)(sample)));
    const long before = allocations;
    int left = 0;
    for (int i = 0; i < 10; ++i) left += (*fixed)(sample).exit + on_heap(sample).exit;
    CHECK(allocations == before);
    CHECK(left >= 0);
    const auto counted = std::make_unique<int>(1);  // the count works
    CHECK(allocations == before + 1);
}

TEST_CASE("network/session: samples, parameters and rules that do not fit are errors that name both sizes") {
    const auto fixed = std::make_unique<net::session>(parameters);
    session on_heap{net::inference(), parameters};
    const std::vector<float> few(7);
    CHECK_THROWS_WITH_AS((void)(*fixed)(few), doctest::Contains("7 elements, where 128 are wanted"), error);
    CHECK_THROWS_WITH_AS((void)on_heap(few), doctest::Contains("7 elements, the network takes 128"), error);
    const std::string wanted = std::to_string(net::parameter_elements);
    CHECK_THROWS_WITH_AS(std::make_unique<net::session>(few), doctest::Contains(("where " + wanted).c_str()), error);
    CHECK_THROWS_WITH_AS((session{net::inference(), few}),
                         doctest::Contains(("7 parameters for a network of " + wanted).c_str()), error);
    CHECK_THROWS_WITH_AS((packed_view<float>{net::inference(), few}), doctest::Contains("7 packed weights"), error);
    CHECK_THROWS_WITH_AS((session{net::inference(), parameters, threshold_rules{std::vector<exit_rule>(2)}}),
                         doctest::Contains("2 rules for 3 exits"), error);
    CHECK_THROWS_WITH_AS(
        (session{net::inference(), parameters, threshold_rules{std::vector<exit_rule>{{0.5F}, {1.5F}, {}}}}),
        doctest::Contains("of exit 1 (max_probability) is outside its range"), error);
    CHECK_THROWS_WITH_AS((session{net::inference(), parameters, running_quantile<2>{}}),
                         doctest::Contains("settings for 2 exits of 3"), error);
}

TEST_CASE(
    "network/session: it takes any decider, and the state of one that outlives a sample is kept or the caller's") {
    const running_quantile<3> rule{{0.3F, 0.5F, 0}, 0.05F};
    const auto expected = by_infer(net::inference(), rule);
    session own{net::inference(), parameters, rule};
    CHECK(by(own) == expected);
    CHECK(own.state().threshold[0] > 0);

    const auto fixed = std::make_unique<session<fixed_storage<net>, running_quantile<3>>>(parameters, rule);
    running_quantile<3>::state state{};
    std::vector<decision> all;
    for (std::size_t i = 0; i < early_exits::sample_count; ++i) {
        running_quantile<3>::state moved;  // as between two devices
        std::memcpy(&moved, &state, sizeof moved);
        all.push_back((*fixed)(image(i), moved));
        state = moved;
    }
    CHECK(all == expected);
    CHECK(state.threshold == own.state().threshold);
    CHECK(fixed->state().threshold[0] == 0);
}

TEST_CASE("network/session: two parts of a network decide as the whole, and patience counts on across the cut") {
    for (const policy p : {policy{max_probability{}}, policy{entropy{}}, policy{patience{}}}) {
        CAPTURE(p.name());
        const runtime_network<float, graph> built{early_exits::whole(p)};
        const auto cut = early_exits::parts(p);
        const runtime_network<float, graph> front{cut.device};
        const runtime_network<float, graph> back{cut.server};
        auto rules = rules_of(built.inference());
        if (p == policy{patience{}}) rules = {{2}, {2}, {}};
        const auto part_of = [&](const plan_view& part) {
            aligned_vector<float> own(part.parameter_elements());
            transfer(built.plan(), parameters, part, own);
            return own;
        };

        session whole{built.inference(), parameters, threshold_rules{rules}};
        session device{front.inference(), part_of(front.plan()), threshold_rules{std::vector{rules[0], exit_rule{}}}};
        session server{back.inference(), part_of(back.plan()), threshold_rules{std::vector{rules[1], rules[2]}}};
        int taken[3] = {};
        for (std::size_t i = 0; i < early_exits::sample_count; ++i) {
            exit_state state;
            decision d = device(image(i), state);
            if (d.label < 0) {
                REQUIRE(d.exit == 1);
                std::array<std::byte, sizeof(exit_state)> sent;
                std::memcpy(sent.data(), &state, sent.size());
                exit_state received;
                std::memcpy(&received, sent.data(), sent.size());
                d = server.resume(device.output(d.exit), received);
                d.exit += 1;
            }
            CHECK(d == whole(image(i)));
            ++taken[d.exit];
        }
        CHECK(taken[1] > 0);
        CHECK(taken[2] > 0);
        if (p == policy{patience{}}) {  // without the state the count begins anew
            int different = 0;
            for (std::size_t i = 0; i < early_exits::sample_count; ++i) {
                (void)device(image(i));
                different += server(device.output(1)).exit + 1 == whole(image(i)).exit ? 0 : 1;
            }
            CHECK(different > 0);
        }
    }
}

TEST_CASE("network/session: the logits of the exit where a sample left stay to be read") {
    session run{net::inference(), parameters, threshold_rules{rules_of(net::inference())}};
    for (std::size_t i = 0; i < early_exits::sample_count; ++i) {
        const decision d = run(image(i));
        const auto logits = run.output(d.exit);
        REQUIRE(logits.size() == 3);
        CHECK(std::max_element(logits.begin(), logits.end()) - logits.begin() == d.label);
        exit_state state;
        CHECK(max_probability{}.confidence(logits, 1, state).confidence == d.confidence);
    }
    CHECK(run.output(-1).empty());
    CHECK(run.output(net::exits).empty());
}
