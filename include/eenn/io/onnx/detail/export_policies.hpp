// SPDX-License-Identifier: MIT
//
// detail/export_policies.hpp - confidence policies as ONNX operators on one sample's logits.
// Floor 6 (io); host subset. Tested by tests/io/onnx/export.cpp. Letters: C = classes, z = logits.
#ifndef EENN_IO_ONNX_DETAIL_EXPORT_POLICIES_HPP
#define EENN_IO_ONNX_DETAIL_EXPORT_POLICIES_HPP

#include <cstdint>
#include <limits>
#include <string>

#include <eenn/core/error.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/io/onnx/detail/build.hpp>
#include <eenn/policies/policy.hpp>
#include <eenn/tensor/detail/elementary.hpp>

namespace eenn::onnx {
inline namespace EENN_ISA {
namespace detail {

/// The names of a policy's results for one sample at one exit: label int64 (1), confidence float (1).
struct scored_names {
    std::string label;
    std::string confidence;
};

/// The state a sample carries from exit to exit, int64 (1) each. Empty names stand for a fresh exit_state.
struct state_names {
    std::string last_label;
    std::string streak;
};

/// Appends the arithmetic of policies/. With e_c = exp((z_c - max z) / temperature) and S = sum e_c, the largest
/// probability is 1 / S, the margin (1 - second-largest e) / S, the entropy log S - sum e_c log e_c / S. S is at least
/// 1 unless logits are NaN; then S is NaN too, label is -1 and confidence NaN, as in infer().
class policy_writer {
public:
    explicit policy_writer(builder& to) : to_{to} {}

    /// @param exit     name prefix of its values, "exit_0".
    /// @param logits   (1,C).
    /// @param state    of the previous exit; updated if `counts`, which a later patience policy requires.
    scored_names score(const std::string& exit, const std::string& logits, int classes, policy decides,
                       float temperature, bool counts, state_names& state) {
        const bool patient = decides.kind == policy_kind::patience;
        if (patient) temperature = 1;  // it has no effect
        if (!usable_temperature(temperature)) {
            raise("onnx", exit + " has temperature " + std::to_string(temperature),
                  "it must be a positive number that is finite");
        }
        exit_ = exit + ".";
        const bool two = decides.kind == policy_kind::margin && classes > 1;
        const auto leading =
            to_.add("TopK", exit_ + "leading", {logits, integers_of(two ? "two" : "one", two ? 2 : 1)}, 2);
        const auto largest = take(leading[0], 0, "first");
        const auto d = divided("distance", add("Sub", "difference", {logits, largest}), temperature);
        const auto e = add("Exp", "exponential", {d});
        const auto sum = total("sum", e);
        const auto valid = add("GreaterOrEqual", "valid", {sum, number("1", 1)});

        scored_names made;
        made.label = add("Where", "label", {valid, take(leading[1], 0, "index"), integers_of("minus_one", -1)});
        if (counts) count(valid, made.label, state);
        std::string confidence;
        if (patient) {
            confidence = add("Cast", "count", {state.streak}, {integer("to", static_cast<int>(data_type::float32))});
        } else if (two) {
            const auto behind = add("Sub", "behind", {take(leading[0], 1, "second"), largest});
            const auto second = add("Exp", "second_exponential", {divided("second_distance", behind, temperature)});
            confidence = add("Div", "margin", {add("Sub", "lead", {number("1", 1), second}), sum});
        } else if (decides.kind == policy_kind::entropy && classes > 1) {
            confidence = one_less_entropy(d, e, sum, classes);
        } else {
            confidence = add("Div", "probability", {number("1", 1), sum});
        }
        made.confidence =
            add("Where", "confidence", {valid, confidence, number("nan", std::numeric_limits<float>::quiet_NaN())});
        return made;
    }

private:
    std::string add(const std::string& op_type, const std::string& name, std::vector<std::string> inputs,
                    std::vector<attribute> attributes = {}) {
        return to_.add(op_type, exit_ + name, std::move(inputs), std::move(attributes));
    }
    std::string number(const std::string& name, float value) { return to_.shared("float." + name, single_of(value)); }
    std::string integers_of(const std::string& name, std::int64_t value) {
        return to_.shared("integer." + name, single_of(value));
    }
    // The entry of (1,k) at an index, (1).
    std::string take(const std::string& from, std::int64_t place, const std::string& name) {
        return add("Gather", name, {from, to_.shared("place." + std::to_string(place), scalar_of(place))},
                   {integer("axis", 1)});
    }
    // (1,C) -> (1)
    std::string total(const std::string& name, const std::string& of) {
        return add("ReduceSum", name, {of, integers_of("one", 1)}, {integer("keepdims", 0)});
    }
    std::string divided(const std::string& name, const std::string& value, float by) {
        if (by == 1) return value;
        return add("Div", name, {value, to_.constant(exit_ + name + "_by", single_of(by))});
    }

    std::string one_less_entropy(const std::string& d, const std::string& e, const std::string& sum, int classes) {
        const auto zero = number("0", 0);
        const auto one = number("1", 1);
        const auto counts = add("Greater", "above_zero", {e, zero});  // false for masked classes, where d is -infinity
        const auto terms = add("Where", "terms", {counts, add("Mul", "products", {e, d}), zero});
        const auto h = add("Sub", "entropy",
                           {add("Log", "logarithm", {sum}), add("Div", "mean", {total("weighted", terms), sum})});
        const auto most = to_.constant(exit_ + "log_classes", single_of(logarithm(static_cast<float>(classes))));
        const auto c = add("Sub", "certainty", {one, add("Div", "normalised", {h, most})});
        const auto low = to_.shared("clip.0", scalar_of(0.0F));
        const auto high = to_.shared("clip.1", scalar_of(1.0F));
        return add("Clip", "clipped", {c, low, high});
    }

    // The arithmetic of note_prediction().
    void count(const std::string& valid, const std::string& label, state_names& state) {
        const auto one = integers_of("one", 1);
        std::string streak = one;
        if (!state.last_label.empty()) {
            const auto again = add("Equal", "again", {label, state.last_label});
            streak = add("Where", "agreed", {again, add("Add", "longer", {state.streak, one}), one});
        }
        state = {label, add("Where", "streak", {valid, streak, integers_of("zero", 0)})};
    }

    builder& to_;
    std::string exit_;
};

}  // namespace detail
}  // namespace EENN_ISA
}  // namespace eenn::onnx

#endif
