// SPDX-License-Identifier: MIT
//
// detail/watcher.hpp - reports the progress of stages to an observer, which may stop them.
// Floor 8 (construct); host subset. Tested by tests/construct/augment.cpp.
#ifndef EENN_CONSTRUCT_DETAIL_WATCHER_HPP
#define EENN_CONSTRUCT_DETAIL_WATCHER_HPP

#include <eenn/core/detail/flow.hpp>
#include <eenn/core/isa.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <utility>

namespace eenn::construct {
inline namespace EENN_HOST {

/// @brief Progress of a construction, as reported to an observer. The library itself prints nothing.
struct construct_progress {
    /// "kept work", "backbone", "heads", "search", "chosen heads", "thresholds", "fine-tune", "thresholds, tuned",
    /// "test", "time". If a stage has several parts, the part is numbered: "backbone 2/3".
    std::string stage;
    std::int64_t done = 0;   ///< of `total`; never falls within a stage, and reaches it unless the work is stopped
    std::int64_t total = 0;  ///< samples or steps, or 1000 if neither is known in advance
    std::string note;
};

/// @brief Called often, by one thread at a time. Returning false stops the construction cleanly.
using construct_observer = std::function<bool(const construct_progress&)>;

}  // namespace EENN_HOST
inline namespace EENN_ISA {

/// @brief Forwards progress to an observer, from any thread. Once the observer asks to stop, it is not called again.
class watcher {
public:
    explicit watcher(construct_observer observer) : observer_{std::move(observer)} {}

    /// Returns false if the work is to stop.
    [[nodiscard]] bool tell(const std::string& stage, std::int64_t done, std::int64_t total,
                            const std::string& note = {}) {
        if (!observer_) return true;
        const std::lock_guard lock{telling_};
        if (!stopped_ && !observer_({stage, done, total, note})) stopped_ = true;
        return !stopped_;
    }

private:
    construct_observer observer_;
    std::mutex telling_;
    bool stopped_ = false;
};

/// @brief Receives the share of some work that is done, from 0 to 1, on any thread. Returning false stops the work. May
/// be empty.
using share_observer = std::function<bool(double share)>;

/// @brief Maps progress of a part to the range from `first` to `last` of the whole.
[[nodiscard]] inline share_observer part_of(share_observer whole, double first, double last) {
    if (!whole) return {};
    return [whole = std::move(whole), first, last](double share) { return whole(first + share * (last - first)); };
}

/// @brief The same for work that counts samples.
[[nodiscard]] inline std::function<bool(std::size_t done)> samples_of(share_observer whole, std::size_t count) {
    if (!whole) return {};
    return [whole = std::move(whole), count](std::size_t done) {
        return whole(static_cast<double>(done) / static_cast<double>(count));
    };
}

/// @brief Reports a stage in thousandths of its work. Progress never falls, in whatever order threads report.
class stage_share {
public:
    stage_share(watcher& watch, std::string stage) : watch_{watch}, stage_{std::move(stage)} {}

    /// Reports the share of the work that is done, from 0 to 1. Returns false if the work is to stop.
    [[nodiscard]] bool reach(double share) {
        const std::lock_guard lock{reaching_};
        done_ = std::max(done_, static_cast<std::int64_t>(1000 * std::clamp(share, 0.0, 1.0)));
        return watch_.tell(stage_, done_, 1000);
    }
    /// An observer for the part of the stage from `first` to `last`. The stage must outlive it.
    [[nodiscard]] share_observer part(double first, double last) {
        return part_of([this](double share) { return reach(share); }, first, last);
    }

private:
    watcher& watch_;
    std::string stage_;
    std::mutex reaching_;
    std::int64_t done_ = 0;
};

}  // namespace EENN_ISA
}  // namespace eenn::construct

#endif
