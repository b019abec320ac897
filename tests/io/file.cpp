// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <eenn/io/detail/bytes.hpp>
#include <eenn/io/file.hpp>
#include <string>
#include <thread>
#include <vector>

#include "folder.hpp"

using namespace eenn;

namespace {

std::string text_of(const std::filesystem::path& path) { return std::string{io::as_text(io::read_file(path))}; }

}  // namespace

TEST_CASE("io/file: what was written is read again, also no bytes and 3 MB") {
    const scratch_folder folder;
    const auto path = folder.path / "a file.bin";
    for (const std::size_t size : {0UL, 1UL, 4095UL, 4096UL, 3'000'000UL}) {
        std::vector<std::byte> bytes(size);
        for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(i * 7 >> 3);
        io::write_file(path, bytes);
        const auto read = io::read_file(path);
        CHECK(std::equal(read.begin(), read.end(), bytes.begin(), bytes.end()));
        CHECK(folder.files() == 1);
    }
}

TEST_CASE("io/file: a file without a size is read to its end") {
    CHECK(text_of("/proc/self/cmdline").size() > 0);  // its size is 0 to the file system
}

TEST_CASE("io/file: a missing file, a folder and a file above the limit are refused by path and reason") {
    const scratch_folder folder;
    const auto missing = folder.path / "missing.bin";
    CHECK(contains(raised([&] { (void)io::read_file(missing); }), "missing.bin): No such file"));
    CHECK(contains(raised([&] { (void)io::read_file(folder.path); }), folder.path.string() + "): Is a directory"));
    io::write_file(folder.path / "ten", io::as_bytes("0123456789"));
    CHECK(contains(raised([&] { (void)io::read_file(folder.path / "ten", 9); }), "more than the 9 allowed"));
    CHECK(io::read_file(folder.path / "ten", 10).size() == 10);
    CHECK(contains(raised([] { (void)io::read_file("/dev/zero", 100'000); }), "more than the 100000 bytes allowed"));
}

TEST_CASE("io/file: a write that fails leaves the old file and no temporary") {
    const scratch_folder folder;
    CHECK(contains(raised([&] { io::write_file(folder.path / "no" / "such.bin", io::as_bytes("x")); }),
                   "such.bin): No such file"));
    std::filesystem::create_directory(folder.path / "taken");
    io::write_file(folder.path / "taken" / "inside", io::as_bytes("x"));
    CHECK(contains(raised([&] { io::write_file(folder.path / "taken", io::as_bytes("y")); }),
                   "taken): "));  // rename fails
    CHECK(folder.files() == 1);
    CHECK(text_of(folder.path / "taken" / "inside") == "x");
}

TEST_CASE("io/file: a write that ends halfway leaves the old file and no temporary") {
    const scratch_folder folder;
    const auto path = folder.path / "weights";
    io::write_file(path, io::as_bytes("old"));
    rlimit before{};
    REQUIRE(getrlimit(RLIMIT_FSIZE, &before) == 0);
    const auto handler = std::signal(SIGXFSZ, SIG_IGN);
    const rlimit small{10'000,
                       before.rlim_max};  // a file cannot grow beyond 10,000 bytes: as a full disk, but anywhere
    REQUIRE(setrlimit(RLIMIT_FSIZE, &small) == 0);
    const auto said = raised([&] { io::write_file(path, io::as_bytes(std::string(100'000, 'n'))); });
    CHECK(setrlimit(RLIMIT_FSIZE, &before) == 0);
    std::signal(SIGXFSZ, handler);
    CHECK(contains(said, "weights): File too large; the file is as it was before"));
    CHECK(text_of(path) == "old");
    CHECK(folder.files() == 1);
}

TEST_CASE("io/file: readers see one whole file or another while two threads write") {
    const scratch_folder folder;
    const auto path = folder.path / "contested";
    io::write_file(path, io::as_bytes(std::string(100'000, 'a')));
    std::vector<std::thread> writers;
    for (const char letter : {'a', 'b'}) {
        writers.emplace_back([&path, letter] {
            for (int i = 0; i < 20; ++i) io::write_file(path, io::as_bytes(std::string(100'000, letter)));
        });
    }
    bool whole = true;
    for (int i = 0; i < 200; ++i) {
        const std::string seen = text_of(path);
        whole = whole && seen.size() == 100'000 && seen == std::string(100'000, seen[0]);
    }
    for (auto& writer : writers) writer.join();
    CHECK(whole);
    CHECK(folder.files() == 1);
}
