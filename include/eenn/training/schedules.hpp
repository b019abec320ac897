// SPDX-License-Identifier: MIT
//
// schedules.hpp - the learning rate as a function of the step.
// Floor 7 (training). Letters: t = step from 0, S = steps in all.
#ifndef EENN_TRAINING_SCHEDULES_HPP
#define EENN_TRAINING_SCHEDULES_HPP

#include <eenn/core/isa.hpp>

#include <concepts>
#include <cstdint>

namespace eenn {
inline namespace EENN_ISA {

/// @brief A schedule is called with (step, total) and returns the learning rate of step t in [0, S). Steps outside are
/// taken as the nearest inside, and a total below 1 as 1. All here are values, pure, constexpr, and give the same bits
/// everywhere.
template <class S>
concept Schedule = requires(const S schedule, std::int64_t step) {
    { schedule(step, step) } -> std::same_as<double>;
};

namespace schedule_curves {

/// t / (S - 1) in [0, 1]: 0 at the first step, 1 at the last; 0 if there is but one.
[[nodiscard]] constexpr double progress(std::int64_t step, std::int64_t total) noexcept {
    if (step <= 0 || total <= 1) return 0;
    return step >= total ? 1 : static_cast<double>(step) / static_cast<double>(total - 1);
}

/// (1 - cos(pi x)) / 2 for x in [0, 1], error below 1e-15: sin^2(pi x / 2) by its Taylor series up to pi / 4.
[[nodiscard]] constexpr double half_cosine(double x) noexcept {
    if (x > 0.5) return 1 - half_cosine(1 - x);
    const double angle = x * 1.5707963267948966;
    double term = angle;
    double sine = angle;
    for (int k = 1; k < 9; ++k) sine += term *= -angle * angle / ((2 * k) * (2 * k + 1));
    return sine * sine;
}

/// From `start` at x = 0 to `end` at x = 1 along half a cosine.
[[nodiscard]] constexpr double anneal(double start, double end, double x) noexcept {
    return start + (end - start) * half_cosine(x);
}

}  // namespace schedule_curves

/// @brief The same rate at every step.
struct constant_rate {
    double rate = 0.1;

    [[nodiscard]] constexpr double operator()(std::int64_t /*step*/, std::int64_t /*total*/) const noexcept {
        return rate;
    }
};

/// @brief The rate times `factor` from each milestone on; milestones are fractions of all steps, rising, at most four.
///
/// The usual drop by 10 at 50 % and 75 % (He et al. 2016, section 4.2) is step_decay{.rate = 0.1}.
struct step_decay {
    double rate = 0.1;
    double factor = 0.1;
    double milestones[4] = {0.5, 0.75, 1, 1};  ///< 1: never

    [[nodiscard]] constexpr double operator()(std::int64_t step, std::int64_t total) const noexcept {
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

    [[nodiscard]] constexpr double operator()(std::int64_t step, std::int64_t total) const noexcept {
        return schedule_curves::anneal(rate, final_rate, schedule_curves::progress(step, total));
    }
};

/// @brief `steps` steps of linear warm-up in front of another schedule, which then runs over the steps that are left.
///
/// Step t of the warm-up takes (t + 1) / (steps + 1) of the first rate of what follows: no step is wasted at 0.
///
/// @par Source  Goyal et al. (2017), "Accurate, large minibatch SGD", section 2.2.
template <Schedule After>
struct warm_up {
    std::int64_t steps = 0;
    After after{};

    [[nodiscard]] constexpr double operator()(std::int64_t step, std::int64_t total) const noexcept {
        if (step >= steps) return after(step - steps, total - steps);
        return after(0, total - steps) * static_cast<double>(step < 0 ? 1 : step + 1) / static_cast<double>(steps + 1);
    }
};
template <class After>
warm_up(std::int64_t, After) -> warm_up<After>;

/// @brief Up from peak / start_divisor to `peak` in the first part, then down to peak / start_divisor / end_divisor.
///
/// @par Source  Smith, Topin (2018), "Super-convergence"; both parts along half a cosine instead of straight lines
///              and with the defaults of PyTorch's OneCycleLR. The momentum does not cycle.
struct one_cycle {
    double peak = 0.1;
    double rising = 0.3;  ///< fraction of the steps
    double start_divisor = 25;
    double end_divisor = 1e4;

    [[nodiscard]] constexpr double operator()(std::int64_t step, std::int64_t total) const noexcept {
        const double start = peak / start_divisor;
        const double last = static_cast<double>(total > 1 ? total - 1 : 1);
        const double t = step < 0 ? 0 : static_cast<double>(step) > last ? last : static_cast<double>(step);
        const double counted = rising * static_cast<double>(total) - 1;  // as PyTorch counts
        const double top = counted > 0 ? counted : 0;
        if (t < top) return schedule_curves::anneal(start, peak, t / top);
        return top < last ? schedule_curves::anneal(peak, start / end_divisor, (t - top) / (last - top)) : peak;
    }
};

static_assert(Schedule<constant_rate> && Schedule<step_decay> && Schedule<cosine_decay> &&
                  Schedule<warm_up<cosine_decay>> && Schedule<one_cycle>,
              "the schedules must meet their concept");

}  // namespace EENN_ISA
}  // namespace eenn

#endif
