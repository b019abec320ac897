// SPDX-License-Identifier: MIT
//
// onednn.cpp - the runner of oneDNN: its primitives one by one, sum and relu as post-ops, formats of its own choice.
#include "runner.hpp"

#include <eenn/network/detail/memory_plan.hpp>

#include <dnnl.hpp>

#include <omp.h>

#include <cmath>
#include <unordered_map>

#include "../passes.hpp"

namespace {

using namespace peers;
using dnnl::memory;

memory::desc floats(const memory::dims& dims, memory::format_tag tag) { return {dims, memory::data_type::f32, tag}; }

class onednn_pass : public pass {
public:
    onednn_pass(const network& net, const task& what) : batch_{what.batch}, value_buffers_(net.plan.values.size()) {
        const auto images = passes::images(net.plan.view(), what.batch);
        value_buffers_[0] = add_buffer(floats(dims_of(net.plan.input), memory::format_tag::nhwc), 0);
        for (const auto& op : net.operations) add(net, op);

        // The logits leave as (N, classes).
        const auto logits = floats({batch_, net.classes()}, memory::format_tag::nc);
        const int last = in_format(value_buffers_[static_cast<std::size_t>(net.logits())], logits);
        use(last);
        place_buffers();
        std::copy(images.begin(), images.end(), data(value_buffers_[0]));
        logits_ = {data(last), static_cast<std::size_t>(batch_ * net.classes())};
    }
    void run() override {
        for (auto& c : calls_) c.what.execute(stream_, c.arguments);
        stream_.wait();
    }
    [[nodiscard]] std::vector<float> result() override { return {logits_.begin(), logits_.end()}; }

private:
    struct buffer {
        memory::desc what;
        int first;
        int last;
        std::size_t offset = 0;
    };
    struct call {
        dnnl::primitive what;
        std::vector<std::pair<int, int>> buffers;  // argument, buffer
        std::unordered_map<int, memory> arguments;
    };

    [[nodiscard]] memory::dims dims_of(eenn::shape s) const { return {batch_, s.c, s.h, s.w}; }
    [[nodiscard]] memory::desc any(eenn::shape s) const { return floats(dims_of(s), memory::format_tag::any); }
    // Buffers live from the call that makes them to the last that reads them; their memory is shared out at the end.
    int add_buffer(const memory::desc& what, int first) {
        buffers_.push_back({what, first, first});
        return static_cast<int>(buffers_.size()) - 1;
    }
    buffer& at(int index) { return buffers_[static_cast<std::size_t>(index)]; }
    void use(int index) { at(index).last = static_cast<int>(calls_.size()); }
    float* data(int index) { return arena_.data() + at(index).offset; }

    void place_buffers() {
        constexpr std::size_t grain = eenn::workspace_grain;
        std::vector<eenn::buffer_request> requests;
        for (const auto& b : buffers_)
            requests.push_back({eenn::round_up(b.what.get_size() / sizeof(float), grain), b.first, b.last});
        // The next run wants to find the input.
        requests[static_cast<std::size_t>(value_buffers_[0])].last = static_cast<int>(calls_.size());
        const auto plan = eenn::plan_memory(requests);
        arena_.resize(plan.total);
        for (std::size_t i = 0; i < buffers_.size(); ++i) buffers_[i].offset = plan.offsets[i];
        for (auto& c : calls_) {
            for (const auto& [argument, index] : c.buffers)
                c.arguments.insert_or_assign(argument, memory{at(index).what, engine_, data(index)});
        }
    }

    // The buffer itself, or a copy in the format that a primitive wants.
    int in_format(int index, const memory::desc& wanted) {
        if (at(index).what == wanted) return index;
        const int made = add_buffer(wanted, static_cast<int>(calls_.size()));
        use(index);
        const dnnl::reorder::primitive_desc reorder{engine_, at(index).what, engine_, wanted};
        calls_.push_back({dnnl::reorder{reorder}, {{DNNL_ARG_FROM, index}, {DNNL_ARG_TO, made}}, {}});
        return made;
    }

    memory constant(const float* values, const memory::desc& have, const memory::desc& wanted) {
        memory from{have, engine_};
        std::copy(values, values + have.get_size() / sizeof(float), static_cast<float*>(from.get_data_handle()));
        if (have == wanted) return from;
        memory to{wanted, engine_};
        dnnl::reorder{from, to}.execute(stream_, from, to);
        stream_.wait();
        return to;
    }

    [[nodiscard]] static dnnl::primitive_attr epilogue(const operation& op) {
        dnnl::post_ops after;
        if (op.residual >= 0) after.append_sum();
        if (op.low == 0 && std::isinf(op.high)) after.append_eltwise(1, dnnl::algorithm::eltwise_relu, 0, 0);
        if (!std::isinf(op.high)) after.append_eltwise(1, dnnl::algorithm::eltwise_clip, op.low, op.high);
        dnnl::primitive_attr attributes;
        attributes.set_post_ops(after);
        return attributes;
    }

    void add(const network& net, const operation& op) {
        using prop = dnnl::prop_kind;
        const window& w = op.place;
        const auto input = value_buffers_[static_cast<std::size_t>(op.input)];
        const auto from = at(input).what;
        const memory::dims strides{w.stride_h, w.stride_w};
        const memory::dims before{w.top, w.left};
        const memory::dims after{w.bottom, w.right};
        const long in = op.in.c / op.groups;
        const long out = op.out.c / op.groups;
        switch (op.kind) {
            case operation_kind::convolution: {
                // Ours is (kh,kw,I/G,O); theirs is (O,I,kh,kw) or (G,O/G,I/G,kh,kw), in whatever order.
                memory::dims dims{out, in, w.kernel_h, w.kernel_w};
                memory::dims steps{1, op.out.c, w.kernel_w * in * op.out.c, in * op.out.c};
                if (op.groups > 1) {
                    dims.insert(dims.begin(), op.groups);
                    steps.insert(steps.begin(), out);
                }
                const dnnl::convolution_forward::desc what{prop::forward_inference,
                                                           dnnl::algorithm::convolution_auto,
                                                           any(op.in),
                                                           floats(dims, memory::format_tag::any),
                                                           floats({op.out.c}, memory::format_tag::x),
                                                           any(op.out),
                                                           strides,
                                                           {w.dilation_h - 1, w.dilation_w - 1},
                                                           before,
                                                           after};
                const dnnl::convolution_forward::primitive_desc found{what, epilogue(op), engine_};
                add_weighted(net, op, dnnl::convolution_forward{found}, found, {dims, memory::data_type::f32, steps});
                break;
            }
            case operation_kind::dense: {
                const auto s = net.plan.values[static_cast<std::size_t>(op.input)].size;
                const memory::dims dims{op.out.c, s.c, s.h, s.w};
                const memory::dims steps{1, op.out.c, long{s.w} * s.c * op.out.c, long{s.c} * op.out.c};
                const dnnl::inner_product_forward::desc what{
                    prop::forward_inference, any(s), floats(dims, memory::format_tag::any),
                    floats({op.out.c}, memory::format_tag::x), floats({batch_, op.out.c}, memory::format_tag::any)};
                const dnnl::inner_product_forward::primitive_desc found{what, epilogue(op), engine_};
                add_weighted(net, op, dnnl::inner_product_forward{found}, found, {dims, memory::data_type::f32, steps});
                break;
            }
            case operation_kind::max_pool:
                add_pool(op, {prop::forward_inference,
                              dnnl::algorithm::pooling_max,
                              from,
                              any(op.out),
                              strides,
                              {w.kernel_h, w.kernel_w},
                              before,
                              after});
                break;
            case operation_kind::global_average_pool:
                add_pool(op, {prop::forward_inference,
                              dnnl::algorithm::pooling_avg_exclude_padding,
                              from,
                              any(op.out),
                              {1, 1},
                              {op.in.h, op.in.w},
                              {0, 0},
                              {0, 0}});
                break;
        }
    }

    template <class Found>
    void add_weighted(const network& net, const operation& op, const dnnl::primitive& what, const Found& found,
                      const memory::desc& ours) {
        const auto folded = fold(net, op);
        const int from = in_format(value_buffers_[static_cast<std::size_t>(op.input)], found.src_desc());
        int to = -1;
        if (op.residual >= 0) {
            // The sum goes into the residual's memory if nobody needs it any more.
            const int residual = value_buffers_[static_cast<std::size_t>(op.residual)];
            to = in_format(residual, found.dst_desc());
            if (to == residual && !op.residual_dies) throw unsupported{"a residual that is read again"};
        } else {
            to = add_buffer(found.dst_desc(), static_cast<int>(calls_.size()));
        }
        use(from);
        use(to);
        value_buffers_[static_cast<std::size_t>(op.output)] = to;
        calls_.push_back({what,
                          {{DNNL_ARG_SRC, from}, {DNNL_ARG_DST, to}},
                          {{DNNL_ARG_WEIGHTS, constant(folded.weights.data(), ours, found.weights_desc())},
                           {DNNL_ARG_BIAS, constant(folded.bias.data(), found.bias_desc(), found.bias_desc())}}});
    }

    void add_pool(const operation& op, const dnnl::pooling_forward::desc& what) {
        const dnnl::pooling_forward::primitive_desc found{what, epilogue(op), engine_};
        const int from = in_format(value_buffers_[static_cast<std::size_t>(op.input)], found.src_desc());
        const int to = add_buffer(found.dst_desc(), static_cast<int>(calls_.size()));
        use(from);
        use(to);
        value_buffers_[static_cast<std::size_t>(op.output)] = to;
        calls_.push_back({dnnl::pooling_forward{found}, {{DNNL_ARG_SRC, from}, {DNNL_ARG_DST, to}}, {}});
    }

    long batch_;
    dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
    dnnl::stream stream_{engine_};
    std::vector<buffer> buffers_;
    std::vector<int> value_buffers_;
    std::vector<call> calls_;
    eenn::aligned_vector<float> arena_;
    std::span<const float> logits_;
};

}  // namespace

int main(int argc, char** argv) {
    const auto* version = dnnl::version();
    const std::string name = "oneDNN " + std::to_string(version->major) + "." + std::to_string(version->minor) + "." +
                             std::to_string(version->patch);
    return serve(argc, argv, {name, false, [](const network& net, const task& what) {
                                  omp_set_num_threads(what.threads);
                                  return std::make_unique<onednn_pass>(net, what);
                              }});
}
