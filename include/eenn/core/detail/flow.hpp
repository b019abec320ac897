// SPDX-License-Identifier: MIT
//
// detail/flow.hpp - flows: compiled from headers by the program, or once in the library eenn::compiled.
// Floor 0 (core); host subset. Tested by tests/compiled/kernel_sets.cpp.
//
// A flow is a non-template function of the host subset: augment(), a reader, a report. Its header declares it with
// EENN_FLOW. The definition is in <folder>/detail/; the header includes it at its end unless the program links the
// library. The library's own translation units include the definitions.
//
// A flow and the types in its interface live in the inline namespace EENN_HOST. In a program that compiles its own
// flows, EENN_HOST is EENN_ISA, so translation units with different -march never share a flow. In a program that links
// the library, EENN_HOST is the same for every -march: the library compiles its flows once, for the baseline processor,
// and they run the kernels that compiled::kernel_sets() chooses. The types are plain values whose members behave the
// same everywhere. EENN_HOST has no namespace `detail`, so no name lookup is ambiguous.
#ifndef EENN_CORE_DETAIL_FLOW_HPP
#define EENN_CORE_DETAIL_FLOW_HPP

#include <eenn/core/isa.hpp>

#if defined(EENN_COMPILED)
#define EENN_HOST compiled_host
#define EENN_FLOW
#else
#define EENN_HOST EENN_ISA
#define EENN_FLOW inline
#endif

#endif
