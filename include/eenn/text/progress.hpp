// SPDX-License-Identifier: MIT
//
// progress.hpp - a progress bar for observers: stage, share done, rate, time left.
// Floor 1 (text); host subset.
#ifndef EENN_TEXT_PROGRESS_HPP
#define EENN_TEXT_PROGRESS_HPP

#include <eenn/core/isa.hpp>

#include <algorithm>
#include <chrono>
#include <cinttypes>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

#if defined(_WIN32)
#include <io.h>
#else
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

/// @brief One line: "train  [=====>    ]  52 %  520/1000  84.1/s  5.7 s left  loss 0.41". An unknown total (0) leaves
/// bar and time out.
[[nodiscard]] inline std::string progress_text(std::string_view stage, std::int64_t done, std::int64_t total,
                                               double elapsed_s, std::string_view note, int bar_width) {
    const auto made = static_cast<double>(done);
    const auto all = static_cast<double>(total);
    std::string line{stage};
    char text[64];
    if (total > 0) {
        const double share = std::clamp(made / all, 0.0, 1.0);
        if (bar_width > 0) {
            const auto width = static_cast<std::size_t>(bar_width);
            const auto filled = static_cast<std::size_t>(share * bar_width);
            line += "  [" + std::string(filled, '=');
            if (filled < width) line += '>' + std::string(width - filled - 1, ' ');
            line += ']';
        }
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
    return line;
}

/// @brief Draws progress on a terminal, or writes a plain line now and then where there is none.
///
/// A callable for observers: `bar("train", step, steps, "loss 0.41")`. On a terminal one line is redrawn at most ten
/// times a second; elsewhere (a file, CI) a line comes every ten seconds. The last call of a stage (done = total)
/// always shows. A new stage name starts a new line and a new clock.
///
/// @par Threads  One caller at a time.
/// @par Errors   None: what the stream refuses is lost.
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
            terminal_ = ::isatty(::fileno(stream)) != 0;
#endif
        }
    }
    progress_bar(const progress_bar&) = delete;
    progress_bar& operator=(const progress_bar&) = delete;
    ~progress_bar() { leave_line(); }

    void operator()(std::string_view stage, std::int64_t done, std::int64_t total, std::string_view note = {}) {
        at(stage, done, total, note, seconds());
    }

    /// The same with the caller's clock, in seconds from any start.
    void at(std::string_view stage, std::int64_t done, std::int64_t total, std::string_view note, double now_s) {
        if (stage != stage_ || done < done_) {
            leave_line();
            stage_ = stage;
            started_s_ = now_s;
            shown_s_ = now_s - 1e9;
            finished_ = false;
        }
        done_ = done;
        const bool last = total > 0 && done >= total;
        if (finished_ || (!last && now_s - shown_s_ < (terminal_ ? 0.1 : 10))) return;
        shown_s_ = now_s;
        finished_ = last;
        std::string line = progress_text(stage, done, total, now_s - started_s_, note, terminal_ ? 24 : 0);
        if (terminal_) {
            const std::size_t length = line.size();
            if (length < drawn_) line.append(drawn_ - length, ' ');  // wipes what stood there
            drawn_ = length;
            line.insert(line.begin(), '\r');
            if (last) drawn_ = 0;
        }
        if (!terminal_ || last) line += '\n';
        std::fwrite(line.data(), 1, line.size(), stream_);
        std::fflush(stream_);
    }

private:
    [[nodiscard]] static double seconds() {
        return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
    }
    void leave_line() {
        if (drawn_ > 0) {
            std::fputc('\n', stream_);
            std::fflush(stream_);
        }
        drawn_ = 0;
    }

    std::FILE* stream_;
    bool terminal_;
    std::string stage_;
    std::int64_t done_ = 0;
    double started_s_ = 0;
    double shown_s_ = 0;
    bool finished_ = false;
    std::size_t drawn_ = 0;  // length of the unfinished line on the terminal
};

}  // namespace EENN_ISA
}  // namespace eenn::text

#endif
