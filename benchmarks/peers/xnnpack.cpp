// SPDX-License-Identifier: MIT
//
// xnnpack.cpp - the runner of XNNPACK: its operators on (N,H,W,C), the clamp fused, created and set up once.
#include "runner.hpp"

#include <pthreadpool.h>
#include <xnnpack.h>

#include "../passes.hpp"

namespace {

using namespace peers;

void succeed(xnn_status status, const char* what) {
    if (status != xnn_status_success)
        throw std::runtime_error{std::string{what} + ": XNNPACK's status is " + std::to_string(status)};
}

class xnnpack_pass : public pass {
public:
    xnnpack_pass(const network& net, const task& what)
        : batch_{static_cast<std::size_t>(what.batch)},
          pool_{what.threads > 1 ? pthreadpool_create(static_cast<std::size_t>(what.threads)) : nullptr,
                pthreadpool_destroy},
          images_(passes::images(net.plan.view(), what.batch)) {
        succeed(xnn_initialize(nullptr), "xnn_initialize");
        images_.resize(images_.size() + extra);
        // Our plan for one sample holds for a batch if all offsets are multiplied by it.
        arena_.resize(net.plan.sizes.workspace * batch_ + extra);
        std::size_t largest = 0;
        for (const auto& op : net.operations) {
            if (op.residual >= 0) largest = std::max(largest, op.out.elements());
        }
        sum_.resize(largest * batch_ + extra);
        for (const auto& value : net.plan.values) values_.push_back(arena_.data() + value.offset * batch_);
        values_[0] = images_.data();
        for (const auto& op : net.operations) add(net, op);
        const float* logits = values_[static_cast<std::size_t>(net.logits())];
        logits_ = {logits, batch_ * static_cast<std::size_t>(net.classes())};
    }
    void run() override {
        for (const auto& op : operators_) succeed(xnn_run_operator(op.get(), pool_.get()), "xnn_run_operator");
    }
    [[nodiscard]] std::vector<float> result() override { return {logits_.begin(), logits_.end()}; }

private:
    static constexpr std::size_t extra = XNN_EXTRA_BYTES / sizeof(float);  // it reads so far beyond an end
    struct deleter {
        void operator()(xnn_operator_t op) const { xnn_delete_operator(op); }
    };

    void add(const network& net, const operation& op) {
        const auto in = static_cast<std::size_t>(op.in.c);
        const auto out = static_cast<std::size_t>(op.out.c);
        const auto height = static_cast<std::size_t>(op.in.h);
        const auto width = static_cast<std::size_t>(op.in.w);
        const float* from = values_[static_cast<std::size_t>(op.input)];
        float* to = values_[static_cast<std::size_t>(op.output)];
        // With a residual the clamp comes after the addition.
        constexpr float infinity = std::numeric_limits<float>::infinity();
        const float low = op.residual < 0 ? op.low : -infinity;
        const float high = op.residual < 0 ? op.high : infinity;
        float* made = op.residual < 0 ? to : sum_.data();
        const auto u = [](int number) { return static_cast<std::uint32_t>(number); };
        const window& w = op.place;
        xnn_operator_t next = nullptr;
        switch (op.kind) {
            case operation_kind::convolution: {
                const auto folded = fold(net, op);
                std::vector<float> kernel(folded.weights.size());  // (O,kh,kw,I/G)
                const int taps = w.kernel_h * w.kernel_w;
                for_each_weight(op, [&](int g, int tap, int i, int o, std::size_t index) {
                    const int channel = g * (op.out.c / op.groups) + o;
                    kernel[static_cast<std::size_t>((channel * taps + tap) * (op.in.c / op.groups) + i)] =
                        folded.weights[index];
                });
                const auto groups = static_cast<std::size_t>(op.groups);
                succeed(xnn_create_convolution2d_nhwc_f32(u(w.top), u(w.right), u(w.bottom), u(w.left), u(w.kernel_h),
                                                          u(w.kernel_w), u(w.stride_h), u(w.stride_w), u(w.dilation_h),
                                                          u(w.dilation_w), u(op.groups), in / groups, out / groups, in,
                                                          out, kernel.data(), folded.bias.data(), low, high, 0, &next),
                        "convolution");
                succeed(xnn_setup_convolution2d_nhwc_f32(next, batch_, height, width, from, made, pool_.get()),
                        "convolution");
                break;
            }
            case operation_kind::dense: {
                const auto folded = fold(net, op);
                succeed(xnn_create_fully_connected_nc_f32(in, out, in, out, folded.weights.data(), folded.bias.data(),
                                                          low, high, XNN_FLAG_TRANSPOSE_WEIGHTS, &next),
                        "dense");
                succeed(xnn_setup_fully_connected_nc_f32(next, batch_, from, made, pool_.get()), "dense");
                break;
            }
            case operation_kind::max_pool:
                succeed(xnn_create_max_pooling2d_nhwc_f32(u(w.top), u(w.right), u(w.bottom), u(w.left), u(w.kernel_h),
                                                          u(w.kernel_w), u(w.stride_h), u(w.stride_w), 1, 1, in, in, in,
                                                          low, high, 0, &next),
                        "max pool");
                succeed(xnn_setup_max_pooling2d_nhwc_f32(next, batch_, height, width, from, made, pool_.get()),
                        "max pool");
                break;
            case operation_kind::global_average_pool:
                succeed(xnn_create_global_average_pooling_nwc_f32(in, in, in, low, high, 0, &next), "average");
                succeed(xnn_setup_global_average_pooling_nwc_f32(next, batch_, height * width, from, made, pool_.get()),
                        "average");
                break;
        }
        operators_.emplace_back(next);
        if (op.residual < 0) return;
        const std::size_t count = op.out.elements() * batch_;
        xnn_operator_t addition = nullptr;
        succeed(xnn_create_add_nd_f32(op.low, op.high, 0, &addition), "add");
        operators_.emplace_back(addition);
        succeed(xnn_setup_add_nd_f32(addition, 1, &count, 1, &count, made,
                                     values_[static_cast<std::size_t>(op.residual)], to, pool_.get()),
                "add");
    }

    std::size_t batch_;
    std::unique_ptr<pthreadpool, decltype(&pthreadpool_destroy)> pool_;
    eenn::aligned_vector<float> images_;
    eenn::aligned_vector<float> arena_;
    eenn::aligned_vector<float> sum_;
    std::vector<float*> values_;
    std::vector<std::unique_ptr<xnn_operator, deleter>> operators_;
    std::span<const float> logits_;
};

}  // namespace

int main(int argc, char** argv) {
    // It has no version of its own: the package's is the date of the commit.
    return serve(argc, argv, {"XNNPACK " PEER_VERSION, false, [](const network& net, const task& what) {
                                  return std::make_unique<xnnpack_pass>(net, what);
                              }});
}
