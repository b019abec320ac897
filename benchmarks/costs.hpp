// SPDX-License-Identifier: MIT
//
// costs.hpp - flops and bytes of the steps of a plan; flops both nominal and as the kernels execute them.
// Letters: z = input of a batch norm, u = input of an activation, y = a step's output; dz, du, dy = their gradients.
//
// Executed flops count two per multiply-add and one per addition. Direct and depthwise sums exclude taps on padding.
// Winograd counts products and transforms, of whole tiles. Not counted: activations, norms, pools, lanes beyond the
// channels, and the parts of Winograd's weight gradient that are shared by several samples.
#ifndef EENN_BENCHMARKS_COSTS_HPP
#define EENN_BENCHMARKS_COSTS_HPP

#include <eenn/core/error.hpp>
#include <eenn/kernels/detail/convolution.hpp>
#include <eenn/network/detail/executable.hpp>
#include <eenn/network/standard.hpp>
#include <eenn/training/detail/backward_plan.hpp>

#include <optional>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

namespace costs {

using namespace eenn;
using kernels::convolution;
using kernels::winograd_form;

/// Costs of one step for one sample.
struct step_cost {
    double nominal_flops = 0;
    double flops = 0;           ///< as executed, forward
    double gradient_flops = 0;  ///< backward, for inputs and weights
    double packed_bytes = 0;
    double activation_bytes = 0;  ///< inputs, residual and output, once each

    step_cost& operator+=(const step_cost& other) {
        nominal_flops += other.nominal_flops;
        flops += other.flops;
        gradient_flops += other.gradient_flops;
        packed_bytes += other.packed_bytes;
        activation_bytes += other.activation_bytes;
        return *this;
    }
};

/// A number that counts its operations, so that Winograd's transforms report their own cost.
struct counted {
    float value = 0;
    static inline int flops = 0;

    constexpr counted() = default;
    constexpr counted(double v) : value{static_cast<float>(v)} {}
    friend counted operator+(counted a, counted b) { return after_one(a.value + b.value); }
    friend counted operator-(counted a, counted b) { return after_one(a.value - b.value); }
    friend counted operator*(counted a, counted b) { return after_one(a.value * b.value); }
    friend constexpr counted operator/(counted a, counted b) { return a.value / b.value; }  // constants only

private:
    static counted after_one(float v) {
        ++flops;
        return counted{v};
    }
};

template <int From, int To, class F>
[[nodiscard]] int flops_of_axis(F&& transform) {
    counted from[From];
    counted to[To];
    counted::flops = 0;
    transform(from, to);
    return counted::flops;
}

/// Flops of all tiles of an image, including the output transform, or the gradient's transform for the weight gradient.
template <winograd_form F>
[[nodiscard]] double winograd_flops(const kernels::winograd_image& image, bool weight_gradient) {
    namespace w = kernels::winograd;
    constexpr int H = F.points_h(), L = F.points_w();
    const auto in = [](auto& d, auto& t) { w::transform_input<counted>(d, t); };
    const auto out = [](auto& m, auto& y) { w::transform_output<counted>(m, y); };
    const auto out_gradient = [](auto& y, auto& m) { w::transform_output_gradient<counted>(y, m); };
    const int of_input = H * flops_of_axis<L, L>(in) + L * flops_of_axis<H, H>(in);
    const int of_output =
        weight_gradient
            ? F.out_h * flops_of_axis<F.out_w, L>(out_gradient) + L * flops_of_axis<F.out_h, H>(out_gradient)
            : L * flops_of_axis<H, F.out_h>(out) + F.out_h * flops_of_axis<L, F.out_w>(out);
    const double products = 2.0 * F.products() * image.in_channels * image.out_channels;
    return w::tiling(F, image).count * (products + of_input * image.in_channels + of_output * image.out_channels);
}

/// Flops of all taps that meet the input, forward. Either gradient takes as many.
[[nodiscard]] inline double direct_flops(const convolution& g) {
    const auto meetings = [](const kernels::axis& a) {
        int count = 0;
        for (int t = 0; t < a.taps; ++t) count += a.outputs_of(t).last - a.outputs_of(t).first;
        return count;
    };
    return 2.0 * meetings(g.rows()) * meetings(g.columns()) * (g.in.c / g.groups) * g.out.c;
}

/// The convolution that a step of `nodes` computes, if any.
[[nodiscard]] inline std::optional<convolution> convolution_of(const step_info& step,
                                                               id_span<edge, const graph::node> nodes) {
    const auto& node = nodes[step.node];
    const shape in = nodes[node.inputs[0]].out;
    return std::visit(
        [&]<class L>(const L& layer) -> std::optional<convolution> {
            if constexpr (std::is_same_v<L, conv2d> || std::is_same_v<L, dense>) {
                return layer.geometry(in);
            } else {
                return {};
            }
        },
        node.what);
}

[[nodiscard]] inline double bytes_of(std::size_t elements) { return static_cast<double>(elements * sizeof(float)); }
[[nodiscard]] inline double bytes_of(const plan_view& plan, value_id value) {
    return static_cast<double>(plan.values[value].bytes());
}

/// Costs of the steps of a plan; `nodes` are those that it was lowered from.
[[nodiscard]] inline std::vector<step_cost> of_steps(const executable<float>& net,
                                                     id_span<edge, const graph::node> nodes) {
    namespace k = kernels::detail;
    std::vector<step_cost> all;
    for (const step_id s : net.plan.steps.ids()) {
        const step_info& step = net.plan.steps[s];
        const bool last = s.next() == net.plan.steps.end_id();
        const std::size_t end = last ? net.packed_elements : net.forward[s.next()].packed;
        step_cost c{.nominal_flops = 2.0 * static_cast<double>(step.macs),
                    .packed_bytes = bytes_of(end - net.forward[s].packed),
                    .activation_bytes = bytes_of(net.plan, step.output)};
        for (const value_id v : step.sources()) c.activation_bytes += bytes_of(net.plan, v);
        if (step.residual.exists()) c.activation_bytes += bytes_of(net.plan, step.residual);
        if (const auto g = convolution_of(step, nodes)) {
            const double direct = direct_flops(*g);
            const auto either = [&](const kernels::method& how, const kernels::winograd_image& image,
                                    bool weight_gradient = false) {
                double flops = direct;
                k::with_form<float>(
                    how, [&](auto form) { flops = winograd_flops<form.value.form()>(image, weight_gradient); });
                return flops;
            };
            c.flops = either(step.chosen.forward, k::image_of(*g));
            c.gradient_flops = either(step.chosen.weight_gradient, k::image_of(*g), true);
            if (step.inputs[0] != value_id{0})
                c.gradient_flops += either(step.chosen.data_gradient, k::gradient_image_of(*g));
        } else if (step.macs > 0) {
            raise("costs::of_steps", "step " + std::to_string(s.number) + " multiplies and is no convolution",
                  "count its flops here");
        }
        all.push_back(c);
    }
    return all;
}

/// Bytes that a training step moves, see training_bytes().
struct training_traffic {
    double forward = 0;
    double backward = 0;
    double parameters = 0;
};

/// @brief Bytes that backpropagation and SGD with momentum read and write, if every pass over a batch loads its tensors
/// from memory and stores them back. Within a pass, blocks of samples stay in cache for reuse.
///
/// Forward, a step reads its inputs; for a recomputed input it reads the input of its norm, which is as large. A step
/// without a norm reads the residual and writes y. A step with a norm writes z; if y is kept, a second pass reads z and
/// the residual and writes y. If the input of the activation is kept, it is written as well.
///
/// Backward, the first pass goes through the activation. If y is recomputed, it reads dy and z. Otherwise, with a norm,
/// it reads dy, y and z and writes du; with only an activation, it reads dy and y and writes du. The residual's
/// gradient is written or accumulated, unless du could be written there directly. The second pass reads du, z if there
/// is a norm, and the inputs; steps without parameters only need recomputed inputs. It writes or accumulates the
/// gradients of the inputs.
///
/// Parameters are read by forward, backward and SGD, and written by SGD. Their gradients and the momentum are written
/// and read, and both packed forms are written. Partial sums of gradients and scratch stay in cache.
[[nodiscard]] inline training_traffic training_bytes(const trainable<float>& net, int batch) {
    const plan_view& plan = net.plan;
    const backward_plan made = plan_backward(plan, everything(), batch);

    training_traffic moved;
    for (const step_id i : plan.steps.ids()) {
        const step_info& s = plan.steps[i];
        const double y = bytes_of(plan, s.output);
        const double residual = s.residual.exists() ? y : 0;
        const bool kept = made.keeps_input(i);
        const bool norm = made.normalises(i);
        for (const value_id v : s.sources()) moved.forward += bytes_of(plan, v);
        if (!norm || !s.carrier) moved.forward += y;
        if (norm && !made.recomputed(s.output)) moved.forward += 2 * y;
        if (kept) moved.forward += norm ? y : 2 * y;
        if (!made.recomputed(s.output)) moved.forward += residual;
    }
    id_vector<value_id, char> written(plan.values.size());  // gradients
    written[plan.exits.back().logits] = 1;
    for (step_id i = plan.steps.end_id(); i > step_id{0};) {
        const step_info& s = plan.steps[--i];
        const double y = bytes_of(plan, s.output);
        const bool norm = made.normalises(i);
        const bool passed = norm || s.act.kind != activation_kind::none;
        moved.backward += made.recomputed(s.output) ? 2 * y : norm ? 4 * y : passed ? 3 * y : 0;
        if (s.residual > value_id{0}) {
            const bool adds = written[s.residual] != 0;
            if (adds || !norm) moved.backward += (adds ? 2 * y : y) + (passed ? 0 : y);
            written[s.residual] = 1;
        }
        moved.backward += norm ? 2 * y : y;
        for (const value_id v : s.sources()) {
            const double x = bytes_of(plan, v);
            if (made.recomputed(v) || s.weight_count > 0) moved.backward += x;
            if (v == value_id{0}) continue;
            moved.backward += written[v] != 0 ? 2 * x : x;
            written[v] = 1;
        }
    }
    moved.forward *= batch;
    moved.backward *= batch;
    moved.parameters = bytes_of(8 * plan.sizes.parameters + net.packed_elements + net.packed_gradient_elements);
    return moved;
}

}  // namespace costs

#endif
