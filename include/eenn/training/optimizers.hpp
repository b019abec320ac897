// SPDX-License-Identifier: MIT
//
// optimizers.hpp - one step of gradient descent: SGD with momentum, Adam, AdamW.
// Floor 7 (training). Letters: P = parameters, p = a parameter, g = its gradient, lr = learning rate, t = step from 1.
#ifndef EENN_TRAINING_OPTIMIZERS_HPP
#define EENN_TRAINING_OPTIMIZERS_HPP

#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>

#include <eenn/core/aligned.hpp>
#include <eenn/core/detail/allowed.hpp>
#include <eenn/core/error.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/training/detail/parameter_range.hpp>

namespace eenn {
inline namespace EENN_ISA {

/// @brief The state of an optimizer, at the offsets of the parameters. Empty until the first step allocates it.
///
/// @par Memory  0, 1 or 2 vectors of P elements (Optimizer::moments), frozen parameters included.
template <std::floating_point T>
struct optimizer_state {
    aligned_vector<T> first;   ///< (P) SGD: velocity; Adam: mean of the gradient
    aligned_vector<T> second;  ///< (P) Adam: mean of the squared gradient
    std::int64_t steps = 0;    ///< steps taken
};

/// @brief An optimizer is a value that holds hyperparameters. It has `moments` (the number of state vectors) and
/// `step(parameters, gradient, state, ranges, learning_rate)`.
template <class O>
concept Optimizer = requires(const O optimizer, std::span<float> parameters, std::span<const float> gradient,
                             optimizer_state<float>& state, std::span<const parameter_range> ranges) {
    { O::moments } -> std::convertible_to<int>;
    { optimizer.step(parameters, gradient, state, ranges, 0.1) } -> std::same_as<void>;
};

namespace optimizer_loops {

// The inner loops run over blocks of constant length: g++ 12 vectorises those at -O2, but not loops of run-time length.
inline constexpr std::size_t block = 64;

template <class Body>
inline void blocks(std::size_t count, const Body& body) {
    std::size_t i = 0;
    for (; i + block <= count; i += block) body(i, std::integral_constant<std::size_t, block>{});
    if (i < count) body(i, count - i);
}

template <std::floating_point T>
inline void descend(std::size_t n, T* __restrict p, const T* __restrict g, T lr, T decay) noexcept {
    for (std::size_t j = 0; j < n; ++j) p[j] -= lr * (g[j] + decay * p[j]);
}

template <std::floating_point T, bool Nesterov>
inline void momentum(std::size_t n, T* __restrict p, const T* __restrict g, T* __restrict velocity, T lr, T decay,
                     T mu) noexcept {
    for (std::size_t j = 0; j < n; ++j) {
        const T d = g[j] + decay * p[j];
        velocity[j] = mu * velocity[j] + d;
        p[j] -= lr * (Nesterov ? d + mu * velocity[j] : velocity[j]);
    }
}

template <std::floating_point T>
struct adam_factors {
    T beta1, one_less_beta1, beta2, one_less_beta2;
    T step;        // lr / (1 - beta1^t)
    T root_scale;  // 1 / sqrt(1 - beta2^t)
    T epsilon;
    T added_decay;  // Adam: added to the gradient
    T kept;         // AdamW: 1 - lr * weight decay
};

template <std::floating_point T>
inline void adam(std::size_t n, T* __restrict p, const T* __restrict g, T* __restrict m, T* __restrict v,
                 const adam_factors<T>& f) noexcept {
    // Square roots go through a buffer: std::sqrt may set errno, which would prevent vectorisation of the other loops
    // too.
    T root[block];
    for (std::size_t j = 0; j < n; ++j) {
        const T d = g[j] + f.added_decay * p[j];
        m[j] = f.beta1 * m[j] + f.one_less_beta1 * d;
        root[j] = v[j] = f.beta2 * v[j] + f.one_less_beta2 * (d * d);
    }
    for (std::size_t j = 0; j < n; ++j) root[j] = std::sqrt(root[j]);
    for (std::size_t j = 0; j < n; ++j) p[j] = f.kept * p[j] - f.step * (m[j] / (root[j] * f.root_scale + f.epsilon));
}

template <std::floating_point T>
void prepare(const char* name, std::span<T> parameters, std::span<const T> gradient, optimizer_state<T>& state,
             int moments, std::span<const parameter_range> ranges, double learning_rate) {
    if (gradient.size() != parameters.size()) {
        raise(std::string{name} + ": gradient",
              std::to_string(gradient.size()) + " elements for " + std::to_string(parameters.size()) + " parameters");
    }
    require(name, "learning_rate", learning_rate, allowed_range::from(0));
    check_ranges(ranges, parameters.size());
    const auto sized = [&](aligned_vector<T>& moment, bool needed, const char* which) {
        if (!needed) return;
        if (moment.empty()) moment.assign(parameters.size(), T{0});
        if (moment.size() != parameters.size()) {
            raise(std::string{name} + ": state." + which,
                  std::to_string(moment.size()) + " elements for " + std::to_string(parameters.size()) + " parameters",
                  "it belongs to another network: start from an empty state");
        }
    };
    sized(state.first, moments > 0, "first");
    sized(state.second, moments > 1, "second");
}

}  // namespace optimizer_loops

/// @brief Stochastic gradient descent with momentum, as torch.optim.SGD with dampening 0.
///
/// d = g + weight_decay p;  v = momentum v + d, initially v = 0;  p -= lr v, or with Nesterov p -= lr (d + momentum v).
/// The velocity does not contain the learning rate, so a schedule takes effect at once.
///
/// @par Cost    One pass: 4 to 6 flops and 12 (no momentum) or 20 bytes per float parameter.
/// @par Errors  eenn::error if sizes disagree, a range is invalid or a hyperparameter is out of range.
/// @par Source  Sutskever et al. (2013), "On the importance of initialization and momentum", equations 1 to 4; the
///              learning rate outside the velocity as in PyTorch.
struct sgd {
    double momentum = 0;
    double weight_decay = 0;
    bool nesterov = false;

    static constexpr int moments = 1;

    /// @par Errors  eenn::error that names the hyperparameter, its value and the allowed range.
    void check() const {
        require("sgd", "momentum", momentum, allowed_range::half_open(0, 1));
        require("sgd", "weight_decay", weight_decay, allowed_range::from(0));
        if (nesterov) require("sgd with nesterov", "momentum", momentum, allowed_range::open(0, 1));
    }

    template <std::floating_point T>
    void step(std::span<std::type_identity_t<T>> parameters, std::span<const std::type_identity_t<T>> gradient,
              optimizer_state<T>& state, std::span<const parameter_range> ranges, double learning_rate) const {
        namespace loops = optimizer_loops;
        check();
        loops::prepare<T>("sgd", parameters, gradient, state, momentum > 0 ? 1 : 0, ranges, learning_rate);
        const T lr = static_cast<T>(learning_rate);
        const T mu = static_cast<T>(momentum);
        for (const parameter_range& range : ranges) {
            const T decay = range.decay ? static_cast<T>(weight_decay) : T{0};
            T* p = parameters.data() + range.offset;
            const T* g = gradient.data() + range.offset;
            T* v = momentum > 0 ? state.first.data() + range.offset : nullptr;
            loops::blocks(range.count, [&](std::size_t i, auto n) {
                if (v == nullptr) {
                    loops::descend<T>(n, p + i, g + i, lr, decay);
                } else if (nesterov) {
                    loops::momentum<T, true>(n, p + i, g + i, v + i, lr, decay, mu);
                } else {
                    loops::momentum<T, false>(n, p + i, g + i, v + i, lr, decay, mu);
                }
            });
        }
        ++state.steps;
    }
};

namespace optimizer_loops {

template <class Hyper>
void check_adam(const char* name, const Hyper& hyper) {
    require(name, "beta1", hyper.beta1, allowed_range::half_open(0, 1));
    require(name, "beta2", hyper.beta2, allowed_range::half_open(0, 1));
    require(name, "epsilon", hyper.epsilon, allowed_range::from(0));
    require(name, "weight_decay", hyper.weight_decay, allowed_range::from(0));
}

template <std::floating_point T, class Hyper>
void adam_step(const char* name, const Hyper& hyper, bool decoupled, std::span<T> parameters,
               std::span<const T> gradient, optimizer_state<T>& state, std::span<const parameter_range> ranges,
               double learning_rate) {
    hyper.check();
    prepare<T>(name, parameters, gradient, state, 2, ranges, learning_rate);
    const double t = static_cast<double>(++state.steps);
    adam_factors<T> f{};
    f.beta1 = static_cast<T>(hyper.beta1);
    f.one_less_beta1 = static_cast<T>(1 - hyper.beta1);
    f.beta2 = static_cast<T>(hyper.beta2);
    f.one_less_beta2 = static_cast<T>(1 - hyper.beta2);
    f.step = static_cast<T>(learning_rate / (1 - std::pow(hyper.beta1, t)));
    f.root_scale = static_cast<T>(1 / std::sqrt(1 - std::pow(hyper.beta2, t)));
    f.epsilon = static_cast<T>(hyper.epsilon);
    for (const parameter_range& range : ranges) {
        const double decay = range.decay ? hyper.weight_decay : 0;
        f.added_decay = decoupled ? T{0} : static_cast<T>(decay);
        f.kept = decoupled ? static_cast<T>(1 - learning_rate * decay) : T{1};
        T* p = parameters.data() + range.offset;
        const T* g = gradient.data() + range.offset;
        T* m = state.first.data() + range.offset;
        T* v = state.second.data() + range.offset;
        blocks(range.count, [&](std::size_t i, auto n) { adam<T>(n, p + i, g + i, m + i, v + i, f); });
    }
}

}  // namespace optimizer_loops

/// @brief Adam, as torch.optim.Adam: weight decay is added to the gradient.
///
/// d = g + weight_decay p;  m = beta1 m + (1 - beta1) d;  v = beta2 v + (1 - beta2) d^2;
/// p -= lr / (1 - beta1^t) * m / (sqrt(v) / sqrt(1 - beta2^t) + epsilon).
/// t counts the steps of the whole vector. The bias correction therefore treats parameters that were frozen at first as
/// if their gradients had been 0 until then (PyTorch counts steps per tensor).
///
/// @par Cost    One pass: about 15 flops, a square root, a division and 28 bytes per float parameter. Compile with
///              -fno-math-errno: it lets the compiler vectorise the square roots and changes no result.
/// @par Errors  As sgd.
/// @par Source  Kingma, Ba (2015), "Adam: a method for stochastic optimization", algorithm 1.
struct adam {
    double beta1 = 0.9;
    double beta2 = 0.999;
    double epsilon = 1e-8;
    double weight_decay = 0;

    static constexpr int moments = 2;

    /// @par Errors  as sgd::check().
    void check() const { optimizer_loops::check_adam("adam", *this); }

    template <std::floating_point T>
    void step(std::span<std::type_identity_t<T>> parameters, std::span<const std::type_identity_t<T>> gradient,
              optimizer_state<T>& state, std::span<const parameter_range> ranges, double learning_rate) const {
        optimizer_loops::adam_step<T>("adam", *this, false, parameters, gradient, state, ranges, learning_rate);
    }
};

/// @brief AdamW, as torch.optim.AdamW: first p *= 1 - lr weight_decay, then an Adam step without decay.
///
/// @par Source  Loshchilov, Hutter (2019), "Decoupled weight decay regularization", algorithm 2. The decay is scaled by
///              the learning rate, as in PyTorch, not by a separate schedule multiplier.
struct adamw {
    double beta1 = 0.9;
    double beta2 = 0.999;
    double epsilon = 1e-8;
    double weight_decay = 0.01;

    static constexpr int moments = 2;

    /// @par Errors  as sgd::check().
    void check() const { optimizer_loops::check_adam("adamw", *this); }

    template <std::floating_point T>
    void step(std::span<std::type_identity_t<T>> parameters, std::span<const std::type_identity_t<T>> gradient,
              optimizer_state<T>& state, std::span<const parameter_range> ranges, double learning_rate) const {
        optimizer_loops::adam_step<T>("adamw", *this, true, parameters, gradient, state, ranges, learning_rate);
    }
};

static_assert(Optimizer<sgd> && Optimizer<adam> && Optimizer<adamw>, "the optimizers must meet their concept");

}  // namespace EENN_ISA
}  // namespace eenn

#endif
