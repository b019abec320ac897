// SPDX-License-Identifier: MIT
//
// detail/parameter_range.hpp - which parts of the flat parameter vector take part in a step.
// Floor 7 (training). Letters: P = parameters.
#ifndef EENN_TRAINING_DETAIL_PARAMETER_RANGE_HPP
#define EENN_TRAINING_DETAIL_PARAMETER_RANGE_HPP

#include <cstddef>
#include <span>
#include <string>

#include <eenn/core/error.hpp>
#include <eenn/core/isa.hpp>

namespace eenn {
inline namespace EENN_ISA {

/// @brief Parameters [offset, offset + count) of the flat vector. Parameters outside all ranges are frozen.
struct parameter_range {
    std::size_t offset = 0;
    std::size_t count = 0;
    bool decay = true;  ///< false: no weight decay (biases, scales and shifts of norms)
    friend constexpr bool operator==(const parameter_range&, const parameter_range&) = default;
};

/// @brief Rejects ranges that leave the vector of P parameters, overlap or are not ascending.
/// @par Errors eenn::error naming the range's index.
inline void check_ranges(std::span<const parameter_range> ranges, std::size_t parameters) {
    std::size_t end = 0;
    for (std::size_t r = 0; r < ranges.size(); ++r) {
        const auto& [offset, count, decay] = ranges[r];
        if (offset < end || offset > parameters || count > parameters - offset) {
            raise("parameter_range " + std::to_string(r),
                  "[" + std::to_string(offset) + ", " + std::to_string(offset) + " + " + std::to_string(count) +
                      ") of " + std::to_string(parameters) + " parameters, after one that ends at " +
                      std::to_string(end),
                  "ranges rise, do not overlap and stay inside");
        }
        end = offset + count;
    }
}

}  // namespace EENN_ISA
}  // namespace eenn

#endif
