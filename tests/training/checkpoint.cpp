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
