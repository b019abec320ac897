// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>
#include <eenn/text/progress.hpp>
#include <functional>
#include <string>

using namespace eenn::text;

namespace {

// What a bar wrote into a temporary file.
std::string written(progress_bar::output kind, const std::function<void(progress_bar&)>& use) {
    std::FILE* file = std::tmpfile();
    REQUIRE(file != nullptr);
    {
        progress_bar bar{file, kind};
        use(bar);
    }
    std::string text(static_cast<std::size_t>(std::ftell(file)), '\0');
    std::rewind(file);
    CHECK(std::fread(text.data(), 1, text.size(), file) == text.size());
    std::fclose(file);
    return text;
}

}  // namespace

TEST_CASE("report/progress: durations read as seconds, minutes or hours and carry over without a 60") {
    CHECK(duration_text(8.24) == "8.2 s");
    CHECK(duration_text(59.96) == "1 min 00 s");
    CHECK(duration_text(185) == "3 min 05 s");
    CHECK(duration_text(3599.6) == "1 h 00 min");
    CHECK(duration_text(7620) == "2 h 07 min");
    CHECK(duration_text(-1) == "0.0 s");
    CHECK(duration_text(1e300) == "over 99 h");
}

TEST_CASE("report/progress: half of 1000 steps in 5 seconds is 100 a second with 5 seconds left") {
    CHECK(progress_text("train", 500, 1000, 5, "loss 0.41", {.bar = 10}) ==
          "train  [=====>    ]   50 %  500/1000  100/s  5.0 s left  loss 0.41");
    CHECK(progress_text("train", 1000, 1000, 8, "", {.bar = 4}) == "train  [====]  100 %  1000/1000  125/s  in 8.0 s");
    CHECK(progress_text("train", 0, 1000, 0, "", {.bar = 4}) == "train  [>   ]    0 %  0/1000");
    CHECK(progress_text("read", 30, 0, 2, "", {.bar = 10}) == "read  30  15.0/s");
    CHECK(progress_text("train", 999, 1000, 1, "", {.bar = 0}) == "train   99 %  999/1000  999/s  0.0 s left");
}

TEST_CASE("report/progress: the bar gives its room to the rest of a narrow line, and what is still too long is cut") {
    const auto line = [](int columns) {
        return progress_text("chosen heads", 500, 1000, 250, "loss 0.41", {.bar = 24, .line = columns});
    };
    const std::string rest = "   50 %  500/1000  2.0/s  4 min 10 s left  loss 0.41";
    CHECK(line(200) == "chosen heads  [============>           ]" + rest);
    CHECK(line(79) == "chosen heads  [====>   ]" + rest);
    CHECK(line(75) == "chosen heads" + rest);
    CHECK(line(60) == ("chosen heads" + rest).substr(0, 60));
    CHECK(progress_text("a", 1, 0, 0, "\xc3\xa4\xc3\xb6", {.line = 7}) == "a  1  \xc3\xa4");
    for (int columns = 1; columns < 100; ++columns) CHECK(line(columns).size() <= static_cast<std::size_t>(columns));
}

TEST_CASE("report/progress: what is no terminal is as wide as COLUMNS says, else 80") {
    std::FILE* file = std::tmpfile();
    REQUIRE(file != nullptr);
    const char* told = std::getenv("COLUMNS");
    const std::string before = told == nullptr ? "" : told;
    ::setenv("COLUMNS", "100", 1);
    CHECK(terminal_width(file) == 100);
    ::setenv("COLUMNS", "wide", 1);
    CHECK(terminal_width(file) == 80);
    ::unsetenv("COLUMNS");
    CHECK(terminal_width(file) == 80);
    if (told != nullptr) ::setenv("COLUMNS", before.c_str(), 1);
    std::fclose(file);
}

TEST_CASE("report/progress: a terminal line is redrawn at most ten times a second, wiped first and ended once") {
    const std::string text = written(progress_bar::output::terminal, [](progress_bar& bar) {
        bar.at("a", 1, 4, "a longer note", 10.0);
        bar.at("a", 2, 4, "dropped", 10.05);
        bar.at("a", 3, 4, "", 10.2);
        bar.at("a", 4, 4, "", 10.25);
        bar.at("a", 4, 4, "", 11);
    });
    const std::string wipe = "\r\x1b[K";
    CHECK(text == wipe + progress_text("a", 1, 4, 0, "a longer note") + wipe + progress_text("a", 3, 4, 0.2, "") +
                      wipe + progress_text("a", 4, 4, 0.25, "") + '\n');
}

TEST_CASE("report/progress: a line that is cleared leaves nothing behind and is drawn again at the next call") {
    const std::string text = written(progress_bar::output::terminal, [](progress_bar& bar) {
        bar.clear();
        bar.at("a", 1, 4, "", 10.0);
        bar.clear();
        bar.clear();
        bar.at("a", 2, 4, "", 10.05);
    });
    const std::string wipe = "\r\x1b[K";
    CHECK(text == wipe + progress_text("a", 1, 4, 0, "") + wipe + wipe + progress_text("a", 2, 4, 0.05, "") + '\n');
}

TEST_CASE("report/progress: a file gets a plain line every thirty seconds and at the end of each stage") {
    const std::string text = written(progress_bar::output::plain, [](progress_bar& bar) {
        for (int i = 0; i <= 75; ++i) bar.at("train", i, 75, "", i);
        bar.at("test", 1, 2, "", 76);
        bar.at("test", 2, 2, "", 77);
        bar.clear();
    });
    CHECK(text ==
          "train   40 %  30/75  1.0/s  45.0 s left\n"
          "train   80 %  60/75  1.0/s  15.0 s left\n"
          "train  100 %  75/75  1.0/s  in 1 min 15 s\n"
          "test  100 %  2/2  2.0/s  in 1.0 s\n");
}

TEST_CASE(
    "report/progress: a bar that is destroyed in the middle leaves the terminal on a new line, a file is no terminal") {
    CHECK(written(progress_bar::output::terminal, [](progress_bar& bar) { bar("a", 1, 4); }).back() == '\n');
    CHECK(written(progress_bar::output::detect, [](progress_bar& bar) { bar("a", 1, 4); }).find('\r') ==
          std::string::npos);
}
