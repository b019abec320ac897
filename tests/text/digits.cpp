// SPDX-License-Identifier: MIT
#include <eenn/text/detail/digits.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <string>

using eenn::text::read_digits;

TEST_CASE("text/digits: digits are read up to the first other character") {
    CHECK(read_digits("0").value == 0);
    CHECK(read_digits("32, 3").value == 32);
    CHECK(read_digits("32, 3").count == 2);
    CHECK(read_digits("007)").value == 7);
    CHECK(read_digits("007)").count == 3);
    CHECK(read_digits("9223372036854775807").value == std::numeric_limits<std::int64_t>::max());
}

TEST_CASE("text/digits: what is no integer or beyond 63 bits has no value") {
    for (const char* text : {"", "-1", "+1", " 1", "a1", ".5"}) {
        CAPTURE(text);
        CHECK(read_digits(text).count == 0);
        CHECK_FALSE(read_digits(text).value);
    }
    for (const std::string text : {"9223372036854775808", "18446744073709551617", "99999999999999999999999999"}) {
        CAPTURE(text);
        CHECK(read_digits(text).count == text.size());
        CHECK_FALSE(read_digits(text).value);
    }
}
