// SPDX-License-Identifier: MIT
//
// processor_name.hpp - the processor's name, for timing reports and for the keys of cached timings.
// Floor 0 (core); host subset.
#ifndef EENN_CORE_PROCESSOR_NAME_HPP
#define EENN_CORE_PROCESSOR_NAME_HPP

#include <fstream>
#include <istream>
#include <string>

#include <eenn/core/isa.hpp>

namespace eenn {
inline namespace EENN_ISA {

/// @brief The processor's name in the text of Linux's /proc/cpuinfo. ARM lists no name there, so the result is the
/// implementer and part numbers. Empty if the text has neither.
[[nodiscard]] inline std::string processor_name(std::istream& cpuinfo) {
    std::string numbers;
    for (std::string line; std::getline(cpuinfo, line);) {
        const std::size_t colon = line.find(": ");
        if (colon == std::string::npos) continue;
        const std::string value = line.substr(colon + 2);
        if (line.starts_with("model name")) return value;
        if (line.starts_with("CPU implementer") && numbers.empty()) numbers = "ARM implementer " + value;
        if (line.starts_with("CPU part")) return numbers + " part " + value;
    }
    return {};
}

/// @brief The name of the processor that runs this program, or "an unnamed processor" if the system does not say.
[[nodiscard]] inline std::string processor_name() {
    std::ifstream cpuinfo{"/proc/cpuinfo"};
    const std::string name = processor_name(cpuinfo);
    return name.empty() ? "an unnamed processor" : name;
}

}  // namespace EENN_ISA
}  // namespace eenn

#endif
