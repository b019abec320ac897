// SPDX-License-Identifier: MIT
//
// detail/id.hpp - identities in a network: permanent node ids, positions in lists, and lists indexed by such positions.
// Floor 1 (tensor).
#ifndef EENN_TENSOR_DETAIL_ID_HPP
#define EENN_TENSOR_DETAIL_ID_HPP

#include <eenn/core/isa.hpp>

#include <compare>
#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace eenn {

/// @brief The id of a node. The graph assigns the next unused number when the node is appended, and edits keep it.
///
/// Positions in a graph (edge, an index into nodes()) change with an edit; ids do not. Files, journals and messages
/// name tensors by node id. In a graph that was never edited, ids equal positions. The input has id 0.
struct node_id {
    int number = -1;

    friend constexpr auto operator<=>(const node_id&, const node_id&) = default;
};

/// @brief The largest number of an id.
inline constexpr int most_node_id = 1 << 30;

/// @brief A position in a list of one kind. Numbers and positions in other lists do not convert to it. The default, -1,
/// is no position and orders before all others.
template <class Kind>
struct place_id {
    int number = -1;

    constexpr place_id() = default;
    template <std::integral I>
    requires(!std::same_as<I, bool>) constexpr explicit place_id(I place) noexcept : number{static_cast<int>(place)} {}

    [[nodiscard]] constexpr bool exists() const noexcept { return number >= 0; }
    /// For lists indexed by plain numbers.
    [[nodiscard]] constexpr std::size_t index() const noexcept { return static_cast<std::size_t>(number); }

    /// The next position.
    [[nodiscard]] constexpr place_id next() const noexcept { return place_id{number + 1}; }

    constexpr place_id& operator++() noexcept {
        ++number;
        return *this;
    }
    constexpr place_id& operator--() noexcept {
        --number;
        return *this;
    }
    // Spelled out: compilers take longer over each comparison synthesised from operator<=>.
    friend constexpr bool operator==(place_id a, place_id b) noexcept { return a.number == b.number; }
    friend constexpr bool operator<(place_id a, place_id b) noexcept { return a.number < b.number; }
    friend constexpr bool operator>(place_id a, place_id b) noexcept { return a.number > b.number; }
    friend constexpr bool operator<=(place_id a, place_id b) noexcept { return a.number <= b.number; }
    friend constexpr bool operator>=(place_id a, place_id b) noexcept { return a.number >= b.number; }
};

/// @brief A step of a plan.
using step_id = place_id<struct step_place>;
/// @brief A value of a plan. Value 0 is the network's input.
using value_id = place_id<struct value_place>;
/// @brief An exit of a plan, the final one included.
using exit_id = place_id<struct exit_place>;
/// @brief A node of a graph, used as the tensor that it produces. Edge 0 is the network's input.
using edge = place_id<struct node_place>;

/// @brief The positions [first, end) in order.
template <class Id>
struct id_range {
    struct iterator {
        Id at;
        constexpr Id operator*() const noexcept { return at; }
        constexpr iterator& operator++() noexcept {
            ++at;
            return *this;
        }
        friend constexpr bool operator==(const iterator&, const iterator&) = default;
    };
    Id first;
    Id last;

    [[nodiscard]] constexpr iterator begin() const noexcept { return {first}; }
    [[nodiscard]] constexpr iterator end() const noexcept { return {last}; }
};

template <class Id, class T>
class id_vector;

/// @brief A span indexed by positions of one kind.
template <class Id, class T>
class id_span : public std::span<T> {
public:
    constexpr id_span() noexcept = default;
    constexpr explicit id_span(std::span<T> all) noexcept : std::span<T>{all} {}
    template <class U>
    constexpr id_span(id_span<Id, U> all) noexcept : std::span<T>{all} {}
    template <class U>
    constexpr id_span(const id_vector<Id, U>& all) noexcept : std::span<T>{all} {}
    template <class Other, class U>
    id_span(id_span<Other, U>) = delete;
    template <class Other, class U>
    id_span(const id_vector<Other, U>&) = delete;

    [[nodiscard]] constexpr T& operator[](Id place) const noexcept { return this->data()[place.index()]; }
    [[nodiscard]] constexpr Id end_id() const noexcept { return Id{this->size()}; }
    [[nodiscard]] constexpr id_range<Id> ids() const noexcept { return {Id{0}, end_id()}; }
};

/// @brief A vector indexed by positions of one kind, for example one T per step of a plan.
template <class Id, class T>
class id_vector : public std::vector<T> {
public:
    using std::vector<T>::vector;

    [[nodiscard]] constexpr T& operator[](Id place) noexcept { return this->data()[place.index()]; }
    [[nodiscard]] constexpr const T& operator[](Id place) const noexcept { return this->data()[place.index()]; }
    /// The position that the next element will get.
    [[nodiscard]] constexpr Id end_id() const noexcept { return Id{this->size()}; }
    [[nodiscard]] constexpr id_range<Id> ids() const noexcept { return {Id{0}, end_id()}; }
    [[nodiscard]] constexpr bool has(Id place) const noexcept { return place.exists() && place < end_id(); }
};

inline namespace EENN_ISA {

/// @brief "7".
[[nodiscard]] inline std::string to_string(node_id id) { return std::to_string(id.number); }

}  // namespace EENN_ISA
}  // namespace eenn

#endif
