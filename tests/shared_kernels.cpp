// SPDX-License-Identifier: MIT
#include "shared_kernels.hpp"

template class eenn::runtime_network<float, eenn::graph>;
