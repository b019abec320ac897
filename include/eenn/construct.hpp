// SPDX-License-Identifier: MIT
//
// construct.hpp - adds early exits to a trained network: options, result and placement on a platform. For reports, include
// construct/report/.
#ifndef EENN_CONSTRUCT_HPP
#define EENN_CONSTRUCT_HPP

#include <eenn/construct/augment.hpp>
#include <eenn/construct/augmented.hpp>
#include <eenn/construct/options.hpp>
#include <eenn/construct/placing.hpp>

#endif
