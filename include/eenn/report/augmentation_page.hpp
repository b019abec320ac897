// SPDX-License-Identifier: MIT
//
// augmentation_page.hpp - the report of a construction as one page of HTML: no script, nothing from outside.
// Floor 7 (report); host subset.
#ifndef EENN_REPORT_AUGMENTATION_PAGE_HPP
#define EENN_REPORT_AUGMENTATION_PAGE_HPP

#include <string>

#include <eenn/construct/result.hpp>
#include <eenn/report/augmentation_text.hpp>
#include <eenn/report/html.hpp>

namespace eenn::report {

/// @brief The report as a page.
[[nodiscard]] inline std::string augmentation_html(const construct::result& r) {
    return "<!doctype html>\n" +
           html::element("html", "lang=\"en\"",
                         "<head><meta charset=\"utf-8\"/>" + html::element("title", "", html::escaped(r.model)) +
                             "</head><body>" + html::element("pre", "", html::escaped(augmentation_text(r))) +
                             "</body>");
}

}  // namespace eenn::report

#endif
