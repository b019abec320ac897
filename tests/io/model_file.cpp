// SPDX-License-Identifier: MIT
#include <eenn/io/model_file.hpp>

#include <eenn/core/detail/fingerprint.hpp>
#include <eenn/io/file.hpp>
#include <eenn/io/safetensors.hpp>
#include <eenn/network/detail/lower.hpp>
#include <eenn/network/model.hpp>
#include <eenn/network/parameters.hpp>

#include <doctest/doctest.h>

#include <limits>

#include "../network/edits.hpp"
#include "folder.hpp"

using namespace eenn;

namespace {

model some_model(std::uint64_t seed) {
    model m;
    m.network = generated::edited(seed);
    const plan lowered = lower(m.network);
    m.parameters = initialize(lowered.view(), seed);
    for (const auto& e : lowered.exits) m.rules.push_back({e.decides.default_threshold(), 1.5F});
    m.rules.back().threshold = std::numeric_limits<float>::infinity();
    m.prepare.scale = 0.5F;
    m.names[node_id{1}] = "first \"layer\"";
    m.metadata["source"] = "tests";
    return m;
}

}  // namespace

TEST_CASE("io/model_file: models come back the same in every part") {
    const scratch_folder folder;
    const std::string path = (folder.path / "model.safetensors").string();
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        CAPTURE(seed);
        const model m = some_model(seed);
        io::write_model(path, m);
        const model back = io::read_model(path);
        CHECK(fingerprint_of(back) == fingerprint_of(m));
        CHECK(back.rules == m.rules);
        CHECK(back.prepare == m.prepare);
        CHECK(back.classes == m.classes);
        CHECK(back.names == m.names);
        CHECK(back.metadata == m.metadata);
    }
}

TEST_CASE("io/model_file: a file with any byte changed or any tail missing is refused") {
    const scratch_folder folder;
    const std::string path = (folder.path / "model.safetensors").string();
    model m;
    m.network = graph{{2, 2, 1}};
    m.network(conv2d{.filters = 2, .kernel_h = 1, .kernel_w = 1}, relu{}, global_average_pool{}, dense{.units = 2});
    m.parameters = initialize(lower(m.network).view(), 1);
    m.classes = {"yes", "no"};
    io::write_model(path, m);
    const auto bytes = io::read_file(path);
    int changed = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        CAPTURE(i);
        auto damaged = bytes;
        damaged[i] ^= std::byte{1};
        try {
            const model read = io::parse_model(damaged, "damaged");
            CHECK(fingerprint_of(read) == fingerprint_of(m));  // white space of the header alone
            CHECK(read.classes == m.classes);
        } catch (const error&) {
            ++changed;
        }
        CHECK_FALSE(raised([&] { (void)io::parse_model(std::span{bytes}.first(i), "cut"); }).empty());
    }
    CHECK(changed > static_cast<int>(bytes.size()) - 20);
}

TEST_CASE("io/model_file: another version, another kind of file and metadata under our keys are refused by name") {
    const scratch_folder folder;
    const std::string path = (folder.path / "model.safetensors").string();
    model m = some_model(1);
    io::write_model(path, m);
    auto bytes = io::read_file(path);
    const std::string text{reinterpret_cast<const char*>(bytes.data()), bytes.size()};
    const auto at = text.find("\"eenn.version\":\"1\"");
    REQUIRE(at != std::string::npos);
    bytes[at + 16] = std::byte{'9'};
    CHECK(contains(raised([&] { (void)io::parse_model(bytes, "x"); }), "version 9"));
    io::write_safetensors(path, {}, {});
    CHECK(contains(raised([&] { (void)io::read_model(path); }), "it is not a model of eenn"));
    m.metadata["eenn.mine"] = "";
    CHECK(contains(raised([&] { io::write_model(path, m); }), "choose another key"));
}
