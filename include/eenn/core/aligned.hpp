// SPDX-License-Identifier: MIT
//
// aligned.hpp - storage aligned for every vector unit.
// Floor 0 (core). Tested by tests/core/values.cpp.
#ifndef EENN_CORE_ALIGNED_HPP
#define EENN_CORE_ALIGNED_HPP

#include <cstddef>
#include <new>
#include <vector>

namespace eenn {

/// @brief Alignment of all storage, in bytes: one cache line, one AVX-512 register. Fixed, so that -march never changes
/// a layout.
inline constexpr std::size_t alignment = 64;

/// @brief Allocator behind aligned_vector.
template <class T>
struct aligned_allocator {
    using value_type = T;

    aligned_allocator() = default;
    template <class U>
    aligned_allocator(const aligned_allocator<U>&) noexcept {}

    [[nodiscard]] T* allocate(std::size_t count) {
        return static_cast<T*>(::operator new (count * sizeof(T), std::align_val_t{alignment}));
    }
    void deallocate(T* memory, std::size_t) noexcept { ::operator delete (memory, std::align_val_t{alignment}); }

    template <class U>
    friend bool operator==(const aligned_allocator&, const aligned_allocator<U>&) noexcept {
        return true;
    }
};

/// @brief std::vector whose data starts on a 64-byte boundary.
template <class T>
using aligned_vector = std::vector<T, aligned_allocator<T>>;

}  // namespace eenn

#endif
