// SPDX-License-Identifier: MIT
//
// schedules.hpp - the learning rate as a function of the step.
// Floor 7 (training). Letters: t = step from 0, S = total number of steps.
//
// constant_rate, drops and inverse_square_root need no total; step_decay, cosine_decay and one_cycle do.
#ifndef EENN_TRAINING_SCHEDULES_HPP
#define EENN_TRAINING_SCHEDULES_HPP

#include <eenn/core/error.hpp>
#include <eenn/core/isa.hpp>

#include <concepts>
#include <cstdint>

namespace eenn {
inline namespace EENN_ISA {

/// @brief The total of a run whose number of steps is unknown.
inline constexpr std::int64_t no_total = 0;

/// @brief A schedule maps (step, total) to the learning rate of step t in [0, S). Steps outside are clamped to that range. All
/// schedules here are pure constexpr values and return the same bits on every platform.
///
/// @par Errors  eenn::error if the total is no_total and the schedule needs one. A schedule that needs none also takes (step).
template <class S>
concept Schedule = requires(const S schedule, std::int64_t step) {
    { schedule(step, step) } -> std::same_as<double>;
};

/// @brief A schedule that needs no total and therefore also takes (step).
template <class S>
concept EndlessSchedule = Schedule<S> && requires(const S schedule, std::int64_t step) {
    { schedule(step) } -> std::same_as<double>;
};

namespace schedule_curves {

constexpr void expect_total(const char* schedule, std::int64_t total) {
    if (total < 1) {
        raise(schedule, "it goes by the share of the steps that are done, and their total is not known",
              "take constant_rate, drops or inverse_square_root, which need none");
    }
}

/// t / (S - 1) in [0, 1]: 0 at the first step, 1 at the last; 0 if there is only one step.
[[nodiscard]] constexpr double progress(std::int64_t step, std::int64_t total) noexcept {
    if (step <= 0 || total <= 1) return 0;
    return step >= total ? 1 : static_cast<double>(step) / static_cast<double>(total - 1);
}

/// (1 - cos(pi x)) / 2 for x in [0, 1], error below 1e-15: the Taylor series of sin^2(pi x / 2) up to pi / 4.
[[nodiscard]] constexpr double half_cosine(double x) noexcept {
    if (x > 0.5) return 1 - half_cosine(1 - x);
    const double angle = x * 1.5707963267948966;
    double term = angle;
    double sine = angle;
    for (int k = 1; k < 9; ++k) sine += term *= -angle * angle / ((2 * k) * (2 * k + 1));
    return sine * sine;
}

/// The square root of x in (0, 1] by Newton's method from above. It iterates until the value stops falling: exact to a unit in
/// the last place.
[[nodiscard]] constexpr double square_root(double x) noexcept {
    double root = 1;
    for (double next = (root + x / root) / 2; next < root; next = (root + x / root) / 2) root = next;
    return root;
}

/// From `start` at x = 0 to `end` at x = 1 along half a cosine.
[[nodiscard]] constexpr double anneal(double start, double end, double x) noexcept {
    return start + (end - start) * half_cosine(x);
}

}  // namespace schedule_curves

/// @brief The same rate at every step.
struct constant_rate {
    double rate = 0.1;

    [[nodiscard]] constexpr double operator()(std::int64_t /*step*/, std::int64_t /*total*/ = no_total) const noexcept {
        return rate;
    }
};

/// @brief Multiplies the rate by `factor` at each of these steps: ascending, at most four. Needs no total.
struct drops {
    double rate = 0.1;
    double factor = 0.1;
    std::int64_t steps[4] = {0, 0, 0, 0};  ///< 0: never

    [[nodiscard]] constexpr double operator()(std::int64_t step, std::int64_t /*total*/ = no_total) const noexcept {
        double now = rate;
        for (const std::int64_t from : steps) {
            if (from > 0 && step >= from) now *= factor;
        }
        return now;
    }
};

/// @brief The constant rate for the first `steps` steps, then rate sqrt(steps / (t + 1)). Needs no total.
///
/// @par Source  Vaswani et al. (2017), "Attention is all you need", equation 3, without its warm-up; put warm_up{} in front.
struct inverse_square_root {
    double rate = 0.1;
    std::int64_t steps = 1;

    [[nodiscard]] constexpr double operator()(std::int64_t step, std::int64_t /*total*/ = no_total) const noexcept {
        if (step < steps) return rate;
        return rate *
               schedule_curves::square_root(static_cast<double>(steps < 1 ? 1 : steps) / static_cast<double>(step + 1));
    }
};

/// @brief Multiplies the rate by `factor` at each milestone. Milestones are fractions of all steps: ascending, at most four.
///
/// The usual drops by 10 at 50 % and 75 % (He et al. 2016, section 4.2) are step_decay{.rate = 0.1}.
struct step_decay {
    double rate = 0.1;
    double factor = 0.1;
    double milestones[4] = {0.5, 0.75, 1, 1};  ///< 1: never

    [[nodiscard]] constexpr double operator()(std::int64_t step, std::int64_t total) const {
        schedule_curves::expect_total("step_decay", total);
        double now = rate;
        for (const double milestone : milestones) {
            if (milestone < 1 && static_cast<double>(step) >= milestone * static_cast<double>(total)) now *= factor;
        }
        return now;
    }
};

/// @brief From `rate` at the first step to `final_rate` at the last along half a cosine.
///
/// @par Source  Loshchilov, Hutter (2017), "SGDR", equation 5, without restarts.
struct cosine_decay {
    double rate = 0.1;
    double final_rate = 0;

    [[nodiscard]] constexpr double operator()(std::int64_t step, std::int64_t total) const {
        schedule_curves::expect_total("cosine_decay", total);
        return schedule_curves::anneal(rate, final_rate, schedule_curves::progress(step, total));
    }
};

/// @brief Linear warm-up of `steps` steps before another schedule, which then covers the remaining steps. Needs a total if that
/// schedule does.
///
/// Step t of the warm-up uses (t + 1) / (steps + 1) of the other schedule's first rate, so no step is wasted at rate 0.
///
/// @par Source  Goyal et al. (2017), "Accurate, large minibatch SGD", section 2.2.
template <Schedule After>
struct warm_up {
    std::int64_t steps = 0;
    After after{};

    [[nodiscard]] constexpr double operator()(std::int64_t step, std::int64_t total) const {
        const std::int64_t left = total < 1 ? no_total : total > steps ? total - steps : 1;
        return at(step, [&](std::int64_t t) { return after(t, left); });
    }
    [[nodiscard]] constexpr double operator()(std::int64_t step) const requires EndlessSchedule<After> {
        return at(step, after);
    }

private:
    template <class Rate>
    [[nodiscard]] constexpr double at(std::int64_t step, Rate&& rate) const {
        if (step >= steps) return rate(step - steps);
        return rate(0) * static_cast<double>(step < 0 ? 1 : step + 1) / static_cast<double>(steps + 1);
    }
};
template <class After>
warm_up(std::int64_t, After) -> warm_up<After>;

/// @brief Rises from peak / start_divisor to `peak`, then falls to peak / start_divisor / end_divisor.
///
/// @par Source  Smith, Topin (2018), "Super-convergence"; both phases follow half a cosine instead of a straight line, with the
///              defaults of PyTorch's OneCycleLR. The momentum does not cycle.
struct one_cycle {
    double peak = 0.1;
    double rising = 0.3;  ///< fraction of the steps
    double start_divisor = 25;
    double end_divisor = 1e4;

    [[nodiscard]] constexpr double operator()(std::int64_t step, std::int64_t total) const {
        schedule_curves::expect_total("one_cycle", total);
        const double start = peak / start_divisor;
        const double last = static_cast<double>(total > 1 ? total - 1 : 1);
        const double t = step < 0 ? 0 : static_cast<double>(step) > last ? last : static_cast<double>(step);
        const double counted = rising * static_cast<double>(total) - 1;  // as PyTorch counts
        const double top = counted > 0 ? counted : 0;
        if (t < top) return schedule_curves::anneal(start, peak, t / top);
        return top < last ? schedule_curves::anneal(peak, start / end_divisor, (t - top) / (last - top)) : peak;
    }
};

static_assert(Schedule<step_decay> && Schedule<cosine_decay> && Schedule<warm_up<cosine_decay>> && Schedule<one_cycle>,
              "the schedules must meet their concept");
static_assert(EndlessSchedule<constant_rate> && EndlessSchedule<drops> && EndlessSchedule<inverse_square_root> &&
                  EndlessSchedule<warm_up<drops>> && !EndlessSchedule<one_cycle>,
              "the schedules that need no total must meet their concept");

}  // namespace EENN_ISA
}  // namespace eenn

#endif
