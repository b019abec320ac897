// SPDX-License-Identifier: MIT
//
// eenn.hpp - the whole public library, except for
//
//   interop/, io/onnx/, tensor/eigen.hpp  which need the headers of other libraries
//   construct/                            <eenn/construct.hpp>, which would double the compile time of this header
//   construct/report/, charts/            pages and charts, which few source files of a program write
//
// tests/house/floors.sh checks that nothing else is missing. Including a single header compiles faster.
#ifndef EENN_EENN_HPP
#define EENN_EENN_HPP

#include <eenn/core/aligned.hpp>
#include <eenn/core/error.hpp>
#include <eenn/core/executor.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/core/processor_name.hpp>
#include <eenn/core/random.hpp>
#include <eenn/core/threads.hpp>
#include <eenn/core/version.hpp>
#include <eenn/data/augment.hpp>
#include <eenn/data/batches.hpp>
#include <eenn/data/data_set.hpp>
#include <eenn/data/glyphs.hpp>
#include <eenn/data/normalize.hpp>
#include <eenn/data/preprocessing.hpp>
#include <eenn/data/split.hpp>
#include <eenn/exits/calibration.hpp>
#include <eenn/exits/collect_trace.hpp>
#include <eenn/exits/infer_batch.hpp>
#include <eenn/exits/logit_trace.hpp>
#include <eenn/exits/pareto.hpp>
#include <eenn/exits/smoothing.hpp>
#include <eenn/exits/thresholds.hpp>
#include <eenn/exits/trace.hpp>
#include <eenn/infer.hpp>
#include <eenn/io/array.hpp>
#include <eenn/io/basic_model_file.hpp>
#include <eenn/io/cifar.hpp>
#include <eenn/io/csv.hpp>
#include <eenn/io/file.hpp>
#include <eenn/io/idx.hpp>
#include <eenn/io/logit_trace.hpp>
#include <eenn/io/model_file.hpp>
#include <eenn/io/npy.hpp>
#include <eenn/io/npz.hpp>
#include <eenn/io/safetensors.hpp>
#include <eenn/io/weights.hpp>
#include <eenn/kernels/tuning.hpp>
#include <eenn/layers/activations.hpp>
#include <eenn/layers/arithmetic.hpp>
#include <eenn/layers/batch_norm.hpp>
#include <eenn/layers/composites.hpp>
#include <eenn/layers/conv2d.hpp>
#include <eenn/layers/dense.hpp>
#include <eenn/layers/dropout.hpp>
#include <eenn/layers/layer.hpp>
#include <eenn/layers/pooling.hpp>
#include <eenn/layers/shaping.hpp>
#include <eenn/network/channels.hpp>
#include <eenn/network/edit.hpp>
#include <eenn/network/graph.hpp>
#include <eenn/network/model.hpp>
#include <eenn/network/network.hpp>
#include <eenn/network/parameters.hpp>
#include <eenn/network/plan.hpp>
#include <eenn/network/runtime_network.hpp>
#include <eenn/network/runtime_session.hpp>
#include <eenn/network/session.hpp>
#include <eenn/network/standard.hpp>
#include <eenn/network/summary.hpp>
#include <eenn/platform/bandwidth_plans.hpp>
#include <eenn/platform/placement.hpp>
#include <eenn/platform/platform.hpp>
#include <eenn/platform/read_platform.hpp>
#include <eenn/platform/segments.hpp>
#include <eenn/policies/decider.hpp>
#include <eenn/policies/deciders.hpp>
#include <eenn/policies/policy.hpp>
#include <eenn/tensor/shape.hpp>
#include <eenn/text/json_writer.hpp>
#include <eenn/text/lines.hpp>
#include <eenn/text/progress.hpp>
#include <eenn/training/checkpoint.hpp>
#include <eenn/training/freezing.hpp>
#include <eenn/training/losses.hpp>
#include <eenn/training/optimizers.hpp>
#include <eenn/training/schedules.hpp>
#include <eenn/training/step.hpp>
#include <eenn/training/teaching.hpp>
#include <eenn/training/trainable_set.hpp>
#include <eenn/training/trainer.hpp>
#include <eenn/training/transfer.hpp>

#endif
