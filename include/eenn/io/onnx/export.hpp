// SPDX-License-Identifier: MIT
//
// export.hpp - exports networks and their parameters as ONNX models.
// Floor 6 (io); host subset. Letters: N = samples, H, W, C = height, width, channels.
#ifndef EENN_IO_ONNX_EXPORT_HPP
#define EENN_IO_ONNX_EXPORT_HPP

#include <eenn/core/detail/flow.hpp>
#include <eenn/io/onnx/detail/export_options.hpp>
#include <eenn/io/onnx/detail/model.hpp>
#include <eenn/network/detail/basic_model.hpp>
#include <eenn/network/standard.hpp>
#include <eenn/policies/detail/exit_rule.hpp>
#include <eenn/tensor/detail/id.hpp>

#include <filesystem>
#include <span>
#include <vector>

namespace eenn::onnx {
inline namespace EENN_HOST {

/// @brief Exports a network as a plain model: one input; the outputs are the logits of every exit, the end's last.
///
/// Our tensors are channels last and ONNX's are channels first, so weights are transposed. Inputs are (N,C,H,W),
/// signals (N,C,1,L), feature vectors (N,C). Logits are (N,C), or (N,C,H,W) if an exit ends in an image. Batch norms
/// stay; dropouts become the identity.
///
/// @param parameters  (plan.parameter_elements()).
/// @par Errors   eenn::error if the number of parameters is wrong or an option is out of range.
[[nodiscard]] EENN_FLOW model export_network(const eenn::graph& g, std::span<const float> parameters,
                                             const export_options& options = {});

/// @brief Exports an early-exit network as one model that stops at the same exit as infer(). It takes one sample.
///
/// Each exit is followed by an If node: one branch returns the exit's result, the other holds the rest of the network,
/// so the rest is computed only if needed. Exits whose threshold no confidence can reach are omitted but keep their
/// number. Outputs: logits (1,C), label int64 (1), exit int64 (1), confidence float (1), as returned by infer(). NaN
/// logits give label -1 and confidence NaN.
///
/// @param rules  one for each exit, including the end; the last one's threshold is ignored.
/// @par Errors   as export_network(), and if the number of rules is wrong, a temperature is not positive, or more than
///               16 exits are open, including the end (see export_exits.hpp).
[[nodiscard]] EENN_FLOW model export_early_exit(const eenn::graph& g, std::span<const float> parameters,
                                                std::span<const exit_rule> rules, const export_options& options = {});

/// @brief Exports an early-exit network as a chain of models, one for each processor.
///
/// The backbone, all nodes that the end of the graph depends on, is cut after each of `last_nodes`. An exit belongs to
/// the stage that holds the last backbone node it reads. The first stage takes the input. Stage k outputs all values
/// that later stages read, as "carry_k.relu_7"; they are inputs of stage k + 1 under the same names. If a later exit
/// counts agreeing exits, stage k also outputs "carry_k.last_label" and "carry_k.streak". A stage with exits first
/// outputs logits, label, exit and confidence, from the exit where the sample left or otherwise from the stage's last
/// exit, and done, bool (1). If done, the carried values have no rows and the chain ends. Everything else is as in
/// export_early_exit().
///
/// @param last_nodes  ids of backbone nodes in rising order, without the end; an empty list gives one stage.
/// @par Errors   as export_early_exit(), and eenn::error if the backbone cannot be cut at a node.
[[nodiscard]] EENN_FLOW std::vector<model> export_stages(const eenn::graph& g, std::span<const float> parameters,
                                                         std::span<const exit_rule> rules,
                                                         std::span<const node_id> last_nodes,
                                                         const export_options& options = {});

/// @brief Writes a model as an ONNX file: a plain network, or an early-exit network together with its rules.
///
/// Preprocessing and class names go into the metadata `preprocessing` and `classes`, where read() finds them.
///
/// @param options  its metadata are replaced by the model's.
/// @par Errors     eenn::error for a model whose parts do not fit together, and as export_early_exit() and
///                 write_model().
EENN_FLOW void write(const std::filesystem::path& path, const eenn::model& m, export_options options = {});

}  // namespace EENN_HOST
}  // namespace eenn::onnx

#if !defined(EENN_COMPILED)
#include <eenn/io/onnx/detail/export.hpp>
#endif

#endif
