// SPDX-License-Identifier: MIT
//
// augment.hpp - a trained network in, the best early-exit network out: sites, heads, search, fine-tuning, measurement.
// Floor 6 (construct); host subset. Letters: N = samples, C = classes, H = heads, E = exits.
#ifndef EENN_CONSTRUCT_AUGMENT_HPP
#define EENN_CONSTRUCT_AUGMENT_HPP

#include <eenn/construct/architectures.hpp>
#include <eenn/construct/branched.hpp>
#include <eenn/construct/evaluate.hpp>
#include <eenn/construct/options.hpp>
#include <eenn/construct/renormalise.hpp>
#include <eenn/construct/result.hpp>
#include <eenn/construct/state.hpp>
#include <eenn/construct/timing.hpp>
#include <eenn/construct/train_heads.hpp>
#include <eenn/exits/calibration.hpp>
#include <eenn/exits/collect_trace.hpp>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <mutex>
#include <numeric>

namespace eenn::construct {

/// @brief What comes out: the early-exit network of the first objective, ready to infer, and the account of it all.
struct augmented {
    bool finished = false;             ///< false: the observer stopped it; the state folder has what was done
    graph network;                     ///< with the exits that were kept; the base network if none pays off
    aligned_vector<float> parameters;  ///< of `network`
    std::vector<exit_rule> rules;      ///< one an exit, the last included
    std::vector<int> sites;            ///< by kept exit but the last: its node in the base network
    exit_trace validation;             ///< of `network`
    exit_trace test;
    result report;
};

/// @brief The construction as an object: run() does it all.
template <Executor X>
class construction {
public:
    /// @param names  by node, for the report; may be empty. The sets and the executor must outlive this.
    construction(const graph& base, std::span<const float> parameters, std::span<const std::string> names,
                 const data_set& train, const data_set& validation, const data_set& test, augment_options options,
                 X& executor)
        : base_{base},
          parameters_(parameters.begin(), parameters.end()),
          names_(names.begin(), names.end()),
          train_{train},
          validation_{validation},
          test_{test},
          options_{std::move(options)},
          executor_{executor},
          net_{base},
          backbone_{find_backbone(base)} {
        check_input();
    }

    [[nodiscard]] augmented run() {
        augmented out{false, base_, {}, {}, {}, {}, {}, {}};
        account_ = &out.report;
        describe();
        propose_heads();
        if (!timed("backbone and heads", [&] { return train_all_heads(); })) return out;
        if (!timed("search", [&] { return search(); })) return out;
        if (!timed("fine-tuning", [&] { return tune(); })) return out;
        if (!timed("test", [&] { return finish(out); })) return out;
        out.finished = true;
        account_ = nullptr;
        return out;
    }

private:
    using clock = std::chrono::steady_clock;

    struct candidate {
        int site = 0;  ///< index into backbone_.sites
        head what;
        head_form form = head_form::small;
        std::int64_t macs = 0;
        std::int64_t parameters = 0;
        int summary = 0;  ///< index into result::heads
        trained_head trained;
    };

    /// The choice for one objective.
    struct setting {
        std::vector<int> heads;  ///< indices into the table it was made from
        threshold_choice choice;
        bool feasible = false;
    };

    void check_input() const {
        const auto check_set = [&](const data_set& set, const char* what, int least) {
            if (!(set.sample == base_.input())) {
                raise("construct", std::string{what} + " samples are " + to_string(set.sample) +
                                       ", the network takes " + to_string(base_.input()));
            }
            if (set.classes != backbone_.classes) {
                raise("construct",
                      std::string{what} + " labels are of " + std::to_string(set.classes) +
                          " classes, the network has " + std::to_string(backbone_.classes) + " logits",
                      "give the data that the network was trained for");
            }
            if (set.size() < least) {
                raise("construct", std::to_string(set.size()) + " " + what + " samples are too few to choose exits by",
                      "give at least " + std::to_string(least));
            }
        };
        check_set(train_, "training", 2);
        check_set(validation_, "validation", std::max(50, 2 * backbone_.classes));
        check_set(test_, "test", 1);
        if (parameters_.size() != net_.plan().parameter_elements()) {
            raise("construct", std::to_string(parameters_.size()) + " parameters for a network of " +
                                   std::to_string(net_.plan().parameter_elements()));
        }
        if (options_.objectives.empty()) raise("construct", "there is no objective", "give at least one");
        if (options_.most_exits < 1 || options_.most_sites < 1)
            raise("construct", "no exits are allowed", "allow at least one exit and one site");
    }

    [[nodiscard]] std::string name_of(int node) const {
        const auto n = static_cast<std::size_t>(node);
        if (n < names_.size() && !names_[n].empty()) return names_[n];
        return std::visit([](const auto& layer) { return std::string{layer.kind}; }, base_.nodes()[n].what) + "_" +
               std::to_string(node);
    }

    [[nodiscard]] bool tell(const std::string& stage, std::int64_t done, std::int64_t total,
                            const std::string& note = {}) {
        if (!options_.observer) return true;
        const std::lock_guard lock{telling_};
        if (!stopped_ && !options_.observer({stage, done, total, note})) stopped_ = true;
        return !stopped_;
    }

    template <class Work>
    bool timed(const char* stage, Work&& work) {
        const auto start = clock::now();
        const bool done = work();
        account_->seconds.emplace_back(stage, std::chrono::duration<double>(clock::now() - start).count());
        return done;
    }

    void describe() {
        result& r = *account_;
        r.seed = options_.seed;
        r.train_samples = train_.size();
        r.validation_samples = validation_.size();
        r.test_samples = test_.size();
        r.base_macs = backbone_.macs;
        r.base_parameters = backbone_.parameters;
        for (const site& s : backbone_.sites) {
            r.sites.push_back({name_of(s.node), s.node, s.features, s.macs,
                               static_cast<std::int64_t>(s.features.elements() * sizeof(float))});
        }
    }

    /// Heads for a spread of sites; what is not considered says why.
    void propose_heads() {
        const auto share = [&](std::int64_t macs) {
            return static_cast<double>(macs) / static_cast<double>(std::max<std::int64_t>(1, backbone_.macs));
        };
        std::vector<int> useful;
        std::vector<std::string> why(backbone_.sites.size());
        for (std::size_t s = 0; s < backbone_.sites.size(); ++s) {
            if (share(backbone_.sites[s].macs) > options_.deepest_share) {
                why[s] = "so deep that an exit saves nothing";
            } else {
                useful.push_back(static_cast<int>(s));
            }
        }
        std::vector<char> kept(backbone_.sites.size(), 0);
        if (static_cast<int>(useful.size()) <= options_.most_sites) {
            for (const int s : useful) kept[static_cast<std::size_t>(s)] = 1;
        } else {
            // The sites nearest to marks at equal distances between the first and the last.
            const double first = share(backbone_.sites[static_cast<std::size_t>(useful.front())].macs);
            const double last = share(backbone_.sites[static_cast<std::size_t>(useful.back())].macs);
            for (int k = 0; k < options_.most_sites; ++k) {
                const double mark = options_.most_sites == 1 ? 0.5 * (first + last)
                                                             : first + (last - first) * k / (options_.most_sites - 1);
                const auto nearest = std::min_element(useful.begin(), useful.end(), [&](int a, int b) {
                    const auto distance = [&](int s) {
                        return std::abs(share(backbone_.sites[static_cast<std::size_t>(s)].macs) - mark) +
                               (kept[static_cast<std::size_t>(s)] ? 2.0 : 0.0);
                    };
                    return distance(a) < distance(b);
                });
                kept[static_cast<std::size_t>(*nearest)] = 1;
            }
            for (const int s : useful) {
                if (!kept[static_cast<std::size_t>(s)]) why[static_cast<std::size_t>(s)] = "a neighbour stands for it";
            }
        }
        for (std::size_t s = 0; s < backbone_.sites.size(); ++s) {
            head before;
            for (const head_form form : options_.forms) {
                candidate c;
                c.site = static_cast<int>(s);
                c.form = form;
                c.what = design_head(backbone_, backbone_.sites[s].features, form);
                const plan lowered = lower(head_network(c.what, backbone_.sites[s].features));
                c.macs = lowered.sizes.macs;
                c.parameters = static_cast<std::int64_t>(lowered.sizes.parameters);
                head_summary summary{
                    static_cast<int>(s), std::string{to_string(form)}, c.macs, c.parameters, false, 0, false, why[s]};
                if (summary.pruned.empty() && share(c.macs) > options_.most_head_share)
                    summary.pruned = "the head alone takes " + std::to_string(static_cast<int>(100 * share(c.macs))) +
                                     " % of the base network's MACs";
                if (summary.pruned.empty() && form == head_form::dense && backbone_.sites[s].macs > c.macs)
                    summary.pruned = "so deep that the backbone is the better network";
                if (summary.pruned.empty() && c.what == before) summary.pruned = "the same as the smaller form";
                before = c.what;
                c.summary = static_cast<int>(account_->heads.size());
                if (summary.pruned.empty()) candidates_.push_back(c);
                account_->heads.push_back(summary);
            }
        }
        if (candidates_.empty()) {
            raise("construct",
                  "no exit fits: the network has " + std::to_string(backbone_.sites.size()) +
                      " sites, and every head at them was pruned",
                  "allow larger heads (most_head_share) or deeper sites (deepest_share)");
        }
    }

    [[nodiscard]] std::vector<int> training_indices() const {
        std::vector<int> all(static_cast<std::size_t>(train_.size()));
        std::iota(all.begin(), all.end(), 0);
        if (options_.head_samples > 0 && options_.head_samples < train_.size()) {
            shuffle(all, random_stream{.seed = options_.seed, .stream = 77});
            all.resize(static_cast<std::size_t>(options_.head_samples));
            std::sort(all.begin(), all.end());
        }
        return all;
    }

    /// Every sample passes the backbone once for all sites whose features fit the memory together.
    bool train_all_heads() {
        const fingerprint base_print = fingerprint{}
                                           .add(std::span<const float>{parameters_})
                                           .add(std::span<const int>{train_.labels})
                                           .add(std::span<const int>{validation_.labels})
                                           .add(std::span<const float>{train_.pixels})
                                           .add(options_.heads.epochs)
                                           .add(options_.heads.batch)
                                           .add(options_.heads.rate)
                                           .add(options_.heads.weight_decay)
                                           .add(options_.heads.criterion.share)
                                           .add(options_.heads.criterion.temperature)
                                           .add(options_.heads.criterion.smoothing)
                                           .add(options_.head_samples)
                                           .add(options_.tune.augment.crop_padding)
                                           .add(options_.tune.augment.flip)
                                           .add(options_.tune.augment.cutout)
                                           .add(options_.seed);
        prints_.clear();
        for (const candidate& c : candidates_) {
            fingerprint print = base_print;
            print.add(backbone_.sites[static_cast<std::size_t>(c.site)].node).add(c.what.hidden);
            for (int i = 0; i < c.what.count; ++i) {
                const auto& s = c.what.stages[static_cast<std::size_t>(i)];
                print.add(s.filters).add(s.stride_h).add(s.stride_w).add(s.separable);
            }
            prints_.push_back(print);
        }
        const std::vector<int> indices = training_indices();
        std::vector<int> every(static_cast<std::size_t>(validation_.size()));
        std::iota(every.begin(), every.end(), 0);
        std::vector<int> labels;
        for (const int i : indices) labels.push_back(train_.labels[static_cast<std::size_t>(i)]);

        // Groups of candidates whose sites fit the memory together.
        std::vector<std::vector<std::size_t>> groups;
        std::size_t bytes = 0;
        int last_site = -1;
        for (std::size_t c = 0; c < candidates_.size(); ++c) {
            if (read_head(c)) continue;
            const int s = candidates_[c].site;
            if (s != last_site || groups.empty()) {
                const shape size = backbone_.sites[static_cast<std::size_t>(s)].features;
                const std::size_t more = feature_bytes(std::span<const shape>{&size, 1}, indices.size() + every.size());
                if (groups.empty() || bytes + more > options_.feature_memory) {
                    groups.emplace_back();
                    bytes = 0;
                }
                bytes += more;
                last_site = s;
            }
            groups.back().push_back(c);
        }

        base_validation_ = collect_logits(net_.inference(), parameters_, validation_, executor_)[0];
        for (std::size_t g = 0; g < groups.size(); ++g) {
            std::vector<int> nodes;
            std::vector<std::size_t> slot(candidates_.size(), 0);
            for (const std::size_t c : groups[g]) {
                const int node = backbone_.sites[static_cast<std::size_t>(candidates_[c].site)].node;
                if (nodes.empty() || nodes.back() != node) nodes.push_back(node);
                slot[c] = nodes.size() - 1;
            }
            const std::string stage = groups.size() == 1
                                          ? "backbone"
                                          : "backbone " + std::to_string(g + 1) + "/" + std::to_string(groups.size());
            feature_pass train;
            feature_pass validation;
            const auto all = static_cast<std::int64_t>(indices.size());
            if (!run_backbone(net_.inference(), parameters_, train_, indices, nodes, train, executor_,
                              [&](std::int64_t done) { return tell(stage, done, all); }) ||
                !run_backbone(net_.inference(), parameters_, validation_, every, nodes, validation, executor_)) {
                return false;
            }
            if (!train_group(groups[g], slot, indices, labels, train, validation)) return false;
        }
        for (std::size_t c = 0; c < candidates_.size(); ++c) {
            head_summary& summary = account_->heads[static_cast<std::size_t>(candidates_[c].summary)];
            summary.trained = true;
            summary.accuracy = mean_of(right_answers(candidates_[c].trained.logits, validation_.labels));
        }
        return true;
    }

    /// Whether a head sees its samples changed at random: where running the backbone again up to its site costs less than
    /// half of the head's own training, and there are changes to make.
    [[nodiscard]] bool afresh(const candidate& who) const {
        return options_.tune.augment.any() && options_.tune.augment.mix_up == 0 &&
               2 * backbone_.sites[static_cast<std::size_t>(who.site)].macs < 3 * who.macs;
    }

    bool train_group(const std::vector<std::size_t>& group, const std::vector<std::size_t>& slot,
                     const std::vector<int>& indices, const std::vector<int>& labels, const feature_pass& train,
                     const feature_pass& validation) {
        std::vector<std::size_t> order = group;  // the longest first, so that no thread is left with it at the end
        std::stable_sort(order.begin(), order.end(),
                         [&](std::size_t a, std::size_t b) { return candidates_[a].macs > candidates_[b].macs; });
        std::vector<std::int64_t> steps(candidates_.size(), 0);
        std::int64_t total = 0;
        for (const std::size_t c : group) total += candidates_[c].macs;
        std::vector<double> share(candidates_.size(), 0);
        std::atomic<std::size_t> next{0};
        std::atomic<bool> stopped{false};
        std::mutex lock;
        const int tasks = std::min(executor_.concurrency(), static_cast<int>(order.size()));
        executor_.run(tasks, [&](int) {
            for (std::size_t k = next++; k < order.size() && !stopped; k = next++) {
                const std::size_t c = order[k];
                candidate& who = candidates_[c];
                const auto watch = [&](std::int64_t step, std::int64_t of) {
                    const std::lock_guard guard{lock};
                    share[c] = static_cast<double>(who.macs) * static_cast<double>(step) / static_cast<double>(of);
                    const double sum = std::accumulate(share.begin(), share.end(), 0.0);
                    if (!tell("heads", static_cast<std::int64_t>(1000 * sum / static_cast<double>(total)), 1000))
                        stopped = true;
                    return !stopped;
                };
                auto made = afresh(who) ? train_head_afresh(who.what, base_, parameters_,
                                                            backbone_.sites[static_cast<std::size_t>(who.site)].node,
                                                            train_, indices, train.logits, validation_,
                                                            options_.tune.augment, options_.heads, options_.seed, watch)
                                        : train_head(who.what, train.sites[slot[c]], labels, train.logits,
                                                     validation.sites[slot[c]], validation_.labels, options_.heads,
                                                     options_.seed, watch);
                if (!made) {
                    stopped = true;
                    return;
                }
                who.trained = std::move(*made);
                write_head(c);
            }
        });
        return !stopped;
    }

    [[nodiscard]] std::filesystem::path head_file(std::size_t c) const {
        return options_.state / ("head_" + prints_[c].text() + ".safetensors");
    }
    bool read_head(std::size_t c) {
        if (options_.state.empty()) return false;
        return read_vectors(head_file(c), std::pair{"parameters", &candidates_[c].trained.parameters},
                            std::pair{"logits", &candidates_[c].trained.logits});
    }
    void write_head(std::size_t c) const {
        if (options_.state.empty()) return;
        write_vectors(head_file(c),
                      {{"parameters", candidates_[c].trained.parameters}, {"logits", candidates_[c].trained.logits}});
    }

    /// An objective in the unit of the traces: a limit on cost is given as a share of the base network's MACs.
    [[nodiscard]] exit_objective in_macs(exit_objective objective) const {
        if (objective.goal == exit_objective::kind::best_accuracy)
            objective.limit *= static_cast<double>(backbone_.macs);
        return objective;
    }

    [[nodiscard]] exit_words words_of(std::vector<float> logits, double reach, double head_cost, int site) const {
        exit_words words{std::move(logits), 1, max_probability{}, reach, head_cost, site};
        words.temperature = static_cast<float>(fit_temperature(words.logits, validation_.labels).temperature);
        return words;
    }

    /// A loss is counted from the base network's accuracy, whatever fine-tuning does to the classifier.
    [[nodiscard]] std::optional<threshold_choice> solve(const exit_trace& trace, exit_objective objective,
                                                        const threshold_options& how = {}) const {
        if (objective.goal == exit_objective::kind::least_cost)
            objective.limit += lone_accuracy(trace, trace.exits - 1) - account_->base_validation_accuracy;
        return try_thresholds(trace, in_macs(objective), how);
    }

    /// The best set of heads of a table for one objective.
    [[nodiscard]] setting best_setting(const exit_table& table, const exit_objective& objective, bool record) {
        const auto judge = [&](std::span<const int> heads) -> std::optional<double> {
            if (stopped_) return {};
            const auto choice = solve(trace_of(table, heads), objective, threshold_options::quick());
            if (record) {
                architecture_summary summary;
                summary.heads.assign(heads.begin(), heads.end());
                summary.feasible = choice.has_value();
                if (choice) {
                    summary.cost = choice->evaluation.mean_cost / static_cast<double>(backbone_.macs);
                    summary.accuracy = choice->evaluation.accuracy;
                }
                account_->architectures.push_back(summary);
            }
            if (!choice) return {};
            return choice->objective;
        };
        setting best{search_head_sets(table, options_.most_exits, judge), {}, false};
        if (best.heads.empty()) return best;
        if (const auto proven = solve(trace_of(table, best.heads), objective)) {
            best.choice = *proven;
            best.feasible = true;
        }
        return best;
    }

    bool search() {
        account_->base_validation_accuracy = mean_of(right_answers(base_validation_, validation_.labels));
        exit_table table;
        table.labels.assign(validation_.labels.begin(), validation_.labels.end());
        for (std::size_t c = 0; c < candidates_.size(); ++c) {
            const candidate& who = candidates_[c];
            table.heads.push_back(words_of(
                who.trained.logits, static_cast<double>(backbone_.sites[static_cast<std::size_t>(who.site)].macs),
                static_cast<double>(who.macs), who.site));
        }
        table.classifier = words_of(base_validation_, static_cast<double>(backbone_.macs), 0, -1);
        std::vector<char> wanted(candidates_.size(), 0);
        for (std::size_t o = 0; o < options_.objectives.size(); ++o) {
            if (!tell("search", static_cast<std::int64_t>(o), static_cast<std::int64_t>(options_.objectives.size())))
                return false;
            const setting found = best_setting(table, options_.objectives[o], o == 0);
            for (const int h : found.heads) wanted[static_cast<std::size_t>(h)] = 1;
        }
        for (auto& architecture : account_->architectures) {
            for (int& h : architecture.heads) h = candidates_[static_cast<std::size_t>(h)].summary;
        }
        for (std::size_t c = 0; c < candidates_.size(); ++c) {
            if (!wanted[c]) continue;
            chosen_.push_back(c);
            account_->heads[static_cast<std::size_t>(candidates_[c].summary)].chosen = true;
        }
        return true;
    }

    [[nodiscard]] std::vector<placed_head> placed(std::span<const int> which) const {
        std::vector<placed_head> heads;
        for (const int k : which) {
            const candidate& who = candidates_[chosen_[static_cast<std::size_t>(k)]];
            heads.push_back({backbone_.sites[static_cast<std::size_t>(who.site)].node, who.what, max_probability{}});
        }
        return heads;
    }
    [[nodiscard]] std::vector<int> all_chosen() const {
        std::vector<int> all(chosen_.size());
        std::iota(all.begin(), all.end(), 0);
        return all;
    }

    /// The table of the chosen heads in a network that has them all, on validation data.
    [[nodiscard]] exit_table table_of(const exit_logits& logits) const {
        exit_table table;
        table.labels.assign(validation_.labels.begin(), validation_.labels.end());
        for (std::size_t k = 0; k < chosen_.size(); ++k) {
            const candidate& who = candidates_[chosen_[k]];
            table.heads.push_back(
                words_of(logits[k], static_cast<double>(backbone_.sites[static_cast<std::size_t>(who.site)].macs),
                         static_cast<double>(who.macs), who.site));
        }
        table.classifier = words_of(logits.back(), static_cast<double>(backbone_.macs), 0, -1);
        return table;
    }

    bool tune() {
        if (chosen_.empty()) return true;
        whole_ = std::make_unique<branched>(branch(base_, placed(all_chosen())));
        runtime_network<float, graph> net{whole_->network};
        whole_parameters_.assign(net.plan().parameter_elements(), 0.0F);
        copy_parameters(net_.plan(), parameters_, whole_->base, net.plan(), whole_parameters_);
        for (std::size_t k = 0; k < chosen_.size(); ++k) {
            const candidate& who = candidates_[chosen_[k]];
            const graph alone = head_network(who.what, backbone_.sites[static_cast<std::size_t>(who.site)].features);
            const plan lowered = lower(alone);
            copy_parameters(lowered.view(), who.trained.parameters, head_nodes(*whole_, k, alone), net.plan(),
                            whole_parameters_);
        }
        const auto settings_of = [&](const exit_table& table) {
            std::vector<setting> all;
            for (const auto& objective : options_.objectives) all.push_back(best_setting(table, objective, false));
            return all;
        };
        table_ = table_of(collect_logits(net.inference(), whole_parameters_, validation_, executor_));
        settings_ = settings_of(table_);
        add_curve("before fine-tuning");
        if (options_.tune.epochs <= 0) {
            account_->fine_tuning = "not asked for";
            return true;
        }
        training_options how;
        how.epochs = options_.tune.epochs;
        how.seed = options_.seed;
        how.learning_rate = one_cycle{.peak = options_.tune.rate};
        how.criterion = options_.tune.criterion;
        how.exit_weights.assign(chosen_.size() + 1, 1.0);
        how.exit_weights.back() = options_.tune.last_weight;
        how.average_decay = options_.tune.average_decay;
        how.clip_norm = options_.tune.clip_norm;
        how.observer = [&](const training_progress& p) {
            return tell("fine-tune", static_cast<std::int64_t>(p.epoch) * p.steps + p.step,
                        static_cast<std::int64_t>(p.epochs) * p.steps, "loss " + std::to_string(p.loss).substr(0, 5));
        };
        if (!options_.state.empty()) {
            fingerprint print;
            for (const std::size_t c : chosen_) print.add(std::string_view{prints_[c].text()});
            print.add(options_.tune.epochs).add(options_.tune.batch).add(options_.tune.rate);
            print.add(options_.tune.weight_decay).add(options_.tune.last_weight).add(options_.tune.average_decay);
            print.add(options_.tune.criterion.share).add(options_.tune.criterion.temperature);
            print.add(options_.tune.augment.crop_padding).add(options_.tune.augment.flip);
            print.add(options_.tune.augment.cutout).add(options_.tune.augment.mix_up);
            how.checkpoint = options_.state / ("tuning_" + print.text() + ".safetensors");
        }
        const float scale = input_scale();
        scale_input_weights(net.plan(), whole_->network, scale, whole_parameters_);
        data_set scaled_validation = validation_;
        for (float& x : scaled_validation.pixels) x /= scale;
        trainer training{net.training(),
                         sgd{.momentum = 0.9, .weight_decay = options_.tune.weight_decay, .nesterov = true},
                         whole_parameters_, how};
        if (!how.checkpoint.empty() && std::filesystem::exists(how.checkpoint)) training.resume(how.checkpoint);
        batch_options loading{
            .size = options_.tune.batch, .seed = options_.seed, .drop_last = true, .augment = options_.tune.augment};
        if (scale != 1) {
            loading.transform = [scale](std::span<float> pixels, random_stream) {
                for (float& x : pixels) x /= scale;
            };
        }
        batch_loader batches{train_, loading};
        if (!training.run(batches, scaled_validation, executor_)) return false;
        aligned_vector<float> result = training.parameters();
        scale_input_weights(net.plan(), whole_->network, 1 / scale, whole_parameters_);
        scale_input_weights(net.plan(), whole_->network, 1 / scale, result);
        const exit_table tuned = table_of(collect_logits(net.inference(), result, validation_, executor_));
        const auto after = settings_of(tuned);
        const bool better =
            after[0].feasible && (!settings_[0].feasible || after[0].choice.objective < settings_[0].choice.objective);
        account_->fine_tuned = better;
        const auto text = [&](const setting& s) {
            if (!s.feasible) return std::string{"out of reach"};
            char line[96];
            std::snprintf(line, sizeof line, "%.1f %% of the MACs at %.2f %%",
                          100 * s.choice.evaluation.mean_cost / static_cast<double>(backbone_.macs),
                          100 * s.choice.evaluation.accuracy);
            return std::string{line};
        };
        account_->fine_tuning = std::string{better ? "kept" : "dropped"} + ": on validation data " +
                                text(settings_[0]) + " before, " + text(after[0]) + " after";
        if (better) {
            whole_parameters_ = std::move(result);
            table_ = tuned;
            settings_ = after;
        }
        return true;
    }

    /// A power of two near the root mean square of the samples, where only convolutions and dense layers read them: raw
    /// pixels of 0 to 255 would make their gradients 255^2 times too large. Dividing the samples and multiplying the
    /// weights by it changes no bit of any answer.
    [[nodiscard]] float input_scale() const {
        for (const auto& node : base_.nodes()) {
            const bool reads = node.input_count > 0 && node.inputs[0] == 0;
            if (reads && !std::holds_alternative<conv2d>(node.what) && !std::holds_alternative<dense>(node.what))
                return 1;
        }
        double sum = 0;
        const std::size_t count = std::min<std::size_t>(train_.pixels.size(), 1 << 22);
        for (std::size_t i = 0; i < count; ++i)
            sum += static_cast<double>(train_.pixels[i]) * static_cast<double>(train_.pixels[i]);
        const double rms = std::sqrt(sum / static_cast<double>(count));
        return rms > 0 ? static_cast<float>(std::exp2(std::round(std::log2(rms)))) : 1.0F;
    }

    static void scale_input_weights(const plan_view& plan, const graph& network, float scale,
                                    std::span<float> parameters) {
        for (const auto& tensor : plan.tensors) {
            const auto& node = network.nodes()[static_cast<std::size_t>(tensor.node)];
            if (node.inputs[0] != 0 || tensor.spec.name != "weight") continue;
            for (float& w : parameters.subspan(tensor.offset, tensor.spec.elements())) w *= scale;
        }
    }

    void add_curve(const std::string& name) {
        if (!settings_[0].feasible) return;
        const pareto front = pareto_front(trace_of(table_, settings_[0].heads));
        trade_off_curve curve{name, {}};
        for (const auto& point : front.points)
            curve.points.push_back({point.mean_cost / static_cast<double>(backbone_.macs), point.accuracy});
        account_->curves.push_back(std::move(curve));
    }

    /// The network of the first objective, and every number of the report on test data.
    bool finish(augmented& out) {
        result& r = *account_;
        const auto base_logits = collect_logits(net_.inference(), parameters_, test_, executor_)[0];
        const auto base_right = right_answers(base_logits, test_.labels);
        r.base_accuracy = mean_of(base_right);
        r.base_class_accuracy = by_class(base_right, test_.labels, test_.classes);
        r.accuracy = r.base_accuracy;
        r.class_accuracy = r.base_class_accuracy;

        exit_table test;
        if (!chosen_.empty()) {
            if (!tell("test", 0, 1)) return false;
            runtime_network<float, graph> net{whole_->network};
            const auto logits = collect_logits(net.inference(), whole_parameters_, test_, executor_);
            test = table_;
            test.labels.assign(test_.labels.begin(), test_.labels.end());
            for (std::size_t k = 0; k < chosen_.size(); ++k) test.heads[k].logits = logits[k];
            test.classifier.logits = logits.back();
        }
        for (std::size_t o = 0; o < options_.objectives.size(); ++o) {
            r.settings.push_back(
                summarise(options_.objectives[o], o < settings_.size() ? settings_[o] : setting{}, test, base_right));
        }
        build(out);
        if (!r.pays_off) return true;

        // The kept network's own traces: everything else follows from them.
        const setting& first = settings_[0];
        out.validation = trace_of(table_, first.heads);
        out.test = trace_of(test, first.heads);
        add_curve("validation");
        const pareto front = pareto_front(out.test);
        trade_off_curve curve{"test (thresholds chosen there: not reachable)", {}};
        for (const auto& point : front.points)
            curve.points.push_back({point.mean_cost / static_cast<double>(backbone_.macs), point.accuracy});
        r.curves.push_back(std::move(curve));
        transfer_curve(out.validation, out.test);
        describe_exits(first, out.test);
        compare_signals(test);
        return time(out);
    }

    /// Every policy through the solver, for the first objective, beside an oracle that knows which exits are right.
    void compare_signals(const exit_table& test) {
        const setting& first = settings_[0];
        const auto macs = static_cast<double>(backbone_.macs);
        const auto row = [&](const policy& signal, const threshold_options& how) {
            exit_table seen = table_;
            exit_table unseen = test;
            for (auto* table : {&seen, &unseen}) {
                for (auto& head : table->heads) head.decides = signal;
            }
            const auto choice = solve(trace_of(seen, first.heads), options_.objectives[0], how);
            if (!choice) return;
            const auto e = evaluate(trace_of(unseen, first.heads), choice->thresholds);
            std::string solver{to_string(how.solver)};
            if (how.solver == threshold_solver::proven && !choice->proven) solver = "best found";
            account_->signals.push_back({std::string{signal.name()}, std::move(solver),
                                         choice->evaluation.mean_cost / macs, choice->evaluation.accuracy,
                                         e.mean_cost / macs, e.accuracy});
        };
        for (int kind = 0; kind < policy_count; ++kind) row(policy{static_cast<policy_kind>(kind)}, {});
        for (const auto solver : {threshold_solver::descent, threshold_solver::shared, threshold_solver::published})
            row(max_probability{}, {.solver = solver});
        const auto oracle = [&](const exit_table& table) {
            const exit_trace trace = trace_of(table, first.heads);
            double cost = 0;
            int right = 0;
            for (int i = 0; i < trace.samples; ++i) {
                int e = 0;
                while (e + 1 < trace.exits && trace.correct[trace.at(i, e)] == 0) ++e;
                cost += trace.cost[static_cast<std::size_t>(e)];
                right += trace.correct[trace.at(i, e)];
            }
            return std::pair{cost / trace.samples / macs, right / static_cast<double>(trace.samples)};
        };
        const auto [seen_cost, seen_accuracy] = oracle(table_);
        const auto [cost, accuracy] = oracle(test);
        account_->signals.push_back({"knows the labels", "oracle", seen_cost, seen_accuracy, cost, accuracy});
    }

    /// The validation front's thresholds, on test data: what a user gets.
    void transfer_curve(const exit_trace& validation, const exit_trace& test) {
        trade_off_curve curve{"test", {}};
        for (const auto& point : pareto_front(validation).points) {
            const auto e = evaluate(test, point.thresholds);
            curve.points.push_back({e.mean_cost / static_cast<double>(backbone_.macs), e.accuracy});
        }
        account_->curves.push_back(std::move(curve));
    }

    [[nodiscard]] static std::string text_of(const exit_objective& objective) {
        char line[80];
        if (objective.goal == exit_objective::kind::least_cost) {
            std::snprintf(line, sizeof line, "at most %.2f points of loss", 100 * objective.limit);
        } else if (objective.goal == exit_objective::kind::best_accuracy) {
            std::snprintf(line, sizeof line, "at most %.1f %% of the MACs", 100 * objective.limit);
        } else {
            std::snprintf(line, sizeof line, "%g x cost + %g x error", objective.cost_weight, objective.error_weight);
        }
        return line;
    }

    [[nodiscard]] setting_summary summarise(const exit_objective& objective, const setting& s, const exit_table& test,
                                            std::span<const std::uint8_t> base_right) const {
        const auto macs = static_cast<double>(backbone_.macs);
        setting_summary out;
        out.objective = text_of(objective);
        out.thresholds.assign(chosen_.size(), never_exit);
        if (!s.feasible) {
            out.objective += " (out of reach: the base network)";
            out.validation_cost = out.test_cost = out.bound = 1;
            out.validation_accuracy = account_->base_validation_accuracy;
            out.test_accuracy = mean_of(base_right);
            return out;
        }
        for (std::size_t k = 0; k < s.heads.size(); ++k)
            out.thresholds[static_cast<std::size_t>(s.heads[k])] = s.choice.thresholds[k];
        const bool cost_is_objective = objective.goal == exit_objective::kind::least_cost;
        out.validation_cost = s.choice.evaluation.mean_cost / macs;
        out.validation_accuracy = s.choice.evaluation.accuracy;
        out.bound = cost_is_objective ? s.choice.bound / macs
                    : s.choice.proven ? out.validation_cost
                                      : std::numeric_limits<double>::infinity();
        out.proven = s.choice.proven;
        const exit_trace trace = trace_of(test, s.heads);
        const exit_evaluation e = evaluate(trace, s.choice.thresholds);
        const paired_loss loss = compare(trace, s.choice.thresholds, base_right);
        out.test_cost = e.mean_cost / macs;
        out.test_accuracy = e.accuracy;
        out.loss = loss.loss;
        out.loss_low = loss.low;
        out.loss_high = loss.high;
        return out;
    }

    /// The network that is kept: the base with the exits of the first objective.
    void build(augmented& out) {
        result& r = *account_;
        const bool feasible = !settings_.empty() && settings_[0].feasible;
        const double cost =
            feasible ? settings_[0].choice.evaluation.mean_cost / static_cast<double>(backbone_.macs) : 1;
        r.pays_off = feasible && cost < 1;
        char line[160];
        if (!r.pays_off) {
            out.network = base_;
            out.parameters = parameters_;
            out.rules = {{never_exit, 1}};
            r.verdict = "No exit pays off here: " +
                        std::string{feasible ? "none is cheaper than the base network" : "none reaches the objective"} +
                        " (" + text_of(options_.objectives[0]) + "). The table of heads says what each can do.";
            return;
        }
        const setting& first = settings_[0];
        const branched kept = branch(base_, placed(first.heads));
        out.network = kept.network;
        const plan whole = lower(whole_->network);
        const plan part = lower(kept.network);
        out.parameters.assign(part.view().parameter_elements(), 0.0F);
        // By node of the whole network: the base's, then the heads that are kept.
        std::vector<int> nodes(whole_->network.nodes().size(), -1);
        for (std::size_t n = 0; n < whole_->base.size(); ++n)
            nodes[static_cast<std::size_t>(whole_->base[n])] = kept.base[n];
        for (std::size_t k = 0; k < first.heads.size(); ++k) {
            const auto h = static_cast<std::size_t>(first.heads[k]);
            const candidate& who = candidates_[chosen_[h]];
            const auto size =
                head_network(who.what, backbone_.sites[static_cast<std::size_t>(who.site)].features).nodes().size();
            for (std::size_t n = 0; n + 1 < size; ++n)
                nodes[static_cast<std::size_t>(whole_->heads[h]) + n] = kept.heads[k] + static_cast<int>(n);
            out.rules.push_back({first.choice.thresholds[k], table_.heads[h].temperature});
            out.sites.push_back(backbone_.sites[static_cast<std::size_t>(who.site)].node);
        }
        out.rules.push_back({never_exit, table_.classifier.temperature});
        copy_parameters(whole.view(), whole_parameters_, nodes, part.view(), out.parameters);
        const setting_summary& s = r.settings[0];
        r.accuracy = s.test_accuracy;
        r.mean_macs_share = s.test_cost;
        std::snprintf(line, sizeof line,
                      "%.1f %% of the MACs, %+.2f points of accuracy, with %zu exit%s before the classifier.",
                      100 * s.test_cost, -100 * s.loss, first.heads.size(), first.heads.size() == 1 ? "" : "s");
        r.verdict = line;
    }

    void describe_exits(const setting& first, const exit_trace& test) {
        result& r = *account_;
        const exit_evaluation e = evaluate(test, first.choice.thresholds);
        std::vector<std::uint8_t> right(static_cast<std::size_t>(test.samples));
        std::vector<std::vector<std::uint8_t>> here(static_cast<std::size_t>(test.exits),
                                                    std::vector<std::uint8_t>(right.size(), 0));
        for (int i = 0; i < test.samples; ++i) {
            const int left =
                leaving_exit({test.confidence.data() + test.at(i, 0), static_cast<std::size_t>(test.exits)},
                             first.choice.thresholds);
            right[static_cast<std::size_t>(i)] = test.correct[test.at(i, left)];
            here[static_cast<std::size_t>(left)][static_cast<std::size_t>(i)] = 1;
        }
        r.class_accuracy = by_class(right, test_.labels, test_.classes);
        for (int k = 0; k < test.exits; ++k) {
            const auto x = static_cast<std::size_t>(k);
            const bool last = k + 1 == test.exits;
            const exit_words& words = last ? table_.classifier : table_.heads[static_cast<std::size_t>(first.heads[x])];
            exit_summary out;
            out.policy = std::string{words.decides.name()};
            out.temperature = static_cast<double>(words.temperature);
            out.macs = static_cast<std::int64_t>(test.cost[x]);
            out.share = e.share[x];
            out.accuracy = e.exit_accuracy[x];
            out.lone_accuracy = lone_accuracy(test, k);
            out.share_by_class = by_class(here[x], test_.labels, test_.classes);
            if (last) {
                out.site = name_of(base_.here().node);
                out.form = "classifier";
                out.threshold = never_exit;
            } else {
                const candidate& who = candidates_[chosen_[static_cast<std::size_t>(first.heads[x])]];
                out.site = name_of(backbone_.sites[static_cast<std::size_t>(who.site)].node);
                out.form = std::string{to_string(who.form)};
                out.threshold = first.choice.thresholds[x];
            }
            const auto bins = [&](float temperature, std::vector<double>& confidence, std::vector<double>& accuracy,
                                  std::vector<double>& weight) {
                const reliability table = reliability_of(words.logits, table_.labels, temperature);
                for (const auto& bin : table.bins) {
                    confidence.push_back(bin.confidence);
                    accuracy.push_back(bin.accuracy);
                    weight.push_back(bin.count / static_cast<double>(table_.labels.size()));
                }
                return table.error;
            };
            out.error_before = bins(1.0F, out.confidence_before, out.accuracy_before, out.weight_before);
            out.error_after = bins(words.temperature, out.confidence_after, out.accuracy_after, out.weight_after);
            r.exits.push_back(std::move(out));
        }
    }

    bool time(const augmented& out) {
        if (!tell("time", 0, 1)) return false;
        result& r = *account_;
        runtime_network<float, graph> early{out.network};
        const exit_times t =
            time_exits(net_.inference(), parameters_, early.inference(), out.parameters, out.rules, test_);
        r.base_microseconds = t.base;
        r.mean_microseconds = t.early;
        r.mean_time_share = t.early / t.base;
        r.batch_time_share = t.batch_base > 0 ? t.batch_early / t.batch_base : r.mean_time_share;
        r.decision_overhead = t.decision / t.base;
        for (std::size_t e = 0; e < r.exits.size(); ++e) r.exits[e].microseconds = t.at_exit[e];
        return true;
    }

    const graph& base_;
    aligned_vector<float> parameters_;
    std::vector<std::string> names_;
    const data_set& train_;
    const data_set& validation_;
    const data_set& test_;
    augment_options options_;
    X& executor_;
    runtime_network<float, graph> net_;
    backbone backbone_;
    result* account_ = nullptr;
    std::mutex telling_;
    bool stopped_ = false;

    std::vector<candidate> candidates_;
    std::vector<fingerprint> prints_;     // by candidate
    std::vector<float> base_validation_;  // (N,C)
    std::vector<std::size_t> chosen_;     // candidates in the network, by depth
    std::unique_ptr<branched> whole_;     // with all chosen heads
    aligned_vector<float> whole_parameters_;
    exit_table table_;               // of the chosen heads, on validation data
    std::vector<setting> settings_;  // by objective; heads are indices into table_
};

/// @brief Turns a trained network into an early-exit network.
///
/// Finds the blocks of the network and the sites behind them; trains heads there on the frozen backbone; judges every set
/// of them with its best thresholds for the objective, on validation data; trains the network with the chosen exits on,
/// and keeps that where validation data says it helped; measures on test data, which chooses nothing.
///
/// @param parameters  of lower(base), (plan.parameter_elements()).
/// @param names       by node of the base network, for the report; may be empty.
/// @par Memory   The sets, options.feature_memory, and the training of the whole network on a batch.
/// @par Threads  The result does not depend on the executor. With options.state, a run that was stopped goes on from the
///               work that was finished, to the same bits.
/// @par Errors   eenn::error for a network with exits or without logits, data that does not fit it, too few validation
///               samples, or no place for an exit.
/// @par Source   Sponner et al. (2024), "Efficient post-training augmentation for adaptive inference in heterogeneous and
///               distributed IoT environments". Theirs models exits as independent and never charges earlier heads; here
///               thresholds are chosen on the joint trace with all costs, and the classifier teaches the heads.
template <Executor X>
[[nodiscard]] augmented augment(const graph& base, std::span<const float> parameters,
                                std::span<const std::string> names, const data_set& train, const data_set& validation,
                                const data_set& test, const augment_options& options, X& executor) {
    const renormalised normal = renormalise(base, parameters, train, executor);
    std::vector<std::string> here(normal.network.nodes().size());
    for (std::size_t n = 0; n < names.size() && n < normal.nodes.size(); ++n)
        here[static_cast<std::size_t>(normal.nodes[n])] = names[n];
    construction<X> work{normal.network, normal.parameters, here, train, validation, test, options, executor};
    augmented made = work.run();
    if (normal.added > 0) {
        made.report.notes.emplace_back("Batch norms",
                                       std::to_string(normal.added) +
                                           " were put back behind convolutions without one for training; "
                                           "they fold into the convolutions again for inference.");
    }
    return made;
}

}  // namespace eenn::construct

#endif
