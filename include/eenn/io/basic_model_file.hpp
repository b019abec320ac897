// SPDX-License-Identifier: MIT
//
// basic_model_file.hpp - a model of any set of layers as one file: graph, parameters, rules, preprocessing, class names, metadata, fingerprint.
// Floor 6 (io); host subset. Models of the standard layers use model_file.hpp. Tested by tests/io/model_file.cpp.
#ifndef EENN_IO_BASIC_MODEL_FILE_HPP
#define EENN_IO_BASIC_MODEL_FILE_HPP

#include <charconv>
#include <cmath>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include <eenn/core/isa.hpp>
#include <eenn/io/detail/graph_json.hpp>
#include <eenn/io/weights.hpp>
#include <eenn/network/model.hpp>

namespace eenn::io {
inline namespace EENN_ISA {

namespace detail {

/// Prefix of the library's own keys in a file's metadata. All other keys belong to the user.
inline constexpr std::string_view model_key = "eenn.";
inline constexpr std::string_view model_version = "1";

[[nodiscard]] inline std::string rules_to_json(std::span<const exit_rule> rules) {
    text::json_writer json{0};
    json.begin_array();
    for (const exit_rule& rule : rules) {
        json.begin_array();
        write_option(json, real{static_cast<double>(rule.threshold)});
        json.value(rule.temperature).end_array();
    }
    return json.end_array().text();
}
[[nodiscard]] inline std::vector<exit_rule> rules_from_json(std::string_view text, const std::string& where) {
    std::vector<exit_rule> rules;
    text::json_reader json{text, where};
    json.array([&] {
        real threshold{};
        int count = 0;
        rules.emplace_back();
        json.array([&] {
            if (count++ == 0) {
                read_option(json, threshold);
                rules.back().threshold = threshold;
            } else {
                rules.back().temperature = static_cast<float>(json.number());
            }
        });
        if (count != 2) json.fail("a rule has a threshold and a temperature");
    });
    json.end();
    return rules;
}

[[nodiscard]] inline std::string list_to_json(std::span<const std::string> names) {
    text::json_writer json{0};
    return json.array(names).text();
}
[[nodiscard]] inline std::vector<std::string> list_from_json(std::string_view text, const std::string& where) {
    std::vector<std::string> names;
    text::json_reader json{text, where};
    json.array([&] { names.push_back(json.string()); });
    json.end();
    return names;
}

[[nodiscard]] inline std::string names_to_json(const std::map<node_id, std::string>& names) {
    text::json_writer json{0};
    json.begin_object();
    for (const auto& [id, name] : names) json.member(to_string(id), name);
    return json.end_object().text();
}
[[nodiscard]] inline std::map<node_id, std::string> names_from_json(std::string_view text, const std::string& where) {
    std::map<node_id, std::string> names;
    text::json_reader json{text, where};
    json.object([&](const std::string& key) {
        int number = -1;
        const auto [end, failed] = std::from_chars(key.data(), key.data() + key.size(), number);
        if (failed != std::errc{} || end != key.data() + key.size()) json.fail("'" + key + "' is no id");
        names[node_id{number}] = json.string();
    });
    json.end();
    return names;
}

/// Everything the checksum covers: what determines the model's answers, and its names.
template <class Layers>
[[nodiscard]] std::string checksum_of(const basic_model<Layers>& m) {
    fingerprint print;
    print.add(fingerprint_of(m).text()).add(m.classes);
    for (const auto& [id, name] : m.names) print.add(id.number).add(name);
    for (const auto& [key, value] : m.metadata) print.add(key).add(value);
    return print.value().text();
}

}  // namespace detail

/// @brief Writes a model as a safetensors file; everything but the tensors goes into its metadata. The file appears
/// whole or not at all.
///
/// Tensors are named by kind and id ("conv2d_3.weight"). Any safetensors reader can read them.
///
/// @par Errors  eenn::error for a model whose parts do not fit together, for user metadata under a key that begins with
///              "eenn.", and as write_file(). The file already at `path` then survives.
template <class Layers>
void write_model(const std::string& path, const basic_model<Layers>& m) {
    check(m, path);
    tensor_metadata about;
    for (const auto& [key, value] : m.metadata) {
        if (key.starts_with(detail::model_key)) raise(path, "metadata '" + key + "' is ours", "choose another key");
        about[key] = value;
    }
    const auto put = [&](const char* key, std::string value) {
        about[std::string{detail::model_key} + key] = std::move(value);
    };
    put("version", std::string{detail::model_version});
    put("graph", graph_to_json(m.network));
    put("rules", detail::rules_to_json(m.rules));
    put("preprocessing", preprocessing_to_json(m.prepare));
    put("classes", detail::list_to_json(m.classes));
    put("names", detail::names_to_json(m.names));
    put("checksum", detail::checksum_of(m));
    const plan lowered = lower(m.network);
    write_weights(path, lowered.view(), std::span<const float>{m.parameters}, about);
}

/// @brief Parses a model from the bytes of a model file; `where` names the file in errors.
///
/// @par Errors  eenn::error if the file is truncated, damaged anywhere, of another version, or not a model.
template <class Layers>
[[nodiscard]] basic_model<Layers> parse_model(std::span<const std::byte> bytes, const std::string& where) {
    const tensor_list list = parse_safetensors(bytes, where);
    const auto get = [&](const char* key) -> const std::string& {
        const auto found = list.metadata.find(std::string{detail::model_key} + key);
        if (found == list.metadata.end())
            raise(where, std::string{"no '"} + std::string{detail::model_key} + key + "' among its metadata",
                  "it is not a model of eenn");
        return found->second;
    };
    if (const std::string& version = get("version"); version != detail::model_version)
        raise(where, "the model is of version " + version,
              "this library reads version " + std::string{detail::model_version});
    basic_model<Layers> m;
    m.network = graph_from_json<Layers>(get("graph"), where);
    if (m.network.here() == edge{0}) raise(where, "the graph has no layers");
    const plan lowered = lower(m.network);
    std::size_t stored = 0;
    for (const tensor_view& tensor : list.tensors) stored += tensor.bytes.size() / sizeof(float);
    if (lowered.view().parameter_elements() != stored)  // before allocating that many
        raise(where, std::to_string(stored) + " parameters for a network of " +
                         std::to_string(lowered.view().parameter_elements()));
    m.parameters.resize(stored);
    assign_weights(list, lowered.view(), std::span<float>{m.parameters});
    m.rules = detail::rules_from_json(get("rules"), where);
    m.prepare = preprocessing_from_json(get("preprocessing"), where);
    m.classes = detail::list_from_json(get("classes"), where);
    m.names = detail::names_from_json(get("names"), where);
    for (const auto& [key, value] : list.metadata) {
        if (!key.starts_with(detail::model_key)) m.metadata[key] = value;
    }
    if (get("checksum") != detail::checksum_of(m))
        raise(where, "its checksum differs", "the file is damaged: get it anew");
    check(m, where);
    return m;
}

/// @brief Reads a model file.
template <class Layers>
[[nodiscard]] basic_model<Layers> read_model(const std::string& path) {
    return parse_model<Layers>(read_file(path), path);
}

}  // namespace EENN_ISA
}  // namespace eenn::io

#endif
