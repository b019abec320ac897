// SPDX-License-Identifier: MIT
//
// rounding.cpp - how far the float kernels, Winograd's among them, are from the same network in double.
//
// In double every convolution is a direct sum. Printed are the largest difference of a logit, beside the largest logit, and
// how many predictions differ; samples as examples/augment takes them.
#include <eenn/core/threads.hpp>
#include <eenn/io/onnx/import.hpp>
#include <eenn/network/detail/infer.hpp>
#include <eenn/network/detail/packed_weights.hpp>
#include <eenn/network/runtime_network.hpp>
#include <eenn/network/standard.hpp>

#include "../examples/augment/samples.hpp"
#include "../examples/command_line.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <exception>
#include <vector>

namespace {

using namespace eenn;

/// (N,C) logits of the last exit.
template <class T>
std::vector<T> logits_of(const graph& network, std::span<const float> parameters, const data_set& set) {
    const runtime_network<T, graph> net{network};
    const executable<T> run = net.inference();
    const aligned_vector<T> values(parameters.begin(), parameters.end());
    const packed_weights packed{run, values};
    const exit_info& last = run.plan.exits.back();
    const auto classes = static_cast<std::size_t>(last.classes);
    std::vector<T> logits(classes * static_cast<std::size_t>(set.size()));
    threads pool;
    const int tasks = pool.concurrency();
    pool.run(tasks, [&](int t) {
        aligned_vector<T> workspace(run.plan.sizes.workspace);
        for (int i = t; i < set.size(); i += tasks) {
            const aligned_vector<T> input(set[i].begin(), set[i].end());
            run_steps(run, {step_id{0}, last.step.next()}, packed, input, workspace);
            const auto from = view_value(run.plan, last.logits, workspace);
            std::copy(from.begin(), from.end(), logits.data() + static_cast<std::size_t>(i) * classes);
        }
    });
    return logits;
}

template <class T>
std::ptrdiff_t answer(const std::vector<T>& logits, int sample, std::ptrdiff_t classes) {
    const auto first = logits.begin() + sample * classes;
    return std::max_element(first, first + classes) - first;
}

void compare(const std::string& file, const augment::source& from) {
    const onnx::imported model = onnx::read_network(file);
    const plan lowered = lower(model.network);
    const int classes = lowered.view().exits.back().classes;
    const data_set set = augment::read_samples(from, lowered.view().input, classes, model.prepare);
    const auto in_float = logits_of<float>(model.network, model.parameters, set);
    const auto in_double = logits_of<double>(model.network, model.parameters, set);
    double difference = 0;
    double largest = 0;
    for (std::size_t k = 0; k < in_float.size(); ++k) {
        difference = std::max(difference, std::abs(static_cast<double>(in_float[k]) - in_double[k]));
        largest = std::max(largest, std::abs(in_double[k]));
    }
    int differ = 0;
    int right[2] = {};
    for (int i = 0; i < set.size(); ++i) {
        const std::ptrdiff_t answers[]{answer(in_float, i, classes), answer(in_double, i, classes)};
        differ += answers[0] != answers[1];
        for (int k = 0; k < 2; ++k) right[k] += answers[k] == set.labels[static_cast<std::size_t>(i)];
    }
    std::printf(
        "%d samples: logits differ by at most %.2e (largest logit %.1f); %d predictions differ; right: %d in float, %d "
        "in double\n",
        set.size(), difference, largest, differ, right[0], right[1]);
}

}  // namespace

int main(int argc, char** argv) {
    std::string model;
    augment::source samples;
    examples::command_line line{
        "rounding",
        "measures how far the float kernels are from the same network in double, where every convolution is a "
        "direct sum: the largest difference of a logit, and how many predictions differ."};
    line.option("MODEL.onnx", model, "the network");
    line.option("SAMPLES", samples.samples, "a .npy or CIFAR-10 .bin file, as examples/augment takes it");
    line.option("[LABELS.npy]", samples.labels, "of the samples in a .npy file");
    line.read(argc, argv);
    try {
        compare(model, samples);
    } catch (const std::exception& e) {
        std::fprintf(stderr, "%s\n", e.what());
        return 1;
    }
}
