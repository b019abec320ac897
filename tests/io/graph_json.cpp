// SPDX-License-Identifier: MIT
#include <eenn/io/detail/graph_json.hpp>

#include <doctest/doctest.h>

#include <eenn/core/detail/fingerprint.hpp>

#include "../network/edits.hpp"
#include "../raised.hpp"

using namespace eenn;

TEST_CASE("io/graph_json: the text of a small graph") {
    graph g{{4, 4, 1}};
    g(conv2d{.filters = 2}, relu{}).exit(dense{.units = 2}, margin{})(leaky_relu{.slope = 0.25}, dense{.units = 2});
    CHECK(
        io::graph_to_json(g) ==
        R"({"input":[4,4,1],"input_id":0,"nodes":[)"
        R"({"id":1,"kind":"conv2d","inputs":[0],"options":{"filters":2,"kernel_h":3,"kernel_w":3,"stride":1,"stride_w":0,)"
        R"("pad":[1,0,0,0,0],"groups":1,"dilation":1,"dilation_w":0,"bias":false}},)"
        R"({"id":2,"kind":"relu","inputs":[1]},)"
        R"({"id":3,"kind":"dense","inputs":[2],"options":{"units":2,"bias":true}},)"
        R"({"id":4,"kind":"leaky_relu","inputs":[2],"options":{"slope":0.25}},)"
        R"({"id":5,"kind":"dense","inputs":[4],"options":{"units":2,"bias":true}}],)"
        R"("exits":[{"node":3,"policy":"margin"}],"end":5,"next_id":6})");
}

TEST_CASE("io/graph_json: 300 generated graphs, edited and cut, come back the same in every member") {
    for (std::uint64_t seed = 0; seed < 300; ++seed) {
        CAPTURE(seed);
        const graph g = generated::edited(seed);
        CHECK(digest_of(io::graph_from_json(io::graph_to_json(g))) == digest_of(g));
        CHECK(digest_of(io::graph_from_json(io::graph_to_json(g, 2))) == digest_of(g));
    }
    graph marked{{4, 4, 1}};
    marked(relu{}).output_at(marked.here()).exit(exit_head{.classes = 2}, entropy{});
    marked(dense{.units = 2});
    marked.put_exit({edge{1}, margin{}, false});  // an output has no policy
    CHECK(digest_of(io::graph_from_json(io::graph_to_json(marked))) == digest_of(marked));
    graph odd{{3, 3, 2}, node_id{7}};
    odd(pad{.top = 1, .value = -std::numeric_limits<double>::infinity()}, max_pool{}, dropout{.rate = 0.125},
        conv2d{.filters = 4, .pad = padding{1, 2, 3, 4}});
    CHECK(digest_of(io::graph_from_json(io::graph_to_json(odd))) == digest_of(odd));
}

TEST_CASE("io/graph_json: what does not fit is named") {
    const auto refusal = [](const std::string& nodes) {
        return raised([&] {
            (void)io::graph_from_json(R"({"input":[4,4,1],"input_id":0,"nodes":[)" + nodes +
                                      R"(],"exits":[],"end":1,"next_id":2})");
        });
    };
    CHECK(refusal(R"({"id":1,"kind":"relu","inputs":[0]})").empty());
    CHECK(contains(refusal(R"({"id":1,"kind":"gelu","inputs":[0]})"), "no layer 'gelu'"));
    CHECK(contains(refusal(R"({"id":1,"kind":"dense","inputs":[0],"options":{"unit":3}})"),
                   "dense has no option 'unit'"));
    CHECK(contains(refusal(R"({"id":1,"kind":"relu","inputs":[3]})"), "no node 3 before it"));
    CHECK(contains(refusal(R"({"id":0,"kind":"relu","inputs":[0]})"), "an id that another node has"));
    CHECK(contains(refusal(R"({"id":1,"kind":"relu","inputs":[0]},{"id":2,"kind":"add","inputs":[0]})"),
                   "wrong number of inputs"));
    CHECK(contains(refusal(R"({"id":1,"kind":"dense","inputs":[0],"options":{"units":1.5}})"), "whole number"));
    CHECK(contains(refusal(R"({"id":1,"kind":"conv2d","inputs":[0],"options":{"filters":1,"pad":[1,0]}})"), "too few"));
    CHECK(contains(refusal(R"({"id":1,"kind":"conv2d","inputs":[0],"options":{"filters":1,"pad":[9,0,0,0,0]}})"),
                   "no such rule"));
    CHECK(contains(refusal(""), "no node 1 before it"));
    CHECK(contains(raised([] { (void)io::graph_from_json("{}"); }), "an input and an end"));
}

TEST_CASE("io/graph_json: a text that ends anywhere before its end is refused") {
    const std::string whole = io::graph_to_json(generated::network_of(3));
    for (std::size_t length = 0; length < whole.size(); ++length) {
        CAPTURE(length);
        CHECK_FALSE(raised([&] { (void)io::graph_from_json(std::string_view{whole}.substr(0, length)); }).empty());
    }
}
