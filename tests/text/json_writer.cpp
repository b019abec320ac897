// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <eenn/core/random.hpp>
#include <eenn/text/json_writer.hpp>
#include <limits>
#include <string>
#include <vector>

using namespace eenn;
using namespace eenn::text;

TEST_CASE("report/json: objects take a line a member, arrays of numbers one line, arrays of objects a line each") {
    json_writer w;
    w.begin_object()
        .member("name", "ecg")
        .member("exits", 3)
        .member("proven", true)
        .key("shares")
        .array(std::vector<double>{0.5, 0.25, 0.25});
    w.key("points").begin_array();
    for (const int cost : {1, 2}) w.begin_object().member("cost", cost).end_object();
    w.end_array().key("none").null().key("empty").begin_object().end_object().end_object();
    CHECK(w.text() == R"({
  "name": "ecg",
  "exits": 3,
  "proven": true,
  "shares": [0.5, 0.25, 0.25],
  "points": [
    {
      "cost": 1
    },
    {
      "cost": 2
    }
  ],
  "none": null,
  "empty": {}
})");
}

TEST_CASE("report/json: without indentation everything stands on one line and without blanks") {
    json_writer w{0};
    w.begin_array().value(1).begin_object().member("a", "b").end_object().value(false).end_array();
    CHECK(w.text() == R"([1,{"a":"b"},false])");
}

TEST_CASE("report/json: keys and texts are escaped, and what is not UTF-8 is refused") {
    CHECK(json_writer{0}.begin_object().member("a\"b", "c\n").end_object().text() == "{\"a\\\"b\":\"c\\u000a\"}");
    CHECK_THROWS_AS(json_writer{}.value("\xff"), error);
}

TEST_CASE("report/json: numbers read back as the same bits, and those JSON lacks are refused") {
    CHECK(json_number(0.1) == "0.1");
    CHECK(json_number(0.1F) == "0.1");
    CHECK(json_number(std::numeric_limits<std::int64_t>::min()) == "-9223372036854775808");
    CHECK(json_number(std::uint8_t{7}) == "7");
    random_stream random{1, 2};
    for (int i = 0; i < 2000; ++i) {
        const double value = std::bit_cast<double>(random.bits());
        if (std::isfinite(value)) CHECK(std::strtod(json_number(value).c_str(), nullptr) == value);
    }
    CHECK_THROWS_AS((void)json_number(std::numeric_limits<double>::quiet_NaN()), error);
    CHECK_THROWS_AS((void)json_number(-std::numeric_limits<float>::infinity()), error);
}

TEST_CASE("report/json: a value without a key, a key in an array, a wrong end and an early text are refused") {
    CHECK_THROWS_AS(json_writer{}.begin_object().value(1), error);
    CHECK_THROWS_AS(json_writer{}.begin_object().key("a").key("b"), error);
    CHECK_THROWS_AS(json_writer{}.begin_object().key("a").end_object(), error);
    CHECK_THROWS_AS(json_writer{}.begin_array().key("a"), error);
    CHECK_THROWS_AS(json_writer{}.begin_array().end_object(), error);
    CHECK_THROWS_AS(json_writer{}.end_array(), error);
    CHECK_THROWS_AS(json_writer{}.value(1).value(2), error);
    CHECK_THROWS_AS((void)json_writer{}.text(), error);
    CHECK_THROWS_AS((void)json_writer{}.begin_array().text(), error);
}
