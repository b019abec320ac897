// SPDX-License-Identifier: MIT
#include <eenn/construct/detail/heads.hpp>

#include <doctest/doctest.h>

#include "networks.hpp"

using namespace eenn;
using namespace eenn::construct;

namespace {

/// A backbone of which only what a head is modelled on counts.
backbone classifying(shape features, int classes, int hidden = 0) {
    backbone b;
    b.classified = features;
    b.classes = classes;
    b.hidden = hidden;
    return b;
}

std::int64_t macs(const head& h, shape features) { return lower(head_network(h, features)).sizes.macs; }

}  // namespace

TEST_CASE("construct/heads: a whole head takes the MACs of a large one, in convolutions of stride 1 and full vectors") {
    for (const shape features : {shape{32, 32, 16}, shape{16, 16, 32}, shape{8, 8, 64}, shape{25, 5, 64},
                                 shape{1, 93, 32}, shape{1, 360, 24}, shape{7, 9, 48}}) {
        const backbone b = classifying({features.h > 1 ? 8 : 1, 8, 64}, 10);
        const head large = design_head(b, features, head_form::large);
        const head whole = design_head(b, features, head_form::whole);
        const int halvings = large.count - 2;
        CHECK(whole.count == large.count);
        CHECK(10 * macs(whole, features) <= 11 * macs(large, features));
        const int most = whole.stages[static_cast<std::size_t>(whole.count - 1)].filters;
        if (most < 128) {  // with sixteen channels more at the end they would be too many
            const head wider = construct::detail::staged_head(b, features, head_form::whole, most + 16);
            CHECK(10 * macs(wider, features) > 11 * macs(large, features));
        }

        graph g = head_network(whole, features);
        int convolutions = 0;
        int pools = 0;
        for (const auto& node : g.nodes()) {
            if (const auto* c = std::get_if<conv2d>(&node.what)) {
                ++convolutions;
                CHECK(c->stride == 1);
                CHECK(c->stride_w == 1);
                CHECK(c->groups == 1);
                CHECK(c->filters % 16 == 0);
            }
            pools += std::holds_alternative<average_pool>(node.what);
        }
        CHECK(convolutions == whole.count);
        CHECK(pools == halvings);
    }
}

TEST_CASE("construct/heads: channels double while the plane is halved, and arrive at what the MACs allow") {
    // 32x32x16 to 8x8: 16 channels at 16x16, 32 at 8x8: 9 (256 16 16 + 64 16 32 + 2 64 32 32) + 32 10 = 2,064,704.
    const backbone b = classifying({8, 8, 64}, 10);
    const shape features{32, 32, 16};
    const head whole = design_head(b, features, head_form::whole);
    REQUIRE(whole.count == 4);
    CHECK(whole.stages[0].filters == 16);
    CHECK(whole.stages[1].filters == 32);
    CHECK(whole.stages[2].filters == 32);
    CHECK(whole.stages[3].filters == 32);
    CHECK(macs(whole, features) == 2'064'704);
    CHECK(macs(design_head(b, features, head_form::large), features) == 2'002'176);

    // A dense one takes what it is given, a whole one no more than the large one.
    for (const std::int64_t most : {std::int64_t{3'000'000}, std::int64_t{9'000'000}, std::int64_t{40'000'000}}) {
        const head dense = design_head(b, features, head_form::dense, most);
        CHECK(macs(dense, features) <= most);
        CHECK(macs(dense, features) > most / 3);
        CHECK(design_head(b, features, head_form::whole, most) == whole);
    }
    CHECK(macs(design_head(b, features, head_form::whole, 1'500'000), features) <= 1'500'000);
}

TEST_CASE("construct/heads: a hidden layer of the blueprint becomes a quarter of its units, sixteen at least") {
    const shape features{16, 16, 16};
    for (const head_form form : {head_form::small, head_form::medium, head_form::large, head_form::whole}) {
        CHECK(design_head(classifying({8, 8, 64}, 10, 256), features, form).hidden == 64);
        CHECK(design_head(classifying({8, 8, 64}, 10, 32), features, form).hidden == 16);
        CHECK(design_head(classifying({8, 8, 64}, 10), features, form).hidden == 0);
    }
}
