// SPDX-License-Identifier: MIT
//
// eenn.hpp - everything but the bindings to other libraries.
#ifndef EENN_EENN_HPP
#define EENN_EENN_HPP

#include <eenn/core/threads.hpp>
#include <eenn/core/version.hpp>
#include <eenn/data/batches.hpp>
#include <eenn/data/split.hpp>
#include <eenn/exits/collect_trace.hpp>
#include <eenn/exits/infer_batch.hpp>
#include <eenn/exits/thresholds.hpp>
#include <eenn/infer.hpp>
#include <eenn/io/weights.hpp>
#include <eenn/network/runtime_network.hpp>
#include <eenn/network/runtime_session.hpp>
#include <eenn/network/summary.hpp>
#include <eenn/training/checkpoint.hpp>
#include <eenn/training/freezing.hpp>
#include <eenn/training/trainer.hpp>
#include <eenn/training/transfer.hpp>

#endif
