// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <eenn/io/logit_trace.hpp>
#include <limits>
#include <string>
#include <vector>

#include "folder.hpp"

using namespace eenn;

namespace {

logit_trace small_trace() {
    logit_trace trace{2, 2, 3, {}, {2, 0}, {margin{}, patience{}}, {1000, 2500}, {}};
    for (int i = 0; i < 12; ++i) trace.logits.push_back(to_float16(0.37F * static_cast<float>(i * i - 20)));
    return trace;
}

void same(const logit_trace& a, const logit_trace& b) {
    CHECK(a.samples == b.samples);
    CHECK(a.exits == b.exits);
    CHECK(a.classes == b.classes);
    REQUIRE(a.logits.size() == b.logits.size());
    for (std::size_t x = 0; x < a.logits.size(); ++x) CHECK(a.logits[x].bits == b.logits[x].bits);
    CHECK(a.labels == b.labels);
    CHECK(a.decides == b.decides);
    CHECK(a.macs == b.macs);
    CHECK(a.seconds == b.seconds);
}

}  // namespace

TEST_CASE("io/logit_trace: a trace comes back from its file as it was, with times and without") {
    const scratch_folder folder;
    const std::string path = folder.path / "trace.safetensors";
    logit_trace trace = small_trace();
    io::write_logit_trace(path, trace, {{"network", "small"}});
    same(io::read_logit_trace(path), trace);
    trace.seconds = {1e-6, 3e-6};
    io::write_logit_trace(path, trace);
    same(io::read_logit_trace(path), trace);
    CHECK(io::read_safetensors(path).find("logits")->bytes.size() == 24);
}

TEST_CASE("io/logit_trace: a file that is no trace is an error that names the file and the tensor") {
    const scratch_folder folder;
    const std::string path = folder.path / "trace.safetensors";
    const auto trace = small_trace();
    io::write_logit_trace(path, trace);
    const io::tensor_file whole = io::read_safetensors(path);
    const auto without = [&](const char* name, const io::tensor_view* instead) {
        std::vector<io::tensor_view> rest;
        for (const auto& t : whole.tensors()) {
            if (t.name != name) rest.push_back(t);
        }
        if (instead != nullptr) rest.push_back(*instead);
        const std::string other = folder.path / "other.safetensors";
        io::write_safetensors(other, rest);
        return raised([&] { (void)io::read_logit_trace(other); });
    };
    for (const char* name : {"logits", "labels", "policies", "macs"})
        CHECK(without(name, nullptr).find("there is no tensor '" + std::string{name} + "'") != std::string::npos);
    const std::vector<float> wide(12);
    const auto floats = io::make_tensor_view("logits", {2, 2, 3}, std::span<const float>{wide});
    CHECK(without("logits", &floats).find("tensor 'logits' is [2, 2, 3] of f32, not 3 axes of f16") !=
          std::string::npos);
    const std::vector<std::uint8_t> unknown{1, 77};
    const auto policies = io::make_tensor_view("policies", {2}, std::span<const std::uint8_t>{unknown});
    CHECK(without("policies", &policies).find("policy 77 is none that is known") != std::string::npos);
    const std::vector<std::int32_t> few{1};
    const auto labels = io::make_tensor_view("labels", {1}, std::span<const std::int32_t>{few});
    CHECK(without("labels", &labels).find("logit_trace::labels: 1 elements, where 2 are needed") != std::string::npos);
    auto broken = trace;
    broken.logits[5] = to_float16(std::numeric_limits<float>::infinity());
    CHECK(raised([&] { io::write_logit_trace(path, broken); }).find("sample 0, exit 1, class 2") != std::string::npos);
    same(io::read_logit_trace(path), trace);
}
