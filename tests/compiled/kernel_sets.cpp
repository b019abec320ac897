// SPDX-License-Identifier: MIT
//
// The kernels that eenn::compiled holds, set by set, against those that this unit compiles from the headers.
#include <eenn/core/threads.hpp>
#include <eenn/network/detail/compiled.hpp>
#include <eenn/network/parameters.hpp>
#include <eenn/network/runtime_network.hpp>
#include <eenn/network/runtime_session.hpp>
#include <eenn/training/detail/backpropagation.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <string_view>

#include "../network/generated.hpp"

namespace {

using namespace eenn;

#define EENN_TEXT_OF(name) #name
#define EENN_NAME_OF(macro) EENN_TEXT_OF(macro)
constexpr std::string_view this_set = EENN_NAME_OF(EENN_ISA);

aligned_vector<float> noise(std::size_t count, std::uint64_t seed) {
    aligned_vector<float> values(count);
    random_stream random{.seed = seed};
    for (auto& v : values) v = static_cast<float>(random.normal());
    return values;
}

struct outcome {
    aligned_vector<float> logits;     // of one sample, at the end
    aligned_vector<float> trained;    // of a batch, at every exit
    aligned_vector<float> gradients;  // of the parameters
};

outcome run(const trainable<float>& net) {
    constexpr int samples = 5;
    const plan_view& plan = net.plan;
    outcome result;
    aligned_vector<float> parameters = initialize(plan, 5);
    for (std::size_t i = 0; i < parameters.size(); ++i)  // no beta, mean or bias stays zero
        parameters[i] += 0.05F * static_cast<float>(random_stream{.seed = 9, .counter = i}.uniform());
    const auto images = noise(plan.input.elements() * samples, 3);
    session whole{net, parameters, threshold_rules{std::vector<exit_rule>(plan.exits.size(), exit_rule{never_exit})}};
    const decision end = whole(std::span{images}.first(plan.input.elements()));
    const auto logits = whole.output(end.exit);
    result.logits.assign(logits.begin(), logits.end());

    backpropagation<float> batch{net, samples};
    serial executor;
    batch.forward(parameters.data(), images.data(), samples, 1, 2, executor);
    const std::unique_ptr<bool[]> wanted{new bool[plan.exits.size()]};
    for (std::size_t e = 0; e < plan.exits.size(); ++e) {
        wanted[e] = true;
        const auto count = static_cast<std::size_t>(samples * plan.exits[e].classes);
        const auto weights = noise(count, 40 + e);
        result.trained.insert(result.trained.end(), batch.logits(e), batch.logits(e) + count);
        std::copy(weights.begin(), weights.end(), batch.logits_gradient(e));
    }
    result.gradients.resize(plan.sizes.parameters);
    batch.backward(parameters.data(), result.gradients.data(), {wanted.get(), plan.exits.size()}, executor);
    return result;
}

/// The largest difference, as a share of the largest number.
double distance(const aligned_vector<float>& a, const aligned_vector<float>& b) {
    REQUIRE(a.size() == b.size());
    double largest = 0;
    double difference = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        REQUIRE(std::isfinite(a[i]));
        largest = std::max(largest, std::abs(static_cast<double>(b[i])));
        difference = std::max(difference, std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i])));
    }
    return largest > 0 ? difference / largest : difference;
}

}  // namespace

TEST_CASE("compiled/kernel_sets: the best set comes first, and the one for every processor last") {
    const auto sets = compiled::kernel_sets();
    REQUIRE_FALSE(sets.empty());
    for (std::size_t s = 1; s < sets.size(); ++s) CHECK(std::string_view{sets[s]->isa} != sets[s - 1]->isa);
#if defined(__x86_64__)
    CHECK(std::string_view{sets.back()->isa} == "baseline");
    CHECK((sets.size() == 1) == !(__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")));
#endif
}

TEST_CASE("compiled/kernel_sets: every set computes what the headers' kernels compute, to the bit where it is theirs") {
    // Ten layers, some of them Winograd, each of which rounds to some epsilon of the largest number; gradients pass them
    // twice.
    constexpr double tolerance = 256 * static_cast<double>(std::numeric_limits<float>::epsilon());
    double furthest = 0;
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
        const graph g = generated::network_of(seed);
        runtime_network<float, graph> here{g};
        const outcome expected = run(here.training());
        for (const compiled::kernel_set* set : compiled::kernel_sets()) {
            CAPTURE(seed);
            CAPTURE(set->isa);
            binding<float> bound = set->bind(g);
            set->bind_backward(g, bound);
            const outcome found = run(bound.training());
            if (set->isa == this_set) {
                CHECK(found.logits == expected.logits);
                CHECK(found.trained == expected.trained);
                CHECK(found.gradients == expected.gradients);
                continue;
            }
            const double apart =
                std::max({distance(found.logits, expected.logits), distance(found.trained, expected.trained),
                          distance(found.gradients, expected.gradients)});
            CHECK(apart <= tolerance);
            furthest = std::max(furthest, apart);
        }
    }
    MESSAGE("sets differ by at most " << furthest / static_cast<double>(std::numeric_limits<float>::epsilon())
                                      << " epsilon of the largest number");
}
