// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <eenn/text/detail/numbers.hpp>
#include <limits>
#include <string>

using namespace eenn::text;

TEST_CASE(
    "report/numbers: shares read as per cent, differences as points with a sign, and no minus stands before zero") {
    CHECK(percent_text(0.914) == "91.4 %");
    CHECK(percent_text(1, 0) == "100 %");
    CHECK(points_text(-0.0034) ==
          "\xe2\x88\x92"
          "0.34");
    CHECK(points_text(0.0014) == "+0.14");
    CHECK(points_text(-0.00001) ==
          "\xc2\xb1"
          "0.00");
    CHECK(fixed_text(-0.04, 1) == "0.0");
}

TEST_CASE("report/numbers: three digits and the unit that fits, also where rounding reaches the next unit") {
    CHECK(count_text(12'500'000) == "12.5 M");
    CHECK(count_text(1290) == "1.29 k");
    CHECK(count_text(999) == "999");
    CHECK(count_text(999'600) == "1.00 M");
    CHECK(count_text(0) == "0");
    CHECK(bytes_text(16384) == "16.0 KiB");
    CHECK(bytes_text(32) == "32 B");
    CHECK(seconds_text(63e-6) == "63.0 \xc2\xb5s");
    CHECK(seconds_text(690e-6) == "690 \xc2\xb5s");
    CHECK(seconds_text(0.00217) == "2.17 ms");
    CHECK(seconds_text(0.9996) == "1.00 s");
    CHECK(seconds_text(185.2) == "185 s");
    CHECK(joules_text(0.00172) == "1.72 mJ");
    CHECK(integer_text(2500) == "2,500");
    CHECK(integer_text(-1234567) == "-1,234,567");
    CHECK(integer_text(-123) == "-123");
}

TEST_CASE("report/numbers: what is no number is a dash in every form") {
    for (const double v : {std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity(),
                           std::numeric_limits<double>::quiet_NaN()}) {
        CHECK(percent_text(v) == no_number);
        CHECK(points_text(v) == no_number);
        CHECK(fixed_text(v, 2) == no_number);
        CHECK(count_text(v) == no_number);
        CHECK(bytes_text(v) == no_number);
        CHECK(seconds_text(v) == no_number);
    }
}

TEST_CASE("report/numbers: bytes that are not UTF-8 become replacement characters, the rest of the text stays") {
    CHECK(readable("na\xc3\xafve") == "na\xc3\xafve");
    CHECK(readable("a\xff\xc3") == "a\xef\xbf\xbd\xef\xbf\xbd");
}

TEST_CASE("report/numbers: a long name is cut in its middle at whole characters and never grows") {
    CHECK(shortened("layer2.4", 10) == "layer2.4");
    CHECK(shortened("/layer1/layer1.6/relu_1/Relu", 13) ==
          "/lay\xe2\x80\xa6"
          "u_1/Relu");
    const std::string umlauts = "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc";
    for (std::size_t most = 3; most < 8; ++most) {
        const std::string cut = shortened(umlauts, most);
        CHECK(characters(cut) <= most);
        CHECK(readable(cut) == cut);
    }
}
