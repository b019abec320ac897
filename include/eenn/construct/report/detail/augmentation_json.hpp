// SPDX-License-Identifier: MIT
//
// detail/augmentation_json.hpp - writes a result as JSON, part by part.
// Floor 8 (construct); host subset. Tested by tests/construct/report/augmentation_json.cpp.
#ifndef EENN_CONSTRUCT_REPORT_DETAIL_AUGMENTATION_JSON_HPP
#define EENN_CONSTRUCT_REPORT_DETAIL_AUGMENTATION_JSON_HPP

#include <algorithm>
#include <cmath>
#include <concepts>
#include <string>
#include <string_view>
#include <vector>

#include <eenn/construct/detail/result.hpp>
#include <eenn/construct/report/detail/terms.hpp>
#include <eenn/core/detail/flow.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/text/detail/numbers.hpp>
#include <eenn/text/json_writer.hpp>

namespace eenn::report {
inline namespace EENN_ISA {

namespace json_parts {

/// Writes members. Infinite numbers and NaN become null; invalid UTF-8 is repaired.
class summary_writer {
public:
    summary_writer& member(std::string_view name, std::string_view text) {
        json_.key(name).value(text::readable(text));
        return *this;
    }
    summary_writer& member(std::string_view name, bool truth) {
        json_.key(name).value(truth);
        return *this;
    }
    template <class Number>
    requires((std::integral<Number> ||
              std::floating_point<Number>)&&!std::same_as<Number, bool>) summary_writer& member(std::string_view name,
                                                                                                Number number) {
        json_.key(name);
        put(number);
        return *this;
    }
    template <class Element>
    summary_writer& member(std::string_view name, const std::vector<Element>& elements) {
        json_.key(name).begin_array();
        for (const auto& element : elements) put(element);
        json_.end_array();
        return *this;
    }
    /// `write()` adds the members of the object.
    template <class F>
    summary_writer& object(std::string_view name, F&& write) {
        json_.key(name).begin_object();
        write();
        json_.end_object();
        return *this;
    }
    /// An array of objects; `write(element)` adds the members of one.
    template <class Element, class F>
    summary_writer& objects(std::string_view name, const std::vector<Element>& elements, F&& write) {
        json_.key(name).begin_array();
        for (const Element& element : elements) {
            json_.begin_object();
            write(element);
            json_.end_object();
        }
        json_.end_array();
        return *this;
    }
    void begin() { json_.begin_object(); }
    [[nodiscard]] std::string finished() {
        json_.end_object();
        return json_.text() + "\n";
    }

private:
    template <class Number>
    void put(Number number) {
        if constexpr (std::floating_point<Number>) {
            if (!std::isfinite(number)) {
                json_.null();
                return;
            }
        }
        json_.value(number);
    }
    void put(const std::string& text) { json_.value(text::readable(text)); }

    text::json_writer json_;
};

inline void put_point(summary_writer& json, std::string_view name, double cost, double accuracy) {
    json.object(name, [&] { json.member("cost", cost).member("accuracy", accuracy); });
}

inline void put_exits(summary_writer& json, const construct::result& r) {
    json.objects("exits", r.exits, [&](const construct::exit_summary& x) {
        json.member("site", x.site).member("form", x.form).member("policy", x.policy);
        json.member("threshold", x.threshold).member("temperature", x.temperature);
        json.member("share", x.share).member("accuracy", x.accuracy).member("lone_accuracy", x.lone_accuracy);
        json.member("macs", x.macs).member("microseconds", x.microseconds);
        json.member("error_before", x.error_before).member("error_after", x.error_after);
        json.member("share_by_class", x.share_by_class);
        const auto bins = [&](const auto& confidence, const auto& accuracy, const auto& weight) {
            json.member("confidence", confidence).member("accuracy", accuracy).member("weight", weight);
        };
        json.object("reliability_before", [&] { bins(x.confidence_before, x.accuracy_before, x.weight_before); });
        json.object("reliability_after", [&] { bins(x.confidence_after, x.accuracy_after, x.weight_after); });
    });
}

inline void put_settings(summary_writer& json, const construct::result& r) {
    json.objects("settings", r.settings, [&](const construct::setting_summary& s) {
        json.member("objective", s.objective).member("heads", s.heads).member("thresholds", s.thresholds);
        put_point(json, "validation", s.validation_cost, s.validation_accuracy);
        put_point(json, "test", s.test_cost, s.test_accuracy);
        json.member("loss_points", 100 * s.loss);
        json.member("loss_interval", std::vector<double>{100 * s.loss_low, 100 * s.loss_high});
        json.object("certificate", [&] {
            json.member("bound", s.bound);
            json.member("accuracy_bound", s.accuracy_bound > 0 ? s.accuracy_bound : INFINITY);
            json.member("gap", certified_gap(s)).member("proven", s.proven);
        });
    });
}

inline void put_search(summary_writer& json, const construct::result& r) {
    json.objects("sites", r.sites, [&](const construct::site_summary& s) {
        json.member("name", s.name).member("node", s.node.number);
        json.member("features", std::vector<int>{s.features.h, s.features.w, s.features.c});
        json.member("macs", s.macs).member("bytes", s.bytes);
    });
    json.objects("heads", r.heads, [&](const construct::head_summary& h) {
        json.member("site", h.site).member("form", h.form).member("macs", h.macs).member("parameters", h.parameters);
        json.member("trained", h.trained).member("accuracy", h.trained ? h.accuracy : INFINITY);
        json.member("chosen", h.chosen).member("pruned", h.pruned);
    });
    json.objects("architectures", r.architectures, [&](const construct::architecture_summary& a) {
        json.member("heads", a.heads).member("cost", a.cost).member("accuracy", a.accuracy);
        json.member("feasible", a.feasible).member("pruned", a.pruned);
    });
}

inline void put_placement(summary_writer& json, const construct::placement_summary& p) {
    json.object("placement", [&] {
        json.member("objective", p.objective).objects("stages", p.stages, [&](const construct::stage_summary& s) {
            json.member("processor", s.processor).member("from", s.from).member("to", s.to).member("macs", s.macs);
            json.member("weight_bytes", s.weight_bytes).member("transfer_bytes", s.transfer_bytes);
            json.member("seconds", s.seconds).member("reach", s.reach);
        });
        json.member("expected_seconds", p.expected_seconds).member("worst_seconds", p.worst_seconds);
        json.member("expected_joules", p.expected_joules);
        json.object("certificate", [&] { json.member("bound", p.bound).member("proven", p.proven); });
    });
}

}  // namespace json_parts

}  // namespace EENN_ISA
inline namespace EENN_HOST {

EENN_FLOW std::string augmentation_json(const construct::result& r) {
    json_parts::summary_writer json;
    json.begin();
    json.member("model", r.model).member("data", r.data).member("verdict", r.verdict).member("pays_off", r.pays_off);
    json.member("warnings", r.warnings);
    json.member("base_accuracy", r.base_accuracy).member("eenn_accuracy", r.accuracy);
    json.member("cost_unit", r.cost_unit);
    json.member("mean_macs_share", r.mean_macs_share).member("mean_time_share", r.mean_time_share);
    json.member("batch_time_share", r.batch_time_share).member("decision_overhead", r.decision_overhead);
    json.member("base_validation_accuracy", r.base_validation_accuracy);
    json.member("base_balanced_accuracy", r.base_classes.balanced_accuracy);
    json.member("eenn_balanced_accuracy", r.classes.balanced_accuracy);
    json.member("base_macro_f1", r.base_classes.macro_f1).member("eenn_macro_f1", r.classes.macro_f1);
    json.member("base_macs", r.base_macs).member("base_parameters", r.base_parameters);
    json.member("base_microseconds", r.base_microseconds).member("mean_microseconds", r.mean_microseconds);
    json_parts::put_exits(json, r);
    json_parts::put_settings(json, r);
    json.objects("curves", r.curves, [&](const construct::trade_off_curve& c) {
        json.member("name", c.name).objects("points", c.points, [&](const construct::operating_point& p) {
            json.member("cost", p.cost).member("accuracy", p.accuracy);
        });
    });
    json.objects("signals", r.signals, [&](const construct::signal_row& s) {
        json.member("policy", s.policy).member("solver", s.solver);
        json_parts::put_point(json, "validation", s.validation_cost, s.validation_accuracy);
        json_parts::put_point(json, "test", s.test_cost, s.test_accuracy);
    });
    json.member("class_names", r.class_names);
    json.member("base_class_accuracy", r.base_classes.recall).member("class_accuracy", r.classes.recall);
    json.member("base_class_f1", r.base_classes.f1).member("class_f1", r.classes.f1);
    json_parts::put_placement(json, r.placement);
    json_parts::put_search(json, r);
    json.object("fine_tuning", [&] { json.member("kept", r.fine_tuned).member("reason", r.fine_tuning); });
    json.object("samples", [&] {
        json.member("train", r.train_samples).member("validation", r.validation_samples).member("test", r.test_samples);
    });
    // Stages of the same name are summed: a JSON key must be unique.
    json.object("seconds", [&] {
        double total = 0;
        std::vector<std::pair<std::string, double>> stages;
        for (const auto& [stage, seconds] : r.seconds) {
            total += seconds;
            const std::string name = text::readable(stage);
            const auto known = std::find_if(stages.begin(), stages.end(), [&](auto& s) { return s.first == name; });
            if (known != stages.end()) {
                known->second += seconds;
            } else if (name != "total") {
                stages.emplace_back(name, seconds);
            }
        }
        for (const auto& [stage, seconds] : stages) json.member(stage, seconds);
        json.member("total", total);
    });
    json.objects("notes", r.notes, [&](const std::pair<std::string, std::string>& note) {
        json.member("title", note.first).member("text", note.second);
    });
    json.member("seeds", std::vector<std::uint64_t>{r.seed}).member("command", r.command).member("machine", r.machine);
    return json.finished();
}

}  // namespace EENN_HOST
}  // namespace eenn::report

#endif
