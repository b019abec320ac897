// SPDX-License-Identifier: MIT
//
// progress.hpp - a progress bar for observers: stage, share done, rate and time left, in one terminal line.
// Floor 1 (text); host subset.
#ifndef EENN_TEXT_PROGRESS_HPP
#define EENN_TEXT_PROGRESS_HPP

#include <eenn/core/isa.hpp>
#include <eenn/text/lines.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cinttypes>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#if defined(_WIN32)
#include <io.h>
#else
#include <sys/ioctl.h>
#include <unistd.h>
#endif

namespace eenn::text {
inline namespace EENN_ISA {

/// @brief Seconds as "8.2 s", "3 min 05 s" or "2 h 07 min".
[[nodiscard]] inline std::string duration_text(double seconds) {
    char text[48];
    if (!(seconds < 360000)) return "over 99 h";
    const double s = std::max(seconds, 0.0);
    if (s < 59.95) {
        std::snprintf(text, sizeof text, "%.1f s", s);
    } else if (s < 3599.5) {
        const long whole = std::lround(s);
        std::snprintf(text, sizeof text, "%ld min %02ld s", whole / 60, whole % 60);
    } else {
        const long minutes = std::lround(s / 60);
        std::snprintf(text, sizeof text, "%ld h %02ld min", minutes / 60, minutes % 60);
    }
    return text;
}

/// @brief Columns of the terminal behind a stream; otherwise the value of COLUMNS, otherwise 80.
[[nodiscard]] inline int terminal_width([[maybe_unused]] std::FILE* stream) {
#if !defined(_WIN32)
    winsize size{};
    if (::ioctl(::fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
#endif
    int columns = 0;
    if (const char* told = std::getenv("COLUMNS"); told != nullptr)
        std::from_chars(told, told + std::strlen(told), columns);
    return columns > 0 ? columns : 80;
}

/// @brief Space available to a progress line.
struct progress_room {
    int bar = 24;     ///< columns of the bar: 24, or 16, 8 or 0 if the line is narrow
    int line = 1000;  ///< columns of the line; longer text is cut
};

/// @brief One line: "train  [=====>    ]  52 %  520/1000  84.1/s  5.7 s left  loss 0.41". An unknown total (0) omits
/// the bar and the remaining time.
[[nodiscard]] inline std::string progress_text(std::string_view stage, std::int64_t done, std::int64_t total,
                                               double elapsed_s, std::string_view note, progress_room room = {}) {
    const auto made = static_cast<double>(done);
    const auto all = static_cast<double>(total);
    const double share = total > 0 ? std::clamp(made / all, 0.0, 1.0) : 0;
    std::string line;  // the text after the bar
    char text[64];
    if (total > 0) {
        std::snprintf(text, sizeof text, "  %3.0f %%  %" PRId64 "/%" PRId64, std::floor(100 * share), done, total);
    } else {
        std::snprintf(text, sizeof text, "  %" PRId64, done);
    }
    line += text;
    if (done > 0 && elapsed_s > 0) {
        const double rate = made / elapsed_s;
        std::snprintf(text, sizeof text, rate < 99.95 ? "  %.1f/s" : "  %.0f/s", rate);
        line += text;
        if (total > done) line += "  " + duration_text((all - made) / rate) + " left";
    }
    if (total > 0 && done >= total) line += "  in " + duration_text(elapsed_s);
    if (!note.empty()) line.append("  ").append(note);

    constexpr int step = 8;   // otherwise the bar would change length with every digit
    constexpr int frame = 4;  // two spaces and the brackets
    const int left = room.line - static_cast<int>(stage.size() + line.size()) - frame;
    const int width = left >= room.bar ? room.bar : std::max(left, 0) / step * step;
    if (total > 0 && width > 0) {
        const auto columns = static_cast<std::size_t>(width);
        const auto filled = static_cast<std::size_t>(share * width);
        std::string bar = "  [" + std::string(filled, '=');
        if (filled < columns) bar += '>' + std::string(columns - filled - 1, ' ');
        line = bar + ']' + line;
    }
    line.insert(0, stage);
    return std::string{first_characters(line, static_cast<std::size_t>(std::max(room.line, 1)))};
}

/// @brief Draws a progress bar on a terminal, or prints a plain line now and then elsewhere.
///
/// A callable for observers: `bar("train", step, steps, "loss 0.41")`. On a terminal it redraws one line, at most ten
/// times a second and never wider than the current width. Elsewhere (a file, CI, a terminal that cannot redraw) it
/// prints a line every thirty seconds. The last call of a stage (done = total) always shows. A new stage name starts a
/// new line and a new clock. Call clear() before printing other output in the middle of a stage.
///
/// @par Threads  One caller at a time.
/// @par Errors   None; write errors on the stream are ignored.
class progress_bar {
public:
    enum class output { detect, terminal, plain };

    /// The stream must outlive the bar.
    explicit progress_bar(std::FILE* stream = stderr, output kind = output::detect)
        : stream_{stream}, terminal_{kind == output::terminal} {
        if (kind == output::detect) {
#if defined(_WIN32)
            terminal_ = _isatty(_fileno(stream)) != 0;
#else
            const char* kind_of_terminal = std::getenv("TERM");
            const bool redraws = kind_of_terminal == nullptr || std::strcmp(kind_of_terminal, "dumb") != 0;
            terminal_ = redraws && ::isatty(::fileno(stream)) != 0;
#endif
        }
    }
    progress_bar(const progress_bar&) = delete;
    progress_bar& operator=(const progress_bar&) = delete;
    ~progress_bar() { leave_line(); }

    void operator()(std::string_view stage, std::int64_t done, std::int64_t total, std::string_view note = {}) {
        at(stage, done, total, note, seconds());
    }

    /// As above, with the caller's clock, in seconds from any origin.
    void at(std::string_view stage, std::int64_t done, std::int64_t total, std::string_view note, double now_s) {
        if (stage != stage_ || done < done_) {
            leave_line();
            stage_ = stage;
            started_s_ = now_s;
            shown_s_ = terminal_ ? now_s - 1e9 : now_s;
            finished_ = false;
        }
        done_ = done;
        const bool last = total > 0 && done >= total;
        if (finished_ || (!last && now_s - shown_s_ < (terminal_ ? 0.1 : 30))) return;
        shown_s_ = now_s;
        finished_ = last;
        std::string line;
        if (terminal_) {  // a full line would move the cursor to the next one
            line =
                wipe + progress_text(stage, done, total, now_s - started_s_, note, {24, terminal_width(stream_) - 1});
        } else {
            line = progress_text(stage, done, total, now_s - started_s_, note, {.bar = 0});
        }
        drawn_ = terminal_ && !last;
        if (!drawn_) line += '\n';
        put(line);
    }

    /// Erases the unfinished line from the terminal; the next call redraws it.
    void clear() {
        if (drawn_) put(wipe);
        drawn_ = false;
        if (terminal_) shown_s_ -= 1e9;
    }

private:
    static constexpr const char* wipe = "\r\x1b[K";

    [[nodiscard]] static double seconds() {
        return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
    }
    void put(std::string_view text) {
        std::fwrite(text.data(), 1, text.size(), stream_);
        std::fflush(stream_);
    }
    void leave_line() {
        if (drawn_) put("\n");
        drawn_ = false;
    }

    std::FILE* stream_;
    bool terminal_;
    std::string stage_;
    std::int64_t done_ = 0;
    double started_s_ = 0;
    double shown_s_ = 0;
    bool finished_ = false;
    bool drawn_ = false;  // the terminal shows an unfinished line
};

}  // namespace EENN_ISA
}  // namespace eenn::text

#endif
