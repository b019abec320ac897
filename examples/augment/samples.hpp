// SPDX-License-Identifier: MIT
//
// samples.hpp - loads data sets for augment from .npy and CIFAR-10 .bin files, preprocessed according to the model's
// metadata.
#ifndef EENN_EXAMPLES_AUGMENT_SAMPLES_HPP
#define EENN_EXAMPLES_AUGMENT_SAMPLES_HPP

#include <eenn/data/data_set.hpp>
#include <eenn/data/preprocessing.hpp>
#include <eenn/io/cifar.hpp>
#include <eenn/io/file.hpp>
#include <eenn/io/npy.hpp>

#include <charconv>
#include <map>
#include <sstream>

#include "arguments.hpp"

namespace augment {

/// Splits FILE[a:b] into the file and the range; without brackets, the whole file.
struct slice {
    std::string file;
    std::size_t first = 0;
    std::size_t last = static_cast<std::size_t>(-1);
};
inline slice parse_slice(const std::string& text) {
    slice s{text};
    const auto open = text.rfind('[');
    const auto colon = text.find(':', open);
    if (open == std::string::npos || text.back() != ']' || colon == std::string::npos) return s;
    s.file = text.substr(0, open);
    const auto read = [&](std::size_t from, std::size_t to, std::size_t& into) {
        if (from == to) return;
        const auto result = std::from_chars(text.data() + from, text.data() + to, into);
        if (result.ec != std::errc{} || result.ptr != text.data() + to)
            eenn::raise("augment", text + " is no range of samples", "write FILE[first:last]");
    };
    read(open + 1, colon, s.first);
    read(colon + 1, text.size() - 1, s.last);
    return s;
}

/// Offset of element (h,w,c) of a sample within a file's sample, from the file's dims without N. Throws if they do not
/// fit.
inline std::vector<std::size_t> order_of(const std::vector<std::int64_t>& dims, eenn::shape s,
                                         const std::string& file) {
    const auto is = [&](std::initializer_list<int> wanted) {
        return dims.size() == wanted.size() && std::equal(dims.begin(), dims.end(), wanted.begin());
    };
    const bool channels_first = is({s.c, s.h, s.w}) || (s.h == 1 && is({s.c, s.w})) || (s.w == 1 && is({s.c, s.h}));
    const bool channels_last = is({s.h, s.w, s.c}) || (s.h == 1 && is({s.w, s.c})) || (s.w == 1 && is({s.h, s.c})) ||
                               (s.c == 1 && is({s.h, s.w})) || is({static_cast<int>(s.elements())});
    if (!channels_first && !channels_last) {
        eenn::raise(file, "samples of " + eenn::io::to_string(dims) + " do not fit the network's input " + to_string(s),
                    "store them as (N,C,H,W) or (N,H,W,C)");
    }
    std::vector<std::size_t> order;
    const auto size = [](int n) { return static_cast<std::size_t>(n); };
    for (std::size_t h = 0; h < size(s.h); ++h)
        for (std::size_t w = 0; w < size(s.w); ++w)
            for (std::size_t c = 0; c < size(s.c); ++c)
                order.push_back(channels_first ? (c * size(s.h) + h) * size(s.w) + w
                                               : (h * size(s.w) + w) * size(s.c) + c);
    return order;
}

inline eenn::data_set read_samples(const source& from, eenn::shape sample, int classes,
                                   const eenn::preprocessing& prepare) {
    const slice what = parse_slice(from.samples);
    eenn::io::array pixels;
    std::vector<int> labels;
    if (what.file.ends_with(".bin")) {
        auto file = eenn::io::read_cifar10(what.file);
        pixels = std::move(file.images);
        const auto all = file.labels.to<int>(what.file);
        labels.assign(all.begin(), all.end());
    } else {
        pixels = eenn::io::read_npy(what.file);
        if (from.labels.empty())
            eenn::raise("augment", what.file + " comes without labels", "give a .npy of them after it");
        const slice label_slice = parse_slice(from.labels);
        const auto all = eenn::io::read_npy(label_slice.file).to<int>(label_slice.file);
        labels.assign(all.begin(), all.end());
        // Labels are sliced like the samples, unless they have a range of their own.
        if (label_slice.file != from.labels) {
            const std::size_t last = std::min(label_slice.last, labels.size());
            labels = {labels.begin() + static_cast<std::ptrdiff_t>(std::min(label_slice.first, last)),
                      labels.begin() + static_cast<std::ptrdiff_t>(last)};
        }
    }
    if (pixels.dims.empty()) eenn::raise(what.file, "it holds no samples");
    const auto count = static_cast<std::size_t>(pixels.dims[0]);
    const std::size_t last = std::min(what.last, count);
    if (what.first >= last)
        eenn::raise(what.file, "no samples in the range asked for; it has " + std::to_string(count));
    if (labels.size() == count) {
        labels = {labels.begin() + static_cast<std::ptrdiff_t>(what.first),
                  labels.begin() + static_cast<std::ptrdiff_t>(last)};
    }
    if (labels.size() != last - what.first) {
        eenn::raise(what.file,
                    std::to_string(last - what.first) + " samples with " + std::to_string(labels.size()) + " labels");
    }
    const std::vector<std::int64_t> dims(pixels.dims.begin() + 1, pixels.dims.end());
    const auto order = order_of(dims, sample, what.file);
    const bool integers = pixels.type != eenn::element_type::f32 && pixels.type != eenn::element_type::f64 &&
                          pixels.type != eenn::element_type::f16;
    const auto values = pixels.to<float>(what.file);
    eenn::aligned_vector<float> out(labels.size() * order.size());
    const auto channels = static_cast<std::size_t>(sample.c);
    for (std::size_t i = 0; i < labels.size(); ++i) {
        const float* in = values.data() + (what.first + i) * order.size();
        float* to = out.data() + i * order.size();
        for (std::size_t k = 0; k < order.size(); ++k) {
            const float x = in[order[k]];
            to[k] = integers ? prepare(x, k % channels) : x;
        }
    }
    return eenn::make_data_set(sample, classes, std::move(out), std::move(labels));
}

/// The group of each line or element; equal text means equal group.
inline std::vector<int> read_groups(const std::string& file) {
    std::vector<int> groups;
    if (file.ends_with(".npy")) {
        const auto all = eenn::io::read_npy(file).to<int>(file);
        groups.assign(all.begin(), all.end());
        return groups;
    }
    const auto bytes = eenn::io::read_file(file);
    std::istringstream lines{std::string{reinterpret_cast<const char*>(bytes.data()), bytes.size()}};
    std::map<std::string, int> known;
    for (std::string line; std::getline(lines, line);) {
        if (const auto slash = line.rfind('/'); slash != std::string::npos) line = line.substr(slash + 1);
        if (const auto hash = line.find("_nohash"); hash != std::string::npos) line = line.substr(0, hash);
        groups.push_back(known.try_emplace(line, static_cast<int>(known.size())).first->second);
    }
    return groups;
}

}  // namespace augment

#endif
