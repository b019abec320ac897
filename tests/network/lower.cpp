// SPDX-License-Identifier: MIT
#include <eenn/network/detail/infer.hpp>
#include <eenn/network/detail/lower.hpp>
#include <eenn/network/detail/packed_weights.hpp>
#include <eenn/network/parameters.hpp>
#include <eenn/network/runtime_network.hpp>
#include <eenn/training/detail/backpropagation.hpp>

#include <doctest/doctest.h>

#include "../raised.hpp"
#include "generated.hpp"

namespace {

using namespace eenn;

/// A conv2d that counts how often its kernels are chosen.
struct counted : conv2d {
    static inline int selections = 0;

    [[nodiscard]] static kernel_choice select(const problem<counted>& p, const kernels::target& on) {
        ++selections;
        return conv2d::select(plain(dynamic{p}).value, on);
    }
    [[nodiscard]] static scratch_elements scratch(const problem<counted>& p) {
        return conv2d::scratch(plain(dynamic{p}).value);
    }
    template <class T, class P>
    static void forward(P p, const forward_args<T>& a) noexcept {
        conv2d::forward<T>(plain(p), a);
    }
    template <class T, class P>
    static void backward(P p, const backward_args<T>& a) noexcept {
        conv2d::backward<T>(plain(p), a);
    }
    template <class T>
    [[nodiscard]] static std::size_t packed_elements(const problem<counted>& p) {
        return conv2d::packed_elements<T>(plain(dynamic{p}).value);
    }
    template <class T, class P>
    static void pack(P p, const T* weights, const T* scale, const T* shift, T* packed) {
        conv2d::pack(plain(p), weights, scale, shift, packed);
    }
    template <class T>
    [[nodiscard]] static std::size_t packed_gradient_elements(const problem<counted>& p) {
        return conv2d::packed_gradient_elements<T>(plain(dynamic{p}).value);
    }
    template <class T, class P>
    static void pack_gradient(P p, const T* weights, T* packed) {
        conv2d::pack_gradient(plain(p), weights, packed);
    }

private:
    template <class P>
    [[nodiscard]] static dynamic<problem<conv2d>> plain(P p) {
        return {{p.value.layer, p.value.in, p.value.inputs, p.value.out, p.value.norm, p.value.chosen}};
    }
};
struct counting_layers {
    using layer = std::variant<identity, counted, dense, batch_norm, relu>;
};

}  // namespace

TEST_CASE("network/lower: arenas of generated networks are proven optimal, or report their gap") {
    int proven = 0;
    double worst = 0;
    constexpr int count = 1000;
    for (std::uint64_t seed = 0; seed < count; ++seed) {
        const auto sizes = lower(generated::network_of(seed)).sizes;
        CAPTURE(seed);
        REQUIRE(sizes.workspace >= sizes.workspace_bound);
        proven += sizes.workspace_proven ? 1 : 0;
        worst = std::max(worst, static_cast<double>(sizes.workspace) / static_cast<double>(sizes.workspace_bound) - 1);
    }
    MESSAGE(proven, " of ", count, " arenas proven, largest gap to the largest live set ", 100 * worst, " %");
    CHECK(proven > count * 9 / 10);
}

TEST_CASE("network/lower: sharing memory changes no bit of what the exits say") {
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
        runtime_network<float, graph> net{generated::network_of(seed)};
        const auto n = net.training();
        auto parameters = initialize(n.plan, 5);
        aligned_vector<float> image(n.plan.input.elements());
        random_stream random{.seed = seed};
        for (auto& x : image) x = static_cast<float>(random.normal());

        // Every value in a buffer of its own: the frozen network of the trainer.
        backpropagation<float> apart{n, 1, nothing()};
        serial one;
        apart.forward(parameters.data(), image.data(), 1, 0, 0, one);

        const packed_weights packed{n, parameters};
        aligned_vector<float> workspace(n.plan.sizes.workspace);
        step_id first{0};
        for (std::size_t e = 0; e < n.plan.exits.size(); ++e) {
            const exit_info& exit = n.plan.exits[e];
            run_steps<float>(n, {first, exit.step.next()}, packed, image, workspace);
            first = exit.step.next();
            const auto logits = view_value(n.plan, exit.logits, workspace);
            CAPTURE(seed);
            CAPTURE(e);
            CHECK(std::equal(logits.begin(), logits.end(), apart.logits(e)));
        }
    }
}

TEST_CASE("network/lower: an exit where nothing has been computed is refused, and so is such an end") {
    graph flat{{2, 2, 3}};
    flat(flatten{});
    CHECK(contains(raised([&] { (void)lower(flat); }), "layer 1 (flatten): no layer computes anything"));
    graph early{{1, 1, 4}};
    early.output_at(edge{0});
    early(dense{.units = 4});
    CHECK(contains(raised([&] { (void)lower(early); }), "layer 0 (input): no layer computes anything"));
}

TEST_CASE("network/lower: the kernels of a step are chosen once, and not again to pack, infer or train") {
    basic_graph<counting_layers> g{{16, 16, 32}};
    g(counted{{.filters = 32}}, batch_norm{}, relu{}, counted{{.filters = 32, .stride = 2}}, dense{.units = 4});
    counted::selections = 0;
    runtime_network<float, basic_graph<counting_layers>> net{g};
    CHECK(counted::selections == 2);
    const auto n = net.training();
    auto parameters = initialize(n.plan, 5);
    const aligned_vector<float> image(2 * n.plan.input.elements(), 0.5F);
    const packed_weights packed{n, parameters};
    aligned_vector<float> workspace(n.plan.sizes.workspace);
    run_steps<float>(n, n.plan.steps.ids(), packed, std::span{image}.first(n.plan.input.elements()), workspace);
    backpropagation<float> batch{n, 2};
    serial one;
    const bool exits[]{true};
    aligned_vector<float> gradients(n.plan.sizes.parameters);
    batch.forward(parameters.data(), image.data(), 2, 1, 1, one);
    std::fill_n(batch.logits_gradient(0), 8, 1.0F);
    batch.backward(parameters.data(), gradients.data(), exits, one);
    CHECK(counted::selections == 2);
}

TEST_CASE("network/lower: a step holds what its layer selects, and has the scratch of that alone") {
    const auto steps_of = [](int filters) {
        graph g{{8, 8, 64}};
        g(conv2d{.filters = 64}, relu{}, max_pool{}, conv2d{.filters = filters}, dense{.units = 10});
        return lower(g).steps;
    };
    for (const bool far : {false, true}) {
        const auto steps = steps_of(far ? 1024 : 16);
        const conv2d first{.filters = 64};
        const auto p = kernels::select(first.geometry({8, 8, 64}), {.far = far});
        CHECK(steps[step_id{0}].chosen == p.chosen);
        CHECK(steps[step_id{0}].scratch_sizes.forward == kernels::scratch_size<float>(p));
        CHECK(steps[step_id{1}].chosen == kernel_choice{});
        CHECK(to_string(steps[step_id{3}].chosen.forward) == "pointwise");
    }
    if (lane_count<float> >= 8) CHECK(steps_of(16)[step_id{0}].chosen != steps_of(1024)[step_id{0}].chosen);
}
