// SPDX-License-Identifier: MIT
//
// augmentation.hpp - the report of a construction: report.html for people, summary.json for programs.
// Floor 8 (construct); host subset.
#ifndef EENN_CONSTRUCT_REPORT_AUGMENTATION_HPP
#define EENN_CONSTRUCT_REPORT_AUGMENTATION_HPP

#include <filesystem>
#include <span>
#include <string>

#include <eenn/construct/report/augmentation_json.hpp>
#include <eenn/construct/report/augmentation_page.hpp>
#include <eenn/construct/report/augmentation_text.hpp>
#include <eenn/construct/result.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/io/file.hpp>

namespace eenn::report {
inline namespace EENN_ISA {

/// @brief Writes report.html and summary.json into `folder`, which is made if it is missing.
///
/// Each is written beside its place and renamed: a reader never sees half a file.
/// @par Errors  eenn::error naming the path; a file that could not be written is as it was.
inline void write_augmentation(const std::filesystem::path& folder, const construct::result& r) {
    std::error_code failed;
    std::filesystem::create_directories(folder, failed);
    if (failed) raise("write_augmentation(" + folder.string() + ")", failed.message());
    const auto write = [&](const char* name, const std::string& text) {
        io::write_file(folder / name, std::as_bytes(std::span{text}));
    };
    write("summary.json", augmentation_json(r));
    write("report.html", augmentation_html(r));
}

}  // namespace EENN_ISA
}  // namespace eenn::report

#endif
