// SPDX-License-Identifier: MIT
//
// winograd_problem.hpp - a random convolution with its tensors, run in a form of Winograd's that the test chooses.
#ifndef EENN_TESTS_KERNELS_WINOGRAD_PROBLEM_HPP
#define EENN_TESTS_KERNELS_WINOGRAD_PROBLEM_HPP

#include <algorithm>

#include "generated.hpp"

namespace generated {

struct winograd_problem {
    eenn::kernels::convolution g;
    int n;
    std::size_t inputs, outputs;
    numbers<float> x, w, bias, residual, dy;

    winograd_problem(const eenn::kernels::convolution& geometry, int samples, eenn::random_stream& random)
        : g{geometry},
          n{samples},
          inputs{static_cast<std::size_t>(n) * g.in.elements()},
          outputs{static_cast<std::size_t>(n) * g.out.elements()},
          x(inputs, random),
          w(static_cast<std::size_t>(g.kernel_h * g.kernel_w * g.in.c * g.out.c), random),
          bias(static_cast<std::size_t>(g.out.c), random),
          residual(outputs, random),
          dy(outputs, random) {}

    /// Past the rule, so that small problems are tried too.
    template <eenn::kernels::winograd_form F>
    [[nodiscard]] eenn::aligned_vector<float> packed() const {
        eenn::aligned_vector<float> made(eenn::kernels::packed_winograd_size(F, g.in.c, g.out.c), not_written);
        std::copy_n(bias.begin(), g.out.c, made.begin());
        const std::ptrdiff_t tap = static_cast<std::ptrdiff_t>(g.in.c) * g.out.c;
        eenn::kernels::pack_winograd<F>(g.in.c, g.out.c,
                                        eenn::kernels::filter_view<float>{w.data(), tap, g.out.c, 1, nullptr},
                                        made.data() + g.out.c);
        return made;
    }
    template <eenn::kernels::winograd_form F>
    [[nodiscard]] eenn::aligned_vector<float> scratch() const {
        return eenn::aligned_vector<float>(
            eenn::kernels::winograd_scratch<float>(F, eenn::kernels::detail::image_of(g)), not_written);
    }
    template <eenn::kernels::winograd_form F>
    [[nodiscard]] eenn::aligned_vector<float> forward(const float* residual_or_null,
                                                      eenn::kernels::activation act) const {
        eenn::aligned_vector<float> y(outputs, not_written);
        eenn::kernels::detail::convolve_images<F>(eenn::kernels::detail::image_of(g), n, x.data(), packed<F>().data(),
                                                  residual_or_null, act, y.data(), scratch<F>().data());
        return y;
    }
};

}  // namespace generated

#endif
