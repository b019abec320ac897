// SPDX-License-Identifier: MIT
//
// convert.hpp - the second part of the demo: adds exits to a network trained without them.
#ifndef EENN_EXAMPLES_DEMO_CONVERT_HPP
#define EENN_EXAMPLES_DEMO_CONVERT_HPP

#include <eenn/core/threads.hpp>
#include <eenn/data/data_set.hpp>

#include <cstdint>
#include <filesystem>
#include <string>

namespace demo {

/// Trains the network without exits, adds exits for at most `allowed_loss` on validation data, and writes the report.
void convert(const eenn::data_set& train, const eenn::data_set& validation, const eenn::data_set& test,
             const std::string& data_name, double allowed_loss, std::uint64_t seed, eenn::threads& pool,
             const std::filesystem::path& out);

}  // namespace demo

#endif
