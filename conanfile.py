# SPDX-License-Identifier: MIT
import re
from pathlib import Path

from conan import ConanFile
from conan.tools.build import check_min_cppstd
from conan.tools.cmake import CMake, CMakeDeps, CMakeToolchain, cmake_layout
from conan.tools.files import copy

required_conan_version = ">=2.0"


class Eenn(ConanFile):
    name = "eenn"
    description = "Early-exit neural networks, header-only C++20"
    license = "MIT"
    topics = ("neural-network", "early-exit", "embedded", "header-only")
    package_type = "header-library"
    settings = "os", "arch", "compiler", "build_type"
    exports_sources = "include/*", "cmake/*", "CMakeLists.txt", "LICENSE"
    no_copy_source = True

    def set_version(self):
        header = Path(self.recipe_folder, "include/eenn/core/version.hpp").read_text()
        self.version = ".".join(re.search(r"version\{(\d+), *(\d+), *(\d+)\}", header).groups())

    def requirements(self):
        # A user of a component also requires its library: onetbb, xtensor, zlib or protozero.
        self.requires("eigen/[>=3.4]")

    def validate(self):
        check_min_cppstd(self, 20)

    def layout(self):
        cmake_layout(self)

    def generate(self):
        toolchain = CMakeToolchain(self)
        for part in ("TESTS", "BENCHMARKS", "EXAMPLES"):
            toolchain.cache_variables[f"EENN_{part}"] = False
        toolchain.generate()
        CMakeDeps(self).generate()

    def package_id(self):
        self.info.clear()  # the same headers for every setting

    def package(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.install()
        copy(self, "LICENSE", self.source_folder, str(Path(self.package_folder, "licenses")))

    def package_info(self):
        # The package's own config file, which has the components too.
        self.cpp_info.set_property("cmake_find_mode", "none")
        self.cpp_info.builddirs.append("share/cmake/eenn")
        self.cpp_info.bindirs = []
        self.cpp_info.libdirs = []
