// SPDX-License-Identifier: MIT
//
// export.hpp - a network and its parameters as an ONNX model.
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

/// @brief A network as a plain model: one input, and the logits of every exit as outputs, of the last one at the end.
///
/// Our tensors have their channels last, ONNX's first, so weights are transposed. The input is (N,C,H,W), a signal
/// (N,C,1,L), a feature vector (N,C); logits are (N,C), or (N,C,H,W) where an exit ends in an image. Batch norms stay,
/// dropouts become the identity.
///
/// @param parameters  (plan.parameter_elements()).
/// @par Errors   eenn::error if the parameters are not as many, or an option is out of range.
[[nodiscard]] EENN_FLOW model export_network(const eenn::graph& g, std::span<const float> parameters,
                                             const export_options& options = {});

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
[[nodiscard]] EENN_FLOW model export_early_exit(const eenn::graph& g, std::span<const float> parameters,
                                                std::span<const exit_rule> rules, const export_options& options = {});

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
[[nodiscard]] EENN_FLOW std::vector<model> export_stages(const eenn::graph& g, std::span<const float> parameters,
                                                         std::span<const exit_rule> rules,
                                                         std::span<const node_id> last_nodes,
                                                         const export_options& options = {});

/// @brief A model as an ONNX file: a plain network, or one with exits whose rules then travel in it.
///
/// Preprocessing and class names are written as the metadata `preprocessing` and `classes`, as read() takes them.
///
/// @param options  of which the metadata are those of the model.
/// @par Errors     eenn::error for a model whose parts do not fit, and as export_early_exit() and write_model().
EENN_FLOW void write(const std::filesystem::path& path, const eenn::model& m, export_options options = {});

}  // namespace EENN_HOST
}  // namespace eenn::onnx

#if !defined(EENN_COMPILED)
#include <eenn/io/onnx/detail/export.hpp>
#endif

#endif
