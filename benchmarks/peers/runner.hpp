// SPDX-License-Identifier: MIT
//
// runner.hpp - a runner: a program that measures one library on one network, turn by turn, as its driver asks.
//
//   runner MODEL inference|training BATCH THREADS warm|cold
//
// It sets the network up with our parameters, checks that its results are ours, and prints "ready NAME VERSION". Then it
// answers each line that it reads:
//
//   a number of seconds  ->  "MEDIAN_US SHARE": the median microseconds of single calls, measured for about that long, and
//                            the share of the FMA peak, measured right before in the same process
//   memory               ->  bytes: the most resident memory since before the network was made, less what was resident
//                            then. Input, weights, activations and the code that ran are in it
//
// What it cannot do it calls "unsupported REASON" and ends with 0; other results than ours are an error.
#ifndef EENN_BENCHMARKS_PEERS_RUNNER_HPP
#define EENN_BENCHMARKS_PEERS_RUNNER_HPP

#include "network.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace peers {

/// What is measured.
struct task {
    bool training = false;
    int batch = 1;
    int threads = 1;
};

/// A forward pass of a batch, or a training step, ready to be repeated.
class pass {
public:
    pass() = default;
    pass(const pass&) = delete;
    pass& operator=(const pass&) = delete;
    virtual ~pass() = default;

    virtual void run() = 0;
    /// Of the last run: logits (N, classes), or the loss before the update.
    [[nodiscard]] virtual std::vector<float> result() = 0;
};

/// A library.
struct peer {
    std::string name;  ///< and version
    bool trains = false;
    std::function<std::unique_ptr<pass>(const network&, const task&)> make;
};

/// The whole of a runner's main().
[[nodiscard]] int serve(int argc, char** argv, const peer& library);

}  // namespace peers

#endif
