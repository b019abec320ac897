// SPDX-License-Identifier: MIT
//
// write_models.cpp - the six networks for runners that read files: `write_models FOLDER` writes for each
//
//   NAME.onnx    with our parameters
//   NAME.images  64 samples (N,C,H,W), float32
//   NAME.logits  what we make of them, (N, classes), float32
#include <eenn/io/file.hpp>
#include <eenn/io/onnx/export.hpp>
#include <eenn/io/onnx/write.hpp>
#include <eenn/network/runtime_network.hpp>

#include <cstdio>
#include <filesystem>

#include "../../examples/command_line.hpp"
#include "../passes.hpp"
#include "network.hpp"

namespace {

constexpr int samples = 64;

void write(const std::filesystem::path& file, const std::vector<float>& values) {
    eenn::io::write_file(file, std::as_bytes(std::span{values}));
}

}  // namespace

int main(int argc, char** argv) try {
    std::filesystem::path folder;
    examples::command_line line{"write_models", "writes six networks, samples and logits for runners that read files."};
    line.option("FOLDER", folder, "where they are written");
    line.read(argc, argv);
    std::filesystem::create_directories(folder);
    passes::for_each_network([&]<auto Recipe>(const char* name) {
        const auto net = peers::make_network(name);
        const eenn::runtime_network<float, eenn::graph> compiled{net.graph};
        const auto plan = compiled.plan();
        eenn::onnx::write_model(folder / (net.name + ".onnx"), eenn::onnx::export_network(net.graph, net.parameters));
        write(folder / (net.name + ".images"),
              peers::channels_first(plan.input, samples, passes::images(plan, samples).data()));
        write(folder / (net.name + ".logits"), peers::our_logits(compiled.inference(), samples));
    });
} catch (const std::exception& e) {
    std::fprintf(stderr, "write_models: %s\n", e.what());
    return 1;
}
