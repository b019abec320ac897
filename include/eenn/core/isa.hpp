// SPDX-License-Identifier: MIT
//
// isa.hpp - the target instruction set: its name, vector width and number of vector registers.
// Floor 0 (core). Tested by tests/two_builds/.
#ifndef EENN_CORE_ISA_HPP
#define EENN_CORE_ISA_HPP

// Bytes of the widest floating-point vector; 0 if there is none and kernels are scalar. 32-bit NEON is not used because
// it flushes subnormals to zero.
#if defined(__AVX512F__) && defined(__FMA__)
#define EENN_VECTOR_BYTES 64
#elif defined(__AVX__)
#define EENN_VECTOR_BYTES 32
#elif defined(__SSE2__) || (defined(__aarch64__) && defined(__ARM_NEON))
#define EENN_VECTOR_BYTES 16
#else
#define EENN_VECTOR_BYTES 0
#endif

// All code that computes lives in this inline namespace: functions, and the types that hold their results. Translation
// units built with different -march flags therefore never share a definition. Otherwise the linker would keep one of
// them arbitrarily, and the program could hit an illegal instruction or read packed weights in another layout. Types
// that such units exchange are outside: shape, error, executor_ref, the layers and the graph, plan, executable, policy,
// exit_rule, decision, data_set. Their members behave the same everywhere. Types that the library eenn::compiled
// exchanges with programs are in EENN_HOST (detail/flow.hpp). tests/two_builds/ links three such units and checks
// results, symbols and instructions.
//
// A build with a custom tuning table (kernels/tuning.hpp) has different tiles and layouts, and one with eenn::compiled
// has different definitions (network/detail/compiled.hpp); hence their own names.
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
