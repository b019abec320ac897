// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <cctype>
#include <cmath>
#include <eenn/report/page/page.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "../fixture.hpp"

using namespace eenn;
using namespace eenn::report;

namespace {

// Why the tags of a page are not balanced, or nothing.
std::string tag_fault(const std::string& page) {
    std::vector<std::string> open;
    std::size_t at = 0;
    while ((at = page.find('<', at)) != std::string::npos) {
        const std::size_t end = page.find('>', at);
        if (end == std::string::npos) return "a tag has no end";
        const std::string tag = page.substr(at + 1, end - at - 1);
        at = end + 1;
        if (tag.empty() || tag.front() == '!' || tag.back() == '/') continue;
        const bool closing = tag.front() == '/';
        std::string name;
        for (std::size_t k = closing ? 1 : 0; k < tag.size() && std::isalnum(static_cast<unsigned char>(tag[k])); ++k)
            name += tag[k];
        if (name.empty()) return "'<" + tag + ">' is no tag";
        if (!closing) {
            open.push_back(name);
        } else if (open.empty() || open.back() != name) {
            return "</" + name + "> closes " + (open.empty() ? "nothing" : open.back());
        } else {
            open.pop_back();
        }
        if (name == "style" && !closing) at = page.find("</style>", at);
    }
    return open.empty() ? "" : open.back() + " stays open";
}

// What is neither a tag nor style, and the attributes that hold numbers.
bool says_no_number(const std::string& page) {
    const std::size_t style = page.find("</style>");
    std::string word;
    for (const char c : page.substr(style == std::string::npos ? 0 : style) + " ") {
        if (std::isalpha(static_cast<unsigned char>(c))) {
            word += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
            continue;
        }
        if (word == "nan" || word == "inf" || word == "infinity") return true;
        word.clear();
    }
    return false;
}

void check_page(const construct::result& r) {
    const std::string page = page::augmentation_html(r);
    CHECK(tag_fault(page) == "");
    CHECK_FALSE(says_no_number(page));
    for (const char* outside : {"<script", "<link", "<img", "src=", "href=", "url(", "@import", "javascript:"})
        CHECK_MESSAGE(page.find(outside) == std::string::npos, outside);
    for (const construct::exit_summary& x : r.exits) CHECK(page.find(html::name(x.site)) != std::string::npos);
    CHECK(page == page::augmentation_html(r));
}

}  // namespace

TEST_CASE("report/page: a full result is a balanced page without anything from outside and without non-numbers") {
    const construct::result r = fixture::resnet56();
    check_page(r);
    const std::string page = page::augmentation_html(r);
    for (const char* seen :
         {"93.4 %", "48.2 %", "50.6 %", "60.5 M", "1.10 ms", "after 26\xc2\xa0%, 48\xc2\xa0%, 70\xc2\xa0%", "closed",
          "edge box &amp; gateway", "proven: no thresholds cost less", "gap 0.42 points", "20250711"})
        CHECK_MESSAGE(page.find(seen) != std::string::npos, seen);
    // Every section once.
    for (const char* title : {"Accuracy against cost", "Where samples leave", "Settings", "Classes", "Calibration",
                              "Placement", "Candidates", "Signals", "Time taken", "Origin"}) {
        const std::string heading = "<h2>" + std::string{title} + "</h2>";
        CHECK(page.find(heading) != std::string::npos);
        CHECK(page.find(heading) == page.rfind(heading));
    }
}

TEST_CASE("report/page: a bare result with hostile names, and one with nothing at all") {
    check_page(fixture::bare());
    check_page({});
    const std::string page = page::augmentation_html(fixture::bare());
    CHECK(page.find("&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; &#39;") == std::string::npos);
    CHECK(page.find("&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; 'n") != std::string::npos);
    CHECK(page.find("\xff") == std::string::npos);
    CHECK(page.find("No exit pays off here") != std::string::npos);
    CHECK(page.find("Left out, since this run has nothing on it: exits, classes") != std::string::npos);
}

TEST_CASE("report/page: numbers that are none, and lists of different lengths") {
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    constexpr double infinity = std::numeric_limits<double>::infinity();
    construct::result r = fixture::resnet56();
    r.accuracy = r.mean_time_share = r.base_class_accuracy[3] = nan;
    r.batch_time_share = infinity;
    r.class_accuracy.resize(4);
    r.exits[0].share = nan;
    r.exits[0].accuracy_before[5] = infinity;
    r.exits[1].weight_after.resize(3);
    r.exits[1].temperature = nan;
    r.exits[1].share_by_class.resize(2);
    r.exits[1].threshold = -std::numeric_limits<float>::infinity();
    r.exits[2].site = "a <b> & \"c\"";
    r.settings[0].test_cost = nan;
    r.settings[1].loss_high = infinity;
    r.curves[1].points[4].accuracy = nan;
    r.curves[3].points[4].cost = -infinity;
    r.heads[4].accuracy = nan;
    r.heads[5].site = 900;
    r.heads[6].site = -1;
    r.architectures[0].cost = nan;
    r.placement.stages[1].seconds = nan;
    r.placement.worst_seconds = infinity;
    r.seconds[0].second = nan;
    check_page(r);
    r.base_macs = 0;
    r.base_accuracy = nan;
    check_page(r);
}

TEST_CASE("report/page: a thousand classes show the ones that change most, the others folded") {
    construct::result r = fixture::resnet56();
    r.class_names.clear();
    r.class_accuracy.assign(1000, 0.9);
    r.base_class_accuracy.assign(1000, 0.9);
    r.class_accuracy[777] = 0.5;
    check_page(r);
    const std::string page = page::augmentation_html(r);
    CHECK(page.find(">777<") < page.find("All other classes"));
}

TEST_CASE("report/page: zones of processors and places of exits lie between input and classifier, in order") {
    const construct::result r = fixture::resnet56();
    const std::vector<double> cuts = page::cuts_of(r);
    REQUIRE(cuts.size() == 3);
    CHECK(cuts[0] == doctest::Approx(static_cast<double>(r.sites[6].macs) / static_cast<double>(r.base_macs)));
    CHECK(cuts[0] < cuts[1]);
    CHECK(cuts[2] == 1);
    CHECK(page::place_of_exit(r, 0) == doctest::Approx(cuts[0]));
    CHECK(page::place_of_exit(r, 3) == 1);
}

TEST_CASE("report/page: labels that would touch take rows of their own and stay inside") {
    const auto places = page::flow_parts::place_labels({5, 20, 30, 99}, {30, 30, 30, 30}, 0, 100);
    REQUIRE(places.size() == 4);
    CHECK(places[0].left == 0);
    CHECK(places[0].row == 0);
    CHECK(places[1].row == 1);
    CHECK(places[2].row == 2);
    CHECK(places[3].left == 70);
    CHECK(places[3].row == 0);
}

TEST_CASE("report/page: the folder holds both files whole") {
    const std::filesystem::path folder = std::filesystem::temp_directory_path() / "eenn_report_page" / "deeper";
    std::filesystem::remove_all(folder.parent_path());
    const construct::result r = fixture::resnet56();
    page::write_augmentation(folder, r);
    const auto content = [&](const char* name) {
        std::ifstream file{folder / name, std::ios::binary};
        return std::string{std::istreambuf_iterator<char>{file}, {}};
    };
    CHECK(content("report.html") == page::augmentation_html(r));
    CHECK(content("summary.json") == augmentation_json(r));
    CHECK(std::distance(std::filesystem::directory_iterator{folder}, {}) == 2);
    std::filesystem::remove_all(folder.parent_path());
}
