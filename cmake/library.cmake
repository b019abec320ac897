# SPDX-License-Identifier: MIT
#
# The targets that users link.
#
#   eenn::eenn     the headers, C++20 and Eigen; nothing to link
#   eenn::native   -march=native: one line for this machine's full speed. Give it to all targets of a program or to none.
#   eenn::compiled kernels of networks made at run time, compiled for several instruction sets; built with EENN_COMPILED=ON
#   eenn::tbb      <eenn/interop/tbb.hpp> and oneTBB
#   eenn::xtensor  <eenn/interop/xtensor.hpp> and xtensor
#   eenn::zlib     <eenn/interop/zlib.hpp> and zlib
#   eenn::onnx     <eenn/io/onnx/*.hpp> and protozero, which is headers too

# Eigen is asked for without a version: Eigen 5's config refuses 3.4, and 3.4.0's refuses ranges.
if(NOT TARGET Eigen3::Eigen)
    find_package(Eigen3 CONFIG REQUIRED)
    if(Eigen3_VERSION VERSION_LESS 3.4)
        message(FATAL_ERROR "eenn needs Eigen 3.4 or later, found ${Eigen3_VERSION} in ${Eigen3_DIR}")
    endif()
endif()

set(EENN_COMPONENTS tbb xtensor zlib onnx)

# Each header of a component belongs to the component's target, all others to eenn::eenn.
file(GLOB_RECURSE eenn_headers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/include/eenn/*.hpp)
foreach(component IN LISTS EENN_COMPONENTS)
    set(eenn_${component}_headers ${eenn_headers})
    list(FILTER eenn_${component}_headers INCLUDE REGEX "/(interop/${component}\\.hpp|io/${component}/)")
    list(FILTER eenn_headers EXCLUDE REGEX "/(interop/${component}\\.hpp|io/${component}/)")
endforeach()

# eenn_add_headers(<target> <header>...): the public ones and those of detail/. Of EENN_TESTS' check that each header compiles
# alone, the latter are a part with EENN_DETAIL_ALONE.
option(EENN_DETAIL_ALONE "all_verify_interface_header_sets compiles the headers of detail/ alone, too" OFF)
mark_as_advanced(EENN_DETAIL_ALONE)
function(eenn_add_headers target)
    set(public ${ARGN})
    set(detail ${ARGN})
    list(FILTER public EXCLUDE REGEX "/detail/")
    list(FILTER detail INCLUDE REGEX "/detail/")
    target_sources(${target} INTERFACE
        FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR}/include FILES ${public}
        FILE_SET detail TYPE HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR}/include FILES ${detail})
    if(NOT EENN_DETAIL_ALONE)
        set_target_properties(${target} PROPERTIES INTERFACE_HEADER_SETS_TO_VERIFY HEADERS)
    endif()
endfunction()

# The target all_verify_interface_header_sets compiles each header alone.
set(CMAKE_VERIFY_INTERFACE_HEADER_SETS ${EENN_TESTS})

add_library(eenn INTERFACE)
add_library(eenn::eenn ALIAS eenn)
eenn_add_headers(eenn ${eenn_headers})
target_compile_features(eenn INTERFACE cxx_std_20)
target_link_libraries(eenn INTERFACE Eigen3::Eigen)

# A tuning table of the machine's own (kernels/tuning.hpp). An installed package reads the variable where it is used.
set(EENN_TUNING "" CACHE FILEPATH "A tuning table that build/bench/tune wrote; empty: the library's own")
if(EENN_TUNING)
    target_compile_definitions(eenn INTERFACE $<BUILD_INTERFACE:EENN_TUNING="${EENN_TUNING}">)
endif()

add_library(eenn_native INTERFACE)
add_library(eenn::native ALIAS eenn_native)
set_target_properties(eenn_native PROPERTIES EXPORT_NAME native)
target_compile_options(eenn_native INTERFACE $<$<CXX_COMPILER_ID:GNU,Clang,AppleClang>:-march=native>)

# eenn_component(<name> <package> <its target>): the target exists in any case, and names what it lacks when it is linked.
# eenn_<name>_FOUND says whether it can be linked here.
function(eenn_component name package target)
    if(NOT TARGET ${target})
        find_package(${package} QUIET GLOBAL)
    endif()
    add_library(eenn_${name} INTERFACE)
    add_library(eenn::${name} ALIAS eenn_${name})
    set_target_properties(eenn_${name} PROPERTIES EXPORT_NAME ${name})
    eenn_add_headers(eenn_${name} ${eenn_${name}_headers})
    target_link_libraries(eenn_${name} INTERFACE eenn::eenn ${target})
    if(TARGET ${target})
        set(eenn_${name}_FOUND TRUE PARENT_SCOPE)
    else()
        set_target_properties(eenn_${name} PROPERTIES VERIFY_INTERFACE_HEADER_SETS OFF)
    endif()
endfunction()

list(APPEND CMAKE_MODULE_PATH ${CMAKE_CURRENT_LIST_DIR})  # Findprotozero.cmake

eenn_component(tbb TBB TBB::tbb)
eenn_component(xtensor xtensor xtensor)
eenn_component(zlib ZLIB ZLIB::ZLIB)
eenn_component(onnx protozero protozero::protozero)
