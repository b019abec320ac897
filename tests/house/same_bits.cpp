// SPDX-License-Identifier: MIT
//
// same_bits.cpp - a hash of what exp, exp - 1, tanh, log, sigmoid and the confidence policies give over a sweep of numbers, and of
// a calibration; same_bits.sh builds it for several instruction sets and compares.
#include <eenn/exits/calibration.hpp>
#include <eenn/kernels/detail/activation.hpp>
#include <eenn/policies/policy.hpp>

#include <array>
#include <bit>
#include <cstdint>
#include <cstdio>
#include <span>
#include <vector>

namespace {

using namespace eenn;

std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a

template <class T>
void add(T value) {
    // Which NaN it is depends on the machine.
    const std::uint64_t bits = value == value ? std::bit_cast<typename lane_of<T>::bits>(value) : 1;
    for (int i = 0; i < 64; i += 8) hash = (hash ^ (bits >> i & 255)) * 0x100000001b3;
}

/// f of vectors of numbers of all sizes, and of those between -30 and 30.
template <class T, class F>
void add_all(F&& f) {
    constexpr int W = lane_count<T>;
    using bits = typename lane_of<T>::bits;
    constexpr bits step = ~bits{0} / 40'000;
    for (int i = 0; i < 40'000; i += 16) {
        std::array<T, 16> x, y;  // as many for every machine
        for (int k = 0; k < 16; ++k) {
            const auto at = static_cast<unsigned>(i + k);
            x[static_cast<std::size_t>(k)] =
                at % 2 == 0 ? std::bit_cast<T>(static_cast<bits>(at * step))
                            : static_cast<T>(static_cast<int>(at) - 20'000) * static_cast<T>(0.0015);
        }
        for (int k = 0; k < 16; k += W) store<T>(y.data() + k, f(load<T>(x.data() + k)));
        for (const T value : y) add(value);
    }
}

template <class T>
void add_functions() {
    using kernels::activation_kind;
    add_all<T>([](lanes<T> v) { return exponential(v); });
    add_all<T>([](lanes<T> v) { return exponential_minus_one(v); });
    add_all<T>([](lanes<T> v) { return hyperbolic_tangent(v); });
    add_all<T>([](lanes<T> v) { return logarithm(v); });
    add_all<T>([](lanes<T> v) { return kernels::apply<T>({activation_kind::sigmoid, {}}, v); });
    add_all<T>([](lanes<T> v) { return kernels::apply<T>({activation_kind::tanh, {}}, v); });
}

template <class T>
void add_confidences() {
    std::array<T, 10> logits{};
    std::uint32_t random = 1;
    for (int sample = 0; sample < 2'000; ++sample) {
        for (T& z : logits) {
            random = random * 1664525 + 1013904223;
            z = static_cast<T>(random >> 8) * static_cast<T>(0x1p-20) - 8;
        }
        for (int kind = 0; kind < policy_count; ++kind) {
            exit_state state;
            const policy rule{static_cast<policy_kind>(kind)};
            add(rule.confidence<T>(std::span<const T>{logits}, static_cast<T>(1 + sample % 7), state).confidence);
        }
    }
}

void add_calibration() {
    std::vector<float> logits(5 * 200);
    std::vector<std::int32_t> labels(200);
    std::uint32_t random = 2;
    const auto draw = [&random] { return (random = random * 1664525 + 1013904223) >> 8; };
    for (float& z : logits) z = static_cast<float>(draw()) * 0x1p-22F;
    for (std::int32_t& label : labels) label = static_cast<std::int32_t>(draw() % 5);
    for (std::size_t i = 0; i < labels.size(); i += 2) logits[5 * i + static_cast<std::size_t>(labels[i])] += 3;
    const calibration fitted = fit_temperature(logits, labels);
    for (const double value : {fitted.temperature, fitted.nll_before, fitted.nll_after}) add(value);
}

}  // namespace

int main() {
    add_functions<float>();
    add_functions<double>();
    add_confidences<float>();
    add_confidences<double>();
    add_calibration();
    std::printf("%016llx\n", static_cast<unsigned long long>(hash));
}
