// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <eenn/charts/svg.hpp>
#include <limits>
#include <string>
#include <vector>

using namespace eenn;
using namespace eenn::report;

namespace {

std::size_t count(const std::string& text, const std::string& part) {
    std::size_t n = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++n;
    return n;
}

// Whether every element that begins ends in its turn, and no bare '<' or '&' stands in text.
bool well_formed(const std::string& xml) {
    std::vector<std::string> open;
    for (std::size_t at = 0; at < xml.size(); ++at) {
        if (xml[at] == '&' && xml.compare(at, 4, "&lt;") != 0 && xml.compare(at, 4, "&gt;") != 0 &&
            xml.compare(at, 5, "&amp;") != 0 && xml.compare(at, 6, "&quot;") != 0) {
            return false;
        }
        if (xml[at] != '<') continue;
        const std::size_t end = xml.find('>', at);
        if (end == std::string::npos) return false;
        const std::string tag = xml.substr(at + 1, end - at - 1);
        if (tag.empty() || tag.find('<') != std::string::npos || count(tag, "\"") % 2 != 0) return false;
        if (tag.front() == '/') {
            if (open.empty() || open.back() != tag.substr(1)) return false;
            open.pop_back();
        } else if (tag.back() != '/') {
            open.push_back(tag.substr(0, tag.find(' ')));
        }
        at = end;
    }
    return open.empty();
}

chart example() {
    chart c;
    c.title = "a < b & \"c\"";
    c.subtitle = "sub\x01title";
    c.x.title = "cost";
    c.y = {.title = "accuracy", .style = number_style::percent, .low = {}, .high = {}};
    chart_series curve{.name = "curve", .points = {{1, 0.5}, {2, 0.7}, {4, 0.8, "end"}}};
    curve.sign = marker::circle;
    chart_series lone{.name = "", .points = {{1.5, 0.6, "lone"}}};
    lone.line = false;
    lone.sign = marker::star;
    c.series = {curve, lone};
    c.guides = {{.at = 0.75, .horizontal = true, .label = "target"}, {.at = 3, .horizontal = false, .label = "limit"}};
    return c;
}

template <class F>
std::string message(F&& f) {
    try {
        f();
    } catch (const error& e) {
        return e.what();
    }
    return "nothing was thrown";
}

}  // namespace

TEST_CASE(
    "report/svg: a chart is well-formed, has its texts escaped, one sign a point and a legend of the named series") {
    const std::string svg = to_svg(example());
    CHECK(well_formed(svg));
    CHECK(count(svg, "a &lt; b &amp; &quot;c&quot;") == 2);  // title element and heading
    CHECK(svg.find('\x01') == std::string::npos);
    CHECK(count(svg, "<circle") == 3 + 1);  // and the legend's
    CHECK(count(svg, "<polygon") == 1);
    CHECK(count(svg, "<path") == 1);
    CHECK(count(svg, "class=\"legend\"") == 1);
    for (const char* label : {">end<", ">lone<", ">target<", ">limit<", ">cost<", ">accuracy<", ">80 %<"})
        CHECK(svg.find(label) != std::string::npos);
    CHECK(svg.find("nan") == std::string::npos);
    CHECK(svg.find("prefers-color-scheme:dark") != std::string::npos);
    CHECK(svg.find("<script") == std::string::npos);
    CHECK(svg == to_svg(example()));
}

TEST_CASE("report/svg: in a page a chart brings no style, and its description is for those who do not see it") {
    chart c = example();
    c.description = "rises & ends";
    const std::string svg = to_svg(c, chart_style::of_page);
    CHECK(well_formed(svg));
    CHECK(count(svg, "<style") == 0);
    CHECK(count(svg, "<desc>rises &amp; ends</desc>") == 1);
    CHECK(to_svg(c).find(chart_rules()) != std::string::npos);
}

TEST_CASE("report/svg: a tag's label stands inside of it, at either end of the axis") {
    chart c;
    chart_series s{.points = {{0, 0, "A"}, {1, 1, "B"}}};
    s.line = false;
    s.sign = marker::tag;
    s.size = 8;
    c.series = {s};
    const std::string svg = to_svg(c);
    CHECK(count(svg, "class=\"m tag c0\"") == 2);
    CHECK(count(svg, "class=\"tagtext\"") == 2);
    CHECK(count(svg, "class=\"label\"") == 0);
    for (const char* label : {">A<", ">B<"}) {
        const std::size_t end = svg.find(label);
        REQUIRE(end != std::string::npos);
        const auto number = [&](const char* key, std::size_t before) {
            return std::stod(svg.substr(svg.rfind(key, before) + 4));
        };
        const std::size_t square = svg.rfind("<rect", end);
        const double x = std::stod(svg.substr(svg.find(" x=\"", square) + 4));
        CHECK(number(" x=\"", end) == doctest::Approx(x + 8));
    }
}

TEST_CASE("report/svg: stairs go across before they go up") {
    chart c;
    chart_series s{.points = {{0, 0}, {1, 1}}};
    s.step = true;
    c.series = {s};
    const std::string svg = to_svg(c);
    const std::size_t h = svg.find('H', svg.find(" d=\"M"));
    CHECK(h != std::string::npos);
    CHECK(svg.find('V', h) < svg.find('"', h));
}

TEST_CASE("report/svg: signs lie inside of the picture, at one point or at a million") {
    for (const double scale : {1.0, 1e-7, 1e9}) {
        chart c;
        chart_series s;
        s.sign = marker::circle;
        for (int i = 0; i < (scale > 1 ? 1 : 50); ++i) s.points.push_back({scale * i, -scale * i * i});
        c.series = {s};
        const std::string svg = to_svg(c);
        CHECK(well_formed(svg));
        for (std::size_t at = svg.find("cx=\""); at != std::string::npos; at = svg.find("cx=\"", at + 1)) {
            const double x = std::stod(svg.substr(at + 4));
            CHECK(x >= 0);
            CHECK(x <= c.width);
        }
    }
}

TEST_CASE("report/svg: labels at the right end stand in a column in the order of their points, none upon another") {
    chart c;
    for (int k = 0; k < 5; ++k) {
        chart_series s{.points = {{0, 0}, {10, 1 + 0.001 * k, "s" + std::to_string(k)}}};
        c.series.push_back(s);
    }
    const std::string svg = to_svg(c);
    double above = 1e9;
    for (int k = 0; k < 5; ++k) {  // rising values, so falling pixels
        const std::size_t end = svg.find(">s" + std::to_string(k) + "<");
        REQUIRE(end != std::string::npos);
        const std::size_t y_at = svg.rfind(" y=\"", end);
        const double y = std::stod(svg.substr(y_at + 4));
        CHECK(y < above - 12);
        above = y;
    }
}

TEST_CASE("report/svg: a chart without points, a point that is no number and a bad limit are refused by name") {
    CHECK(message([] { (void)to_svg(chart{}); }).find("no points") != std::string::npos);
    chart c = example();
    c.series[0].points[1].y = std::numeric_limits<double>::quiet_NaN();
    CHECK(message([&] { (void)to_svg(c); }).find("point 1 of series 'curve'") != std::string::npos);
    c = example();
    c.guides[0].at = std::numeric_limits<double>::infinity();
    CHECK(message([&] { (void)to_svg(c); }).find("guide 'target'") != std::string::npos);
    c = example();
    c.x.low = std::numeric_limits<double>::quiet_NaN();
    CHECK(message([&] { (void)to_svg(c); }).find("axis 'cost'") != std::string::npos);
}
