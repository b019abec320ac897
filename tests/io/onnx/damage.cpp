// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <eenn/core/random.hpp>
#include <eenn/io/file.hpp>
#include <eenn/io/onnx/import.hpp>
#include <eenn/io/onnx/read.hpp>
#include <eenn/io/onnx/write.hpp>
#include <eenn/network/detail/lower.hpp>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "build_model.hpp"

using namespace eenn;

namespace {

using bytes = std::vector<std::byte>;

// A residual block with all that a file may hold.
bytes small_file() {
    small_model m{{-1, 3, 8, 8}};
    m.floats("w", {4, 3, 3, 3}, ramp(108)).floats("b", {4}, ramp(4));
    m.node("Conv", {"x", "w", "b"}, "c", {onnx::detail::integers("pads", {1, 1, 1, 1})});
    m.floats("v", {4, 4, 1, 1}, ramp(16)).node("Relu", {"c"}, "r").node("Conv", {"r", "v"}, "d");
    m.node("Add", {"c", "d"}, "s").node("GlobalAveragePool", {"s"}, "g");
    m.node("Shape", {"g"}, "shape").number("first", 0).integers("at", {0}).integers("open", {-1});
    m.node("Gather", {"shape", "first"}, "n").node("Unsqueeze", {"n", "at"}, "list");
    m.node("Concat", {"list", "open"}, "to", {onnx::detail::integer("axis", 0)}).node("Reshape", {"g", "to"}, "f");
    m.floats("k", {5, 4}, ramp(20)).node("Gemm", {"f", "k"}, "l", {onnx::detail::integer("transB", 1)});
    m.node("Softmax", {"l"}, "y");
    return onnx::serialize(m.made);
}

// The small file and, where EENN_MODELS names pretrained networks, one of these.
std::vector<bytes> files() {
    std::vector<bytes> all{small_file()};
    if (const char* folder = std::getenv("EENN_MODELS")) {
        const auto read = io::read_file(std::filesystem::path{folder} / "resnet8_cifar10.onnx");
        all.emplace_back(read.begin(), read.end());
    } else {
        std::puts("SKIP: EENN_MODELS is not set, no pretrained network is damaged");
    }
    return all;
}

// Where something else than the numbers of a large weight lies: there a wrong bit does most.
std::vector<std::size_t> telling_places(const bytes& file) {
    std::vector<bool> weight(file.size(), false);
    for (const auto& t : onnx::parse_model(file).network.initializers) {
        if (t.bytes.size() < 64) continue;
        const auto at = std::search(file.begin(), file.end(), t.bytes.begin(), t.bytes.end());
        if (at == file.end()) continue;
        std::fill_n(weight.begin() + (at - file.begin()), t.bytes.size(), true);
    }
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < file.size(); ++i) {
        if (!weight[i]) places.push_back(i);
    }
    return places;
}

// Whether the bytes make a network; refusals are eenn::error, and what is made is whole.
bool imports(std::span<const std::byte> file) {
    try {
        const auto made = onnx::import_network(onnx::parse_model(file));
        CHECK(made.parameters.size() == lower(made.network).view().parameter_elements());
        CHECK(made.names.size() == made.network.nodes().size());
        return true;
    } catch (const error&) {
        return false;
    }
}

}  // namespace

TEST_CASE("io/onnx/damage: a file cut anywhere is refused, or is whole up to there") {
    for (const auto& file : files()) {
        REQUIRE(imports(file));
        const std::span<const std::byte> whole{file};
        const std::size_t step = std::max<std::size_t>(1, file.size() / 500);
        int made = 0;
        for (std::size_t size = 0; size < file.size(); size += step) made += imports(whole.first(size)) ? 1 : 0;
        for (std::size_t size = file.size() - 32; size < file.size(); ++size) (void)imports(whole.first(size));
        CHECK(made <= 1);  // the opsets come last, so that hardly anything is a model without them
    }
}

TEST_CASE("io/onnx/damage: wrong bits and bytes are refused, or make another whole network") {
    for (const auto& file : files()) {
        const auto places = telling_places(file);
        random_stream random{.seed = 11};
        int made = 0;
        constexpr int tries = 1500;
        for (int i = 0; i < tries; ++i) {
            auto damaged = file;
            for (auto count = 1 + random.below(3); count > 0; --count) {
                auto& at = damaged[places[random.below(places.size())]];
                at = random.below(2) == 0 ? at ^ static_cast<std::byte>(1U << random.below(8))
                                          : static_cast<std::byte>(random.below(256));
            }
            made += imports(damaged) ? 1 : 0;
        }
        CHECK((made > 0 && made < tries));  // names of nodes may change, lengths may not
    }
}
