// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <eenn/charts/detail/html.hpp>
#include <limits>
#include <string>

using namespace eenn::report;

TEST_CASE("report/html: text from outside is escaped, for content and for attributes") {
    CHECK(html::escaped("<a href=\"x\"> & b") == "&lt;a href=&quot;x&quot;&gt; &amp; b");
    CHECK(html::escaped("a\x01\xff") == "a\xef\xbf\xbd");
    CHECK(html::name("a</code>b") == "<code>a&lt;/<wbr/>code&gt;b</code>");
}

TEST_CASE("report/html: only words that would widen a table break anywhere, layers' names break after slashes") {
    CHECK(html::cell("max_probability") == "max_probability");
    CHECK(html::cell(std::string(40, 'y')).starts_with("<span class=\"long\">"));
    CHECK(html::name("/layer1/relu") == "<code>/layer1/<wbr/>relu</code>");
    CHECK(html::name(std::string(40, 'y')) == "<code><span class=\"long\">" + std::string(40, 'y') + "</span></code>");
}

TEST_CASE("report/html: a number and its unit stay on one line, other words may part") {
    CHECK(html::tight("48.2 % of 125 M a sample") == "48.2\xc2\xa0% of 125\xc2\xa0M a sample");
    CHECK(html::tight("12 Mice, 3 s.") == "12 Mice, 3\xc2\xa0s.");
    CHECK(html::tight(" a ") == " a ");
}

TEST_CASE("report/html: a table has a caption, columns and rows with scopes, and a cell for every column") {
    html::table t{"Things", {{"what", false}, {"how many"}, {"note", false}}};
    t.row({"a", "1"}, "kept");
    const std::string markup = t.markup();
    CHECK(markup.find("<caption><span>Things</span></caption>") != std::string::npos);
    CHECK(markup.find("<th scope=\"col\">what</th><th scope=\"col\" class=\"n\">how many</th>") != std::string::npos);
    CHECK(markup.find("<tr class=\"kept\"><th scope=\"row\">a</th><td class=\"n\">1</td><td></td></tr>") !=
          std::string::npos);
    CHECK(markup.find("role=\"region\" aria-label=\"Things\"") != std::string::npos);
}

TEST_CASE("report/html: bars stay inside of their tracks, whatever the number") {
    CHECK(html::css_percent(0.381) == "38.1%");
    CHECK(html::css_percent(7) == "100%");
    CHECK(html::css_percent(-1) == "0%");
    CHECK(html::css_percent(std::numeric_limits<double>::quiet_NaN()) == "0%");
    CHECK(html::stacked({0.5, 0, 0.5}, {"x0", "x1", "xl"}).find("x1") == std::string::npos);
}
