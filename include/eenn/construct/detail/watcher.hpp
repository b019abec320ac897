// SPDX-License-Identifier: MIT
//
// detail/watcher.hpp - whom stages tell where they stand, and who may stop them.
// Floor 8 (construct); host subset.
#ifndef EENN_CONSTRUCT_DETAIL_WATCHER_HPP
#define EENN_CONSTRUCT_DETAIL_WATCHER_HPP

#include <eenn/core/detail/flow.hpp>
#include <eenn/core/isa.hpp>

#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <utility>

namespace eenn::construct {
inline namespace EENN_HOST {

/// @brief Where a construction stands, for an observer. The library itself prints nothing.
struct construct_progress {
    std::string stage;  ///< "kept work", "backbone", "heads", "search", "chosen heads", "fine-tune", "test", "time"
    std::int64_t done = 0;
    std::int64_t total = 0;
    std::string note;
};

/// @brief Called often, on one thread at a time; returning false stops the construction cleanly.
using construct_observer = std::function<bool(const construct_progress&)>;

}  // namespace EENN_HOST
inline namespace EENN_ISA {

/// @brief Passes progress on to an observer, from any thread. Once it wants to stop, it is asked no more.
class watcher {
public:
    explicit watcher(construct_observer observer) : observer_{std::move(observer)} {}

    /// False if the work is to stop.
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

}  // namespace EENN_ISA
}  // namespace eenn::construct

#endif
