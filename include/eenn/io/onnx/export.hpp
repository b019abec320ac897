// SPDX-License-Identifier: MIT
//
// export.hpp - a network and its parameters as an ONNX model.
// Floor 6 (io); host subset. Letters: N = samples, H, W, C = height, width, channels.
#ifndef EENN_IO_ONNX_EXPORT_HPP
#define EENN_IO_ONNX_EXPORT_HPP

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include <eenn/core/isa.hpp>
#include <eenn/io/onnx/build.hpp>
#include <eenn/io/onnx/cut.hpp>
#include <eenn/io/onnx/export_exits.hpp>
#include <eenn/io/onnx/export_layers.hpp>
#include <eenn/io/onnx/export_options.hpp>
#include <eenn/io/onnx/model.hpp>
#include <eenn/io/onnx/write.hpp>
#include <eenn/network/model.hpp>
#include <eenn/network/standard.hpp>
#include <eenn/text/json_writer.hpp>

namespace eenn::onnx {
inline namespace EENN_ISA {

namespace detail {

[[nodiscard]] inline model export_stage(const eenn::graph& g, std::span<const float> parameters, const exit_list& exits,
                                        const stage& here, const export_options& options) {
    check(options);
    builder to{options.name};
    layer_writer layers{to, g, parameters, options};
    stage_writer{to, layers, exits, here, options}.write();
    return wrap(to.finish(), options);
}

}  // namespace detail

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

    to.input(layers.declared(edge{0}, to.claim(options.input), batch));
    layers.provide(edge{0}, options.input);
    struct output {
        edge node;
        std::string name;
        std::string value;
    };
    std::vector<output> outputs;
    if (options.all_exits) {
        for (const auto& e : g.exits()) {
            outputs.push_back({e.node, to.claim(options.output + "_" + std::to_string(outputs.size())), {}});
        }
    }
    outputs.push_back({g.here(), to.claim(options.output), {}});
    for (auto& o : outputs) o.value = layers.value(o.node);
    for (const auto& o : outputs) {
        to.rename(o.value, o.name);
        to.output(layers.declared(o.node, o.name, batch));
    }
    return detail::wrap(to.finish(), options);
}

/// @brief An early-exit network as one model that stops at the exit infer() would stop at. It takes one sample.
///
/// Behind each exit stands an If: its one branch says what the exit said, its other one holds the rest of the network, so
/// what is not needed is not computed. Exits whose threshold no confidence reaches are left out, but keep their number.
/// Outputs: logits (1,C), label int64 (1), exit int64 (1), confidence float (1), as infer() returns them; with logits
/// that are no numbers the label is -1 and the confidence NaN.
///
/// @param rules  one an exit, the end included; the last one's threshold is not read.
/// @par Errors   as export_network(), and for rules that are not as many, a temperature that is not positive, or more
///               than 16 exits that are open, the end included (see export_exits.hpp).
[[nodiscard]] inline model export_early_exit(const eenn::graph& g, std::span<const float> parameters,
                                             std::span<const exit_rule> rules, const export_options& options = {}) {
    const detail::exit_list exits{g, rules};
    detail::stage whole;
    whole.last_exit = exits.size();
    whole.takes = {edge{0}};
    return detail::export_stage(g, parameters, exits, whole, options);
}

/// @brief An early-exit network as a chain of models, one a processor.
///
/// The backbone, which is what the end of the graph needs, is cut behind each of `last_nodes`; an exit belongs to the
/// stage that holds the last backbone node it reads. The first stage takes the input. Stage k sends all values that later
/// stages read, as outputs "carry_k.relu_7", which are the inputs of stage k + 1 under the same names; where a later exit
/// counts agreeing exits, "carry_k.last_label" and "carry_k.streak" too. A stage with exits gives, before these, logits,
/// label, exit and confidence of the exit that the sample left at or else of its last one, and done, bool (1). If done,
/// what is sent has no rows, and the chain ends. Everything else is as in export_early_exit().
///
/// @param last_nodes  ids of nodes of the graph's backbone, rising, the end excluded; none gives one stage.
/// @par Errors   as export_early_exit(), and eenn::error for a node where the backbone cannot be cut.
[[nodiscard]] inline std::vector<model> export_stages(const eenn::graph& g, std::span<const float> parameters,
                                                      std::span<const exit_rule> rules,
                                                      std::span<const node_id> last_nodes,
                                                      const export_options& options = {}) {
    const detail::exit_list exits{g, rules};
    std::vector<model> models;
    for (const auto& stage : detail::cut(g, exits, last_nodes)) {
        models.push_back(detail::export_stage(g, parameters, exits, stage, options));
    }
    return models;
}

/// @brief A model as an ONNX file: a plain network, or one with exits whose rules then travel in it.
///
/// Preprocessing and class names are written as the metadata `preprocessing` and `classes`, as read() takes them.
///
/// @param options  of which the metadata are those of the model.
/// @par Errors     eenn::error for a model whose parts do not fit, and as export_early_exit() and write_model().
inline void write(const std::filesystem::path& path, const eenn::model& m, export_options options = {}) {
    check(m, path.string());
    options.metadata = m.metadata;
    if (!m.prepare.is_identity()) options.metadata["preprocessing"] = preprocessing_to_json(m.prepare);
    if (!m.classes.empty()) options.metadata["classes"] = text::json_writer{0}.array(m.classes).text();
    if (m.network.exits().empty()) {
        write_model(path, export_network(m.network, m.parameters, options));
        return;
    }
    std::vector<exit_rule> rules = m.rules;
    if (rules.empty()) {
        for (const auto& e : m.network.exits()) rules.push_back({e.decides.default_threshold(), 1});
        rules.push_back({never_exit, 1});
    }
    write_model(path, export_early_exit(m.network, m.parameters, rules, options));
}

}  // namespace EENN_ISA
}  // namespace eenn::onnx

#endif
