// SPDX-License-Identifier: MIT
//
// arguments.hpp - what augment is asked for.
#ifndef EENN_EXAMPLES_AUGMENT_ARGUMENTS_HPP
#define EENN_EXAMPLES_AUGMENT_ARGUMENTS_HPP

#include <eenn/construct/options.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace augment {

/// Files of samples and labels, each with a range or without; a CIFAR-10 file has both.
struct source {
    std::string samples;
    std::string labels;
};

struct arguments {
    std::string model;
    source train;
    source validation;
    source test;
    double validation_share = 0;  ///< > 0: split off the training data
    std::string groups;
    std::string platform;
    std::string place_for = "latency";
    std::filesystem::path out = "augmented";
    std::vector<std::string> classes;
    std::string command;
    int threads = 0;  ///< 0: all
    eenn::construct::augment_options options;
};

/// The command line, in which `@FILE` stands for the words of a file: a # starts a comment, $NAME is the environment's.
/// Help and faults end the program.
/// @par Errors  eenn::error if a file of options cannot be read.
[[nodiscard]] arguments read_arguments(int argc, char** argv);

}  // namespace augment

#endif
