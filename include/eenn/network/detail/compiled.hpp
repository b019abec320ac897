// SPDX-License-Identifier: MIT
//
// detail/compiled.hpp - the contents of the library eenn::compiled: kernels of networks made at run time, for several
// instruction sets.
// Floor 4 (network); host subset. Tested by tests/compiled/kernel_sets.cpp.
// The target adds the library and defines EENN_COMPILED, which makes runtime_network use it.
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
    const char* isa;  ///< "avx512", as in the name of its namespace
    binding<float> (*bind)(const graph&);
    void (*bind_backward)(const graph&, binding<float>&);
};

/// @brief The kernel sets that this processor can run, best first. There is at least one.
///
/// @par Threads  safe; the processor is queried once.
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
