// SPDX-License-Identifier: MIT
#include <eenn/text/lines.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace eenn::text;

TEST_CASE("text/lines: the first characters of a text never cut one in the middle") {
    CHECK(first_characters("abc", 2) == "ab");
    CHECK(first_characters("abc", 3) == "abc");
    CHECK(first_characters("abc", 9) == "abc");
    CHECK(first_characters("abc", 0).empty());
    CHECK(first_characters("\xc3\xa4\xe2\x80\x93z", 2) == "\xc3\xa4\xe2\x80\x93");
}

TEST_CASE("text/lines: words fill lines up to the width, the indent included, and longer ones stand alone") {
    CHECK(wrapped("", 10).empty());
    CHECK(wrapped("one two three", 20) == "one two three");
    CHECK(wrapped("one two three", 7) == "one two\nthree");
    CHECK(wrapped("one two three", 6) == "one\ntwo\nthree");
    CHECK(wrapped("one two three", 9, 2) == "one two\n  three");
    CHECK(wrapped("a  b\nc", 20, 4) == "a b\n    c");
    CHECK(wrapped("a\n\nb", 20) == "a\n\nb");
    CHECK(wrapped("a extraordinary b", 5) == "a\nextraordinary\nb");
    CHECK(wrapped("\xc3\xa4\xc3\xa4 \xc3\xb6\xc3\xb6", 5) == "\xc3\xa4\xc3\xa4 \xc3\xb6\xc3\xb6");
}
