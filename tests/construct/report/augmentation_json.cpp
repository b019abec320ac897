// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <cmath>
#include <cstdlib>
#include <eenn/construct/report/augmentation.hpp>
#include <eenn/text/detail/json_reader.hpp>
#include <limits>
#include <map>
#include <string>

#include "fixture.hpp"

using namespace eenn;
using namespace eenn::report;

namespace {

// The leaves of a JSON text by their paths, "exits.0.share"; strings and numbers read by the library's strict reader.
class leaves {
public:
    explicit leaves(std::string text) : text_{std::move(text)} {
        value("");
        CHECK(text_.find_first_not_of(" \n", at_) == std::string::npos);
    }
    [[nodiscard]] const std::string& operator[](const std::string& path) const {
        const auto found = values_.find(path);
        REQUIRE_MESSAGE(found != values_.end(), "nothing at " << path);
        return found->second;
    }
    [[nodiscard]] double number(const std::string& path) const { return std::strtod((*this)[path].c_str(), nullptr); }
    [[nodiscard]] bool has(const std::string& path) const { return values_.count(path) == 1; }

private:
    char next() {
        at_ = text_.find_first_not_of(" \n", at_);
        REQUIRE(at_ != std::string::npos);
        return text_[at_];
    }
    bool accept(char c) { return next() == c && ++at_ > 0; }

    std::string token(bool text) {
        const std::size_t start = at_;
        if (text) {
            for (++at_; text_.at(at_) != '"'; ++at_) at_ += text_[at_] == '\\' ? 1u : 0u;
            ++at_;
        } else {
            at_ = text_.find_first_of(",]} \n", at_);
        }
        return text_.substr(start, at_ - start);
    }
    static std::string string_of(const std::string& quoted) {
        text::json_reader reader{quoted, "summary"};
        std::string text = reader.string();
        reader.end();
        return text;
    }
    void value(const std::string& path) {
        const std::string stem = path.empty() ? "" : path + ".";
        int count = 0;
        if (next() == '{') {
            ++at_;
            if (accept('}')) return;
            do {
                REQUIRE(next() == '"');
                const std::string key = string_of(token(true));
                REQUIRE(accept(':'));
                value(stem + key);
            } while (accept(','));
            REQUIRE(accept('}'));
        } else if (next() == '[') {
            ++at_;
            if (!accept(']')) {
                do {
                    value(stem + std::to_string(count++));
                } while (accept(','));
                REQUIRE(accept(']'));
            }
            put(stem + "size", std::to_string(count));
        } else if (next() == '"') {
            put(path, string_of(token(true)));
        } else {
            const std::string word = token(false);
            if (word != "null" && word != "true" && word != "false") {
                text::json_reader reader{word, "summary"};
                static_cast<void>(reader.number());
                reader.end();
            }
            put(path, word);
        }
    }
    void put(const std::string& path, std::string leaf) {
        CHECK_MESSAGE(values_.emplace(path, std::move(leaf)).second, path << " stands twice");
    }

    std::string text_;
    std::size_t at_ = 0;
    std::map<std::string, std::string> values_;
};

}  // namespace

TEST_CASE("report/augmentation_json: headline numbers, exits and settings read back as they were") {
    const construct::result r = fixture::resnet56();
    const leaves json{augmentation_json(r)};
    CHECK(json["model"] == "ResNet-56");
    CHECK(json["command"] == r.command);
    CHECK(json["pays_off"] == "true");
    CHECK(json.number("base_accuracy") == r.base_accuracy);
    CHECK(json.number("eenn_accuracy") == r.accuracy);
    CHECK(json.number("mean_macs_share") == r.mean_macs_share);
    CHECK(json.number("mean_time_share") == r.mean_time_share);
    CHECK(json.number("batch_time_share") == r.batch_time_share);
    CHECK(json.number("decision_overhead") == r.decision_overhead);
    REQUIRE(json["exits.size"] == "4");
    for (std::size_t e = 0; e < 4; ++e) {
        const std::string at = "exits." + std::to_string(e) + ".";
        const construct::exit_summary& x = r.exits[e];
        CHECK(json[at + "site"] == x.site);
        CHECK(json[at + "form"] == x.form);
        CHECK(json[at + "policy"] == x.policy);
        CHECK(json.number(at + "temperature") == x.temperature);
        CHECK(json.number(at + "share") == x.share);
        CHECK(json.number(at + "accuracy") == x.accuracy);
        CHECK(json.number(at + "lone_accuracy") == x.lone_accuracy);
        CHECK(json.number(at + "macs") == static_cast<double>(x.macs));
        CHECK(json.number(at + "microseconds") == x.microseconds);
        CHECK(json.number(at + "reliability_before.accuracy.7") == x.accuracy_before[7]);
        CHECK(json[at + "share_by_class.size"] == "10");
    }
    CHECK(static_cast<float>(json.number("exits.0.threshold")) == r.exits[0].threshold);
    REQUIRE(json["settings.size"] == "3");
    CHECK(json.number("settings.0.validation.cost") == r.settings[0].validation_cost);
    CHECK(json.number("settings.0.test.accuracy") == r.settings[0].test_accuracy);
    CHECK(json.number("settings.0.loss_points") == doctest::Approx(0.34));
    CHECK(json.number("settings.0.loss_interval.1") == doctest::Approx(0.59));
    CHECK(json["settings.0.certificate.proven"] == "true");
    CHECK(json.number("settings.0.certificate.gap") == 0);
    CHECK(json.number("settings.1.certificate.gap") == doctest::Approx(0.0042));
    CHECK(json["settings.1.certificate.accuracy_bound"] == "null");

    construct::result limited = r;  // best accuracy within a cost, with what is proven about it
    limited.settings[2].proven = false;
    limited.settings[2].accuracy_bound = 0.9300;
    const leaves bounded{augmentation_json(limited)};
    CHECK(bounded.number("settings.2.certificate.accuracy_bound") == 0.93);
    CHECK(bounded.number("settings.2.certificate.gap") == doctest::Approx(0.0029));
}

TEST_CASE(
    "report/augmentation_json: a closed exit, the last exit's threshold and an untrained head's accuracy are null") {
    const leaves json{augmentation_json(fixture::resnet56())};
    CHECK(json["exits.3.threshold"] == "null");
    CHECK(json["settings.2.thresholds.1"] == "null");
    CHECK(json["heads.1.trained"] == "false");
    CHECK(json["heads.1.accuracy"] == "null");
    construct::result r = fixture::resnet56();
    r.mean_time_share = std::numeric_limits<double>::quiet_NaN();
    r.settings[1].bound = -std::numeric_limits<double>::infinity();
    const leaves broken{augmentation_json(r)};
    CHECK(broken["mean_time_share"] == "null");
    CHECK(broken["settings.1.certificate.bound"] == "null");
    CHECK(broken["settings.1.certificate.gap"] == "null");
}

TEST_CASE("report/augmentation_json: the search, curves, signals, placement, seconds and origin are there whole") {
    const construct::result r = fixture::resnet56();
    const leaves json{augmentation_json(r)};
    CHECK(json["sites.size"] == "27");
    CHECK(json["sites.26.features.2"] == "64");
    CHECK(json["heads.size"] == "54");
    CHECK(json["architectures.size"] == std::to_string(r.architectures.size()));
    CHECK(json["curves.1.name"] == "validation");
    CHECK(json.number("curves.1.points.60.accuracy") == r.curves[1].points[60].accuracy);
    CHECK(json["signals.size"] == "20");
    CHECK(json.number("signals.3.test.cost") == r.signals[3].test_cost);
    CHECK(json["placement.stages.0.processor"] == "Cortex-M7 <480 MHz>");
    CHECK(json.number("placement.stages.1.reach") == r.placement.stages[1].reach);
    CHECK(json.number("placement.certificate.bound") == r.placement.bound);
    CHECK(json.number("seconds.fine-tune") == 933.7);
    CHECK(json.number("seconds.total") == doctest::Approx(1394.712));
    CHECK(json["seeds.0"] == std::to_string(r.seed));
    CHECK(json["machine"] == r.machine);
    CHECK(json["samples.test"] == "10000");
    CHECK(json["fine_tuning.kept"] == "true");
    CHECK(json["notes.1.text"] == r.notes[1].second);
    CHECK(json["warnings.0"] == r.warnings[0]);
}

TEST_CASE(
    "report/augmentation_json: a bare result is JSON too, its hostile name whole but for bytes that are not UTF-8") {
    const construct::result r = fixture::bare();
    const leaves json{augmentation_json(r)};
    CHECK(json["model"].starts_with("<script>alert(\"x\")</script> & 'n\xc3\xa4me' \xef\xbf\xbd that"));
    CHECK(json["pays_off"] == "false");
    CHECK(json["exits.size"] == "0");
    CHECK(json["placement.certificate.bound"] == "null");
    CHECK_FALSE(json.has("placement.stages.0.processor"));
    CHECK_NOTHROW(leaves{augmentation_json({})});
}

TEST_CASE("report/augmentation_json: stages of one name are added up, and none can pass for the total") {
    construct::result r;
    r.seconds = {{"train", 1.5}, {"total", 4}, {"train", 2}};
    const leaves json{augmentation_json(r)};
    CHECK(json.number("seconds.train") == 3.5);
    CHECK(json.number("seconds.total") == 7.5);
}
