// SPDX-License-Identifier: MIT
//
// detail/export.hpp - export_network() and the exports with exits.
// Floor 6 (io); host subset. Tested by tests/io/onnx/export.cpp. Letters: N = samples, H, W, C = height, width, channels.
#ifndef EENN_IO_ONNX_DETAIL_EXPORT_HPP
#define EENN_IO_ONNX_DETAIL_EXPORT_HPP

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include <eenn/core/detail/flow.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/io/onnx/detail/build.hpp>
#include <eenn/io/onnx/detail/cut.hpp>
#include <eenn/io/onnx/detail/export_exits.hpp>
#include <eenn/io/onnx/detail/export_layers.hpp>
#include <eenn/io/onnx/detail/export_options.hpp>
#include <eenn/io/onnx/detail/model.hpp>
#include <eenn/io/onnx/export.hpp>
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

}  // namespace EENN_ISA
inline namespace EENN_HOST {

EENN_FLOW model export_network(const eenn::graph& g, std::span<const float> parameters, const export_options& options) {
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

EENN_FLOW model export_early_exit(const eenn::graph& g, std::span<const float> parameters,
                                  std::span<const exit_rule> rules, const export_options& options) {
    const detail::exit_list exits{g, rules};
    detail::stage whole;
    whole.last_exit = exits.size();
    whole.takes = {edge{0}};
    return detail::export_stage(g, parameters, exits, whole, options);
}

EENN_FLOW std::vector<model> export_stages(const eenn::graph& g, std::span<const float> parameters,
                                           std::span<const exit_rule> rules, std::span<const node_id> last_nodes,
                                           const export_options& options) {
    const detail::exit_list exits{g, rules};
    std::vector<model> models;
    for (const auto& stage : detail::cut(g, exits, last_nodes)) {
        models.push_back(detail::export_stage(g, parameters, exits, stage, options));
    }
    return models;
}

EENN_FLOW void write(const std::filesystem::path& path, const eenn::model& m, export_options options) {
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

}  // namespace EENN_HOST
}  // namespace eenn::onnx

#endif
