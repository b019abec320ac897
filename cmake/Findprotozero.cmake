# SPDX-License-Identifier: MIT
#
# protozero (headers that read and write protobuf) comes without a CMake package. Defines protozero::protozero.

find_path(PROTOZERO_INCLUDE_DIR protozero/pbf_reader.hpp)
mark_as_advanced(PROTOZERO_INCLUDE_DIR)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(protozero REQUIRED_VARS PROTOZERO_INCLUDE_DIR)
if(protozero_FOUND AND NOT TARGET protozero::protozero)
    add_library(protozero::protozero INTERFACE IMPORTED)
    target_include_directories(protozero::protozero INTERFACE ${PROTOZERO_INCLUDE_DIR})
endif()
