// SPDX-License-Identifier: MIT
//
// preprocessing.hpp - maps raw samples, such as pixels of 0 to 255, to the values that a network was trained on.
// Floor 2 (data); host subset. Letters: C = channels.
#ifndef EENN_DATA_PREPROCESSING_HPP
#define EENN_DATA_PREPROCESSING_HPP

#include <eenn/core/detail/flow.hpp>
#include <eenn/core/error.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/text/detail/json_reader.hpp>
#include <eenn/text/json_writer.hpp>

#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace eenn {
inline namespace EENN_HOST {

/// @brief x' = (scale (x - zero_point) - mean[c]) / deviation[c] for channel c. The default is x' = x.
struct preprocessing {
    float scale = 1;
    float zero_point = 0;
    std::vector<float> mean{};       ///< (C), (1) for all channels, or empty: 0
    std::vector<float> deviation{};  ///< same size as `mean`; empty: 1

    [[nodiscard]] float operator()(float x, std::size_t channel) const {
        const float y = scale * (x - zero_point);
        return mean.empty() ? y : (y - mean[channel % mean.size()]) / deviation[channel % deviation.size()];
    }
    [[nodiscard]] bool is_identity() const noexcept { return scale == 1 && zero_point == 0 && mean.empty(); }
    friend bool operator==(const preprocessing&, const preprocessing&) = default;
};

}  // namespace EENN_HOST
inline namespace EENN_ISA {

/// @brief Rejects preprocessing that cannot be applied to samples of C channels.
/// @par Errors  eenn::error naming the member, its value and the allowed values.
inline void check(const preprocessing& how, int channels, const std::string& where = "preprocessing") {
    const auto refuse = [&](const std::string& member, float value, const char* allowed) {
        raise(where, member + " is " + std::to_string(value), allowed);
    };
    if (!std::isfinite(how.scale)) refuse("scale", how.scale, "give a finite number");
    if (!std::isfinite(how.zero_point)) refuse("zero_point", how.zero_point, "give a finite number");
    if (how.mean.size() != how.deviation.size() ||
        (how.mean.size() > 1 && std::cmp_not_equal(how.mean.size(), channels)))
        raise(where,
              std::to_string(how.mean.size()) + " means and " + std::to_string(how.deviation.size()) +
                  " deviations for " + std::to_string(channels) + " channels",
              "give one of each a channel, one for all, or none");
    for (const float m : how.mean) {
        if (!std::isfinite(m)) refuse("mean", m, "give finite numbers");
    }
    for (const float d : how.deviation) {
        if (!(d > 0) || !std::isfinite(d)) refuse("std", d, "give positive numbers");
    }
}

/// @brief Writes JSON: {"scale": .., "zero_point": .., "mean": [..], "std": [..]}.
[[nodiscard]] inline std::string preprocessing_to_json(const preprocessing& how) {
    text::json_writer json{0};
    json.begin_object().member("scale", how.scale).member("zero_point", how.zero_point);
    if (!how.mean.empty()) json.key("mean").array(how.mean).key("std").array(how.deviation);
    return json.end_object().text();
}

/// @brief Reads JSON. `pixel_scale` is an alias of `scale`; unknown members are skipped.
/// @par Errors  eenn::error for malformed JSON or members of the wrong type.
[[nodiscard]] inline preprocessing preprocessing_from_json(std::string_view text, const std::string& where) {
    preprocessing how;
    eenn::text::json_reader json{text, where};
    const auto number = [&] { return static_cast<float>(json.number()); };
    const auto numbers = [&](std::vector<float>& into) {
        if (json.next() == '[') {
            json.array([&] { into.push_back(number()); });
        } else {
            into.push_back(number());
        }
    };
    json.object([&](const std::string& key) {
        if (key == "scale" || key == "pixel_scale") {
            how.scale = number();
        } else if (key == "zero_point") {
            how.zero_point = number();
        } else if (key == "mean") {
            numbers(how.mean);
        } else if (key == "std") {
            numbers(how.deviation);
        } else {
            json.skip();
        }
    });
    json.end();
    if (how.mean.empty() && !how.deviation.empty()) how.mean.assign(how.deviation.size(), 0.0F);
    if (how.deviation.empty() && !how.mean.empty()) how.deviation.assign(how.mean.size(), 1.0F);
    return how;
}

}  // namespace EENN_ISA
}  // namespace eenn

#endif
