// SPDX-License-Identifier: MIT
#include <eenn/construct/detail/part_costs.hpp>

#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "folder.hpp"
#include "networks.hpp"

using namespace eenn;
using namespace eenn::construct;

TEST_CASE("construct/part_costs: times that were kept are taken again on their machine, and on no other") {
    const test::scratch_folder folder;
    const graph network = test::small_separable(1);
    const frozen_backbone base{{network, initialize(lower(network).view(), 3)}};
    data_set samples{shape{12, 6, 1}, 4, {}, {0, 1, 2}, {}};
    samples.pixels.resize(3 * samples.sample.elements(), 0.5F);
    const auto price = [&](const std::string& machine) {
        const kept_work kept{folder.path};
        return price_parts(base, {}, {}, samples, cost_unit::time, kept, machine);
    };
    const auto kept_bytes = [&] { return std::filesystem::file_size(folder.path / "kept.journal"); };

    const part_costs first = price("a laptop");
    CHECK(first.base > 0);
    REQUIRE(first.reach.size() == base.layout.sites.size());
    const auto bytes = kept_bytes();
    CHECK(price("a laptop").reach == first.reach);
    CHECK(kept_bytes() == bytes);
    (void)price("a server");  // measures
    CHECK(kept_bytes() > bytes);
    const auto of_both = kept_bytes();
    CHECK(price("a laptop").reach == first.reach);
    CHECK(kept_bytes() == of_both);
}
