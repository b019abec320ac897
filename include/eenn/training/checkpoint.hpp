// SPDX-License-Identifier: MIT
//
// checkpoint.hpp - saves the state of a training run to a file; a resumed run is bit-identical to an uninterrupted one.
// Floor 7 (training); host subset.
#ifndef EENN_TRAINING_CHECKPOINT_HPP
#define EENN_TRAINING_CHECKPOINT_HPP

#include <eenn/core/detail/fingerprint.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/core/version.hpp>
#include <eenn/io/detail/journal.hpp>
#include <eenn/io/safetensors.hpp>
#include <eenn/training/detail/training_state.hpp>

#include <charconv>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace eenn {
inline namespace EENN_ISA {

namespace detail {

// Prefixes of the extra vectors' tensor names.
inline constexpr std::string_view extra_prefix = "extra.";
inline constexpr std::string_view by_parameter_prefix = "extra_by_parameter.";

/// Covers every member of the state, so that a damaged file is detected.
[[nodiscard]] inline std::string checksum_of(const training_state& state) {
    fingerprint print;
    each_vector(state, [&](const char*, const aligned_vector<float>& values) { print.add(values); });
    for (const auto& [name, vector] : state.extra) print.add(name).add(vector.by_parameter).add(vector.values);
    print.add(state.epoch).add(state.optimizer.steps).add(state.epochs_without_gain).add(state.best_accuracy);
    return print.add(state.seed).value().text();
}

inline constexpr digest checkpoint_kind = digest_of("eenn checkpoint", version);

}  // namespace detail

/// @brief Serialises a state as a safetensors file.
///
/// Tensors carry the names of the members of training_state. An extra vector "levels" is stored as "extra.levels", or as
/// "extra_by_parameter.levels" if it has one element per parameter.
[[nodiscard]] inline aligned_vector<std::byte> checkpoint_bytes(const training_state& state) {
    std::vector<io::tensor_view> views;
    detail::each_vector(state, [&](const char* name, const aligned_vector<float>& values) {
        views.push_back(io::make_tensor_view<float>(name, {static_cast<std::int64_t>(values.size())},
                                                    std::span<const float>{values}));
    });
    for (const auto& [name, vector] : state.extra) {
        const auto prefix = vector.by_parameter ? detail::by_parameter_prefix : detail::extra_prefix;
        views.push_back(io::make_tensor_view<float>(std::string{prefix} + name,
                                                    {static_cast<std::int64_t>(vector.values.size())},
                                                    std::span<const float>{vector.values}));
    }
    char accuracy[64];
    std::snprintf(accuracy, sizeof accuracy, "%.17g", state.best_accuracy);
    return io::safetensors_bytes(views, {{"epoch", std::to_string(state.epoch)},
                                         {"optimizer_steps", std::to_string(state.optimizer.steps)},
                                         {"epochs_without_gain", std::to_string(state.epochs_without_gain)},
                                         {"best_accuracy", accuracy},
                                         {"seed", std::to_string(state.seed)},
                                         {"checksum", detail::checksum_of(state)}});
}

/// @brief Writes a state as safetensors. The write is atomic: the file is either complete or absent.
///
/// @par Errors  those of io::write_file(); an existing file at `path` is then left untouched.
inline void write_checkpoint(const std::string& path, const training_state& state) {
    io::write_file(path, checkpoint_bytes(state));
}

/// @brief Reads a state from checkpoint_bytes(); `path` only appears in messages.
///
/// @par Errors  eenn::error if the bytes are damaged, are not a checkpoint, or hold an unknown tensor, which the message
///              names. resume() checks whether the extra vectors match the run.
[[nodiscard]] inline training_state parse_checkpoint(aligned_vector<std::byte> bytes, const std::string& path) {
    const io::tensor_file file{std::move(bytes), path};
    training_state state;
    std::vector<io::tensor_target<float>> wanted;
    const auto want = [&](const io::tensor_view& view, aligned_vector<float>& values) {
        values.resize(view.bytes.size() / sizeof(float));
        wanted.push_back({view.name, {static_cast<std::int64_t>(values.size())}, values.data()});
    };
    detail::each_vector(state, [&](const char* name, aligned_vector<float>& values) {
        const auto* view = file.find(name);
        if (view == nullptr) raise(path, std::string{"no '"} + name + "' among its tensors", "it is not a checkpoint");
        want(*view, values);
    });
    for (const io::tensor_view& view : file.tensors()) {
        for (const auto prefix : {detail::extra_prefix, detail::by_parameter_prefix}) {
            if (!view.name.starts_with(prefix)) continue;
            const auto [added, is_new] = state.extra.try_emplace(view.name.substr(prefix.size()));
            if (!is_new) raise(path, "the extra vector '" + added->first + "' is there twice");
            extra_vector& vector = added->second;
            vector.by_parameter = prefix == detail::by_parameter_prefix;
            want(view, vector.values);
        }
    }
    io::assign<float>(file.tensors(), wanted, io::extra_tensors::refused, path);
    const auto read = [&](const char* key, auto& number) {
        const auto found = file.metadata().find(key);
        if (found == file.metadata().end())
            raise(path, std::string{"no "} + key + " among its metadata", "it is not a checkpoint");
        const std::string& text = found->second;
        const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (failed != std::errc{} || end != text.data() + text.size())
            raise(path, std::string{key} + " is '" + text + "'", "it is not a checkpoint");
    };
    read("epoch", state.epoch);
    read("optimizer_steps", state.optimizer.steps);
    read("epochs_without_gain", state.epochs_without_gain);
    read("best_accuracy", state.best_accuracy);
    read("seed", state.seed);
    const auto checksum = file.metadata().find("checksum");
    if (checksum == file.metadata().end() || checksum->second != detail::checksum_of(state))
        raise(path, "its checksum differs", "the file is damaged: delete it");
    return state;
}

/// @brief Reads a file of write_checkpoint(): `training.resume(read_checkpoint(path))`.
///
/// @par Errors  those of read_file() and parse_checkpoint().
[[nodiscard]] inline training_state read_checkpoint(const std::string& path) {
    return parse_checkpoint(io::read_file(path), path);
}

/// @brief The checkpoint file of a run that may be interrupted. Every epoch overwrites it, and the next run resumes from it.
///
/// @code
/// const checkpoint_file file{"run.checkpoint", digest_of(options)};
/// options.checkpoint = file;
/// trainer training{net, optimizer, start, options};
/// file.resume(training);
/// if (training.run(batches, validation)) file.remove();
/// @endcode
///
/// @par Errors  those of io::write_file(). resume() throws eenn::error if the file is damaged or belongs to another run; the
///              message names the file and the remedy.
class checkpoint_file {
public:
    /// Writes nothing.
    checkpoint_file() = default;
    /// Accepts the file of any run whose state fits.
    explicit checkpoint_file(std::string path) : path_{std::move(path)} {}
    /// @param of  a digest of everything that the training steps depend on. A file with another digest is refused.
    checkpoint_file(std::string path, const digest& of) : path_{std::move(path)}, of_{of} {}

    [[nodiscard]] const std::string& path() const noexcept { return path_; }

    /// Overwrites the file with this state.
    void operator()(const training_state& state) const {
        if (path_.empty()) return;
        if (of_) {
            io::write_sealed(path_, detail::checkpoint_kind, *of_, checkpoint_bytes(state));
        } else {
            write_checkpoint(path_, state);
        }
    }
    /// The last state written, or none if there is no file.
    [[nodiscard]] std::optional<training_state> read() const {
        if (path_.empty() || !std::filesystem::exists(path_)) return {};
        return parse_checkpoint(of_ ? io::read_sealed(path_, detail::checkpoint_kind, *of_) : io::read_file(path_),
                                path_);
    }
    /// Resumes a trainer or a training step from the file. Returns false if there is no file.
    template <class Training>
    bool resume(Training& training) const {
        auto state = read();
        if (state) training.resume(std::move(*state));
        return state.has_value();
    }
    /// Deletes the file, once the result of the run has been saved elsewhere.
    void remove() const {
        std::error_code ignored;
        if (!path_.empty()) std::filesystem::remove(path_, ignored);
    }

private:
    std::string path_;
    std::optional<digest> of_;
};

}  // namespace EENN_ISA
}  // namespace eenn

#endif
