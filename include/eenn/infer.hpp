// SPDX-License-Identifier: MIT
//
// infer.hpp - runs an early-exit network on a device: no heap, no exceptions, no RTTI at run time.
#ifndef EENN_INFER_HPP
#define EENN_INFER_HPP

#include <eenn/network/network.hpp>
#include <eenn/network/session.hpp>
#include <eenn/network/standard.hpp>

#endif
