# SPDX-License-Identifier: MIT
#
# eenn::compiled - the kernels of networks made at run time as a static library, for several instruction sets, of which the
# program takes at its start the best that the processor has, and the flows (core/detail/flow.hpp), once. Who links it
# compiles neither.
#
# Each set of kernels is one object of the same source, whose symbols are made local but for one; of the flows' object those
# stay that are no inline function and no template. Two objects, and a program, have templates of the standard library in
# common, of which the linker would keep any: the library then runs on a processor that the program's flags leave out, and
# never calls what the program compiled.

set(eenn_kernel_sets plain)
set(eenn_plain_flags "")
set(eenn_makes_local OFF)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
    execute_process(COMMAND ${CMAKE_LINKER} --help OUTPUT_VARIABLE linker_help ERROR_QUIET)
    if(linker_help MATCHES "force-group-allocation" AND CMAKE_OBJCOPY AND CMAKE_NM)
        set(eenn_makes_local ON)
        set(eenn_kernel_sets plain avx2 avx512)
        set(eenn_plain_flags -march=x86-64)
        set(eenn_avx2_flags -march=x86-64 -mavx2 -mfma)
        set(eenn_avx512_flags ${eenn_avx2_flags} -mavx512f -mavx512bw -mavx512dq -mavx512vl)
    else()
        message(STATUS "eenn: without GNU ld, nm and objcopy eenn::compiled has the kernels of the compiler's flags alone")
    endif()
endif()

add_library(eenn_compiled STATIC ${CMAKE_CURRENT_LIST_DIR}/compiled/choose.cpp)
add_library(eenn::compiled ALIAS eenn_compiled)
set_target_properties(eenn_compiled PROPERTIES EXPORT_NAME compiled POSITION_INDEPENDENT_CODE ON)
target_link_libraries(eenn_compiled PUBLIC eenn::eenn)
target_compile_definitions(eenn_compiled INTERFACE EENN_COMPILED)
if(eenn_makes_local)
    target_compile_definitions(eenn_compiled PRIVATE EENN_X86_KERNELS)
endif()

# eenn_compiled_objects(<name> <symbols that stay> <source>...): objects of the library, in one whose other symbols are local.
get_target_property(eigen_folders Eigen3::Eigen INTERFACE_INCLUDE_DIRECTORIES)
function(eenn_compiled_objects name stay)
    # Not eenn::eenn, whose tuning table is one machine's.
    add_library(${name} OBJECT ${ARGN})
    target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/include)
    target_include_directories(${name} SYSTEM PRIVATE ${eigen_folders})
    target_compile_features(${name} PRIVATE cxx_std_20)
    target_compile_options(${name} PRIVATE -O3 -ffp-contract=off
        $<$<CXX_COMPILER_ID:GNU>:-fno-gnu-unique>)  # which objcopy does not make local
    set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE ON INTERPROCEDURAL_OPTIMIZATION OFF)
    if(NOT eenn_makes_local)
        target_sources(eenn_compiled PRIVATE $<TARGET_OBJECTS:${name}>)
        return()
    endif()
    set(object ${CMAKE_CURRENT_BINARY_DIR}/${name}.o)
    add_custom_command(OUTPUT ${object}
        COMMAND ${CMAKE_LINKER} -r --force-group-allocation -o ${object} $<TARGET_OBJECTS:${name}>
        COMMAND ${CMAKE_NM} --defined-only --extern-only ${object} > ${name}.symbols
        COMMAND awk "$2 == \"T\" && $3 ~ /${stay}/ { print $3 }" ${name}.symbols > ${name}.stay
        COMMAND ${CMAKE_OBJCOPY} --keep-global-symbols=${name}.stay ${object}
        WORKING_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}
        DEPENDS ${name} $<TARGET_OBJECTS:${name}> COMMAND_EXPAND_LISTS VERBATIM)
    target_sources(eenn_compiled PRIVATE ${object})
    set_source_files_properties(${object} PROPERTIES EXTERNAL_OBJECT TRUE GENERATED TRUE)
endfunction()

foreach(kernel_set IN LISTS eenn_kernel_sets)
    set(name eenn_kernels_${kernel_set})
    eenn_compiled_objects(${name} ^${name}$ ${CMAKE_CURRENT_LIST_DIR}/compiled/kernels.cpp)
    target_compile_definitions(${name} PRIVATE EENN_KERNEL_SET=${name})
    target_compile_options(${name} PRIVATE ${eenn_${kernel_set}_flags})
endforeach()

set(flows ${CMAKE_CURRENT_LIST_DIR}/compiled/flows.cpp)
if(eenn_onnx_FOUND)
    list(APPEND flows ${CMAKE_CURRENT_LIST_DIR}/compiled/onnx.cpp)
    get_target_property(protozero_folders protozero::protozero INTERFACE_INCLUDE_DIRECTORIES)
endif()
eenn_compiled_objects(eenn_flows "compiled_host" ${flows})
target_compile_definitions(eenn_flows PRIVATE EENN_COMPILED)
target_compile_options(eenn_flows PRIVATE ${eenn_plain_flags})
if(eenn_onnx_FOUND)
    target_include_directories(eenn_flows SYSTEM PRIVATE ${protozero_folders})
else()
    target_compile_definitions(eenn_compiled INTERFACE EENN_COMPILED_WITHOUT_ONNX)
endif()
