// SPDX-License-Identifier: MIT
//
// isa.hpp - the instruction set that the compiler aims at: its name, its vectors, and how many registers hold them.
// Floor 0 (core). tests/two_builds/ links units of several.
#ifndef EENN_CORE_ISA_HPP
#define EENN_CORE_ISA_HPP

// Bytes of the widest vector of floating-point numbers; 0: none, and kernels work on one number at a time. NEON of 32 bits
// is not used: it rounds subnormal numbers to zero.
#if defined(__AVX512F__) && defined(__FMA__)
#define EENN_VECTOR_BYTES 64
#elif defined(__AVX__)
#define EENN_VECTOR_BYTES 32
#elif defined(__SSE2__) || (defined(__aarch64__) && defined(__ARM_NEON))
#define EENN_VECTOR_BYTES 16
#else
#define EENN_VECTOR_BYTES 0
#endif

// All that computes lives in this inline namespace, functions and the types that hold their results: two translation units
// built with different -march flags then never share one definition, of which the linker would keep either: the program could
// meet an illegal instruction, or packed weights of another layout. Outside stand the types that such units exchange: shape,
// error, executor_ref, the layers and the graph, plan, executable, policy, exit_rule, decision, data_set. What their members do
// is the same everywhere. What the library eenn::compiled exchanges with programs stands in EENN_HOST (detail/flow.hpp).
// tests/two_builds/ links three such units and looks at results, symbols and instructions.
//
// A build with a tuning table of its own (kernels/tuning.hpp) has other tiles and layouts, one with eenn::compiled other
// definitions (network/detail/compiled.hpp), and so their names.
#if defined(EENN_TUNING) && defined(EENN_COMPILED)
#define EENN_ISA_NAME(isa) isa##_tuned_compiled
#elif defined(EENN_TUNING)
#define EENN_ISA_NAME(isa) isa##_tuned
#elif defined(EENN_COMPILED)
#define EENN_ISA_NAME(isa) isa##_compiled
#else
#define EENN_ISA_NAME(isa) isa
#endif
#if EENN_VECTOR_BYTES == 64
#define EENN_ISA EENN_ISA_NAME(avx512)
#elif defined(__FMA__) && defined(__AVX2__)
#define EENN_ISA EENN_ISA_NAME(avx2)
#elif defined(__AVX__)
#define EENN_ISA EENN_ISA_NAME(avx)
#elif defined(__SSE4_2__)
#define EENN_ISA EENN_ISA_NAME(sse4)
#elif defined(__aarch64__) && defined(__ARM_NEON)
#define EENN_ISA EENN_ISA_NAME(neon)
#else
#define EENN_ISA EENN_ISA_NAME(baseline)
#endif

namespace eenn {
inline namespace EENN_ISA {

#if EENN_VECTOR_BYTES == 64 || defined(__aarch64__)
inline constexpr int vector_registers = 32;
#else
inline constexpr int vector_registers = 16;
#endif

}  // namespace EENN_ISA
}  // namespace eenn

#endif
