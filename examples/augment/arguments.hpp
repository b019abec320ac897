// SPDX-License-Identifier: MIT
//
// arguments.hpp - the arguments of augment.
#ifndef EENN_EXAMPLES_AUGMENT_ARGUMENTS_HPP
#define EENN_EXAMPLES_AUGMENT_ARGUMENTS_HPP

#include <eenn/construct/options.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace augment {

/// Files of samples and labels, each with an optional range. A CIFAR-10 file holds both.
struct source {
    std::string samples;
    std::string labels;
};

struct arguments {
    std::string model;
    source train;
    source validation;
    source test;
    double validation_share = 0;  ///< > 0: split off from the training data
    std::string groups;
    std::string platform;
    std::string place_for = "latency";
    std::filesystem::path out = "augmented";
    std::vector<std::string> classes;
    std::string command;
    int threads = 0;  ///< 0: all
    eenn::construct::augment_options options;
};

/// Parses the command line. `@FILE` inserts the words of a file, in which # starts a comment and $NAME is an
/// environment variable. --help and errors exit the program.
/// @par Errors  eenn::error if an options file cannot be read.
[[nodiscard]] arguments read_arguments(int argc, char** argv);

}  // namespace augment

#endif
