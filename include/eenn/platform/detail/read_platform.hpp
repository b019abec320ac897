// SPDX-License-Identifier: MIT
//
// detail/read_platform.hpp - parses a platform from JSON, member by member.
// Floor 7 (platform); host subset. Tested by tests/platform/read_platform.cpp.
#ifndef EENN_PLATFORM_DETAIL_READ_PLATFORM_HPP
#define EENN_PLATFORM_DETAIL_READ_PLATFORM_HPP

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <eenn/core/detail/flow.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/io/file.hpp>
#include <eenn/platform/platform.hpp>
#include <eenn/platform/read_platform.hpp>
#include <eenn/text/detail/json_reader.hpp>

namespace eenn {
inline namespace EENN_ISA {

namespace detail {

/// Parses one platform and tracks the path of the current value, for messages.
class platform_reader {
public:
    platform_reader(std::string_view text, const std::string& where) : json_{text, where}, path_{where} {}

    [[nodiscard]] platform read() {
        platform made;
        members({"processors"}, [&](const std::string& key) {
            if (key == "processors") {
                elements([&] { made.processors.push_back(read_processor()); });
            } else if (key == "links") {
                elements([&] { made.links.push_back(read_link()); });
            } else {
                return false;
            }
            return true;
        });
        json_.end();
        return made;
    }

private:
    using fields = std::vector<std::pair<std::string_view, double*>>;

    // Runs `body` one level down the path; its errors name the path.
    template <class F>
    void within(const std::string& step, F&& body) {
        const std::string before = path_;
        path_ += step;
        body();
        path_ = before;
    }
    template <class F>
    auto located(F&& body) {
        try {
            return body();
        } catch (const error& e) {
            throw error{path_ + ": " + e.what()};
        }
    }

    // Reads the members of an object: `known(key)` reads a value or reports an unknown key. "note" is free text.
    template <class F>
    void members(std::vector<std::string_view> needed, F&& known) {
        std::vector<std::string> seen;
        json_.object([&](std::string key) {
            within("." + key, [&] {
                for (const auto& other : seen) {
                    if (other == key) raise(path_, "the key stands twice", "keep one");
                }
                seen.push_back(key);
                if (key == "note") {
                    (void)text();
                } else if (!known(key)) {
                    raise(path_, "no such key", "misspelt? \"note\" takes free text");
                }
            });
        });
        for (const auto key : needed) {
            bool there = false;
            for (const auto& other : seen) there = there || other == key;
            if (!there) raise(path_ + "." + std::string{key}, "it is missing", "add it");
        }
    }
    template <class F>
    void elements(F&& element) {
        int index = 0;
        json_.array([&] { within("[" + std::to_string(index++) + "]", element); });
    }

    [[nodiscard]] std::string text() {
        return located([&] { return json_.string(); });
    }
    bool number(const std::string& key, const fields& known) {
        for (const auto& [name, value] : known) {
            if (name != key) continue;
            *value = located([&] { return json_.number(); });
            return true;
        }
        return false;
    }
    [[nodiscard]] operator_class class_named(const std::string& name) const {
        for (const operator_class c : all_operator_classes) {
            if (to_string(c) == name) return c;
        }
        raise(path_, "no operator class \"" + name + "\"", "there are convolution, depthwise, dense, pooling, other");
    }

    [[nodiscard]] processor read_processor() {
        processor made;
        const fields numbers{
            {"macs_per_second", &made.macs_per_second},   {"memory_bytes", &made.memory_bytes},
            {"bytes_per_weight", &made.bytes_per_weight}, {"bytes_per_activation", &made.bytes_per_activation},
            {"active_watts", &made.active_watts},         {"idle_watts", &made.idle_watts},
            {"start_seconds", &made.start_seconds},       {"price_per_mac", &made.price_per_mac}};
        members({"name", "macs_per_second", "memory_bytes"}, [&](const std::string& key) {
            if (key == "name") {
                made.name = text();
            } else if (key == "unsupported") {
                elements([&] { made.unsupported[class_named(text())] = true; });
            } else if (key == "class_macs_per_second") {
                members({}, [&](const std::string& name) {
                    double& rate = made.class_macs_per_second[class_named(name)];
                    rate = located([&] { return json_.number(); });
                    check_number(path_, rate, false);
                    return true;
                });
            } else {
                return number(key, numbers);
            }
            return true;
        });
        return made;
    }

    [[nodiscard]] data_link read_link() {
        data_link made;
        const fields numbers{{"bytes_per_second", &made.bytes_per_second},
                             {"latency_seconds", &made.latency_seconds},
                             {"joules_per_byte", &made.joules_per_byte}};
        members({"from", "to", "bytes_per_second"}, [&](const std::string& key) {
            if (key != "from" && key != "to") return number(key, numbers);
            (key == "from" ? made.from : made.to) = text();
            return true;
        });
        return made;
    }

    text::json_reader json_;
    std::string path_;
};

}  // namespace detail

}  // namespace EENN_ISA
inline namespace EENN_HOST {

EENN_FLOW platform parse_platform(std::string_view json, const std::string& where) {
    platform made = detail::platform_reader{json, where}.read();
    check_platform(made, where);
    return made;
}

EENN_FLOW platform read_platform(const std::string& path) {
    const auto bytes = io::read_file(path);
    return parse_platform({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, path);
}

}  // namespace EENN_HOST
}  // namespace eenn

#endif
