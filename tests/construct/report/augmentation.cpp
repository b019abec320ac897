// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <algorithm>
#include <cctype>
#include <eenn/charts/detail/html.hpp>
#include <eenn/construct/report/augmentation.hpp>
#include <eenn/construct/report/detail/network_figure.hpp>
#include <eenn/io/file.hpp>
#include <eenn/text/detail/numbers.hpp>
#include <eenn/text/detail/table.hpp>
#include <filesystem>
#include <limits>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "fixture.hpp"

using namespace eenn;
using namespace eenn::report;

namespace {

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

std::size_t count(const std::string& text, const std::string& part) {
    std::size_t n = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++n;
    return n;
}

std::string without(std::string text, const std::string& part) {
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at))
        text.erase(at, part.size());
    return text;
}

// What is wrong with a page's tags, or nothing: every element that begins ends in its turn, attributes are quoted, and
// no bare '<' or '&' stands in text.
std::string tag_fault(const std::string& page) {
    std::vector<std::string> open;
    for (std::size_t at = page.find('\n'); at < page.size(); ++at) {
        const std::string here = page.substr(at, 60);
        if (page[at] == '&') {
            const std::string name = page.substr(at + 1, page.find(';', at) - at - 1);
            if (name != "lt" && name != "gt" && name != "amp" && name != "quot") return "bare & at: " + here;
        }
        if (page[at] != '<') continue;
        const std::size_t end = page.find('>', at);
        if (end == std::string::npos) return "no end: " + here;
        const std::string tag = page.substr(at + 1, end - at - 1);
        if (tag.empty() || has(tag, "<") || count(tag, "\"") % 2 != 0) return "a bad tag: " + here;
        if (tag.front() == '/') {
            if (open.empty()) return "nothing is open at: " + here;
            if (open.back() != tag.substr(1)) return open.back() + " is open at: " + here;
            open.pop_back();
        } else if (tag.back() != '/') {
            if (std::isalpha(static_cast<unsigned char>(tag.front())) == 0) return "no element: " + here;
            open.push_back(tag.substr(0, tag.find_first_of(" \n")));
        }
        at = end;
    }
    return open.empty() ? "" : open.back() + " does not end";
}

// Text and attributes of a page in lower case, cut into words of letters.
std::set<std::string> words_of(const std::string& page) {
    std::set<std::string> words;
    std::string word;
    for (const char c : page + " ") {
        if (std::isalpha(static_cast<unsigned char>(c)) != 0) {
            word += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        } else if (!word.empty()) {
            words.insert(word);
            word.clear();
        }
    }
    return words;
}

// What every report must be, whatever it shows.
void check_page(const std::string& page) {
    CHECK(tag_fault(page) == "");
    const std::set<std::string> words = words_of(page);
    for (const char* word : {"nan", "inf", "infinity"}) CHECK_MESSAGE(words.count(word) == 0, std::string{word});
    CHECK_FALSE(has(page, "<script"));
    CHECK(count(page, "http") == count(page, "http://www.w3.org/2000/svg"));
    CHECK_FALSE(has(page, "url("));
    CHECK(count(page, "<h1>") == 1);
    CHECK(has(page, "prefers-color-scheme:dark"));
    CHECK(has(page, "width=device-width"));
    CHECK(count(page, "<svg") == count(page, "role=\"img\""));
    CHECK(count(page, "<table>") == count(page, "<caption>"));
    CHECK(text::is_utf8(page));
    for (std::size_t at = page.find("href=\"#"); at != std::string::npos; at = page.find("href=\"#", at + 1)) {
        const std::string id = page.substr(at + 7, page.find('"', at + 7) - at - 7);
        CHECK_MESSAGE(count(page, "id=\"" + id + "\"") == 1, id);
    }
}

}  // namespace

TEST_CASE(
    "report/augmentation: the page of a ResNet-56 is well-formed, needs nothing from outside and names all parts") {
    const construct::result r = fixture::resnet56();
    const std::string page = augmentation_html(r);
    check_page(page);
    for (const char* id : {"network", "exits", "trade-off", "classes", "calibration", "placement", "search", "signals",
                           "time", "origin"})
        CHECK_MESSAGE(has(page, "<section id=\"" + std::string{id} + "\">"), std::string{id});
    CHECK(page == augmentation_html(r));
    CHECK(page.size() < 400'000);
}

TEST_CASE("report/augmentation: verdict, accuracy, cost and time before and after stand ahead of the first part") {
    const construct::result r = fixture::resnet56();
    const std::string page = augmentation_html(r);
    const std::string head = page.substr(0, page.find("<section"));
    for (const char* text : {"ResNet-56", "93.37 %", "93.71\xc2\xa0%", "0.34 points", "48.2 %", "50.6 %", "53.2 %",
                             "3 early", "after 26\xc2\xa0%, 48\xc2\xa0%, 70\xc2\xa0% of the MACs", "60.5\xc2\xa0M"})
        CHECK_MESSAGE(has(head, text), std::string{text});
    CHECK(has(head, r.verdict));
    CHECK(has(head, "<p class=\"warning\">Warning: " + html::escaped(r.warnings[0]) + "</p>"));
}

TEST_CASE("report/augmentation: every exit, class, processor, stage, curve, signal and setting occurs, escaped") {
    const construct::result r = fixture::resnet56();
    const std::string page = without(augmentation_html(r), "<wbr/>");
    for (const auto& x : r.exits) CHECK(has(page, "<code>" + html::escaped(x.site) + "</code>"));
    for (const auto& s : r.sites) CHECK(has(page, html::escaped(s.name)));
    for (const auto& name : r.class_names) CHECK(has(page, ">" + name + "<"));
    for (const auto& s : r.placement.stages) CHECK(has(page, html::escaped(s.processor)));
    CHECK(has(page, "Cortex-M7 &lt;480 MHz&gt;"));
    for (const auto& s : r.seconds) CHECK(has(page, "<dt>" + s.first + "</dt>"));
    for (const auto& c : r.curves) CHECK(has(page, ">" + html::escaped(c.name) + "</text>"));
    for (const auto& s : r.signals) CHECK(has(page, s.solver));
    for (const auto& s : r.settings) CHECK(has(page, s.objective));
    for (const auto& [title, text] : r.notes) CHECK(has(page, html::escaped(text)));
    CHECK(has(page, html::escaped(r.command)));
    CHECK(has(page, r.machine));
    CHECK(has(page, std::to_string(r.seed)));
}

TEST_CASE("report/augmentation: a closed exit reads closed, the last takes all, certificates say bound and gap") {
    const std::string page = augmentation_html(fixture::resnet56());
    CHECK(has(page, "0.8011, closed, 0.7312"));
    CHECK(count(page, "takes all") == 1);
    CHECK(has(page, "at least 54.7 %, gap 0.42 points"));
    CHECK(has(page, "proven best"));
    CHECK(has(page,
              "\xe2\x88\x92"
              "0.59 to \xe2\x88\x92"
              "0.09"));
}

TEST_CASE("report/augmentation: what was dropped is counted by reason, reasons that differ in a number together") {
    construct::result r = fixture::resnet56();
    r.heads[1].pruned = "the head alone takes 7 % of the base network's MACs";
    const std::string page = augmentation_html(r);
    const std::size_t neighbours = static_cast<std::size_t>(std::count_if(
        r.heads.begin(), r.heads.end(), [](const auto& h) { return h.pruned == "a neighbour stands for it"; }));
    CHECK(has(page, "a neighbour stands for it</th><td class=\"n\">" + std::to_string(neighbours) + "</td>"));
    CHECK(has(page,
              "takes 7 % of the base network's MACs <span class=\"soft\">and alike</span></th><td class=\"n\">2</td>"));
}

TEST_CASE("report/augmentation: a result where nothing pays off, with a hostile name, is a page that says so") {
    const construct::result r = fixture::bare();
    const std::string page = augmentation_html(r);
    check_page(page);
    CHECK(has(page, html::escaped(r.verdict)));
    CHECK(has(page, "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; 'n\xc3\xa4me' \xef\xbf\xbd"));
    CHECK(has(page, "No early exit was kept"));
    for (const char* id : {"classes", "calibration", "placement", "signals", "time"})
        CHECK_FALSE(has(page, "<section id=\"" + std::string{id} + "\">"));
}

TEST_CASE("report/augmentation: an empty result, numbers that are none and lists that do not match still make a page") {
    check_page(augmentation_html({}));
    construct::result r = fixture::resnet56();
    const double none = std::numeric_limits<double>::quiet_NaN();
    const double infinite = std::numeric_limits<double>::infinity();
    r.mean_time_share = r.batch_time_share = r.base_accuracy = none;
    r.exits[0].share = r.exits[1].accuracy = r.exits[2].temperature = none;
    r.exits[1].confidence_after[3] = none;
    r.exits[1].weight_before[9] = infinite;
    r.exits[2].share_by_class.resize(3);
    r.exits[3].site = "no site of this name";
    r.settings[0].bound = -infinite;
    r.settings[0].proven = false;
    r.settings[1].test_cost = none;
    r.curves[1].points[7].accuracy = infinite;
    r.curves[2].points[0].cost = none;
    r.heads[2].accuracy = none;
    r.heads[3].site = 99;
    r.architectures[1].cost = infinite;
    r.architectures[2].heads = {-1, 5000};
    r.class_names.resize(4);
    r.base_classes.recall.resize(7);
    r.placement.stages[1].seconds = infinite;
    r.placement.expected_joules = none;
    r.seconds[0].second = none;
    const std::string page = augmentation_html(r);
    check_page(page);
    CHECK(has(page, "class 5"));
    CHECK(has(page, "no bound"));
    check_page(augmentation_html([] {
        construct::result only = fixture::resnet56();
        only.sites.clear();
        return only;
    }()));
}

TEST_CASE("report/augmentation: of a thousand classes the twenty that lose most are shown, the others folded") {
    construct::result r = fixture::resnet56();
    r.class_names.clear();
    r.classes.recall.assign(1000, 0.8);
    r.base_classes.recall.assign(1000, 0.8);
    r.classes.recall[777] = 0.1;
    for (auto& x : r.exits) x.share_by_class.assign(1000, 0.25);
    const std::string page = augmentation_html(r);
    check_page(page);
    CHECK(page.find(">class 777<") < page.find(">class 0<"));
    CHECK(has(page, "The other 980 classes"));
}

TEST_CASE("report/augmentation: labels of exits that crowd stand in rows of their own") {
    std::vector<network_parts::label> labels{{0, 100, 0}, {20, 100, 0}, {40, 100, 0}, {400, 50, 0}};
    network_parts::stack(labels);
    CHECK(labels[3].row == 0);
    CHECK(labels[2].row == 0);
    CHECK(labels[1].row == 1);
    CHECK(labels[0].row == 2);
}

TEST_CASE("report/augmentation: a cut stands at its site, and by its share of the MACs where it is no site's") {
    construct::result r = fixture::resnet56();
    CHECK(cuts_of(r) ==
          std::vector<double>{static_cast<double>(r.sites[6].macs), static_cast<double>(r.sites[18].macs)});
    r.placement.stages = {{"a", "x", "y", node_id{3}, 30, 0, 0, 0, 1}, {"b", "y", "z", node_id{4}, 90, 0, 0, 0, 1}};
    r.base_macs = 1000;
    CHECK(cuts_of(r) == std::vector<double>{250});
}

TEST_CASE(
    "report/augmentation: the text has the change and a row an exit in columns, and says less when nothing pays off") {
    const construct::result r = fixture::resnet56();
    const std::string text = augmentation_text(r);
    std::string flowing = text;
    std::replace(flowing.begin(), flowing.end(), '\n', ' ');
    CHECK(has(flowing, r.verdict));
    CHECK(has(flowing, "Warning: " + r.warnings[0]));
    CHECK(has(text, "mean time, one by one"));
    std::istringstream lines{text};
    for (std::string one; std::getline(lines, one);) CHECK(text::characters(one) <= 80);
    CHECK(has(text, "60.5 M"));
    CHECK(has(text, "98.74 %  77.12 %     0.9127  35.2 M   690 \xc2\xb5s"));
    CHECK(has(text, "takes all"));
    CHECK(has(text, "Took 23 min 15 s."));
    CHECK(std::count(text.begin(), text.end(), '\n') <= 26);
    CHECK(has(text, "if all"));
    CHECK_FALSE(has(augmentation_text(fixture::bare()), "if all"));
    CHECK(text::table({{"a", "bb"}, {"\xc3\xa4\xc3\xb6", "c"}}) == "  a    bb\n  \xc3\xa4\xc3\xb6    c\n");
}

TEST_CASE(
    "report/augmentation: both files are written whole into a folder that is made, and nothing else stays there") {
    const auto folder = std::filesystem::temp_directory_path() / "eenn_report_augmentation" / "run";
    std::filesystem::remove_all(folder.parent_path());
    const construct::result r = fixture::resnet56();
    write_augmentation(folder, fixture::bare());
    write_augmentation(folder, r);
    const auto text_of = [&](const char* name) {
        const auto bytes = io::read_file(folder / name);
        return std::string{reinterpret_cast<const char*>(bytes.data()), bytes.size()};
    };
    CHECK(text_of("report.html") == augmentation_html(r));
    CHECK(text_of("summary.json") == augmentation_json(r));
    CHECK(std::distance(std::filesystem::directory_iterator{folder}, {}) == 2);
    std::filesystem::remove_all(folder.parent_path());
    CHECK_THROWS_AS(write_augmentation("/dev/null/folder", r), error);
}
