// SPDX-License-Identifier: MIT
#include <eenn/core/processor_name.hpp>

#include <doctest/doctest.h>

#include <sstream>
#include <string>

namespace {

std::string name_in(const std::string& text) {
    std::istringstream cpuinfo{text};
    return eenn::processor_name(cpuinfo);
}

}  // namespace

TEST_CASE("core/processor_name: the model's name is taken as it stands, of ARM the numbers of maker and part") {
    CHECK(name_in("processor\t: 0\nvendor_id\t: GenuineIntel\nmodel\t\t: 85\n"
                  "model name\t: Intel(R) Xeon(R) Gold 6154 CPU @ 3.00GHz\nprocessor\t: 1\nmodel name\t: another\n") ==
          "Intel(R) Xeon(R) Gold 6154 CPU @ 3.00GHz");
    CHECK(
        name_in("processor\t: 0\nBogoMIPS\t: 108.00\nCPU implementer\t: 0x41\nCPU architecture: 8\nCPU variant\t: 0x0\n"
                "CPU part\t: 0xd08\nCPU revision\t: 3\n") == "ARM implementer 0x41 part 0xd08");
}

TEST_CASE("core/processor_name: a text that says nothing gives no name, and the running processor has one always") {
    CHECK(name_in("").empty());
    CHECK(name_in("processor\nflags\t: fpu vme\n").empty());
    CHECK_FALSE(eenn::processor_name().empty());
    CHECK(eenn::processor_name() == eenn::processor_name());
}
