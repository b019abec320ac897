// SPDX-License-Identifier: MIT
//
// detail/training_state.hpp - everything that determines a training run besides its network, options and data.
// Floor 7 (training); host subset. Letters: P = plan.sizes.parameters.
// Tested by tests/training/step.cpp and tests/training/transfer.cpp.
#ifndef EENN_TRAINING_DETAIL_TRAINING_STATE_HPP
#define EENN_TRAINING_DETAIL_TRAINING_STATE_HPP

#include <eenn/core/aligned.hpp>
#include <eenn/core/error.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/network/plan.hpp>
#include <eenn/training/optimizers.hpp>

#include <cstdint>
#include <map>
#include <string>

namespace eenn {
inline namespace EENN_ISA {

/// @brief A vector that a run keeps in addition to its parameters: split weights, quantiser levels, control variates.
struct extra_vector {
    aligned_vector<float> values;
    bool by_parameter = false;  ///< (P), one element per parameter; follows it to an edited network
};

/// @brief Everything that determines a run besides its network, options and data. A new state has parameters and a seed.
struct training_state {
    aligned_vector<float> parameters;  ///< (plan.parameter_elements())
    optimizer_state<float> optimizer{};
    aligned_vector<float> average{};                           ///< of the parameters, if average_decay is on
    aligned_vector<float> best{};                              ///< best parameters by validation, if patience is on
    std::map<std::string, extra_vector, std::less<>> extra{};  ///< by name; hooks read and write them
    int epoch = 0;                                             ///< epochs completed
    int epochs_without_gain = 0;
    double best_accuracy = -1;
    std::uint64_t seed = 0;
};

namespace detail {

/// Calls visit(name, vector) for the vectors that every state has.
template <class State, class F>
void each_vector(State& state, F&& visit) {
    visit("parameters", state.parameters);
    visit("first_moment", state.optimizer.first);
    visit("second_moment", state.optimizer.second);
    visit("average", state.average);
    visit("best", state.best);
}

[[gnu::cold]] inline void check_state(const plan_view& plan, const training_state& state, const char* where) {
    const auto refuse = [&](const std::string& name, std::size_t size, std::size_t wanted) {
        raise(where,
              "'" + name + "' of the state has " + std::to_string(size) + " elements, the network " +
                  std::to_string(wanted) + " parameters",
              "take it up with the network that it was written for");
    };
    const std::size_t all = plan.parameter_elements();
    each_vector(state, [&](const char* name, const aligned_vector<float>& values) {
        const bool others = values.empty() || values.size() == plan.sizes.parameters;
        if (values.size() != all && (!others || &values == &state.parameters)) refuse(name, values.size(), all);
    });
    for (const auto& [name, vector] : state.extra) {
        if (vector.by_parameter && vector.values.size() != plan.sizes.parameters)
            refuse(name, vector.values.size(), plan.sizes.parameters);
    }
}

/// Checks that a run with the extra vectors of `now` can resume from `from`: the same names, kinds and sizes.
[[gnu::cold]] inline void check_extra(const training_state& now, const training_state& from, const char* where) {
    for (const auto& [name, vector] : now.extra) {
        const auto other = from.extra.find(name);
        if (other == from.extra.end())
            raise(where, "the state has no extra vector '" + name + "'", "it is of a run with other hooks");
        if (other->second.by_parameter != vector.by_parameter || other->second.values.size() != vector.values.size()) {
            raise(where,
                  "extra vector '" + name + "' of the state has " + std::to_string(other->second.values.size()) +
                      " elements, the run's has " + std::to_string(vector.values.size()),
                  "it is of a run with other hooks");
        }
    }
    for (const auto& [name, vector] : from.extra) {
        if (!now.extra.contains(name)) {
            raise(where, "the state has an extra vector '" + name + "' that the run does not know",
                  "start the run with it, or take it out");
        }
    }
}

}  // namespace detail

}  // namespace EENN_ISA
}  // namespace eenn

#endif
