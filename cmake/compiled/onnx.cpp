// SPDX-License-Identifier: MIT
//
// onnx.cpp - the library's flows of ONNX files; only where protozero is installed.
#include <eenn/io/onnx/detail/export.hpp>
#include <eenn/io/onnx/detail/import.hpp>
#include <eenn/io/onnx/detail/read.hpp>
#include <eenn/io/onnx/detail/write.hpp>
