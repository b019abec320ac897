// SPDX-License-Identifier: MIT
//
// arguments.cpp - the command line of augment: every option with its meaning, unit and range.
#include "arguments.hpp"

#include <eenn/io/file.hpp>

#include <cctype>
#include <cstdlib>
#include <sstream>
#include <stdexcept>

#include "../command_line.hpp"

namespace augment {

namespace {

constexpr double gib = 1 << 30;

/// Replaces $NAME and ${NAME} by environment variables.
std::string expanded(const std::string& text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '$') {
            result += text[i];
            continue;
        }
        const bool braces = i + 1 < text.size() && text[i + 1] == '{';
        std::size_t end = i + (braces ? 2 : 1);
        const std::size_t start = end;
        while (end < text.size() && (std::isalnum(static_cast<unsigned char>(text[end])) != 0 || text[end] == '_'))
            ++end;
        const std::string name = text.substr(start, end - start);
        const char* value = std::getenv(name.c_str());
        if (value == nullptr) eenn::raise("augment", "$" + name + " is not set", "set it to the folder that it names");
        result += value;
        i = braces ? end : end - 1;
    }
    return result;
}

/// The words of an options file.
std::vector<std::string> words_of(const std::string& file) {
    const auto bytes = eenn::io::read_file(file);
    std::istringstream lines{std::string{reinterpret_cast<const char*>(bytes.data()), bytes.size()}};
    std::vector<std::string> words;
    for (std::string line; std::getline(lines, line);) {
        std::istringstream in{line.substr(0, line.find('#'))};
        for (std::string word; in >> word;) words.push_back(expanded(word));
    }
    return words;
}

std::vector<std::string> split(const std::string& list) {
    std::vector<std::string> parts;
    std::istringstream in{list};
    for (std::string part; std::getline(in, part, ',');) parts.push_back(part);
    return parts;
}

std::string list_of(std::span<const eenn::construct::head_form> forms) {
    std::string list;
    for (const auto form : forms) list += (list.empty() ? "" : ",") + std::string{to_string(form)};
    return list;
}

/// Parses a list of forms; the result is ordered by size.
std::vector<eenn::construct::head_form> forms_of(const std::string& list,
                                                 std::span<const eenn::construct::head_form> all) {
    std::vector<std::string> asked = split(list);
    std::vector<eenn::construct::head_form> forms;
    for (const auto form : all)
        if (std::erase(asked, to_string(form)) > 0) forms.push_back(form);
    if (!asked.empty()) throw std::invalid_argument{asked.front() + " is none of " + list_of(all)};
    if (forms.empty()) throw std::invalid_argument{"there is none, give some of " + list_of(all)};
    return forms;
}

source source_of(const std::vector<std::string>& words) {
    if (words.size() == 1) return {words[0], ""};
    if (words[1].find(".npy") == std::string::npos)
        throw std::invalid_argument{words[1] + " behind " + words[0] + " is no .npy file of labels"};
    return {words[0], words[1]};
}

bool is_number(const std::string& word) { return word.find_first_not_of("0123456789.") == std::string::npos; }

void describe_data(examples::command_line& line, arguments& a) {
    line.group("data");
    const auto data = [](source& into) { return [&into](const auto& words) { into = source_of(words); }; };
    line.words("--train X [Y]", 2, data(a.train), "samples that heads learn from");
    line.words(
        "--validation X [Y] | SHARE", 2,
        [&a](const auto& words) {
            if (words.size() > 1 || !is_number(words[0])) {
                a.validation = source_of(words);
                return;
            }
            a.validation_share = std::strtod(words[0].c_str(), nullptr);
            if (a.validation_share < 0.01 || a.validation_share > 0.9)
                throw std::invalid_argument{words[0] + " is not allowed, give a share, 0.01 to 0.9"};
        },
        "samples that exits, thresholds and temperatures are chosen by, or the share of the training data that is "
        "split off for it, whole groups of it where there are --groups. The network must not have seen them in its "
        "training: it would be too sure of them, and exits would cost more accuracy than promised");
    line.words("--test X [Y]", 2, data(a.test), "samples that results are measured on; they choose nothing");
    line.option("--groups FILE", a.groups,
                "a line or an element a training sample: the speaker, patient or device it came from; of a line, what "
                "stands before the last '_nohash' or '/' counts");
}

void describe_goal(examples::command_line& line, eenn::construct::augment_options& o) {
    line.group("goal (limits may be given several times, and the first is built)");
    line.repeated("--max-loss POINTS",
                  [&o](double points) { o.objectives.push_back(eenn::exit_objective::least_cost(points / 100)); },
                  "least cost that loses at most so many points of accuracy on validation data; 0.5 without any limit",
                  {-100, 100});
    line.repeated("--max-cost PERCENT",
                  [&o](double percent) { o.objectives.push_back(eenn::exit_objective::best_accuracy(percent / 100)); },
                  "best accuracy at this share of the cost", {0, 1000});
    line.option("--margin ERRORS", o.loss_margin,
                "a limit on loss is kept with so many standard errors to spare, where the exits allow it", {0, 10});
}

void describe_search(examples::command_line& line, eenn::construct::augment_options& o) {
    line.group("search");
    line.option("--most-exits N", o.most_exits, "exits before the classifier, for one goal", {1, 8});
    line.option("--most-sites N", o.most_sites, "places where heads are tried", {1, 64});
}

void describe_heads(examples::command_line& line, eenn::construct::augment_options& o) {
    line.group("heads");
    line.option("--head-epochs N", o.heads.epochs, "epochs of each head that is tried", {1, 10000});
    line.option(
        "--final-epochs N", o.heads.final_epochs,
        "epochs of the heads that were chosen, which start anew; no more than --head-epochs: they stay as they are",
        {0, 10000});
    line.option("--head-rate R", o.heads.rate, "largest learning rate", {1e-9, 10});
    line.option("--head-batch N", o.heads.batch, "samples a step", {1, 65536});
    line.option("--head-samples N", o.head_samples, "training samples that heads see, all by default", {1, 1 << 30});
    line.option("--head-teaching SHARE", o.heads.criterion.share,
                "of the loss, against the classifier's answer instead of the label", {0, 1});
}

void describe_tuning(examples::command_line& line, eenn::construct::augment_options& o) {
    line.group("fine-tuning of the whole network");
    line.option("--epochs N", o.tune.epochs, "epochs; 0: none", {0, 10000});
    line.option("--rate R", o.tune.rate, "largest learning rate", {1e-9, 10});
    line.option("--batch N", o.tune.batch, "samples a step", {1, 65536});
    line.option("--teaching SHARE", o.tune.criterion.share, "as --head-teaching", {0, 1});
    line.option("--last-weight W", o.tune.last_weight, "weight of the classifier's loss, where a head's is 1",
                {0, 1000});
    line.option("--average DECAY", o.tune.average_decay, "of a moving average of the weights; 0: none", {0, 0.999999});
    line.option("--clip NORM", o.tune.clip_norm, "largest norm of the gradient; 0: any", {0, 1e9});
    line.option("--crop PIXELS", o.tune.augment.crop_padding, "samples are shifted by as much at random, heads' too",
                {0, 64});
    line.yes_no("--flip yes|no", o.tune.augment.flip,
                "samples are mirrored at random, heads' and validation data too: only if that means the same");
    line.option("--mix-up ALPHA", o.tune.augment.mix_up, "of mix-up; 0: none", {0, 2});
}

}  // namespace

arguments read_arguments(int argc, char** argv) {
    arguments a;
    std::vector<std::string> words;
    for (int i = 1; i < argc; ++i) {
        const std::string word = argv[i];
        a.command += (i > 1 ? " " : "augment ") + word;
        if (word.starts_with('@')) {
            for (auto& each : words_of(word.substr(1))) words.push_back(std::move(each));
        } else {
            words.push_back(word);
        }
    }
    auto& o = a.options;
    o.objectives.clear();
    const auto all_forms = o.forms;
    std::string forms = list_of(all_forms);
    std::string cost = "macs";
    std::string classes;
    double memory_gib = static_cast<double>(o.feature_memory) / gib;
    double head_percent = 100 * o.most_head_share;
    double worst_ms = 0;
    double temperature = o.tune.criterion.temperature;
    double weight_decay = o.tune.weight_decay;

    examples::command_line line{
        "augment",
        "gives a trained network (ONNX) early exits: places them, trains their heads, proves thresholds, fine-tunes, "
        "measures on test data, and writes a report, the weights and ONNX files.\n"
        "augment @FILE [more options] takes words from a file: # starts a comment, $NAME is the environment's."};
    line.option("MODEL.onnx", a.model, "the trained network, a classifier");
    describe_data(line, a);
    describe_goal(line, o);
    line.option("--cost macs|time", cost,
                "what exits are to save: MACs, or time as measured on this machine, one sample, one thread",
                {"macs", "time"});
    line.group("platform");
    line.option("--platform FILE.json", a.platform, "processors and links: where the network runs, else one processor");
    line.option("--place-for GOAL", a.place_for, "what the placement makes least", {"latency", "energy", "price"});
    line.option("--worst-latency MS", worst_ms,
                "no sample may take longer, every kept head and the slowest link counted", {1e-6, 1e9});
    describe_search(line, o);
    line.option("--most-head-share PERCENT", head_percent, "of the network's MACs: larger heads are not tried",
                {0.01, 100});
    line.option("--memory GIB", memory_gib, "for features that are kept; beyond, the network runs again", {0.01, 4096});
    line.option("--forms LIST", forms, "heads that are tried at each place, of " + list_of(all_forms));
    describe_heads(line, o);
    describe_tuning(line, o);
    line.option("--weight-decay D", weight_decay, "of the heads' training, too", {0, 1});
    line.option("--temperature T", temperature, "that softens the teacher's answer, the heads' too", {0.1, 100});
    line.group("other");
    line.option("--seed N", o.seed, "of all that is random", {0, 1 << 30});
    line.option("--out FOLDER", a.out, "what is written; a run that was stopped goes on from there");
    line.option("--classes NAME,NAME,...", classes, "names of the classes, for the report");
    line.option("--threads N", a.threads, "threads, all by default", {1, 1024});
    line.footer(
        "X and Y are .npy files of samples (N,C,H,W), (N,H,W,C), (N,C,L), (N,H,W) or (N,features) and of labels (N), "
        "or X alone is a CIFAR-10 .bin file; FILE[a:b] takes samples a to b of it. Integer samples are put through the "
        "preprocessing in the model's metadata (pixel_scale, mean, std; or scale, zero_point), floats are not.");
    line.read(words);

    try {
        o.forms = forms_of(forms, all_forms);
    } catch (const std::invalid_argument& fault) {
        line.refuse("--forms: " + std::string{fault.what()});
    }
    for (const auto& [option, data] : {std::pair{"--train", &a.train}, std::pair{"--test", &a.test}})
        if (data->samples.empty()) line.refuse(std::string{option} + " is required");
    if (a.validation.samples.empty() && a.validation_share == 0) line.refuse("--validation is required");
    if (o.objectives.empty()) o.objectives.push_back(eenn::exit_objective::least_cost(0.005));
    if (cost == "time") o.cost = eenn::construct::cost_unit::time;
    if (worst_ms > 0) o.limits.worst_seconds = worst_ms / 1000;
    o.feature_memory = static_cast<std::size_t>(memory_gib * gib);
    o.most_head_share = head_percent / 100;
    o.tune.criterion.temperature = o.heads.criterion.temperature = temperature;
    o.tune.weight_decay = o.heads.weight_decay = weight_decay;
    a.classes = split(classes);
    o.state = a.out / "state";
    return a;
}

}  // namespace augment
