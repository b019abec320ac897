// SPDX-License-Identifier: MIT
//
// fixture.hpp - results as a construction fills them in: a ResNet-56 with everything, and a bare one.
#ifndef EENN_TESTS_REPORT_FIXTURE_HPP
#define EENN_TESTS_REPORT_FIXTURE_HPP

#include <algorithm>
#include <cmath>
#include <eenn/construct/detail/result.hpp>
#include <eenn/core/random.hpp>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace fixture {

using namespace eenn;
using namespace eenn::construct;

inline void add_reliability(exit_summary& x, double sharpness_before, double sharpness_after) {
    const auto bins = [&](double gap, std::vector<double>& confidence, std::vector<double>& accuracy,
                          std::vector<double>& weight) {
        double all = 0;
        for (int b = 0; b < 15; ++b) {
            const bool empty = b < 2;
            const double middle = (b + 0.5) / 15;
            confidence.push_back(empty ? 0 : middle);
            accuracy.push_back(empty ? 0 : std::clamp(middle - gap * std::sin(3.1 * middle), 0.0, 1.0));
            weight.push_back(empty ? 0 : std::exp(4 * middle));
            all += weight.back();
        }
        double error = 0;
        for (std::size_t b = 0; b < 15; ++b) {
            weight[b] /= all;
            error += weight[b] * std::abs(confidence[b] - accuracy[b]);
        }
        return error;
    };
    x.error_before = bins(sharpness_before, x.confidence_before, x.accuracy_before, x.weight_before);
    x.error_after = bins(sharpness_after, x.confidence_after, x.accuracy_after, x.weight_after);
}

/// A ResNet-56 on CIFAR-10: 27 sites, 54 heads, 300 architectures, 4 exits, 10 classes, 3 processors.
inline result resnet56() {
    random_stream random{56, 10};
    result r;
    r.model = "ResNet-56";
    r.data = "CIFAR-10: 45,000 training, 5,000 validation and 10,000 test images";
    r.command = "augment resnet56.onnx --data cifar10 --loss 0.5 --platform \"mcu+edge&server\" --out <folder>";
    r.machine = "Intel Xeon, 2 cores, AVX-512, g++ 12.2 -O3";
    r.seed = 20250711;
    r.class_names = {"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"};
    r.train_samples = 45000;
    r.validation_samples = 5000;
    r.test_samples = 10000;
    r.base_validation_accuracy = 0.9402;
    r.base_accuracy = 0.9371;
    r.base_macs = 125'485'706;
    r.base_parameters = 855'770;
    r.base_classes.recall = {0.948, 0.973, 0.912, 0.861, 0.945, 0.893, 0.962, 0.957, 0.966, 0.954};
    r.accuracy = 0.9337;
    r.mean_macs_share = 0.4823;
    r.mean_time_share = 0.5061;
    r.base_microseconds = 2170;
    r.mean_microseconds = 1098.2;
    r.batch_time_share = 0.5317;
    r.decision_overhead = 0.0041;
    r.classes.recall = {0.945, 0.972, 0.903, 0.852, 0.944, 0.886, 0.963, 0.952, 0.964, 0.956};
    r.pays_off = true;
    r.verdict =
        "48.2 % of the MACs, \xe2\x88\x92"
        "0.34 points of accuracy, with 3 exits before the classifier.";
    r.warnings = {"Validation data may have been seen: 97.1 % right there & 93.7 % on test data."};
    r.fine_tuned = true;
    r.fine_tuning = "kept: 46.9 % of the MACs on validation data at the same loss, 51.2 % without";

    for (int s = 0; s < 27; ++s) {
        const int stage = s / 9;
        const int side = 32 >> stage;
        const int channels = 16 << stage;
        r.sites.push_back({"/layer" + std::to_string(stage + 1) + "/layer" + std::to_string(stage + 1) + "." +
                               std::to_string(s % 9) + "/relu_1/Relu",
                           node_id{5 + 7 * s},
                           {side, side, channels},
                           450'000 + static_cast<std::int64_t>(4.62e6 * (s + 1)),
                           static_cast<std::int64_t>(side) * side * channels * 4});
        for (const char* form : {"small", "large"}) {
            const bool large = form[0] == 'l';
            head_summary h;
            h.site = s;
            h.form = form;
            h.macs = large ? 2'400'000 >> stage : 1'290 << stage;
            h.parameters = large ? 24'000 : 650;
            if (s < 2 && large) {
                h.pruned = "the head alone takes 4 % of the base network's MACs";
            } else if (s >= 24) {
                h.pruned = "too near the classifier: at most 9 % saved";
            } else if (s % 3 == 1) {
                h.pruned = "a neighbour stands for it";
            } else {
                h.trained = true;
                h.accuracy = 0.945 - 0.55 * std::exp(-(s + 1) / (large ? 6.5 : 8.0)) + 0.006 * random.uniform(-1, 1);
            }
            r.heads.push_back(h);
        }
    }
    const std::vector<std::pair<int, std::string>> kept{{6, "large"}, {12, "small"}, {18, "small"}};
    std::vector<int> chosen;
    for (std::size_t h = 0; h < r.heads.size(); ++h) {
        for (const auto& [site, form] : kept) {
            if (r.heads[h].site != site || r.heads[h].form != form) continue;
            r.heads[h].chosen = true;
            chosen.push_back(static_cast<int>(h));
        }
    }
    for (int a = 0; a < 300; ++a) {
        architecture_summary one;
        int count = 1 + a % 4;
        for (int h = a % 11; h < 54 && count > 0; h += 7 + a % 5, --count) one.heads.push_back(h);
        if (a % 6 == 0) {
            one.pruned = a % 4 == 0 ? "its bound is above the best found" : "two heads at one site";
        } else {
            one.cost = 0.48 + 0.5 * random.uniform() * random.uniform();
            one.accuracy = 0.9352 + 0.0045 * random.uniform() - 0.006 * (one.cost < 0.55 ? random.uniform() : 0.0);
            one.feasible = one.accuracy >= 0.9352;
        }
        r.architectures.push_back(one);
    }
    r.architectures.push_back({chosen, 0.4691, 0.9353, true, ""});

    const auto add_exit = [&](int site, const char* form, float threshold, double temperature, std::int64_t macs,
                              double share, double accuracy, double lone, double microseconds) {
        exit_summary x;
        x.site = site < 0 ? "/fc/Gemm" : r.sites[static_cast<std::size_t>(site)].name;
        x.form = form;
        for (std::size_t h = 0; h < r.heads.size(); ++h) {
            if (r.heads[h].site == site && r.heads[h].form == form) x.head = static_cast<int>(h);
        }
        x.policy = "max_probability";
        x.threshold = threshold;
        x.temperature = temperature;
        x.macs = macs;
        x.share = share;
        x.accuracy = accuracy;
        x.lone_accuracy = lone;
        x.microseconds = microseconds;
        for (int c = 0; c < 10; ++c) x.share_by_class.push_back(share * (0.75 + 0.05 * ((7 * c + site) % 10)));
        add_reliability(x, 0.14, 0.02);
        r.exits.push_back(x);
    };
    add_exit(6, "large", 0.9127F, 1.62, r.sites[6].macs + 2'400'000, 0.3812, 0.9874, 0.7712, 690);
    add_exit(12, "small", 0.8744F, 1.41, r.sites[12].macs + 2'402'580, 0.2433, 0.9611, 0.8598, 1140);
    add_exit(18, "small", 0.8312F, 1.37, r.sites[18].macs + 2'407'740, 0.1507, 0.9322, 0.9124, 1630);
    add_exit(-1, "classifier", std::numeric_limits<float>::infinity(), 1.88, r.base_macs + 2'407'740, 0.2248, 0.8138,
             0.9382, 2205);
    for (std::size_t c = 0; c < 10; ++c) {
        double left = 1;
        for (std::size_t e = 0; e < 3; ++e) left -= r.exits[e].share_by_class[c];
        r.exits[3].share_by_class[c] = left;
    }

    const auto curve = [&](const char* name, double shift, double lift) {
        trade_off_curve c{name, {}};
        for (int i = 0; i <= 60; ++i) {
            const double cost = 0.21 + 0.77 * i / 60;
            c.points.push_back({cost + shift, 0.9405 + lift - 0.9 * std::exp(-11.5 * cost)});
        }
        r.curves.push_back(c);
    };
    curve("before fine-tuning", 0.04, -0.001);
    curve("validation", 0, 0);
    curve("test (thresholds chosen there: not reachable)", 0, -0.0012);
    curve("test", 0.005, -0.003);
    curve("oracle", -0.1, 0.02);

    const float closed = std::numeric_limits<float>::infinity();
    r.settings.push_back({"at most 0.50 points of loss",
                          {0.9127F, 0.8744F, 0.8312F},
                          0.4691,
                          0.9353,
                          0.4823,
                          0.9337,
                          0.0034,
                          0.0009,
                          0.0059,
                          0.4691,
                          true});
    r.settings.push_back({"at most 0.10 points of loss",
                          {0.9521F, 0.9312F, 0.9022F},
                          0.5512,
                          0.9392,
                          0.5628,
                          0.9366,
                          0.0005,
                          -0.0014,
                          0.0024,
                          0.5470,
                          false});
    r.settings.push_back({"at most 40.0 % of the MACs",
                          {0.8011F, closed, 0.7312F},
                          0.3998,
                          0.9271,
                          0.4052,
                          0.9246,
                          0.0125,
                          0.0088,
                          0.0162,
                          0.0729,
                          true});
    for (const char* policy : {"max_probability", "entropy", "margin", "patience"}) {
        const double worse = 0.012 * (policy[0] % 5);
        for (const char* solver :
             {"proven", "published graph", "one shared threshold", "coordinate descent", "oracle"}) {
            const double by = solver[0] == 'p' ? 0 : solver[1] == 'n' ? 0.021 : solver[0] == 'o' ? -0.17 : 0.008;
            r.signals.push_back(
                {policy, solver, 0.4691 + worse + by, 0.9353, 0.4823 + worse + by, 0.9337 - 0.1 * worse});
        }
    }
    r.placement.objective = "least expected seconds at no more than 2 J a thousand samples";
    r.placement.stages = {
        {"Cortex-M7 <480 MHz>", "input", r.sites[6].name, r.sites[6].node, 33'100'000, 61'440, 65'536, 0.00312, 1},
        {"edge box & gateway", r.sites[6].name, r.sites[18].name, r.sites[18].node, 55'300'000, 402'000, 16'384,
         0.00118, 0.6188},
        {"server", r.sites[18].name, "/fc/Gemm", node_id{200}, 37'200'000, 2'960'000, 0, 0.00009, 0.2248}};
    r.placement.expected_seconds = 0.00391;
    r.placement.worst_seconds = 0.00513;
    r.placement.expected_joules = 0.00172;
    r.placement.bound = 0.00391;
    r.placement.proven = true;
    r.seconds = {{"features", 41.2}, {"train heads", 388.4}, {"search", 12.9}, {"fine-tune", 933.7},
                 {"prove", 3.4},     {"test", 8.1},          {"time", 6.6},    {"place", 0.412}};
    r.notes = {
        {"Quantization", "None: float32 throughout."},
        {"Limits", "Times are of this machine; the MCU's come from its description. R\xc3\xa9sum\xc3\xa9: a < b & c."}};
    return r;
}

/// What there is when no exit pays off, with names from a hostile file.
inline result bare() {
    result r;
    r.model =
        "<script>alert(\"x\")</script> & 'n\xc3\xa4me' \xff that is "
        "long_enough_to_reach_far_beyond_the_edge_of_any_phone_" +
        std::string(60, 'y');
    r.base_accuracy = 0.5;
    r.accuracy = 0.5;
    r.base_macs = 1'200;
    r.verdict = "No exit pays off here: none reaches the objective (at most 0.00 points of loss).";
    r.sites.push_back({"a<b", node_id{3}, {1, 1, 8}, 400, 32});
    r.heads.push_back({0, "small", 16, 18, true, 0.4, false, ""});
    r.architectures.push_back({{0}, 0, 0, false, ""});
    r.settings.push_back({"at most 0.00 points of loss (out of reach: the base network)",
                          {std::numeric_limits<float>::infinity()},
                          1,
                          0.5,
                          1,
                          0.5,
                          0,
                          0,
                          0,
                          1,
                          false});
    r.curves.push_back({"empty", {}});
    r.placement.bound = std::numeric_limits<double>::quiet_NaN();
    return r;
}

}  // namespace fixture

#endif
