// SPDX-License-Identifier: MIT
//
// id.hpp - what names a part of a network for good: the id of a node.
// Floor 1 (tensor).
#ifndef EENN_TENSOR_ID_HPP
#define EENN_TENSOR_ID_HPP

#include <eenn/core/isa.hpp>

#include <compare>
#include <string>

namespace eenn {

/// @brief The id of a node: its graph gives the next unused number when the node is appended, and every edit keeps it.
///
/// Places in a graph (`int`, an index into nodes()) change with an edit; ids do not. Tensors in files, journals and messages
/// are named by them. A graph that was never edited has ids equal to its places, the input's is 0.
struct node_id {
    int number = -1;

    friend constexpr auto operator<=>(const node_id&, const node_id&) = default;
};

/// @brief No id has a larger number.
inline constexpr int most_node_id = 1 << 30;

inline namespace EENN_ISA {

/// @brief "7".
[[nodiscard]] inline std::string to_string(node_id id) { return std::to_string(id.number); }

}  // namespace EENN_ISA
}  // namespace eenn

#endif
