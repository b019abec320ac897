// SPDX-License-Identifier: MIT
//
// fuzz_onnx.cpp - any bytes are refused by eenn::error, or are a model; any model is refused, or is a network whose
// parameters and names are as many as its plan says. Changed bytes seldom make a model, so what can be read is changed
// once more, node by node, at places that a hash of the bytes chooses.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <eenn/core/random.hpp>
#include <eenn/io/detail/bytes.hpp>
#include <eenn/io/onnx/detail/fold.hpp>
#include <eenn/io/onnx/detail/operators.hpp>
#include <eenn/io/onnx/detail/values.hpp>
#include <eenn/io/onnx/import.hpp>
#include <eenn/io/onnx/read.hpp>
#include <eenn/network/detail/lower.hpp>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "require.hpp"

using namespace eenn;

namespace {

void import(const onnx::model& model, bool option) {
    try {
        const onnx::import_options options{.fold_norms = option, .keep_softmax = option, .input = shape{4, 4, 2}};
        const auto made = onnx::import_network(model, options);
        REQUIRE(made.parameters.size() == lower(made.network).view().parameter_elements());
        REQUIRE(made.names.size() == made.network.nodes().size());
        REQUIRE(made.network.here() > edge{0});
    } catch (const error&) {  // refused: as good as imported
    }
}

std::int64_t number(random_stream& random) {
    constexpr std::int64_t edges[] = {0,         1,         -1,           2,         3,        4, 8, 24, 1 << 20,
                                      1LL << 31, 1LL << 62, -(1LL << 62), INT64_MIN, INT64_MAX};
    return random.below(2) == 0 ? static_cast<std::int64_t>(random.below(6)) : edges[random.below(std::size(edges))];
}

void change(onnx::model& model, random_stream& random) {
    auto& graph = model.network;
    const auto pick = [&](auto& list) -> auto& { return list[random.below(std::size(list))]; };
    const auto shrink_to = [](onnx::tensor& t) {  // as many bytes as its dims say, if they are few
        const auto width = onnx::detail::element_bytes(t.type);
        const auto size = width == 0 ? std::nullopt : io::checked_product(t.dims, width);
        if (size && *size < 4096) t.bytes.resize(*size);
    };
    switch (random.below(9)) {
        case 0:
            if (!graph.nodes.empty()) {
                pick(graph.nodes).op_type = random.below(2) == 0 ? pick(onnx::detail::import_operators).op_type
                                                                 : pick(onnx::detail::fold_operators).op_type;
            }
            break;
        case 1:
            if (auto& n = graph.nodes; !n.empty()) {
                auto& to = pick(n);
                const auto& from = pick(n);
                if (!to.inputs.empty() && !from.outputs.empty()) pick(to.inputs) = from.outputs[0];
            }
            break;
        case 2:
            if (!graph.nodes.empty() && !graph.initializers.empty()) {
                pick(graph.nodes).inputs.push_back(pick(graph.initializers).name);
            }
            break;
        case 3:
            if (!graph.nodes.empty() && !pick(graph.nodes).attributes.empty()) {
                for (auto& a : pick(graph.nodes).attributes) {
                    a.integer = number(random);
                    if (!a.integers.empty()) pick(a.integers) = number(random);
                    if (random.below(4) == 0) a.integers.resize(random.below(6));
                }
            }
            break;
        case 4:
            if (!graph.initializers.empty()) {
                auto& t = pick(graph.initializers);
                if (t.type == onnx::data_type::int64 && t.bytes.size() >= 8) {
                    const auto value = number(random);
                    std::memcpy(&t.bytes[8 * random.below(t.bytes.size() / 8)], &value, 8);
                }
            }
            break;
        case 5:
            if (!graph.initializers.empty()) {
                auto& t = pick(graph.initializers);
                if (t.dims.empty() || random.below(3) == 0) {
                    t.dims.push_back(number(random));
                } else {
                    pick(t.dims) = number(random);
                }
                shrink_to(t);
            }
            break;
        case 6:
            if (!graph.inputs.empty() && !graph.inputs[0].dims.empty())
                pick(graph.inputs[0].dims).size = number(random);
            break;
        case 7: {  // another attribute
            constexpr std::array names{"axis",      "axes",  "perm",      "pads",     "strides", "kernel_shape",
                                       "dilations", "group", "ceil_mode", "keepdims", "to"};
            if (graph.nodes.empty()) break;
            onnx::attribute a;
            a.name = names[random.below(names.size())];
            a.kind = random.below(2) == 0 ? onnx::attribute::kind_of::integer : onnx::attribute::kind_of::integers;
            a.integer = number(random);
            for (auto count = random.below(5); count > 0; --count) a.integers.push_back(number(random));
            pick(graph.nodes).attributes.push_back(a);
            break;
        }
        default:
            if (graph.nodes.size() > 1) {
                graph.nodes.erase(graph.nodes.begin() + static_cast<std::ptrdiff_t>(random.below(graph.nodes.size())));
                graph.outputs[0].name = graph.nodes.back().outputs.empty() ? "" : graph.nodes.back().outputs[0];
            }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    onnx::model model;
    try {
        model = onnx::parse_model(std::as_bytes(std::span{data, size}));
    } catch (const error&) {
        return 0;  // refused: as good as read
    }
    import(model, false);
    import(model, true);
    if (model.network.outputs.empty()) return 0;
    std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
    for (std::size_t i = 0; i < size; ++i) hash = (hash ^ data[i]) * 0x100000001b3;
    random_stream random{.seed = hash};
    for (int i = 0; i < 8; ++i) {
        change(model, random);
        import(model, i % 2 == 0);
    }
    return 0;
}
