// SPDX-License-Identifier: MIT
//
// roofline.cpp - what the machine allows the six networks on one thread, and what they take.
//
//   roofline --help
//
// The ceilings are measured first, then the networks, each number for about S seconds. Bounds:
//
//   warm      one sample; the larger of flops / FMA peak and bytes / copy bandwidth of L2. The bytes are the packed
//             weights, and each step's inputs, residual and output.
//   cold      one sample behind emptied caches: the time with warm ones, measured right before, and then the packed
//             weights, the input and the workspace at the read bandwidth of memory. Prefetchers, which read while the
//             core computes, can undercut this one; the code comes from memory too and is not counted. What is above
//             the bound is told as loads from memory that wait for each other.
//   training  a step of 64 samples: flops / FMA peak and bytes / copy bandwidth of memory; the larger of them, as if
//             one hid behind the other, and their sum. costs.hpp says which bytes. Those of a small network stay in a
//             cache in part, and it can undercut the sum.
//
// Flops are nominal (2 x MACs, three times that for training) and as the kernels compute them: costs.hpp. --steps adds,
// of inference, a row a step; behind emptied caches its bound knows of its own weights alone, and with warm ones what
// lies in L1 can undercut it. What other programs do to a ceiling and to a time they do at different moments: look at
// the ceilings first.
#include <eenn/io/file.hpp>
#include <eenn/text/json_writer.hpp>

#include <cstdio>
#include <exception>

#include "../examples/command_line.hpp"
#include "ceilings.hpp"
#include "costs.hpp"
#include "passes.hpp"

namespace {

using namespace eenn;

constexpr int training_batch = 64;

// What to measure; empty: all.
struct options {
    std::string model;
    std::string phase;
    std::string cache;
    std::string json;
    double seconds = 0.5;
    bool steps = false;

    [[nodiscard]] bool wants(std::string_view one_phase, std::string_view one_cache) const {
        return (phase.empty() || phase == one_phase) && (cache.empty() || cache == one_cache);
    }
};

options read(int argc, char** argv) {
    options only;
    examples::command_line line{"roofline",
                                "measures what this machine allows six networks on one thread, and what they take."};
    line.option("--model NAME", only.model, "one of the networks", passes::network_names());
    line.option("--phase PHASE", only.phase, "one of the phases", {"inference", "training"});
    line.option("--cache warm|cold", only.cache, "caches before a call; training has warm ones", {"warm", "cold"});
    line.flag("--steps", only.steps, "a row a step of inference, too");
    line.option("--json FILE", only.json, "where the numbers are written");
    line.option("--seconds S", only.seconds, "for each number", {0.001, 3600});
    line.read(argc, argv);
    return only;
}

struct subject {
    std::string name;
    trainable<float> net;
    std::vector<costs::step_cost> steps;
};

// A number: JSON has it as it is, the table in units.
struct cell {
    const char* key;
    double value;
    const char* title;
    double unit;
    int decimals;
};
struct row {
    std::string name;
    std::vector<cell> cells;
};
struct table {
    std::string title;
    std::vector<row> rows;
};

class roofline {
public:
    roofline(const measure::ceilings& limits, double seconds) : limits_{limits}, seconds_{seconds} {}

    [[nodiscard]] row warm(const subject& s) const {
        passes::inference_pass pass{s.net, 1, 1};
        return warm_row(s.name, total(s.steps), measure::median_us(pass, seconds_));
    }

    [[nodiscard]] row cold(const subject& s) const {
        passes::inference_pass pass{s.net, 1, 1};
        const double warm_us = measure::median_us(pass, seconds_);
        const double us = measure::median_us(pass, seconds_, 5, measure::cold_caches{});
        const double beside = costs::bytes_of(s.net.plan, value_id{0}) + costs::bytes_of(s.net.plan.sizes.workspace);
        return cold_row(s.name, total(s.steps).packed_bytes, beside, warm_us, us);
    }

    [[nodiscard]] row training(const subject& s) const {
        const costs::step_cost all = total(s.steps);
        const double nominal = 3 * training_batch * all.nominal_flops;
        const double flops = training_batch * (all.flops + all.gradient_flops);
        const costs::training_traffic moved = costs::training_bytes(s.net, training_batch);
        const double flops_us = flops / limits_.flops_per_s * 1e6;
        const double bytes_us =
            (moved.forward + moved.backward + moved.parameters) / limits_.memory().copy_bytes_per_s * 1e6;
        const double hidden_us = std::max(flops_us, bytes_us);
        passes::training_step step{s.net, training_batch, 1};
        const double us = measure::median_us(step, seconds_, 3);
        return {s.name,
                {{"nominal_flops", nominal, "nominal GFLOP", 1e9, 2},
                 {"flops", flops, "computed", 1e9, 2},
                 {"forward_bytes", moved.forward, "forward MB", 1e6, 1},
                 {"backward_bytes", moved.backward, "backward", 1e6, 1},
                 {"parameter_bytes", moved.parameters, "parameters", 1e6, 1},
                 {"flops_us", flops_us, "flops ms", 1e3, 2},
                 {"bytes_us", bytes_us, "bytes ms", 1e3, 2},
                 {"measured_us", us, "takes ms", 1e3, 2},
                 {"larger_share", hidden_us / us, "larger is %", 0.01, 1},
                 {"sum_share", (flops_us + bytes_us) / us, "sum is %", 0.01, 1}}};
    }

    /// A row a step.
    [[nodiscard]] table steps(const subject& s, bool cold) const {
        const std::vector<double> warm_us = step_times_us(s.net, measure::warm_caches{});
        const std::vector<double> us = cold ? step_times_us(s.net, measure::cold_caches{}) : warm_us;
        table t{"  steps of " + s.name + (cold ? ", cold" : ", warm"), {}};
        for (std::size_t i = 0; i < us.size(); ++i) {
            const step_info& step = s.net.plan.steps[step_id{i}];
            const auto size = [&](value_id value) { return to_string(s.net.plan.values[value].size); };
            char name[120];
            std::snprintf(name, sizeof name, "%3zu  %-9s -> %-9s  %s", i, size(step.inputs[0]).c_str(),
                          size(step.output).c_str(), std::string{to_string(step.chosen.forward)}.c_str());
            t.rows.push_back(cold ? cold_row(name, s.steps[i].packed_bytes, 0, warm_us[i], us[i])
                                  : warm_row(name, s.steps[i], us[i]));
        }
        return t;
    }

private:
    [[nodiscard]] static costs::step_cost total(const std::vector<costs::step_cost>& steps) {
        costs::step_cost all;
        for (const auto& s : steps) all += s;
        return all;
    }
    [[nodiscard]] row warm_row(std::string name, const costs::step_cost& c, double us) const {
        const double flops_us = c.flops / limits_.flops_per_s * 1e6;
        const double bytes_us = (c.packed_bytes + c.activation_bytes) / limits_.l2().copy_bytes_per_s * 1e6;
        const double bound_us = std::max(flops_us, bytes_us);
        return {std::move(name),
                {{"nominal_flops", c.nominal_flops, "nominal MFLOP", 1e6, 2},
                 {"flops", c.flops, "computed", 1e6, 2},
                 {"packed_bytes", c.packed_bytes, "packed KB", 1e3, 1},
                 {"activation_bytes", c.activation_bytes, "activations", 1e3, 1},
                 {"flops_us", flops_us, "flops us", 1, 2},
                 {"bytes_us", bytes_us, "bytes us", 1, 2},
                 {"bound_us", bound_us, "bound us", 1, 2},
                 {"measured_us", us, "takes us", 1, 2},
                 {"share", bound_us / us, "bound is %", 0.01, 1}}};
    }
    [[nodiscard]] row cold_row(std::string name, double packed_bytes, double other_bytes, double warm_us,
                               double us) const {
        const double read_us = (packed_bytes + other_bytes) / limits_.memory().read_bytes_per_s * 1e6;
        const double bound_us = warm_us + read_us;
        return {std::move(name),
                {{"packed_bytes", packed_bytes, "packed KB", 1e3, 1},
                 {"other_bytes", other_bytes, "input, workspace", 1e3, 1},
                 {"warm_us", warm_us, "warm us", 1, 2},
                 {"read_us", read_us, "read us", 1, 2},
                 {"bound_us", bound_us, "bound us", 1, 2},
                 {"measured_us", us, "takes us", 1, 2},
                 {"share", bound_us / us, "bound is %", 0.01, 1},
                 {"more_loads", (us - bound_us) / limits_.latency_us, "loads more", 1, 0}}};
    }

    template <class Between>
    [[nodiscard]] std::vector<double> step_times_us(const executable<float>& net, Between&& between) const {
        const auto input = passes::images(net.plan, 1);
        aligned_vector<float> workspace(workspace_elements(net.plan, 1));
        const packed_weights packed{net, passes::parameters(net.plan)};
        id_vector<step_id, std::vector<double>> times(net.plan.steps.size());
        const auto pass = [&] {
            between();
            for (const step_id s : times.ids())
                times[s].push_back(measure::once([&] { run_steps(net, {s, s.next()}, packed, input, workspace); }));
        };
        measure::median_us(pass, seconds_);
        std::vector<double> medians;
        for (auto& t : times) {
            std::sort(t.begin(), t.end());
            medians.push_back(t[t.size() / 2]);
        }
        return medians;
    }

    measure::ceilings limits_;
    double seconds_;
};

void print(const measure::ceilings& c) {
    std::printf("one thread, measured here: FMA peak %.1f GFLOP/s, vectors of %d floats; a load from memory %.0f ns\n",
                c.flops_per_s * 1e-9, lane_count<float>, c.latency_us * 1e3);
    for (const measure::level& l : c.levels)
        std::printf("  %6zu KiB, %-6s  read %6.1f GB/s  copy %6.1f GB/s\n", l.bytes >> 10, l.name,
                    l.read_bytes_per_s * 1e-9, l.copy_bytes_per_s * 1e-9);
    std::fflush(stdout);
}

void print(const table& t) {
    const auto width = [](const cell& c) {
        return static_cast<int>(std::max<std::size_t>(8, std::strlen(c.title)) + 2);
    };
    std::size_t longest = 0;
    for (const row& r : t.rows) longest = std::max(longest, r.name.size());
    const int names = static_cast<int>(longest);
    std::printf("\n%s\n%*s", t.title.c_str(), names, "");
    for (const cell& c : t.rows[0].cells) std::printf("%*s", width(c), c.title);
    for (const row& r : t.rows) {
        std::printf("\n%-*s", names, r.name.c_str());
        for (const cell& c : r.cells) std::printf("%*.*f", width(c), c.decimals, c.value / c.unit);
    }
    std::printf("\n");
    std::fflush(stdout);
}

std::string json(const measure::ceilings& c, const std::vector<table>& tables) {
    text::json_writer w;
    w.begin_object().member("fma_peak_flops_per_s", c.flops_per_s).member("memory_latency_us", c.latency_us);
    w.key("levels").begin_array();
    for (const measure::level& l : c.levels) {
        w.begin_object().member("name", l.name).member("bytes", l.bytes);
        w.member("read_bytes_per_s", l.read_bytes_per_s).member("copy_bytes_per_s", l.copy_bytes_per_s).end_object();
    }
    w.end_array().key("tables").begin_array();
    for (const table& t : tables) {
        w.begin_object().member("title", t.title).key("rows").begin_array();
        for (const row& r : t.rows) {
            w.begin_object().member("name", r.name);
            for (const cell& one : r.cells) w.member(one.key, one.value);
            w.end_object();
        }
        w.end_array().end_object();
    }
    return w.end_array().end_object().text() + "\n";
}

}  // namespace

int main(int argc, char** argv) try {
    const options only = read(argc, argv);
    std::vector<subject> subjects;
    passes::for_each_network([&]<auto Recipe>(const char* name) {
        constexpr auto net = network<Recipe>::training();
        if (only.model.empty() || only.model == name)
            subjects.push_back({name, net, costs::of_steps(net, Recipe().nodes())});
    });
    std::vector<table> tables;
    const auto add = [&](const table& t) {
        print(t);
        tables.push_back(t);
    };
    if (!subjects.empty()) {
        const measure::ceilings limits = measure::measure_ceilings(only.seconds);
        print(limits);
        const roofline roof{limits, only.seconds};
        for (const bool cold : {false, true}) {
            if (!only.wants("inference", cold ? "cold" : "warm")) continue;
            table t{cold ? "inference, one sample, cold caches" : "inference, one sample, warm caches", {}};
            for (const subject& s : subjects) t.rows.push_back(cold ? roof.cold(s) : roof.warm(s));
            add(t);
            for (const subject& s : subjects) {
                if (only.steps) add(roof.steps(s, cold));
            }
        }
        if (only.wants("training", "warm")) {
            table t{"training step of 64 samples", {}};
            for (const subject& s : subjects) t.rows.push_back(roof.training(s));
            add(t);
        }
        if (!only.json.empty() && !tables.empty()) {
            const std::string text = json(limits, tables);
            io::write_file(only.json, std::as_bytes(std::span{text}));
        }
    }
    if (tables.empty()) std::fputs("roofline: there is nothing like that to measure\n", stderr);
    return tables.empty() ? 1 : 0;
} catch (const std::exception& e) {
    std::fprintf(stderr, "roofline: %s\n", e.what());
    return 1;
}
