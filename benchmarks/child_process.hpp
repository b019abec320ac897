// SPDX-License-Identifier: MIT
//
// child_process.hpp - runs a program that answers lines.
#ifndef EENN_BENCHMARKS_CHILD_PROCESS_HPP
#define EENN_BENCHMARKS_CHILD_PROCESS_HPP

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

/// A running program with pipes on its standard input and output; it shares our standard error. It ends with this
/// object.
class child_process {
public:
    explicit child_process(const std::vector<std::string>& command) {
        std::signal(SIGPIPE, SIG_IGN);  // a dead child shows up when it does not answer
        int to[2];
        int from[2];
        // Close-on-exec: no child may hold another child's pipes open.
        if (pipe2(to, O_CLOEXEC) != 0 || pipe2(from, O_CLOEXEC) != 0) throw std::runtime_error{"no more pipes"};
        std::vector<char*> arguments;
        for (const auto& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
        arguments.push_back(nullptr);
        id_ = fork();
        if (id_ == 0) {
            dup2(to[0], STDIN_FILENO);
            dup2(from[1], STDOUT_FILENO);
            execvp(arguments[0], arguments.data());
            _exit(127);
        }
        close(to[0]);
        close(from[1]);
        in_ = to[1];
        out_ = from[0];
        if (id_ < 0) throw std::runtime_error{"no more processes"};
    }
    child_process(const child_process&) = delete;
    child_process& operator=(const child_process&) = delete;
    ~child_process() {
        close(in_);
        close(out_);
        if (id_ < 0) return;
        kill(id_, SIGTERM);
        waitpid(id_, nullptr, 0);
    }

    void write_line(const std::string& line) {
        const std::string text = line + "\n";
        static_cast<void>(!write(in_, text.data(), text.size()));  // lines are shorter than a pipe's buffer
    }

    /// The next line; none if the program ended or stayed silent for `seconds`.
    [[nodiscard]] std::optional<std::string> read_line(int seconds) {
        for (;;) {
            if (const auto end = buffer_.find('\n'); end != std::string::npos) {
                std::string line = buffer_.substr(0, end);
                buffer_.erase(0, end + 1);
                return line;
            }
            pollfd ready{out_, POLLIN, 0};
            if (poll(&ready, 1, 1000 * seconds) <= 0) return {};
            char some[512];
            const auto count = read(out_, some, sizeof some);
            if (count <= 0) return {};
            buffer_.append(some, static_cast<std::size_t>(count));
        }
    }

    /// Waits for the program to end and returns its exit status, or -1 if a signal ended it.
    int wait() {
        int status = 0;
        waitpid(id_, &status, 0);
        id_ = -1;
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }

private:
    pid_t id_ = -1;
    int in_ = -1;
    int out_ = -1;
    std::string buffer_;
};

#endif
