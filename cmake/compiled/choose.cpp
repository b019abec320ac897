// SPDX-License-Identifier: MIT
//
// choose.cpp - which of the library's kernels this processor can run.
#include <eenn/network/detail/compiled.hpp>

#include <array>

extern "C" {
#if defined(EENN_X86_KERNELS)
const eenn::compiled::kernel_set* eenn_kernels_avx512();
const eenn::compiled::kernel_set* eenn_kernels_avx2();
#endif
const eenn::compiled::kernel_set* eenn_kernels_plain();
}

namespace {

struct runnable {
    std::array<const eenn::compiled::kernel_set*, 3> sets{};
    std::size_t count = 0;

    runnable() {
#if defined(EENN_X86_KERNELS)
        __builtin_cpu_init();
        const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
        const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                            __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
        if (avx512) sets[count++] = eenn_kernels_avx512();
        if (avx2) sets[count++] = eenn_kernels_avx2();
#endif
        sets[count++] = eenn_kernels_plain();
    }
};

}  // namespace

std::span<const eenn::compiled::kernel_set* const> eenn::compiled::kernel_sets() {
    static const runnable found;
    return {found.sets.data(), found.count};
}
