// SPDX-License-Identifier: MIT
//
// detail/compiled.hpp - what the library eenn::compiled holds: the kernels of networks made at run time, for several
// instruction sets.
// Floor 4 (network); host subset. tests/compiled/kernel_sets.cpp reaches it.
// The target brings the library and EENN_COMPILED, which makes runtime_network use it.
#ifndef EENN_NETWORK_DETAIL_COMPILED_HPP
#define EENN_NETWORK_DETAIL_COMPILED_HPP

#include <eenn/core/isa.hpp>
#include <eenn/network/detail/binding.hpp>
#include <eenn/network/standard.hpp>

#include <concepts>
#include <span>

namespace eenn {
namespace compiled {

/// @brief The kernels of the standard layers, on float, for one instruction set.
struct kernel_set {
    const char* isa;  ///< "avx512", as its namespace is called
    binding<float> (*bind)(const graph&);
    void (*bind_backward)(const graph&, binding<float>&);
};

/// @brief Those that the library has and this processor can run, the best first. There is at least one.
///
/// @par Threads  safe; the processor is asked once.
[[nodiscard]] std::span<const kernel_set* const> kernel_sets();

}  // namespace compiled

#if defined(EENN_COMPILED)
inline namespace EENN_ISA {

/// @brief Binds a graph of standard layers to the best kernels that this processor can run.
template <std::same_as<float> T>
[[nodiscard]] binding<T> bind(const graph& g) {
    return compiled::kernel_sets().front()->bind(g);
}
inline void bind_backward(const graph& g, binding<float>& made) {
    compiled::kernel_sets().front()->bind_backward(g, made);
}

}  // namespace EENN_ISA
#endif
}  // namespace eenn

#endif
