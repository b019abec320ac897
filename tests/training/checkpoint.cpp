// SPDX-License-Identifier: MIT
#include <eenn/training/checkpoint.hpp>

#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <utility>

#include "../folder.hpp"
#include "../raised.hpp"

namespace {

using namespace eenn;

training_state state_after(int epochs) {
    training_state state;
    state.parameters = {1, 2, static_cast<float>(epochs)};
    state.epoch = epochs;
    state.seed = 7;
    return state;
}

// Takes whatever it is given.
struct any_training {
    training_state state{};
    void resume(training_state from) { state = std::move(from); }
};

}  // namespace

TEST_CASE("training/checkpoint: a training goes on from its last epoch, with a digest and without") {
    const scratch_folder folder;
    const std::string path = (folder.path / "run").string();
    for (const auto& file : {checkpoint_file{path}, checkpoint_file{path, digest_of("a training")}}) {
        any_training training;
        CHECK_FALSE(file.resume(training));
        CHECK(training.state.parameters.empty());
        file(state_after(1));
        file(state_after(2));
        CHECK(folder.files() == 1);
        REQUIRE(file.resume(training));
        CHECK(training.state.epoch == 2);
        CHECK(training.state.parameters == state_after(2).parameters);
        file.remove();
        CHECK(folder.files() == 0);
        CHECK_FALSE(file.resume(training));
    }
}

TEST_CASE("training/checkpoint: the file of another training is refused, and named") {
    const scratch_folder folder;
    const std::string path = (folder.path / "run").string();
    const checkpoint_file file{path, digest_of("30 epochs")};
    file(state_after(1));
    any_training training;
    const auto refused = [&](const checkpoint_file& other) { return raised([&] { (void)other.resume(training); }); };
    CHECK(refused(checkpoint_file{path, digest_of("40 epochs")}) ==
          path + ": it is of something else; delete the file");
    CHECK(contains(refused(checkpoint_file{path}), path));
    write_checkpoint(path, state_after(3));
    CHECK(contains(refused(file), path + ": it does not start as a journal"));
    CHECK(training.state.parameters.empty());
    CHECK(checkpoint_file{path}.read()->epoch == 3);
}

TEST_CASE("training/checkpoint: without a path nothing is written and nothing found") {
    const checkpoint_file none;
    none(state_after(1));
    none.remove();
    CHECK_FALSE(none.read());
}

TEST_CASE(
    "training/checkpoint: a bit that was flipped anywhere is seen, and so is an extra vector that is there twice") {
    training_state state = state_after(2);
    state.extra["levels"].values = {1, 2, 3};
    const auto good = checkpoint_bytes(state);
    CHECK(parse_checkpoint(good, "run").extra.at("levels").values == state.extra.at("levels").values);
    int refused = 0;
    for (std::size_t bit = 64; bit < 8 * good.size(); bit += 7) {  // behind the header's length
        auto bytes = good;
        bytes[bit / 8] ^= std::byte{1} << (bit % 8);
        if (!raised([&] { (void)parse_checkpoint(bytes, "run"); }).empty()) {
            ++refused;
        } else {  // spaces between the header's tokens say nothing
            CHECK(detail::checksum_of(parse_checkpoint(bytes, "run")) == detail::checksum_of(state));
        }
    }
    CHECK(refused > 100);

    std::vector<io::tensor_view> views;
    const io::tensor_file file{good, "run"};
    for (const io::tensor_view& view : file.tensors()) views.push_back(view);
    const std::vector<float> again(100, 1.0F);
    views.push_back(io::make_tensor_view<float>("extra_by_parameter.levels", {100}, std::span<const float>{again}));
    const auto twice = io::safetensors_bytes(views, file.metadata());
    CHECK(contains(raised([&] { (void)parse_checkpoint(twice, "run"); }), "'levels' is there twice"));
}
