// SPDX-License-Identifier: MIT
//
// export.hpp - a network and its parameters as an ONNX model.
// Floor 5 (io); host subset. Letters: N = samples, H, W, C = height, width, channels.
#ifndef EENN_IO_ONNX_EXPORT_HPP
#define EENN_IO_ONNX_EXPORT_HPP

#include <span>
#include <string>
#include <vector>

#include <eenn/io/onnx/build.hpp>
#include <eenn/io/onnx/export_layers.hpp>
#include <eenn/io/onnx/export_options.hpp>
#include <eenn/io/onnx/model.hpp>
#include <eenn/network/standard.hpp>

namespace eenn::onnx {

/// @brief A network as a plain model: one input, and the logits of every exit as outputs, of the last one at the end.
///
/// Our tensors have their channels last, ONNX's first, so weights are transposed. The input is (N,C,H,W), a signal
/// (N,C,1,L), a feature vector (N,C); logits are (N,C), or (N,C,H,W) where an exit ends in an image. Batch norms stay,
/// dropouts become the identity.
///
/// @param parameters  (plan.parameter_elements()).
/// @par Errors   eenn::error if the parameters are not as many, or an option is out of range.
[[nodiscard]] inline model export_network(const eenn::graph& g, std::span<const float> parameters,
                                          const export_options& options = {}) {
    detail::check(options);
    detail::builder to{options.name};
    detail::layer_writer layers{to, g, parameters, options};
    const dimension batch = options.batch == 0 ? dimension{.name = "N"} : dimension{.size = options.batch, .name = {}};

    to.input(layers.declared(0, to.claim(options.input), batch));
    layers.provide(0, options.input);
    struct output {
        int node;
        std::string name;
        std::string value;
    };
    std::vector<output> outputs;
    if (options.all_exits) {
        for (const auto& e : g.exits()) {
            outputs.push_back({e.node, to.claim(options.output + "_" + std::to_string(outputs.size())), {}});
        }
    }
    outputs.push_back({g.here().node, to.claim(options.output), {}});
    for (auto& o : outputs) o.value = layers.value(o.node);
    for (const auto& o : outputs) {
        to.rename(o.value, o.name);
        to.output(layers.declared(o.node, o.name, batch));
    }
    return detail::wrap(to.finish(), options);
}

}  // namespace eenn::onnx

#endif
