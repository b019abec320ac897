// SPDX-License-Identifier: MIT
//
// support.hpp - what the ONNX tests share: running a network on values laid out as the file has them.
#ifndef EENN_TESTS_IO_ONNX_SUPPORT_HPP
#define EENN_TESTS_IO_ONNX_SUPPORT_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <eenn/io/onnx/import.hpp>
#include <eenn/network/detail/infer.hpp>
#include <eenn/network/runtime_network.hpp>
#include <span>
#include <string>
#include <vector>

// Channels first (C,H,W) to channels last (H,W,C).
inline std::vector<float> channels_last(std::span<const float> from, eenn::shape s) {
    std::vector<float> to(s.elements());
    for (int c = 0; c < s.c; ++c) {
        for (int p = 0; p < s.pixels(); ++p)
            to[static_cast<std::size_t>(p * s.c + c)] = from[static_cast<std::size_t>(c * s.pixels() + p)];
    }
    return to;
}
inline std::vector<float> channels_first(std::span<const float> from, eenn::shape s) {
    std::vector<float> to(s.elements());
    for (int c = 0; c < s.c; ++c) {
        for (int p = 0; p < s.pixels(); ++p)
            to[static_cast<std::size_t>(c * s.pixels() + p)] = from[static_cast<std::size_t>(p * s.c + c)];
    }
    return to;
}

inline bool noted(const eenn::onnx::imported& made, const std::string& part) {
    return std::any_of(made.notes.begin(), made.notes.end(),
                       [&](const std::string& note) { return note.find(part) != std::string::npos; });
}

// What the network makes of samples that lie as the file has them, in the file's order.
inline std::vector<float> outputs_of(const eenn::onnx::imported& made, std::span<const float> samples) {
    const eenn::runtime_network<float, eenn::graph> compiled{made.network};
    const auto net = compiled.inference();
    const eenn::packed_weights packed{net, made.parameters};
    eenn::aligned_vector<float> workspace(net.plan.sizes.workspace);
    const eenn::shape in = net.plan.input;
    const eenn::shape out = made.network.shape_of(made.network.here());
    std::vector<float> all;
    for (std::size_t at = 0; at + in.elements() <= samples.size(); at += in.elements()) {
        const auto sample = samples.subspan(at, in.elements());
        const bool ours = noted(made, "the file's input is (N,H,W") || noted(made, "the file's input is (N,L,C)");
        const auto laid = ours ? std::vector<float>(sample.begin(), sample.end()) : channels_last(sample, in);
        const eenn::aligned_vector<float> x(laid.begin(), laid.end());
        eenn::run_steps(net, net.plan.steps.ids(), packed, x, workspace);
        const std::span<const float> y = eenn::view_value(net.plan, net.plan.exits.back().logits, workspace);
        const auto made_here = noted(made, "the file's output is (N,H,W,C)") ? std::vector<float>(y.begin(), y.end())
                                                                             : channels_first(y, out);
        all.insert(all.end(), made_here.begin(), made_here.end());
    }
    return all;
}

// How far two lists are apart, in units of absolute + relative |expected|; at most 1 is close enough.
inline double distance(std::span<const float> got, std::span<const float> expected, double absolute, double relative) {
    if (got.size() != expected.size()) return std::nan("");
    double most = 0;
    for (std::size_t i = 0; i < got.size(); ++i) {
        if (got[i] == expected[i] || (std::isnan(got[i]) && std::isnan(expected[i]))) continue;
        const double apart = std::fabs(double{got[i]} - expected[i]) / (absolute + relative * std::fabs(expected[i]));
        if (!(apart <= most)) most = apart;
    }
    return most;
}

#endif
