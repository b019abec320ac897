// SPDX-License-Identifier: MIT
//
// make_models.cpp - writes ONNX models of early-exit networks into a folder, with samples and what the library says about
// them, for check_models.mjs to run elsewhere: `make_models FOLDER`.
//
// Every case is a network with random parameters and thresholds at the median confidence of its samples, as a plain
// model, as an early-exit model and as a chain of stages.
#include <eenn/construct/detail/heads.hpp>
#include <eenn/core/aligned.hpp>
#include <eenn/core/random.hpp>
#include <eenn/io/detail/bytes.hpp>
#include <eenn/io/file.hpp>
#include <eenn/io/onnx/export.hpp>
#include <eenn/io/onnx/write.hpp>
#include <eenn/network/detail/infer.hpp>
#include <eenn/network/parameters.hpp>
#include <eenn/network/runtime_network.hpp>
#include <eenn/network/standard.hpp>
#include <eenn/text/json_writer.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include "../network/generated.hpp"

namespace {

using namespace eenn;

// A network and where export_stages() cuts it.
struct network_to_cut {
    graph g;
    std::vector<node_id> last_nodes;
    void cut() { last_nodes.push_back(g.id_of(g.here())); }
};

network_to_cut resnet(policy first, policy second) {
    network_to_cut n{graph{{16, 12, 3}}, {}};
    n.g(conv2d{.filters = 8, .pad = padding{1}}, batch_norm{}, relu{});
    for (int stage = 0; stage < 3; ++stage) {
        const int stride = stage > 0 ? 2 : 1;
        const int filters = 8 << stage;
        n.g.residual(
            [=](graph& b) {
                b(conv2d{.filters = filters, .stride = stride}, batch_norm{}, relu{}, conv2d{.filters = filters},
                  batch_norm{});
            },
            [=](graph& b) {
                if (stride == 2) b(conv2d{.filters = filters, .kernel_h = 1, .kernel_w = 1, .stride = 2, .pad = valid});
            });
        n.g(relu{});
        if (stage < 2) {
            n.cut();
            n.g.exit(exit_head{.classes = 5, .hidden = stage == 1 ? 6 : 0}, stage == 0 ? first : second);
        }
    }
    n.g(global_average_pool{}, dense{.units = 5});
    return n;
}

// Cut inside of a residual block, so that two values go on, and where an exit still has to come.
network_to_cut depthwise(policy first, policy second) {
    network_to_cut n{graph{{20, 10, 1}}, {}};
    n.g(conv2d{.filters = 12, .kernel_h = 10, .kernel_w = 4, .stride = 2, .pad = padding{4, 5, 1, 1}}, batch_norm{},
        relu{});
    n.g.residual([&](graph& b) {
        b(separable{.filters = 12});
        n.cut();
        b(depthwise_conv2d{.multiplier = 2}, leaky_relu{}, conv2d{.filters = 12, .kernel_h = 1, .kernel_w = 1});
    });
    construct::head whole{.count = 2, .classes = 4};  // of an even and an odd side
    whole.stages[0] = {16, 2, 2, false};
    whole.stages[1] = {16, 1, 1, false};
    n.g.exit(whole, first);
    n.g(separable{.filters = 16, .stride = 2}, average_pool{.kernel_h = 3, .stride = 2, .pad = padding{1}});
    n.g.exit([](graph& b) { b(flatten{}, dense{.units = 4}); }, second);
    n.cut();
    n.g(separable{.filters = 24}, global_max_pool{}, dense{.units = 4});
    return n;
}

// The first cut has no exit before it.
network_to_cut signal(policy first, policy second) {
    network_to_cut n{graph{{1, 90, 2}}, {}};
    const max_pool halve{.kernel_h = 1, .kernel_w = 2};
    n.g(conv1d{.filters = 8, .kernel = 7}, batch_norm{}, relu{}, halve);
    n.cut();
    n.g(conv1d{.filters = 8, .kernel = 5, .stride = 2, .dilation = 2}, batch_norm{}, eenn::tanh{});
    n.g.exit(exit_head{.classes = 6}, first);
    n.g(conv1d{.filters = 12, .groups = 2}, hard_sigmoid{}, halve, flatten{});
    n.cut();
    n.g.exit(dense{.units = 6}, second);
    n.g(dropout{}, dense{.units = 20}, relu6{}, dense{.units = 6});
    return n;
}

network_to_cut gated(policy first, policy second) {
    network_to_cut n{graph{{12, 12, 3}}, {}};
    n.g(conv2d{.filters = 8, .stride = 2}, batch_norm{}, hard_swish{});
    n.g(squeeze_excite{}, pad{.top = 1, .left = 2, .channels_after = 2, .value = 0.25});
    n.g.exit(exit_head{.classes = 7}, first);
    n.g.branches(
        concat{}, [](graph& b) { b(conv2d{.filters = 6}, hard_swish{}); },
        [](graph& b) { b(max_pool{.kernel_h = 3, .stride = 1, .pad = same}); });
    n.cut();
    n.g(squeeze_excite{.hard = true}, conv2d{.filters = 10, .groups = 2}, batch_norm{}, hard_swish{});
    n.g.exit(exit_head{.classes = 7, .filters = 4}, second);
    n.g(softmax{}, global_average_pool{}, dense{.units = 7});
    return n;
}

// Numbers go through it unharmed if they are none.
template <int Exits, int Classes>
network_to_cut vectors(policy first, policy second) {
    network_to_cut n{graph{{1, 1, 9}}, {}};
    for (int e = 0; e < Exits; ++e) {
        if (e < 4) n.g(dense{.units = 12}, batch_norm{}, eenn::tanh{});  // more would make it a chaotic function
        n.g.exit(dense{.units = Classes}, e % 2 == 0 ? first : second);
        if (e == 1) n.cut();
    }
    n.g(dense{.units = Classes});
    return n;
}

struct kind_of_network {
    const char* name;
    network_to_cut (*make)(policy, policy);
    int opset;
};
constexpr kind_of_network kinds[] = {
    {"resnet", resnet, 13},           {"depthwise", depthwise, 18},
    {"signal", signal, 13},           {"gated", gated, 14},
    {"gated_old", gated, 13},         {"vectors", vectors<4, 3>, 21},
    {"one_class", vectors<2, 1>, 17}, {"deep", vectors<8, 3>, 17},
};
struct pair_of_policies {
    const char* name;
    policy first;
    policy second;
};
constexpr pair_of_policies pairs[] = {
    {"max_probability", max_probability{}, max_probability{}},
    {"margin", margin{}, margin{}},
    {"entropy", entropy{}, entropy{}},
    {"patience", patience{}, patience{}},
    {"mixed", entropy{}, patience{}},
};

constexpr int samples = 24;

// Parameters that are no special case: norms that shift and scale, heads whose logits are far apart.
aligned_vector<float> parameters_of(const plan_view& plan, random_stream& random) {
    auto parameters = initialize(plan, random.bits());
    for (const auto& tensor : plan.tensors) {
        for (std::size_t i = 0; i < tensor.spec.elements(); ++i) {
            float& value = parameters[tensor.offset + i];
            if (tensor.spec.name == "gamma" || tensor.spec.name == "var")
                value = static_cast<float>(random.uniform(0.5, 1.5));
            if (tensor.spec.name == "beta" || tensor.spec.name == "mean")
                value = static_cast<float>(random.uniform(-0.5, 0.5));
            if (tensor.layer == "dense") value *= 3;
        }
    }
    return parameters;
}

class written_cases {
public:
    explicit written_cases(std::filesystem::path folder) : folder_{std::move(folder)} { json_.begin_array(); }

    void add(const std::string& name, const network_to_cut& n, int opset, std::uint64_t seed) {
        random_stream random{.seed = seed, .stream = 9};
        const runtime_network<float, graph> net{n.g};
        const auto exe = net.inference();
        const auto& plan = exe.plan;
        const std::size_t exits = plan.exits.size();
        const auto parameters = parameters_of(plan, random);
        const packed_weights packed{exe, parameters};
        aligned_vector<float> workspace(plan.sizes.workspace);

        std::vector<std::vector<float>> inputs(samples);
        for (auto& x : inputs) {
            for (std::size_t i = 0; i < plan.input.elements(); ++i)
                x.push_back(static_cast<float>(2 * random.normal()));
        }
        if (plan.input.pixels() == 1) inputs[0][0] = std::numeric_limits<float>::quiet_NaN();

        std::vector<exit_rule> rules(exits);
        for (auto& rule : rules)
            rule.temperature = random.below(3) == 0 ? 1.0F : static_cast<float>(random.uniform(0.5, 2));

        // What every exit says of every sample.
        const threshold_rules<> rule{rules};
        std::vector<std::vector<std::vector<float>>> logits(samples);
        std::vector<std::vector<float>> confidence(samples);
        for (std::size_t i = 0; i < samples; ++i) {
            exit_state state;
            step_id first{0};
            for (std::size_t e = 0; e < exits; ++e) {
                run_steps(exe, {first, plan.exits[e].step.next()}, packed, inputs[i], workspace);
                first = plan.exits[e].step.next();
                const auto seen = view_exit(plan, e, workspace);
                logits[i].emplace_back(seen.logits.begin(), seen.logits.end());
                confidence[i].push_back(decide(rule, seen, state).confidence);
            }
        }
        for (std::size_t e = 0; e + 1 < exits; ++e) {
            rules[e].threshold = plan.exits[e].decides.default_threshold();
            if (plan.exits[e].decides == policy{patience{}}) continue;
            std::vector<float> sorted;
            for (const auto& c : confidence) {
                if (c[e] == c[e]) sorted.push_back(c[e]);
            }
            std::nth_element(sorted.begin(), sorted.begin() + samples / 2, sorted.end());
            rules[e].threshold = sorted[samples / 2] + 1e-3F;
        }
        if (exits == 5) rules[exits - 2].threshold = never_exit;

        const onnx::export_options options{.opset = opset, .metadata = {{"case", name}}};
        onnx::write_model(folder_ / (name + ".plain.onnx"), onnx::export_network(n.g, parameters, options));
        onnx::write_model(folder_ / (name + ".exits.onnx"), onnx::export_early_exit(n.g, parameters, rules, options));
        const auto stages = onnx::export_stages(n.g, parameters, rules, n.last_nodes, options);
        for (std::size_t k = 0; k < stages.size(); ++k) {
            onnx::write_model(folder_ / (name + ".stage_" + std::to_string(k) + ".onnx"), stages[k]);
        }

        const shape in = plan.input;
        json_.begin_object().member("name", name).member("stages", static_cast<int>(stages.size()));
        json_.key("sample").array(in.pixels() == 1 ? std::vector<int>{in.c} : std::vector<int>{in.c, in.h, in.w});
        json_.key("thresholds");
        put(rules, [](const exit_rule& r) { return r.threshold; });
        json_.key("samples").begin_array();
        for (std::size_t i = 0; i < samples; ++i) {
            exit_state state;
            const auto found = infer(exe, packed, inputs[i], workspace, rule, state);
            json_.begin_object().member("label", found.label).member("exit", found.exit);
            json_.key("input");
            put(channels_first(in, inputs[i]), [](float x) { return x; });
            json_.key("confidence");
            put(confidence[i], [](float c) { return c; });
            json_.key("logits").begin_array();
            for (const auto& z : logits[i]) put(z, [](float v) { return v; });
            json_.end_array().end_object();
        }
        json_.end_array().end_object();
    }

    void finish() {
        const std::string text = json_.end_array().text();
        io::write_file(folder_ / "cases.json", io::as_bytes(text));
    }

private:
    [[nodiscard]] static std::vector<float> channels_first(shape s, const std::vector<float>& ours) {
        std::vector<float> theirs;
        for (int c = 0; c < s.c; ++c) {
            for (int p = 0; p < s.pixels(); ++p) theirs.push_back(ours[static_cast<std::size_t>(p * s.c + c)]);
        }
        return theirs;
    }
    // Numbers that are not finite become null.
    template <class Range, class F>
    void put(const Range& values, F&& number) {
        json_.begin_array();
        for (const auto& v : values) {
            if (std::isfinite(number(v))) {
                json_.value(number(v));
            } else {
                json_.null();
            }
        }
        json_.end_array();
    }

    std::filesystem::path folder_;
    text::json_writer json_{0};
};

}  // namespace

int main(int count, char** arguments) try {
    if (count != 2) {
        std::fputs("usage: make_models FOLDER\n", stderr);
        return 2;
    }
    std::filesystem::create_directories(arguments[1]);
    written_cases cases{arguments[1]};
    std::uint64_t seed = 0;
    for (const auto& kind : kinds) {
        for (const auto& pair : pairs) {
            cases.add(std::string{kind.name} + "." + pair.name, kind.make(pair.first, pair.second), kind.opset, ++seed);
        }
    }
    for (std::uint64_t i = 0; i < 20; ++i) {
        network_to_cut n{generated::network_of(i), {}};
        cases.add("generated_" + std::to_string(i), n, i % 2 == 0 ? 13 : 18, ++seed);
    }
    cases.finish();
} catch (const std::exception& e) {
    std::fprintf(stderr, "make_models: %s\n", e.what());
    return 1;
}
