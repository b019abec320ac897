// SPDX-License-Identifier: MIT
//
// detail/augmentation_page.hpp - a result as a page, section by section.
// Floor 8 (construct); host subset. Tested by tests/construct/report/augmentation.cpp.
#ifndef EENN_CONSTRUCT_REPORT_DETAIL_AUGMENTATION_PAGE_HPP
#define EENN_CONSTRUCT_REPORT_DETAIL_AUGMENTATION_PAGE_HPP

#include <string>
#include <vector>

#include <eenn/charts/detail/html.hpp>
#include <eenn/construct/detail/result.hpp>
#include <eenn/construct/report/detail/outcome_sections.hpp>
#include <eenn/construct/report/detail/page_rules.hpp>
#include <eenn/construct/report/detail/search_sections.hpp>
#include <eenn/core/detail/flow.hpp>

namespace eenn::report {
inline namespace EENN_HOST {

EENN_FLOW std::string augmentation_html(const construct::result& r) {
    using html::element;
    using html::escaped;
    const std::string title = r.model.empty() ? "A network with exits" : escaped(r.model);
    std::string links;
    std::string body;
    for (const sections::part& p :
         {sections::network(r), sections::exits(r), sections::trade_off(r), sections::classes(r),
          sections::calibration(r), sections::placement(r), sections::search(r), sections::signals(r),
          sections::time_spent(r), sections::origin(r)}) {
        if (p.content.empty()) continue;
        links += element("a", "href=\"#" + p.id + "\"", p.title) + "\n";
        body += element("section", "id=\"" + p.id + "\"", "\n" + element("h2", "", p.title) + "\n" + p.content) + "\n";
    }
    std::string head =
        "<header>\n" + element("p", "class=\"eyebrow\"", "Early exits") + "\n" + element("h1", "", title) + "\n";
    if (!r.verdict.empty()) head += element("p", "class=\"verdict\"", escaped(r.verdict)) + "\n";
    for (const auto& warning : r.warnings)
        head += element("p", "class=\"warning\"", "Warning: " + escaped(warning)) + "\n";
    if (!r.data.empty()) head += element("p", "class=\"meta\"", escaped(r.data)) + "\n";
    head += sections::headline(r) + "\n" + element("nav", "aria-label=\"Parts\"", "\n" + links) + "\n</header>\n";
    return "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
           "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n" +
           element("title", "", title + ": early exits") + "\n" +
           element("style", "", "\n" + page_rules(r.exits.size())) + "\n</head>\n<body>\n" + head +
           element("main", "", "\n" + body) + "\n</body>\n</html>\n";
}

}  // namespace EENN_HOST
}  // namespace eenn::report

#endif
