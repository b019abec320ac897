// SPDX-License-Identifier: MIT
//
// construct.hpp - exits for a trained network: what to ask for, what comes out, and where it runs. Its reports stand in
// construct/report/.
#ifndef EENN_CONSTRUCT_HPP
#define EENN_CONSTRUCT_HPP

#include <eenn/construct/augment.hpp>
#include <eenn/construct/augmented.hpp>
#include <eenn/construct/options.hpp>
#include <eenn/construct/placing.hpp>

#endif
