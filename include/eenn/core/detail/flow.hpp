// SPDX-License-Identifier: MIT
//
// detail/flow.hpp - how flows reach a program: compiled by it from headers, or once in the library eenn::compiled.
// Floor 0 (core); host subset. tests/compiled/kernel_sets.cpp reaches it.
//
// A flow is a function of the host subset that is no template: augment(), a reader, a report. Its header declares it with
// EENN_FLOW, and its definition stands in <folder>/detail/, which the header includes at its end unless the program links the
// library. The library's own units include the definitions.
//
// A flow and the types that it exchanges live in the inline namespace EENN_HOST. For a program that compiles its flows this is
// EENN_ISA, so that units of different -march never share one. For one that links the library it is the same whatever the
// unit's -march: the library's flows are compiled once, for the least of the processors, and run the kernels that
// compiled::kernel_sets() chooses. The types are plain values then, and what their members do is the same everywhere. There is
// no namespace `detail` in EENN_HOST, so that no name is looked up in two.
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
