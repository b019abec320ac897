// SPDX-License-Identifier: MIT
//
// detail/augmentation.hpp - writes the files of a report.
// Floor 8 (construct); host subset. Tested by tests/construct/report/augmentation.cpp.
#ifndef EENN_CONSTRUCT_REPORT_DETAIL_AUGMENTATION_HPP
#define EENN_CONSTRUCT_REPORT_DETAIL_AUGMENTATION_HPP

#include <filesystem>
#include <span>
#include <string>

#include <eenn/construct/detail/result.hpp>
#include <eenn/construct/report/augmentation.hpp>
#include <eenn/construct/report/detail/augmentation_json.hpp>
#include <eenn/construct/report/detail/augmentation_page.hpp>
#include <eenn/construct/report/detail/augmentation_text.hpp>
#include <eenn/core/detail/flow.hpp>
#include <eenn/io/file.hpp>

namespace eenn::report {
inline namespace EENN_HOST {

EENN_FLOW void write_augmentation(const std::filesystem::path& folder, const construct::result& r) {
    std::error_code failed;
    std::filesystem::create_directories(folder, failed);
    if (failed) raise("write_augmentation(" + folder.string() + ")", failed.message());
    const auto write = [&](const char* name, const std::string& text) {
        io::write_file(folder / name, std::as_bytes(std::span{text}));
    };
    write("summary.json", augmentation_json(r));
    write("report.html", augmentation_html(r));
}

}  // namespace EENN_HOST
}  // namespace eenn::report

#endif
