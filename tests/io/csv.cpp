// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <eenn/io/csv.hpp>
#include <string>
#include <vector>

#include "folder.hpp"

using namespace eenn;
using names = std::vector<std::string>;

namespace {

std::string refused(const std::string& text, const io::csv_options& options = {}) {
    return raised([&] { (void)io::parse_csv(text, options, "t.csv"); });
}

}  // namespace

TEST_CASE("io/csv: the last column is the label, and classes are sorted") {
    const auto table = io::parse_csv("height,width,kind\n1.5, 2 ,dog\n-3e2,4,cat\n5,6,dog\n");
    CHECK(table.rows() == 3);
    CHECK(table.columns == names{"height", "width"});
    CHECK(table.values == aligned_vector<float>{1.5F, 2, -300, 4, 5, 6});
    CHECK(table.classes == names{"cat", "dog"});
    CHECK(table.labels == std::vector<int>{1, 0, 1});
}

TEST_CASE("io/csv: labels that are all integers are sorted by value") {
    CHECK(io::parse_csv("1,10\n2,9\n3,-1\n", {.header = false}).classes == names{"-1", "9", "10"});
    CHECK(io::parse_csv("1,10\n2,9\n3,a\n", {.header = false}).classes == names{"10", "9", "a"});
}

TEST_CASE("io/csv: the label column is chosen by name or place, or there is none") {
    const std::string text = "a;b;c\n1;2;3\n";
    CHECK(io::parse_csv(text, {.separator = ';', .label = "b"}).columns == names{"a", "c"});
    CHECK(io::parse_csv(text, {.separator = ';', .label_column = 0}).values == aligned_vector<float>{2, 3});
    CHECK(io::parse_csv(text, {.separator = ';', .label_column = -2}).values == aligned_vector<float>{1, 3});
    const auto bare = io::parse_csv(text, {.separator = ';', .labelled = false});
    CHECK(bare.values == aligned_vector<float>{1, 2, 3});
    CHECK(bare.labels.empty());
    CHECK(contains(refused(text, {.separator = ';', .label = "d"}), "t.csv: has no column named 'd'"));
    CHECK(contains(refused(text, {.separator = ';', .label_column = 3}), "no label column 3 among 3"));
    CHECK(contains(refused(text, {.separator = ';', .label_column = -4}), "no label column -4"));
}

TEST_CASE("io/csv: quoted fields may hold separators, quotes and line ends; CRLF, a mark and empty lines do no harm") {
    const auto table = io::parse_csv("\xef\xbb\xbf\"a,1\",\"la\"\"bel\"\r\n\r\n\"1\",\"x\ny\"\r\n2,\"x\"");
    CHECK(table.columns == names{"a,1"});
    CHECK(table.values == aligned_vector<float>{1, 2});
    CHECK(table.classes == names{"x", "x\ny"});
}

TEST_CASE("io/csv: classes given fix the order and refuse others") {
    const io::csv_options options{.header = false, .classes = {"dog", "cat"}};
    CHECK(io::parse_csv("1,cat\n2,dog\n", options).labels == std::vector<int>{1, 0});
    CHECK(io::parse_csv("1,cat\n", options).classes == names{"dog", "cat"});
    CHECK(contains(refused("1,cat\n2,cow\n", options), "line 2, column 2: the label 'cow' is none"));
    CHECK(contains(refused("1,a\n", {.header = false, .classes = {"a", "a"}}), "'a' is given twice"));
}

TEST_CASE("io/csv: an error names line and column, also after a field of two lines") {
    CHECK(contains(refused("a,b,c\n1,2,x\n3,oops,x\n"), "t.csv: line 3, column 2: 'oops' is no finite number"));
    CHECK(contains(refused("a,b\n1,\"x\ny\"\nz,x\n"), "line 4, column 1: 'z'"));
    CHECK(contains(refused("a,b,c\n1,,x\n"), "line 2, column 2: '' is no finite number"));
    CHECK(contains(refused("a,c\nnan,x\n"), "line 2, column 1: 'nan'"));
    CHECK(contains(refused("a,c\ninf,x\n"), "'inf'"));
    CHECK(contains(refused("a,c\n1e99,x\n"), "'1e99'"));
    CHECK(contains(refused("a,c\n1 2,x\n"), "'1 2'"));
    CHECK(contains(refused("a,c\n1, \n"), "column 2: the label is empty"));
    CHECK(contains(refused("a,c\n1,x,2\n"), "line 2 has 3 fields where the first has 2"));
    CHECK(contains(refused("a,c\n1\n"), "line 2 has 1 fields"));
    CHECK(contains(refused("a,c\n1,\"x\n"), "line 2, column 2: a quoted field has no end"));
    CHECK(contains(refused("a,c\n1,\"x\"y\n"), "text follows the closing quote"));
    CHECK(contains(refused("a,c\n1,x\"y\"\n"), "a quote within a field without quotes"));
    CHECK(contains(refused(""), "has no rows"));
    CHECK(contains(refused("\n\n"), "has no rows"));
    CHECK(contains(refused("a,c\n"), "a header and no rows"));
    CHECK(contains(refused("a,c\n", {.separator = '"'}), "separator cannot be"));
}

TEST_CASE("io/csv: a file is read and named") {
    const scratch_folder folder;
    io::write_file(folder.path / "a.csv", io::as_bytes("x,y\n1,0\n2,1\n"));
    CHECK(io::read_csv(folder.path / "a.csv").labels == std::vector<int>{0, 1});
    io::write_file(folder.path / "a.csv", io::as_bytes("x,y\n?,0\n"));
    CHECK(contains(raised([&] { (void)io::read_csv(folder.path / "a.csv"); }), "a.csv: line 2"));
}
