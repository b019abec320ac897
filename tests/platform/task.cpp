// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <eenn/platform/detail/task.hpp>

#include "generated_task.hpp"
#include "messages.hpp"

using namespace eenn;
using namespace eenn_tests;

namespace {

template <class F>
std::string refusal(F&& change) {
    random_stream random{1, 1};
    placement_task task = generated_task(random, {});
    change(task);
    return message_of([&] { check_task(task); });
}
bool says(const std::string& message, const std::string& part) { return message.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("platform/task: a task that says nothing sensible is refused by the path of the value") {
    CHECK(refusal([](placement_task&) {}) == "nothing was thrown");
    CHECK(says(refusal([](placement_task& t) { t.segments.clear(); }), "placement_task.segments: there are none"));
    CHECK(says(refusal([](placement_task& t) { t.exits.clear(); }), "placement_task.exits: there are none"));
    CHECK(says(refusal([](placement_task& t) { t.input_bytes = -1; }), "placement_task.input_bytes: -1"));
    CHECK(says(refusal([](placement_task& t) { t.segments[2].output_bytes = 0 / 0.0; }), "segments[2].output_bytes: "));
    CHECK(says(refusal([](placement_task& t) { t.segments[1].work.macs[operator_class::dense] = -5; }),
               "segments[1].work.macs.dense: -5"));
    CHECK(says(refusal([](placement_task& t) { t.segments[1].work.weights = -5; }), "segments[1].work.weights: -5"));
    CHECK(says(refusal([](placement_task& t) { t.exits[0].head.activations = -5; }), "exits[0].head.activations: -5"));
    CHECK(says(refusal([](placement_task& t) { t.exits[0].after = 4; }), "exits[0].after: there is no segment 4"));
    CHECK(says(refusal([](placement_task& t) { t.exits[0].after = 3; }), "exits[1].after: it comes before"));
    CHECK(says(refusal([](placement_task& t) { t.exits[2].after = 2; }), "the final classifier comes last"));
    CHECK(says(refusal([](placement_task& t) { t.exits.insert(t.exits.begin(), t.exits[0]); }),
               "placement_task.trace: 3 exits, where the task offers 4"));
    CHECK(says(refusal([](placement_task& t) { t.trace.correct.pop_back(); }), "exit_trace::correct"));
}
