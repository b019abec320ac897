# SPDX-License-Identifier: MIT
#
# Install and export. The package is relocatable, and serves every architecture.
#
#   find_package(eenn CONFIG REQUIRED [COMPONENTS tbb xtensor zlib onnx compiled])

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(eenn_package_dir ${CMAKE_INSTALL_DATADIR}/cmake/eenn)

install(TARGETS eenn eenn_native EXPORT eenn
        FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILE_SET detail DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT eenn FILE eenn-targets.cmake NAMESPACE eenn:: DESTINATION ${eenn_package_dir})

# A component's targets have a file of their own, read only when the component is asked for.
foreach(component IN LISTS EENN_COMPONENTS)
    install(TARGETS eenn_${component} EXPORT eenn_${component}
        FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILE_SET detail DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
    install(EXPORT eenn_${component} FILE eenn-${component}-targets.cmake NAMESPACE eenn::
        DESTINATION ${eenn_package_dir})
endforeach()

if(EENN_COMPILED)
    install(TARGETS eenn_compiled EXPORT eenn_compiled ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
    install(EXPORT eenn_compiled FILE eenn-compiled-targets.cmake NAMESPACE eenn:: DESTINATION ${eenn_package_dir})
endif()

configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/eenn-config.cmake.in ${PROJECT_BINARY_DIR}/eenn-config.cmake
    INSTALL_DESTINATION ${eenn_package_dir} NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/eenn-config-version.cmake
    COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES ${PROJECT_BINARY_DIR}/eenn-config.cmake ${PROJECT_BINARY_DIR}/eenn-config-version.cmake
    ${PROJECT_SOURCE_DIR}/cmake/Findprotozero.cmake
    DESTINATION ${eenn_package_dir})
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/licenses/eenn)
