// SPDX-License-Identifier: MIT
//
// page.hpp - the report of a construction as one page of HTML: no script, nothing from outside, light and dark.
// Floor 7 (report); host subset.
#ifndef EENN_REPORT_PAGE_PAGE_HPP
#define EENN_REPORT_PAGE_PAGE_HPP

#include <filesystem>
#include <span>
#include <string>
#include <system_error>

#include <eenn/construct/result.hpp>
#include <eenn/io/file.hpp>
#include <eenn/report/augmentation_json.hpp>
#include <eenn/report/html.hpp>
#include <eenn/report/page/background.hpp>
#include <eenn/report/page/sections.hpp>
#include <eenn/report/page/style.hpp>

namespace eenn::report::page {

/// @brief The report as a page. The same result gives the same text.
[[nodiscard]] inline std::string augmentation_html(const construct::result& r) {
    std::string missing;
    const auto note = [&](bool empty, const char* what) {
        if (empty) missing += (missing.empty() ? "" : ", ") + std::string{what};
    };
    note(r.exits.empty(), "exits");
    note(r.class_accuracy.empty() && r.base_class_accuracy.empty(), "classes");
    note(r.signals.empty(), "signals");
    note(r.placement.stages.empty(), "placement on several processors");
    std::string body = headline(r) + trade_off_section(r) + exits_section(r) + settings_section(r) +
                       classes_section(r) + calibration_section(r) + placement_section(r) + candidates_section(r) +
                       signals_section(r) + seconds_section(r) + origin_section(r);
    if (!missing.empty())
        body +=
            html::element("p", "class=\"soft\"", "Left out, since this run has nothing on it: " + missing + ".") + "\n";
    const std::string title =
        r.model.empty() ? "Early exits" : "Early exits for " + html::escaped(shortened(r.model, 60));
    return "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n<meta name=\"viewport\" "
           "content=\"width=device-width, initial-scale=1\"/>\n" +
           html::element("title", "", title) + "\n" + html::element("style", "", style_sheet()) +
           "\n</head>\n<body>\n<main>\n" + body + "</main>\n</body>\n</html>\n";
}

/// @brief Writes report.html and summary.json into `folder`, which is made if it is missing; each is written beside its
/// place and renamed.
/// @par Errors  eenn::error naming the path; a file that could not be written is as it was.
inline void write_augmentation(const std::filesystem::path& folder, const construct::result& r) {
    std::error_code failed;
    std::filesystem::create_directories(folder, failed);
    if (failed) raise("write_augmentation(" + folder.string() + ")", failed.message());
    const std::string json = augmentation_json(r);
    const std::string html = augmentation_html(r);
    io::write_file(folder / "summary.json", std::as_bytes(std::span{json}));
    io::write_file(folder / "report.html", std::as_bytes(std::span{html}));
}

}  // namespace eenn::report::page

#endif
