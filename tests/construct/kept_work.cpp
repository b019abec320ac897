// SPDX-License-Identifier: MIT
#include <eenn/construct/detail/kept_work.hpp>

#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include "../raised.hpp"
#include "folder.hpp"

using namespace eenn;
using namespace eenn::construct;

TEST_CASE("construct/kept_work: vectors are read again by their key, each of its size") {
    const test::scratch_folder folder;
    const std::vector<float> few{1, 2, 3};
    const aligned_vector<float> none;
    digest key;
    {
        const kept_work kept{folder.path / "inner"};
        key = kept.key_of("stage", 1, few);
        CHECK(key != kept.key_of("stage", 2, few));
        kept.write(key, {few, none});
    }
    const kept_work kept{folder.path / "inner"};
    std::vector<float> first{9};
    aligned_vector<float> second{9};
    CHECK_FALSE(kept.read(kept.key_of("stage", 2, few), std::pair{&first, std::size_t{3}}));
    CHECK(first == std::vector<float>{9});
    REQUIRE(kept.read(key, std::pair{&first, std::size_t{3}}, std::pair{&second, std::size_t{0}}));
    CHECK(first == few);
    CHECK(second.empty());
}

TEST_CASE("construct/kept_work: another size than the one that is wanted is an error that names the file to delete") {
    const test::scratch_folder folder;
    const kept_work kept{folder.path};
    const std::vector<float> few{1, 2, 3};
    const digest key = kept.key_of("stage");
    kept.write(key, {few});
    std::vector<float> into{9};
    const auto read = [&](std::size_t size) { return raised([&] { (void)kept.read(key, std::pair{&into, size}); }); };
    CHECK(read(4) ==
          (folder.path / "kept.journal").string() + ": a vector has 3 numbers where 4 are wanted; delete the file");
    CHECK(read(0).find("delete the file") != std::string::npos);
    const auto too_many = raised([&] {
        (void)kept.read(key, std::pair{&into, std::size_t{3}}, std::pair{&into, std::size_t{3}});
    });
    CHECK(too_many.find("delete the file") != std::string::npos);
    CHECK(into == std::vector<float>{9});
}

TEST_CASE("construct/kept_work: without a folder nothing is kept and nothing is written") {
    const kept_work kept{{}};
    std::vector<float> into{9};
    kept.write(kept.key_of("stage"), {into});
    CHECK_FALSE(kept.read(kept.key_of("stage"), std::pair{&into, std::size_t{1}}));
    const checkpoint_file under_way = kept.under_way(kept.key_of("stage"));
    under_way(training_state{});
    CHECK(under_way.path().empty());
    CHECK_FALSE(under_way.read());
}

TEST_CASE("construct/kept_work: a training under way goes on from its last epoch, and ends with its work") {
    const test::scratch_folder folder;
    const kept_work kept{folder.path};
    const digest key = kept.key_of("training");
    const checkpoint_file under_way = kept.under_way(key);
    CHECK_FALSE(under_way.read());
    training_state state;
    state.parameters = {1, 2, 3};
    state.epoch = 1;
    state.seed = 7;
    under_way(state);
    state.epoch = 2;
    under_way(state);
    const auto read = kept.under_way(key).read();
    REQUIRE(read);
    CHECK(read->epoch == 2);
    CHECK(read->parameters == state.parameters);
    CHECK(folder.files() == 2);

    // Under the name of another training it is refused, and so is one that is damaged.
    const auto path = folder.path / (key.text() + ".training");
    const digest other = kept.key_of("other");
    std::filesystem::copy(path, folder.path / (other.text() + ".training"));
    CHECK(raised([&] { (void)kept.under_way(other).read(); }).find("delete the file") != std::string::npos);
    for (std::uintmax_t at = 0; at < std::filesystem::file_size(path); ++at) {
        test::flip_byte(path, at);
        const auto said = raised([&] { (void)under_way.read(); });
        CHECK(said.find(path.string()) != std::string::npos);
        test::flip_byte(path, at);
    }
    CHECK(under_way.read());

    kept.write(key, {std::vector<float>{1}});
    std::vector<float> into;
    CHECK(kept.read(key, std::pair{&into, std::size_t{1}}));  // its end was not reached: the file is in the way no more
    CHECK_FALSE(std::filesystem::exists(path));
}
