// SPDX-License-Identifier: MIT
//
// own_passes.hpp - our own passes as a runner measures them, whichever phase compiled the network.
#ifndef EENN_BENCHMARKS_PEERS_OWN_PASSES_HPP
#define EENN_BENCHMARKS_PEERS_OWN_PASSES_HPP

#include <eenn/core/version.hpp>

#include "../passes.hpp"
#include "runner.hpp"

namespace peers {

class own_inference : public pass {
public:
    own_inference(const eenn::executable<float>& net, const task& what)
        : net_{net}, batch_{what.batch}, run_{net, what.batch, what.threads} {}
    void run() override { run_(); }
    /// The pass keeps decisions, not logits: these are computed anew.
    [[nodiscard]] std::vector<float> result() override { return our_logits(net_, batch_); }

private:
    eenn::executable<float> net_;
    int batch_;
    passes::inference_pass run_;
};

class own_training : public pass {
public:
    own_training(const eenn::trainable<float>& net, const task& what) : step_{net, what.batch, what.threads} {}
    void run() override { loss_ = step_(); }
    [[nodiscard]] std::vector<float> result() override { return {static_cast<float>(loss_)}; }

private:
    passes::training_step step_;
    double loss_ = 0;
};

[[nodiscard]] inline std::unique_ptr<pass> own_pass(const eenn::trainable<float>& net, const task& what) {
    if (what.training) return std::make_unique<own_training>(net, what);
    return std::make_unique<own_inference>(net, what);
}

[[nodiscard]] inline std::string own_version() {
    return std::to_string(eenn::version.major) + "." + std::to_string(eenn::version.minor) + "." +
           std::to_string(eenn::version.patch);
}

}  // namespace peers

#endif
