// SPDX-License-Identifier: MIT
//
// flows.cpp - the flows that the library holds (core/detail/flow.hpp), but for those of ONNX files.
#include <eenn/construct/detail/augment.hpp>
#include <eenn/construct/detail/placing.hpp>
#include <eenn/construct/report/detail/augmentation.hpp>
#include <eenn/data/detail/split.hpp>
#include <eenn/io/detail/array.hpp>
#include <eenn/io/detail/cifar.hpp>
#include <eenn/io/detail/file.hpp>
#include <eenn/io/detail/model_file.hpp>
#include <eenn/io/detail/npy.hpp>
#include <eenn/platform/detail/bandwidth_plans.hpp>
#include <eenn/platform/detail/placement.hpp>
#include <eenn/platform/detail/read_platform.hpp>
