# SPDX-License-Identifier: MIT
#
# eenn::compiled - the kernels of networks made at run time as a static library, for several instruction sets, of which the
# program takes at its start the best that the processor has. Who links it compiles no kernel.
#
# Each set is one object of the same source. Its symbols are made local but for one: two sets, and a program, have templates of
# the standard library in common, of which the linker would keep any.

set(eenn_kernel_sets plain)
set(eenn_plain_flags "")
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
    execute_process(COMMAND ${CMAKE_LINKER} --help OUTPUT_VARIABLE linker_help ERROR_QUIET)
    if(linker_help MATCHES "force-group-allocation" AND CMAKE_OBJCOPY)
        set(eenn_kernel_sets plain avx2 avx512)
        set(eenn_plain_flags -march=x86-64)
        set(eenn_avx2_flags -march=x86-64 -mavx2 -mfma)
        set(eenn_avx512_flags ${eenn_avx2_flags} -mavx512f -mavx512bw -mavx512dq -mavx512vl)
    else()
        message(STATUS "eenn: without GNU ld and objcopy eenn::compiled has the kernels of the compiler's flags alone")
    endif()
endif()

add_library(eenn_compiled STATIC ${CMAKE_CURRENT_LIST_DIR}/compiled/choose.cpp)
add_library(eenn::compiled ALIAS eenn_compiled)
set_target_properties(eenn_compiled PROPERTIES EXPORT_NAME compiled POSITION_INDEPENDENT_CODE ON)
target_link_libraries(eenn_compiled PUBLIC eenn::eenn)
target_compile_definitions(eenn_compiled INTERFACE EENN_COMPILED)
if(avx2 IN_LIST eenn_kernel_sets)
    target_compile_definitions(eenn_compiled PRIVATE EENN_X86_KERNELS)
endif()

get_target_property(eigen_folders Eigen3::Eigen INTERFACE_INCLUDE_DIRECTORIES)
foreach(kernel_set IN LISTS eenn_kernel_sets)
    set(name eenn_kernels_${kernel_set})
    # Not eenn::eenn, whose tuning table is one machine's.
    add_library(${name} OBJECT ${CMAKE_CURRENT_LIST_DIR}/compiled/kernels.cpp)
    target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/include)
    target_include_directories(${name} SYSTEM PRIVATE ${eigen_folders})
    target_compile_features(${name} PRIVATE cxx_std_20)
    target_compile_definitions(${name} PRIVATE EENN_KERNEL_SET=${name})
    target_compile_options(${name} PRIVATE -O3 -ffp-contract=off ${eenn_${kernel_set}_flags}
        $<$<CXX_COMPILER_ID:GNU>:-fno-gnu-unique>)  # which objcopy does not make local
    set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE ON INTERPROCEDURAL_OPTIMIZATION OFF)
    if(kernel_set STREQUAL plain AND NOT avx2 IN_LIST eenn_kernel_sets)
        target_sources(eenn_compiled PRIVATE $<TARGET_OBJECTS:${name}>)
        continue()
    endif()
    set(object ${CMAKE_CURRENT_BINARY_DIR}/${name}.o)
    add_custom_command(OUTPUT ${object}
        COMMAND ${CMAKE_LINKER} -r --force-group-allocation -o ${object} $<TARGET_OBJECTS:${name}>
        COMMAND ${CMAKE_OBJCOPY} --keep-global-symbol=${name} ${object}
        DEPENDS ${name} $<TARGET_OBJECTS:${name}> COMMAND_EXPAND_LISTS VERBATIM)
    target_sources(eenn_compiled PRIVATE ${object})
    set_source_files_properties(${object} PROPERTIES EXTERNAL_OBJECT TRUE GENERATED TRUE)
endforeach()
