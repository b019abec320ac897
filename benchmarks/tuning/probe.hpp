// SPDX-License-Identifier: MIT
//
// probe.hpp - how a probe answers tune: "GROUP NAME" for each of its workloads, then an empty line; then, for each
// line it reads, the number of a workload, the median microseconds of some calls.
#ifndef EENN_BENCHMARKS_TUNING_PROBE_HPP
#define EENN_BENCHMARKS_TUNING_PROBE_HPP

#include <functional>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "../measure.hpp"

namespace tuning_probe {

struct workload {
    std::string group;
    std::string name;
    std::function<void()> call;  ///< the first one prepares its data
    bool cold = false;
};

inline void answer(const std::vector<workload>& all) {
    for (const auto& w : all) std::cout << w.group << ' ' << w.name << '\n';
    std::cout << std::endl;
    std::optional<measure::cold_caches> forget;
    for (std::size_t index = 0; std::cin >> index && index < all.size();) {
        const workload& w = all[index];
        if (w.cold && !forget) forget.emplace();
        std::cout << (w.cold ? measure::median_us(w.call, 0, 3, *forget) : measure::median_us(w.call, 3e-3))
                  << std::endl;
    }
}

}  // namespace tuning_probe

#endif
