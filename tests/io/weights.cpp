// SPDX-License-Identifier: MIT
#include <eenn/io/weights.hpp>
#include <eenn/network/detail/lower.hpp>
#include <eenn/network/standard.hpp>

#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include "folder.hpp"

namespace {

using namespace eenn;

plan small_plan(int filters = 4) {
    graph g{{4, 4, 2}};
    g(conv2d{.filters = filters, .bias = true}, batch_norm{}, relu{}, dense{.units = 3});
    return lower(g);
}

std::string message_of(const io::tensor_list& list, const plan_view& plan, std::span<float> parameters) {
    try {
        io::assign_weights(list, plan, parameters);
    } catch (const error& e) {
        return e.what();
    }
    return "nothing was thrown";
}

}  // namespace

TEST_CASE("io/weights: tensors are named by their layer path and come back bit for bit, from a file and from memory") {
    const plan p = small_plan();
    const auto written = initialize(p.view(), 7);
    const auto views = io::weight_views(p.view(), std::span<const float>{written});
    REQUIRE(views.size() == 8);
    CHECK(views[0].name == "conv2d_1.weight");
    CHECK(views[0].dims == std::vector<std::int64_t>{3, 3, 2, 4});
    CHECK(views[2].name == "batch_norm_2.gamma");
    CHECK(views[4].name == "dense_4.weight");
    CHECK(views[7].name == "batch_norm_2.var");

    const auto path = std::filesystem::temp_directory_path() / "eenn_weights_test.safetensors";
    io::write_weights(path, p.view(), std::span<const float>{written});
    aligned_vector<float> read(written.size());
    io::read_weights(path, p.view(), std::span<float>{read});
    CHECK(read == written);
    io::write_weights(path, p.view(), initialize(p.view(), 8));
    io::read_weights(path, p.view(), read);
    CHECK(read == initialize(p.view(), 8));
    std::filesystem::remove(path);

    const auto bytes = io::safetensors_bytes(views);
    aligned_vector<float> from_memory(written.size());
    io::assign_weights(io::parse_safetensors(bytes), p.view(), std::span<float>{from_memory});
    CHECK(from_memory == written);
}

TEST_CASE("io/weights: the parameters in a file come as a vector; a wrong file is named with what is wanted") {
    const scratch_folder folder;
    const plan p = small_plan();
    const plan other = small_plan(5);
    const std::string path = (folder.path / "net.safetensors").string();
    const auto written = initialize(p.view(), 7);
    io::write_weights(path, p.view(), std::span<const float>{written});
    CHECK(io::read_weights(path, p.view()) == written);
    CHECK(io::read_weights<double>(path, p.view()) == aligned_vector<double>(written.begin(), written.end()));

    const auto refused = [&] { return raised([&] { (void)io::read_weights(path, other.view()); }); };
    CHECK(contains(refused(), path + ": tensor 'conv2d_1.weight' has shape [3, 3, 2, 4] where [3, 3, 2, 5] is wanted"));
    const graph deeper = [] {
        graph g{{4, 4, 2}};
        g(conv2d{.filters = 4, .bias = true}, batch_norm{}, relu{}, dense{.units = 3}, dense{.units = 3});
        return g;
    }();
    CHECK(contains(raised([&] { (void)io::read_weights(path, lower(deeper).view()); }),
                   path + ": tensor 'dense_5.weight' is missing"));
    io::write_file(path, io::as_bytes("no weights at all"));
    CHECK(contains(refused(), path + ": "));
    std::filesystem::remove(path);
    CHECK(contains(refused(), path));
    aligned_vector<float> few(3);
    CHECK(contains(raised([&] { io::read_weights(path, p.view(), std::span<float>{few}); }), path));
    CHECK(contains(raised([&] { io::assign_weights({}, p.view(), std::span<float>{few}); }),
                   "room for 3 parameters of a network of " + std::to_string(written.size())));
}

TEST_CASE("io/weights: what does not fit is named, and the network stays as it was") {
    const plan p = small_plan();
    const plan other = small_plan(5);
    const auto start = initialize(p.view(), 7);
    const auto foreign = initialize(other.view(), 8);
    auto parameters = start;
    io::tensor_list list;
    list.tensors = io::weight_views(other.view(), std::span<const float>{foreign});
    CHECK(message_of(list, p.view(), parameters).find("conv2d_1.weight") != std::string::npos);
    list.tensors = io::weight_views(p.view(), std::span<const float>{start});
    list.tensors.pop_back();
    CHECK(message_of(list, p.view(), parameters).find("batch_norm_2.var") != std::string::npos);
    list.tensors = io::weight_views(p.view(), std::span<const float>{start});
    list.tensors[3].name = "stranger";
    CHECK(message_of(list, p.view(), parameters).find("batch_norm_2.beta") != std::string::npos);
    CHECK(parameters == start);
}
