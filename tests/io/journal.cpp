// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <eenn/io/detail/journal.hpp>
#include <string>
#include <thread>
#include <vector>

#include "folder.hpp"

using namespace eenn;

namespace {

constexpr digest of = digest_of("a test");

std::string text_of(const std::filesystem::path& path) { return std::string{io::as_text(io::read_file(path))}; }

/// The payload of a key as text, or "-".
std::string read(io::journal& from, const digest& key) {
    std::string text;
    const bool found = from.read(key, [&](io::journal::payload& payload) {
        text.resize(payload.left());
        payload.read(std::as_writable_bytes(std::span{text}));
    });
    return found ? text : "-";
}

/// Three records of different sizes, one of them empty.
void write_three(const std::string& path) {
    io::journal kept{path, of};
    kept.append(digest_of(1), io::as_bytes("the first"));
    kept.append(digest_of(2), io::as_bytes(""));
    kept.append(digest_of(3), io::as_bytes("third"));
}
constexpr std::size_t three_sizes[] = {32, 32 + 32 + 9, 32 + 32 + 9 + 32, 32 + 3 * 32 + 9 + 5};

struct file_size_limit {
    rlimit before{};
    void (*handler)(int);
    explicit file_size_limit(rlim_t bytes) : handler{std::signal(SIGXFSZ, SIG_IGN)} {
        getrlimit(RLIMIT_FSIZE, &before);
        const rlimit small{bytes, before.rlim_max};
        setrlimit(RLIMIT_FSIZE, &small);
    }
    file_size_limit(const file_size_limit&) = delete;
    file_size_limit& operator=(const file_size_limit&) = delete;
    ~file_size_limit() {
        setrlimit(RLIMIT_FSIZE, &before);
        std::signal(SIGXFSZ, handler);
    }
};

}  // namespace

TEST_CASE("io/journal: records are read again by their keys, in this process and the next") {
    const scratch_folder folder;
    const auto path = (folder.path / "kept.journal").string();
    for (const auto flush : {io::journal_flush::system, io::journal_flush::disk}) {
        std::filesystem::remove(path);
        const std::string large(300'000, 'x');
        {
            io::journal kept{path, of, flush};
            CHECK(kept.size() == 0);
            CHECK(read(kept, digest_of(1)) == "-");
            kept.append(digest_of(1), io::as_bytes("one"));
            const std::span<const std::byte> pieces[] = {io::as_bytes("two "), io::as_bytes(""), io::as_bytes("parts")};
            kept.append(digest_of(2), pieces);
            CHECK(text_of(path).ends_with("two parts"));  // in the file, though the journal is still open
            CHECK(read(kept, digest_of(1)) == "one");
            kept.append(digest_of(3), io::as_bytes(large));
            CHECK(read(kept, digest_of(2)) == "two parts");
        }
        io::journal again{path, of, flush};
        CHECK(again.dropped_bytes() == 0);
        CHECK(again.size() == 3);
        CHECK(again.has(digest_of(3)));
        CHECK_FALSE(again.has(digest_of(4)));
        CHECK(read(again, digest_of(1)) == "one");
        CHECK(read(again, digest_of(2)) == "two parts");
        CHECK(read(again, digest_of(3)) == large);
    }
}

TEST_CASE("io/journal: of two records with one key the later one counts") {
    const scratch_folder folder;
    const auto path = (folder.path / "kept.journal").string();
    {
        io::journal kept{path, of};
        kept.append(digest_of(1), io::as_bytes("old"));
        kept.append(digest_of(2), io::as_bytes("other"));
        kept.append(digest_of(1), io::as_bytes("newer"));
        CHECK(read(kept, digest_of(1)) == "newer");
    }
    io::journal again{path, of};
    CHECK(again.size() == 2);
    CHECK(read(again, digest_of(1)) == "newer");
    CHECK(read(again, digest_of(2)) == "other");
}

TEST_CASE("io/journal: cut at any byte it opens with the records before, says how many bytes it dropped, and goes on") {
    const scratch_folder folder;
    const auto path = (folder.path / "kept.journal").string();
    write_three(path);
    const std::string whole = text_of(path);
    REQUIRE(whole.size() == three_sizes[3]);
    for (std::size_t size = 0; size <= whole.size(); ++size) {
        CAPTURE(size);
        io::write_file(path, io::as_bytes(std::string_view{whole}.substr(0, size)));
        std::size_t kept = 0;  // bytes of what is whole
        std::size_t records = 0;
        for (std::size_t k = 0; k < 4; ++k) {
            if (size >= three_sizes[k]) {
                kept = three_sizes[k];
                records = k;
            }
        }
        {
            io::journal cut{path, of};
            CHECK(cut.dropped_bytes() == size - kept);
            CHECK(cut.size() == records);
            CHECK(read(cut, digest_of(1)) == (records >= 1 ? "the first" : "-"));
            CHECK(read(cut, digest_of(3)) == (records >= 3 ? "third" : "-"));
            cut.append(digest_of(4), io::as_bytes("more"));
        }
        io::journal again{path, of};
        CHECK(again.dropped_bytes() == 0);
        CHECK(again.size() == records + 1);
        CHECK(read(again, digest_of(4)) == "more");
    }
}

TEST_CASE("io/journal: zeros or noise behind the last record, as a loss of power leaves them, are dropped too") {
    const scratch_folder folder;
    const auto path = (folder.path / "kept.journal").string();
    write_three(path);
    const std::string whole = text_of(path);
    for (const std::size_t more : {1U, 31U, 32U, 33U, 100'000U}) {
        for (const char filling : {'\0', '\x5a'}) {
            io::write_file(path, io::as_bytes(whole + std::string(more, filling)));
            io::journal kept{path, of};
            CHECK(kept.dropped_bytes() == more);
            CHECK(kept.size() == 3);
            CHECK(std::filesystem::file_size(path) == whole.size());
        }
    }
}

TEST_CASE(
    "io/journal: a changed byte is an error that names the file, or the last record is missing: never other bytes") {
    const scratch_folder folder;
    const auto path = (folder.path / "kept.journal").string();
    write_three(path);
    const std::string whole = text_of(path);
    for (std::size_t at = 0; at < whole.size(); ++at) {
        for (const unsigned flip : {1U, 128U, 255U}) {
            CAPTURE(at);
            std::string changed = whole;
            changed[at] = static_cast<char>(static_cast<unsigned char>(changed[at]) ^ flip);
            io::write_file(path, io::as_bytes(changed));
            std::string said;
            try {
                io::journal kept{path, of};
                CHECK(at >= three_sizes[2]);
                CHECK(kept.dropped_bytes() == whole.size() - three_sizes[2]);
                CHECK(kept.size() == 2);
                CHECK(read(kept, digest_of(1)) == "the first");
            } catch (const error& e) {
                said = e.what();
                CHECK(at < three_sizes[2]);
                CHECK(contains(said, path));
                CHECK((contains(said, "delete the file") || contains(said, "name another")));
                CHECK(text_of(path) == changed);  // untouched
            }
        }
    }
}

TEST_CASE("io/journal: another file, another version and another journal are told apart and stay as they are") {
    const scratch_folder folder;
    const auto path = (folder.path / "kept.journal").string();
    const auto refused = [&](const std::string& content, const digest& as) {
        io::write_file(path, io::as_bytes(content));
        const auto said = raised([&] { const io::journal kept{path, as}; });
        CHECK(text_of(path) == content);
        return said;
    };
    CHECK(contains(refused("a letter to somebody, of more than thirty-two bytes", of), "does not start as a journal"));
    CHECK(contains(refused("short", of), "does not start as a journal"));
    std::filesystem::remove(path);
    write_three(path);
    const std::string whole = text_of(path);
    std::string later = whole;
    later[8] = 2;
    CHECK(contains(refused(later, of), "of version 2, this library reads version 1; delete the file"));
    const auto other = refused(whole, digest_of("another test"));
    CHECK(contains(other, "of something else: of " + of.text()));
    CHECK(contains(other, "delete the file, or name another"));
    CHECK(contains(refused(whole.substr(0, 20), digest_of("another test")), "does not start as a journal of"));
}

TEST_CASE("io/journal: a record within the payload of another is none, also where the outer one is torn") {
    const scratch_folder folder;
    const auto path = (folder.path / "kept.journal").string();
    write_three(path);
    const std::string inner = text_of(path);
    std::filesystem::remove(path);
    {
        io::journal kept{path, of};
        kept.append(digest_of(1), io::as_bytes("first"));
        kept.append(digest_of(2), io::as_bytes(inner + "and more"));
    }
    const std::string whole = text_of(path);
    io::write_file(path, io::as_bytes(whole.substr(0, whole.size() - 3)));
    io::journal kept{path, of};
    CHECK(kept.size() == 1);
    CHECK(kept.dropped_bytes() == 32 + inner.size() + 8 - 3);
}

TEST_CASE("io/journal: where no file can be written, the reason is said") {
    const scratch_folder folder;
    const auto opened = [](const std::string& path) { return raised([&] { const io::journal kept{path, of}; }); };
    CHECK(contains(opened(folder.path / "none" / "kept.journal"), "opened for writing: No such file"));
    CHECK(contains(opened(folder.path), "opened for writing: Is a directory"));
    if (::geteuid() == 0) return;  // to whom every folder is open
    std::filesystem::permissions(folder.path, std::filesystem::perms::owner_read | std::filesystem::perms::owner_exec);
    CHECK(contains(opened(folder.path / "kept.journal"), "opened for writing: Permission denied"));
    std::filesystem::permissions(folder.path, std::filesystem::perms::owner_all);
}

TEST_CASE("io/journal: on a full disk the record is refused and the journal is as before") {
    const scratch_folder folder;
    const auto path = (folder.path / "kept.journal").string();
    write_three(path);
    const std::string before = text_of(path);
    {
        io::journal kept{path, of};
        std::string said;
        {
            const file_size_limit full{10'000};
            said = raised([&] { kept.append(digest_of(4), io::as_bytes(std::string(100'000, 'n'))); });
        }
        CHECK(contains(said, path + ": a record cannot be written: File too large"));
        CHECK(text_of(path) == before);
        CHECK_FALSE(kept.has(digest_of(4)));
        CHECK(read(kept, digest_of(3)) == "third");
        kept.append(digest_of(4), io::as_bytes("short"));  // there is room again
    }
    io::journal again{path, of};
    CHECK(again.dropped_bytes() == 0);
    CHECK(read(again, digest_of(4)) == "short");
    const auto new_path = (folder.path / "new.journal").string();
    {
        const file_size_limit full{10};
        CHECK(contains(raised([&] { const io::journal kept{new_path, of}; }), "File too large"));
    }
    const io::journal kept{new_path, of};
    CHECK(kept.dropped_bytes() == 0);
}

TEST_CASE("io/journal: a second writer is refused, here and in another process") {
    const scratch_folder folder;
    const auto path = (folder.path / "kept.journal").string();
    {
        const io::journal kept{path, of};
        CHECK(contains(raised([&] { const io::journal second{path, of}; }), "another process has it open"));
    }
    const io::journal kept{path, of};
    CHECK(kept.size() == 0);
}

TEST_CASE("io/journal: a process that is killed loses nothing that append() returned from") {
    const scratch_folder folder;
    const auto path = (folder.path / "kept.journal").string();
    const ::pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        io::journal kept{path, of, io::journal_flush::system};
        for (int i = 0; i < 5; ++i) kept.append(digest_of(i), io::as_bytes(std::string(1000, 'k')));
        ::kill(::getpid(), SIGKILL);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status));
    io::journal kept{path, of};
    CHECK(kept.dropped_bytes() == 0);
    CHECK(kept.size() == 5);
    CHECK(read(kept, digest_of(4)) == std::string(1000, 'k'));
}

TEST_CASE("io/journal: many threads append and read at once") {
    const scratch_folder folder;
    const auto path = (folder.path / "kept.journal").string();
    {
        io::journal kept{path, of, io::journal_flush::system};
        std::vector<std::thread> threads;
        for (int t = 0; t < 4; ++t) {
            threads.emplace_back([&, t] {
                for (int i = 0; i < 25; ++i) {
                    const std::string text = std::to_string(t) + "/" + std::to_string(i);
                    kept.append(digest_of(t, i), io::as_bytes(text));
                    if (read(kept, digest_of(t, i)) != text) kept.append(digest_of("failed"), io::as_bytes(""));
                }
            });
        }
        for (auto& thread : threads) thread.join();
    }
    io::journal again{path, of};
    CHECK(again.size() == 100);
    CHECK_FALSE(again.has(digest_of("failed")));
    CHECK(read(again, digest_of(3, 24)) == "3/24");
}

TEST_CASE("io/journal: a reader that wants more or fewer bytes, and a file that changed meanwhile, are errors") {
    const scratch_folder folder;
    const auto path = (folder.path / "kept.journal").string();
    write_three(path);
    io::journal kept{path, of};
    std::array<std::byte, 10> into{};
    CHECK(contains(raised([&] { (void)kept.read(digest_of(1), [&](auto& payload) { payload.read(into); }); }),
                   "has 9 bytes where 10 are wanted; delete the file"));
    CHECK(contains(
        raised([&] { (void)kept.read(digest_of(1), [&](auto& payload) { payload.read(std::span{into}.first(4)); }); }),
        "has 5 bytes more than are wanted; delete the file"));
    {
        const io::detail::file_handle file{std::fopen(path.c_str(), "r+b")};
        std::fseek(file.get(), 32 + 32 + 4, SEEK_SET);
        std::fputc('?', file.get());
    }
    CHECK(contains(raised([&] { (void)read(kept, digest_of(1)); }), "checksum differs"));
    CHECK(read(kept, digest_of(3)) == "third");
}

TEST_CASE("io/journal: what is sealed is read whole, or refused with the file to delete") {
    const scratch_folder folder;
    const auto path = (folder.path / "state").string();
    io::write_sealed(path, of, digest_of(1), io::as_bytes("before"));
    io::write_sealed(path, of, digest_of(1), io::as_bytes("a state"));
    CHECK(folder.files() == 1);
    const auto bytes = io::read_sealed(path, of, digest_of(1));
    CHECK(io::as_text(bytes) == "a state");
    CHECK(contains(raised([&] { (void)io::read_sealed(path, of, digest_of(2)); }),
                   path + ": it is of something else; delete the file"));
    const std::string whole = text_of(path);
    for (std::size_t at = 0; at < whole.size(); ++at) {
        CAPTURE(at);
        std::string changed = whole;
        changed[at] = static_cast<char>(changed[at] ^ 1);
        for (const std::string& content : {changed, whole.substr(0, at)}) {
            io::write_file(path, io::as_bytes(content));
            CHECK(contains(raised([&] { (void)io::read_sealed(path, of, digest_of(1)); }), path + ": "));
        }
    }
}
