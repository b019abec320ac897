// SPDX-License-Identifier: MIT
//
// arguments.hpp - the command line of augment, and files of it: `augment @resnet56.args`.
#ifndef EENN_EXAMPLES_AUGMENT_ARGUMENTS_HPP
#define EENN_EXAMPLES_AUGMENT_ARGUMENTS_HPP

#include <eenn/construct/options.hpp>
#include <eenn/io/file.hpp>

#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

namespace augment {

inline constexpr const char* usage =
    R"(augment MODEL.onnx --train X [Y] --validation X [Y] | SHARE --test X [Y] [options]
augment @FILE [more options]      options from a file: a line each, # starts a comment, $NAME is the environment's

data  X, Y   .npy files of samples (N,C,H,W), (N,H,W,C), (N,C,L), (N,H,W) or (N,features) and of labels (N), or X alone
             as a CIFAR-10 .bin file; FILE[a:b] takes samples a to b of it. Integer samples are put through the
             preprocessing in the model's metadata (pixel_scale, mean, std; or scale, zero_point), floats are not.
  --validation SHARE        splits this share off the training data, whole groups of it where there are --groups
  --groups FILE             a line or an element a training sample: the speaker, patient or device it came from;
                            of a line, what stands before the last '_nohash' or '/' counts
goal
  --max-loss POINTS         least cost that loses at most so many points of accuracy on validation data (default 0.5)
  --margin ERRORS (1)       that limit is kept with so many standard errors to spare, where the exits allow it
  --max-cost PERCENT        best accuracy at this share of the cost; both may be given several times: the first is built
  --cost macs|time (macs)   what exits are to save: MACs, or time as measured on this machine, one sample, one thread
platform
  --platform FILE.json      processors and links: where the network runs (default: one processor)
  --place-for latency|energy|price (latency)   what the placement makes least
  --worst-latency MS        no sample may take longer, every kept head and the slowest link counted
search
  --most-exits N (3)  --most-sites N (8)  --most-head-share PERCENT (15)  --memory GIB (6)
  --forms LIST (small,medium,large,whole,dense)   heads that are tried at each site
heads
  --head-epochs N (3)  --head-rate R (0.1)  --head-batch N (64)  --head-samples N (all)  --head-teaching SHARE (0.5)
  --final-epochs N (10)     of the heads that were chosen
fine-tuning
  --epochs N (3)  --rate R (0.01)  --batch N (64)  --teaching SHARE (0.5)  --temperature T (2)  --last-weight W (1)
  --average DECAY (0)  --clip NORM (2)  --weight-decay D (5e-4)  --crop PIXELS (0)  --flip yes|no (no)  --mix-up ALPHA (0)
other
  --seed N (1)  --out FOLDER (augmented)  --classes NAME,NAME,...  --threads N (all)
)";

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
    int threads = 0;
    eenn::construct::augment_options options;
};

/// $NAME and ${NAME} become what the environment says.
inline std::string expanded(const std::string& text) {
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

/// The forms of a list, in the order of their size.
inline std::vector<eenn::construct::head_form> forms_of(const std::string& list) {
    using eenn::construct::head_form;
    std::vector<head_form> forms;
    std::string rest = "," + list + ",";
    for (const head_form form : eenn::construct::augment_options{}.forms) {  // all that there are
        const std::string name = std::string{to_string(form)} + ",";
        const auto at = rest.find("," + name);
        if (at == std::string::npos) continue;
        rest.erase(at + 1, name.size());
        forms.push_back(form);
    }
    if (forms.empty() || rest != ",")
        eenn::raise("augment", "--forms " + list,
                    "give some of small, medium, large, whole, dense, separated by commas");
    return forms;
}

/// The words of an options file.
inline std::vector<std::string> words_of(const std::string& file) {
    const auto bytes = eenn::io::read_file(file);
    std::istringstream lines{std::string{reinterpret_cast<const char*>(bytes.data()), bytes.size()}};
    std::vector<std::string> words;
    for (std::string line; std::getline(lines, line);) {
        std::istringstream in{line.substr(0, line.find('#'))};
        for (std::string word; in >> word;) words.push_back(expanded(word));
    }
    return words;
}

inline double number(const std::string& option, const std::string& text, double low, double high) {
    char* end = nullptr;
    const double value = std::strtod(text.c_str(), &end);
    if (text.empty() || *end != '\0' || !(value >= low && value <= high)) {
        std::ostringstream range;
        range << "give a number from " << low << " to " << high;
        eenn::raise("augment", option + " " + text, range.str());
    }
    return value;
}

inline arguments read_arguments(int argc, char** argv) {
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
    for (std::size_t i = 0; i < words.size();) {
        const std::string option = words[i++];
        if (!option.starts_with("--")) {
            if (!a.model.empty()) eenn::raise("augment", "two models, " + a.model + " and " + option, "give one");
            a.model = option;
            continue;
        }
        if (i == words.size()) eenn::raise("augment", "option " + option + " has no value");
        const std::string value = words[i++];
        const auto real = [&](double low, double high) { return number(option, value, low, high); };
        const auto whole = [&](int low, int high) { return static_cast<int>(number(option, value, low, high)); };
        const auto data = [&](source& into) {
            into.samples = value;
            if (i < words.size() && !words[i].starts_with("--") && words[i].find(".npy") != std::string::npos)
                into.labels = words[i++];
        };
        if (option == "--train") {
            data(a.train);
        } else if (option == "--validation") {
            if (value.find_first_not_of("0123456789.") == std::string::npos) {
                a.validation_share = real(0.01, 0.9);
            } else {
                data(a.validation);
            }
        } else if (option == "--test") {
            data(a.test);
        } else if (option == "--groups") {
            a.groups = value;
        } else if (option == "--platform") {
            a.platform = value;
        } else if (option == "--place-for") {
            if (value != "latency" && value != "energy" && value != "price")
                eenn::raise("augment", "--place-for " + value, "give latency, energy or price");
            a.place_for = value;
        } else if (option == "--worst-latency") {
            o.limits.worst_seconds = real(1e-6, 1e9) / 1000;
        } else if (option == "--out") {
            a.out = value;
        } else if (option == "--classes") {
            std::istringstream names{value};
            for (std::string name; std::getline(names, name, ',');) a.classes.push_back(name);
        } else if (option == "--threads") {
            a.threads = whole(1, 1024);
        } else if (option == "--max-loss") {
            o.objectives.push_back(eenn::exit_objective::least_cost(real(-100, 100) / 100));
        } else if (option == "--max-cost") {
            o.objectives.push_back(eenn::exit_objective::best_accuracy(real(0, 1000) / 100));
        } else if (option == "--cost") {
            if (value != "macs" && value != "time")
                eenn::raise("augment", "--cost " + value + " is no unit", "give macs or time");
            o.cost = value == "time" ? eenn::construct::cost_unit::time : eenn::construct::cost_unit::macs;
        } else if (option == "--margin") {
            o.loss_margin = real(0, 10);
        } else if (option == "--forms") {
            o.forms = forms_of(value);
        } else if (option == "--most-exits") {
            o.most_exits = whole(1, 8);
        } else if (option == "--most-sites") {
            o.most_sites = whole(1, 64);
        } else if (option == "--most-head-share") {
            o.most_head_share = real(0.01, 100) / 100;
        } else if (option == "--memory") {
            o.feature_memory = static_cast<std::size_t>(real(0.01, 4096) * (std::size_t{1} << 30));
        } else if (option == "--head-epochs") {
            o.heads.epochs = whole(1, 10000);
        } else if (option == "--final-epochs") {
            o.heads.final_epochs = whole(0, 10000);
        } else if (option == "--head-rate") {
            o.heads.rate = real(1e-9, 10);
        } else if (option == "--head-batch") {
            o.heads.batch = whole(1, 65536);
        } else if (option == "--head-samples") {
            o.head_samples = whole(1, 1 << 30);
        } else if (option == "--head-teaching") {
            o.heads.criterion.share = real(0, 1);
        } else if (option == "--epochs") {
            o.tune.epochs = whole(0, 10000);
        } else if (option == "--rate") {
            o.tune.rate = real(1e-9, 10);
        } else if (option == "--batch") {
            o.tune.batch = whole(1, 65536);
        } else if (option == "--teaching") {
            o.tune.criterion.share = real(0, 1);
        } else if (option == "--temperature") {
            o.tune.criterion.temperature = o.heads.criterion.temperature = real(0.1, 100);
        } else if (option == "--last-weight") {
            o.tune.last_weight = real(0, 1000);
        } else if (option == "--average") {
            o.tune.average_decay = real(0, 0.999999);
        } else if (option == "--weight-decay") {
            o.tune.weight_decay = o.heads.weight_decay = real(0, 1);
        } else if (option == "--clip") {
            o.tune.clip_norm = real(0, 1e9);
        } else if (option == "--crop") {
            o.tune.augment.crop_padding = whole(0, 64);
        } else if (option == "--flip") {
            o.tune.augment.flip = value == "yes";
        } else if (option == "--mix-up") {
            o.tune.augment.mix_up = real(0, 2);
        } else if (option == "--seed") {
            o.seed = static_cast<std::uint64_t>(whole(0, 1 << 30));
        } else {
            eenn::raise("augment", "unknown option " + option, "augment --help lists them");
        }
    }
    if (o.objectives.empty()) o.objectives.push_back(eenn::exit_objective::least_cost(0.005));
    if (a.model.empty()) eenn::raise("augment", "there is no model", "augment --help says how to give one");
    if (a.train.samples.empty() || a.test.samples.empty() || (a.validation.samples.empty() && a.validation_share == 0))
        eenn::raise("augment", "training, validation or test data is missing", "augment --help says how to give it");
    o.state = a.out / "state";
    return a;
}

}  // namespace augment

#endif
