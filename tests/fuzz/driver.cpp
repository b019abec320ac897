// SPDX-License-Identifier: MIT
//
// driver.cpp - runs a fuzz target without libFuzzer: on a corpus, on every cut of its files, and on changed copies.
//
//   fuzz_<name> CORPUS [--iterations N] [--seconds S] [--seed K] [--only I]
//
// Input i is a pure function of (corpus, seed, i), so --only I repeats it. Fails if the target throws, aborts, or asks
// for more than 16 MB at once: the inputs have 16 KB at most, so that much means that a size in the file was believed.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <eenn/core/random.hpp>
#include <eenn/io/file.hpp>
#include <exception>
#include <filesystem>
#include <new>
#include <string>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

constexpr std::size_t most_bytes = std::size_t{16} << 20;
constexpr std::size_t most_input = std::size_t{16} << 10;
long long current = -1;  // the input that runs, for the message of a crash
bool watched = false;    // allocations are the target's

using input = std::vector<std::uint8_t>;

void report() { std::fprintf(stderr, "at input %lld; repeat it with --only %lld\n", current, current); }

extern "C" void on_abort(int) {
    report();
    std::_Exit(1);
}

void* allocate(std::size_t size, std::size_t alignment) {
    if (watched && size > most_bytes) {
        std::fprintf(stderr, "the target asks for %zu bytes at once\n", size);
        std::abort();
    }
    void* const memory =
        std::aligned_alloc(alignment, (std::max<std::size_t>(size, 1) + alignment - 1) / alignment * alignment);
    if (memory == nullptr) throw std::bad_alloc{};
    return memory;
}

// Numbers at which sizes go wrong.
constexpr std::uint64_t edges[] = {0,
                                   1,
                                   2,
                                   7,
                                   8,
                                   0x7f,
                                   0x80,
                                   0xff,
                                   0x7fff,
                                   0xffff,
                                   0x7fffffff,
                                   0x80000000,
                                   0xffffffff,
                                   0x7fffffffffffffff,
                                   0x8000000000000000,
                                   0xffffffffffffffff};
constexpr std::string_view words[] = {"0",
                                      "1",
                                      "-1",
                                      "00",
                                      "4294967296",
                                      "9223372036854775807",
                                      "18446744073709551616",
                                      "1e9",
                                      "nan",
                                      "\"",
                                      "\\u",
                                      "\\ud800",
                                      "{",
                                      "}",
                                      "[",
                                      "]",
                                      ",",
                                      "(",
                                      ")",
                                      "'",
                                      "\n",
                                      "\r\n",
                                      ":"};

void change(input& bytes, const std::vector<input>& corpus, eenn::random_stream& random) {
    const auto below = [&random](std::size_t bound) {
        return static_cast<std::size_t>(random.below(std::max<std::size_t>(bound, 1)));
    };
    const auto iterator = [&bytes](std::size_t at) { return bytes.begin() + static_cast<std::ptrdiff_t>(at); };
    const std::size_t at = below(bytes.size() + 1);
    const std::size_t length = std::min(below(random.below(4) == 0 ? 64 : 8) + 1, bytes.size() - at);
    switch (random.below(9)) {
        case 0:
            if (at < bytes.size()) bytes[at] ^= static_cast<std::uint8_t>(1u << random.below(8));
            break;
        case 1:
            if (at < bytes.size()) bytes[at] = static_cast<std::uint8_t>(random.bits());
            break;
        case 2: bytes.erase(iterator(at), iterator(at + length)); break;
        case 3: {  // a piece once more
            const input piece(iterator(at), iterator(at + length));
            bytes.insert(iterator(below(bytes.size() + 1)), piece.begin(), piece.end());
            break;
        }
        case 4: {  // an edge number over what is there, in either byte order
            const std::size_t width = std::size_t{1} << random.below(4);
            const std::uint64_t edge = edges[below(std::size(edges))] + random.below(3) - 1;
            const bool big = random.below(2) == 1;
            for (std::size_t i = 0; i < width && at + i < bytes.size(); ++i)
                bytes[at + i] = static_cast<std::uint8_t>(edge >> 8 * (big ? width - 1 - i : i));
            break;
        }
        case 5: {  // a word, put in or in place of as many bytes
            const std::string_view word = words[below(std::size(words))];
            if (random.below(2) == 0)
                bytes.erase(iterator(at), iterator(at + std::min(word.size(), bytes.size() - at)));
            bytes.insert(iterator(at), word.begin(), word.end());
            break;
        }
        case 6: {  // another number in place of the digits here
            std::size_t first = at;
            while (first < bytes.size() && (bytes[first] < '0' || bytes[first] > '9')) ++first;
            std::size_t last = first;
            while (last < bytes.size() && bytes[last] >= '0' && bytes[last] <= '9') ++last;
            const std::string number =
                std::to_string(random.below(2) == 0 ? random.below(300) : edges[below(std::size(edges))]);
            bytes.erase(iterator(first), iterator(last));
            bytes.insert(iterator(first), number.begin(), number.end());
            break;
        }
        case 7: bytes.resize(at); break;
        default: {  // the rest from another file
            const input& other = corpus[below(corpus.size())];
            const std::size_t from = below(other.size() + 1);
            bytes.resize(at);
            bytes.insert(bytes.end(), other.begin() + static_cast<std::ptrdiff_t>(from), other.end());
        }
    }
    if (bytes.size() > most_input) bytes.resize(most_input);
}

// The corpus itself, then all cuts of each file, then changed files.
input make_input(const std::vector<input>& corpus, std::uint64_t seed, long long index) {
    auto rest = static_cast<std::size_t>(index);
    for (const auto& file : corpus) {
        if (rest <= file.size()) return {file.begin(), file.end() - static_cast<std::ptrdiff_t>(rest)};
        rest -= file.size() + 1;
    }
    eenn::random_stream random{seed, static_cast<std::uint64_t>(index), 0};
    input bytes = corpus[random.below(corpus.size())];
    for (auto changes = 1 + random.below(6); changes > 0; --changes) change(bytes, corpus, random);
    return bytes;
}

bool run(const input& bytes) {
    const input exact(bytes);  // a copy of its own size, so that a sanitizer sees a read beyond its end
    try {
        watched = true;
        LLVMFuzzerTestOneInput(exact.data(), exact.size());
        watched = false;
        return true;
    } catch (const std::exception& e) {
        watched = false;
        std::fprintf(stderr, "the target threw: %s\n", e.what());
    } catch (...) {
        watched = false;
        std::fprintf(stderr, "the target threw\n");
    }
    report();
    return false;
}

}  // namespace

void* operator new(std::size_t size) { return allocate(size, alignof(std::max_align_t)); }
void* operator new(std::size_t size, std::align_val_t alignment) {
    return allocate(size, static_cast<std::size_t>(alignment));
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    return allocate(size, alignof(std::max_align_t));
}
void operator delete(void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

int main(int count, char** arguments) {
    long long iterations = 20'000, only = -1;
    double seconds = 5;
    std::uint64_t seed = 1;
    for (int i = 2; i + 1 < count; i += 2) {
        const std::string_view name = arguments[i];
        if (name == "--iterations")
            iterations = std::atoll(arguments[i + 1]);
        else if (name == "--seconds")
            seconds = std::atof(arguments[i + 1]);
        else if (name == "--seed")
            seed = static_cast<std::uint64_t>(std::atoll(arguments[i + 1]));
        else if (name == "--only")
            only = std::atoll(arguments[i + 1]);
        else
            count = 0;
    }
    if (count < 2 || count % 2 != 0) {
        std::fprintf(stderr, "usage: %s CORPUS [--iterations N] [--seconds S] [--seed K] [--only I]\n", arguments[0]);
        return 2;
    }
    std::signal(SIGABRT, on_abort);
    std::vector<std::filesystem::path> paths;
    for (const auto& entry : std::filesystem::directory_iterator{arguments[1]}) paths.push_back(entry.path());
    std::sort(paths.begin(), paths.end());
    std::vector<input> corpus;
    for (const auto& path : paths) {
        const auto bytes = eenn::io::read_file(path);
        corpus.emplace_back(bytes.size());
        if (!bytes.empty()) std::memcpy(corpus.back().data(), bytes.data(), bytes.size());
    }
    if (corpus.empty()) {
        std::fprintf(stderr, "%s holds no files\n", arguments[1]);
        return 2;
    }
    const auto start = std::chrono::steady_clock::now();
    const auto elapsed = [start] {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    };
    for (current = std::max(only, 0LL); current < (only < 0 ? iterations : only + 1) && elapsed() < seconds;
         ++current) {
        if (!run(make_input(corpus, seed, current))) return 1;
    }
    std::printf("%zu files, seed %llu: %lld inputs in %.1f s\n", corpus.size(), static_cast<unsigned long long>(seed),
                current - std::max(only, 0LL), elapsed());
}
