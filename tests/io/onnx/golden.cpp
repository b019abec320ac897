// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <eenn/interop/zlib.hpp>
#include <eenn/io/npz.hpp>
#include <eenn/io/onnx/import.hpp>
#include <eenn/network/detail/lower.hpp>
#include <filesystem>
#include <string>

#include "support.hpp"

using namespace eenn;

namespace {

// The folder of networks with golden outputs, or "" where EENN_MODELS is unset.
std::string models() {
    const char* folder = std::getenv("EENN_MODELS");
    if (folder == nullptr) {
        std::puts("SKIP: EENN_MODELS is not set, no golden outputs are compared");
        return {};
    }
    return folder;
}

}  // namespace

TEST_CASE("io/onnx: pretrained and coverage networks make the logits that ONNX Runtime makes, to 1e-4 + 1e-4 |logit|") {
    if (models().empty()) return;
    for (const char* name :
         {"resnet8_cifar10", "resnet20_cifar10_conv", "resnet56_cifar10_conv", "kws_dscnn", "resnet_large_cifar10",
          "coverage/mobilenetv2_like", "coverage/ecg_cnn1d", "coverage/se_hardswish"}) {
        CAPTURE(name);
        const std::filesystem::path path = models() + "/" + name;
        const auto golden = io::read_npz(path.string() + ".golden.npz", io::inflate);
        const auto x = golden.at("x").to<float>(), logits = golden.at("logits").to<float>();
        for (const bool fold : {false, true}) {
            const auto made = onnx::read_network(path.string() + ".onnx", {.fold_norms = fold});
            CHECK(distance(outputs_of(made, x), logits, 1e-4, 1e-4) <= 1);
        }
    }
}

TEST_CASE("io/onnx: the networks that speed is measured on have the multiply-accumulates that their README names") {
    if (models().empty()) return;
    struct row {
        const char* name;
        std::int64_t macs;
    };
    for (const auto& net :
         {row{"resnet8", 12'501'632}, row{"resnet20", 40'813'184}, row{"resnet56", 125'747'840},
          row{"dscnn", 2'656'768}, row{"mobilenet_v1_025_96", 7'489'664}, row{"ecg_cnn", 1'013'008}}) {
        CAPTURE(net.name);
        const auto made = onnx::read_network(models() + "/speed/" + net.name + ".onnx");
        CHECK(lower(made.network).sizes.macs == net.macs);
    }
}
