# SPDX-License-Identifier: MIT
#
# How the project builds its own tests, benchmarks and examples. Users inherit none of this.

if(PROJECT_IS_TOP_LEVEL)
    get_property(multi_config GLOBAL PROPERTY GENERATOR_IS_MULTI_CONFIG)
    if(NOT CMAKE_BUILD_TYPE AND NOT multi_config)
        set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
    endif()
    if(NOT DEFINED CMAKE_COMPILE_WARNING_AS_ERROR)
        set(CMAKE_COMPILE_WARNING_AS_ERROR ON)  # cmake --compile-no-warning-as-error switches it off
    endif()
    set(CMAKE_CXX_EXTENSIONS OFF)
endif()

# -ffp-contract=off: the library writes each fused multiply-add itself, so the compiler may not add its own choice, and
# a result repeats bit for bit whatever the tile, the number of threads or the compiler. Users decide this for themselves.
add_library(eenn_own_flags INTERFACE)
set(eenn_own_options -Wall -Wextra -Wconversion -Wshadow -Wpedantic -ffp-contract=off
    $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)  # g++ 12 sees overlaps in std::string's operator+ that are not there
target_compile_options(eenn_own_flags INTERFACE ${eenn_own_options})
if(EENN_NATIVE)
    target_link_libraries(eenn_own_flags INTERFACE eenn::native)
endif()

# What the flows and the networks made at run time of our programs are linked from, so that each does not compile them anew:
# eenn::compiled where it is built, else the same sources, compiled once with the flags of this build (a sanitizer's, say).
if(EENN_COMPILED)
    add_library(eenn_own ALIAS eenn_compiled)
else()
    add_library(eenn_own STATIC EXCLUDE_FROM_ALL ${CMAKE_CURRENT_LIST_DIR}/compiled/choose.cpp
        ${CMAKE_CURRENT_LIST_DIR}/compiled/kernels.cpp ${CMAKE_CURRENT_LIST_DIR}/compiled/flows.cpp)
    set_source_files_properties(${CMAKE_CURRENT_LIST_DIR}/compiled/kernels.cpp PROPERTIES
        COMPILE_DEFINITIONS EENN_KERNEL_SET=eenn_kernels_plain)
    set_source_files_properties(${CMAKE_CURRENT_LIST_DIR}/compiled/flows.cpp ${CMAKE_CURRENT_LIST_DIR}/compiled/onnx.cpp
        PROPERTIES COMPILE_DEFINITIONS EENN_COMPILED)
    target_compile_definitions(eenn_own INTERFACE EENN_COMPILED)
    target_link_libraries(eenn_own PUBLIC eenn::eenn PRIVATE eenn_own_flags)
    if(eenn_onnx_FOUND)
        target_sources(eenn_own PRIVATE ${CMAKE_CURRENT_LIST_DIR}/compiled/onnx.cpp)
        target_link_libraries(eenn_own PRIVATE eenn::onnx)
    endif()
endif()

# eenn_program(<target> <source>...): one of our programs. eenn_header_program: one that compiles all that it needs.
function(eenn_header_program target)
    add_executable(${target} ${ARGN})
    target_link_libraries(${target} PRIVATE eenn::eenn eenn_own_flags)
endfunction()
function(eenn_program target)
    eenn_header_program(${target} ${ARGN})
    target_link_libraries(${target} PRIVATE eenn_own)
endfunction()

# Gives a program all components that this machine has.
function(eenn_link_components target)
    foreach(component IN LISTS EENN_COMPONENTS)
        if(eenn_${component}_FOUND)
            target_link_libraries(${target} PRIVATE eenn::${component})
        endif()
    endforeach()
    target_link_options(${target} PRIVATE -Wl,--as-needed)
endfunction()

# The command lines of examples and benchmarks; without CLI11 there are none of these. Compiled once, for any processor.
if(EENN_BENCHMARKS OR EENN_EXAMPLES)
    find_package(CLI11 CONFIG QUIET)
    if(CLI11_FOUND)
        add_library(eenn_command_line STATIC EXCLUDE_FROM_ALL ${PROJECT_SOURCE_DIR}/examples/command_line.cpp)
        target_compile_options(eenn_command_line PRIVATE ${eenn_own_options} -O1)
        target_link_libraries(eenn_command_line PRIVATE eenn::eenn CLI11::CLI11)
    else()
        message(STATUS "eenn: CLI11 is not installed, examples and benchmarks are not built (./cmake/bootstrap deps installs it)")
    endif()
endif()

# eenn_command(<target> <source>...): a program for users, with a command line and all components that this machine has.
function(eenn_command target)
    eenn_program(${target} ${ARGN})
    target_link_libraries(${target} PRIVATE eenn_command_line)
    eenn_link_components(${target})
endfunction()
