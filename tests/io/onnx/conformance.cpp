// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <eenn/io/file.hpp>
#include <eenn/io/onnx/detail/values.hpp>
#include <eenn/io/onnx/import.hpp>
#include <eenn/io/onnx/read.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "support.hpp"

using namespace eenn;
namespace fs = std::filesystem;

namespace {

// ONNX's own test cases (Debian: libonnx-testdata), or "" where they are not installed.
std::string test_cases() {
    const char* given = std::getenv("EENN_ONNX_TESTDATA");
    const std::string folder = given != nullptr ? given : "/usr/share/libonnx-testdata/data";
    if (fs::is_directory(folder)) return folder;
    std::puts("SKIP: libonnx-testdata is not installed, ONNX's own test cases are not run");
    return {};
}

onnx::tensor read_tensor(const fs::path& path) { return onnx::parse_tensor(io::read_file(path), path.string()); }

// Softmax, or its logarithm, over the channels, where the import dropped it.
void restore_softmax(const onnx::imported& made, std::vector<float>& values) {
    const bool logarithm = noted(made, "dropped the final LogSoftmax");
    if (!logarithm && !noted(made, "dropped the final Softmax")) return;
    const auto classes = made.network.shape_of(made.network.here()).elements();
    for (auto row = values.begin(); row != values.end(); row += static_cast<std::ptrdiff_t>(classes)) {
        const auto end = row + static_cast<std::ptrdiff_t>(classes);
        const double most = *std::max_element(row, end);
        double sum = 0;
        for (auto v = row; v != end; ++v) sum += std::exp(*v - most);
        for (auto v = row; v != end; ++v) {
            const double logit = *v - most - std::log(sum);
            *v = static_cast<float>(logarithm ? logit : std::exp(logit));
        }
    }
}

// What became of a case: passed, or why it was refused; anything else is a wrong result.
struct outcome {
    bool passed = false;
    std::string refused;
    double distance = 0;
};

outcome run(const fs::path& folder, const onnx::import_options& wanted) {
    outcome result;
    try {
        auto model = onnx::read_model(folder / "model.onnx");
        const fs::path data = folder / "test_data_set_0";
        // Weights come as inputs in these cases: all inputs after the first become constants.
        auto& graph = model.network;
        if (graph.inputs.empty() || graph.outputs.empty()) return {false, "has no input or output", 0};
        for (std::size_t i = 1; i < graph.inputs.size(); ++i) {
            const fs::path file = data / ("input_" + std::to_string(i) + ".pb");
            if (!fs::exists(file)) continue;  // an initializer that is listed as an input
            graph.initializers.push_back(read_tensor(file));
            graph.initializers.back().name = graph.inputs[i].name;
        }
        auto options = wanted;
        options.output = graph.outputs[0].name;
        const auto made = onnx::import_network(model, options);
        const auto x = onnx::detail::numbers<float>(read_tensor(data / "input_0.pb"));
        const auto expected = onnx::detail::numbers<float>(read_tensor(data / "output_0.pb"));
        auto got = outputs_of(made, x);
        restore_softmax(made, got);
        result.distance = distance(got, expected, 1e-4, 1e-3);
        result.passed = result.distance <= 1;
    } catch (const error& e) {
        result.refused = e.what();
    }
    return result;
}

}  // namespace

TEST_CASE("io/onnx: ONNX's own cases come out right or are refused, and at least as many come out right as did") {
    if (test_cases().empty()) return;
    const bool verbose = std::getenv("EENN_VERBOSE") != nullptr;
    int passed = 0, refused = 0;
    for (const char* group : {"node", "pytorch-converted", "pytorch-operator", "simple"}) {
        std::vector<fs::path> cases;
        for (const auto& entry : fs::directory_iterator{fs::path{test_cases()} / group}) cases.push_back(entry.path());
        std::sort(cases.begin(), cases.end());
        for (const auto& folder : cases) {
            CAPTURE(folder.string());
            const auto result = run(folder, {});
            passed += result.passed ? 1 : 0;
            refused += result.refused.empty() ? 0 : 1;
            if (result.refused.empty()) CHECK(result.distance <= 1);
            if (verbose) {
                std::printf("%s %s %s\n", folder.filename().c_str(), result.passed ? "passed" : "refused",
                            result.refused.c_str());
            }
            const auto kept = run(folder, {.fold_norms = true, .keep_softmax = true});
            if (kept.refused.empty()) CHECK(kept.distance <= 1);
        }
    }
    std::printf("ONNX's own test cases: %d passed, %d refused\n", passed, refused);
    CHECK(passed >= 189);  // in version 1.12
}
