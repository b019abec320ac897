// flags: -O1
// limit-allocated-mib: 255
// limit-mib: 260
// limit-types: 197000
// SPDX-License-Identifier: MIT
//
// A network of 200 layers with trivial kernels: what the graph, the fusion and the plan cost the compiler.
#include <eenn/network/network.hpp>

namespace {

using namespace eenn;

struct twist {
    static constexpr std::string_view kind = "twist";
    static constexpr layer_role role = layer_role::operation;
    int by = 1;
    [[nodiscard]] constexpr output_shape output(std::span<const shape> in) const { return same_shapes(in, 1); }
    template <class T, class P>
    static void forward(P p, const forward_args<T>& a) noexcept {
        a.out[0] = a.in[0][0] + static_cast<T>(p.value.layer.by);
    }
    template <class T, class P>
    static void backward(P, const backward_args<T>& a) noexcept {
        a.din[0][0] = a.dout[0];
    }
};
struct scale : twist {
    static constexpr layer_role role = layer_role::norm;
    real epsilon{};
    real momentum{};
};
struct clip : twist {
    static constexpr layer_role role = layer_role::activation;
    [[nodiscard]] constexpr activation function() const { return {activation_kind::relu, {}}; }
};
struct carrier : twist {
    static constexpr bool fuses_epilogue = true;
};
struct trivial_layers {
    using layer = std::variant<carrier, twist, scale, clip, add>;
};

constexpr auto deep() {
    basic_graph<trivial_layers> g{{8, 8, 4}};
    for (int i = 0; i < 20; ++i) {
        g.residual(
            [=](auto& b) { b(twist{i % 3}, scale{}, clip{}, twist{i % 4}, scale{}, clip{}, twist{2}, scale{}); });
        g(clip{});
    }
    return g;
}
static_assert(deep().nodes().size() == 201, "200 layers and the input");

}  // namespace

int main() {
    using net = network<deep>;
    static_assert(net::plan.steps.size() == 120, "six steps a block");
    const auto operations = net::inference<float>();
    return static_cast<int>(operations.forward.size()) - 120;
}
