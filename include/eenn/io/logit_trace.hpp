// SPDX-License-Identifier: MIT
//
// logit_trace.hpp - logit traces as files.
// Floor 5 (io); host subset. Letters: N = samples, E = exits, C = classes.
#ifndef EENN_IO_LOGIT_TRACE_HPP
#define EENN_IO_LOGIT_TRACE_HPP

#include <eenn/core/isa.hpp>
#include <eenn/exits/logit_trace.hpp>
#include <eenn/io/safetensors.hpp>

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace eenn::io {
inline namespace EENN_ISA {

/// @brief Writes a trace as one safetensors file: logits F16 (N,E,C), labels I32 (N), policies U8 (E) (the numbers of
/// policy_kind), macs F64 (E) and, if measured, seconds F64 (E).
///
/// @par Errors  as check_logit_trace() and write_safetensors(). The file appears whole or not at all.
inline void write_logit_trace(const std::string& path, const logit_trace& trace, const tensor_metadata& metadata = {}) {
    check_logit_trace(trace);
    const auto n = static_cast<std::int64_t>(trace.samples);
    const auto e = static_cast<std::int64_t>(trace.exits);
    const auto c = static_cast<std::int64_t>(trace.classes);
    std::vector<std::uint8_t> policies;
    for (const policy& p : trace.decides) policies.push_back(static_cast<std::uint8_t>(p.kind));
    std::vector<tensor_view> tensors{
        make_tensor_view("logits", {n, e, c}, std::span<const float16>{trace.logits}),
        make_tensor_view("labels", {n}, std::span<const std::int32_t>{trace.labels}),
        make_tensor_view("policies", {e}, std::span<const std::uint8_t>{policies}),
        make_tensor_view("macs", {e}, std::span<const double>{trace.macs}),
    };
    if (!trace.seconds.empty())
        tensors.push_back(make_tensor_view("seconds", {e}, std::span<const double>{trace.seconds}));
    write_safetensors(path, tensors, metadata);
}

/// @brief Reads a trace written by write_logit_trace().
///
/// @par Errors  eenn::error naming the file and the tensor that is missing or has the wrong type or shape, and as
///              check_logit_trace().
[[nodiscard]] inline logit_trace read_logit_trace(const std::string& path) {
    const tensor_file file = read_safetensors(path);
    const auto find = [&](const char* name, element_type type, std::size_t rank) -> const tensor_view& {
        const tensor_view* found = file.find(name);
        if (found == nullptr) raise(path, "there is no tensor '" + std::string{name} + "'", "is it a trace of logits?");
        if (found->type != type || found->dims.size() != rank) {
            raise(path, "tensor '" + std::string{name} + "' is " + to_string(found->dims) + " of " +
                            to_string(found->type) + ", not " + std::to_string(rank) + " axes of " + to_string(type));
        }
        return *found;
    };
    const auto copy = [&](const tensor_view& from, auto& to) {
        to.resize(from.bytes.size() / sizeof(to[0]));
        if (!to.empty()) std::memcpy(to.data(), from.bytes.data(), from.bytes.size());
    };
    const tensor_view& logits = find("logits", element_type::f16, 3);
    logit_trace trace;
    trace.samples = static_cast<std::size_t>(logits.dims[0]);
    trace.exits = static_cast<std::size_t>(logits.dims[1]);
    trace.classes = static_cast<std::size_t>(logits.dims[2]);
    copy(logits, trace.logits);
    copy(find("labels", element_type::i32, 1), trace.labels);
    copy(find("macs", element_type::f64, 1), trace.macs);
    if (file.find("seconds") != nullptr) copy(find("seconds", element_type::f64, 1), trace.seconds);
    std::vector<std::uint8_t> policies;
    copy(find("policies", element_type::u8, 1), policies);
    for (const std::uint8_t kind : policies) {
        if (kind >= policy_count) raise(path, "policy " + std::to_string(kind) + " is none that is known");
        trace.decides.emplace_back(policy_kind{kind});
    }
    check_logit_trace(trace);
    return trace;
}

}  // namespace EENN_ISA
}  // namespace eenn::io

#endif
