/// @file compare.hpp
/// The rivals beside us: each method's highest compression whose loss of accuracy is allowed, at
/// the same effort, billed for what images ask of its OUs.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "autoprune/cost/metrics.hpp"
#include "autoprune/simulation/measured_activity.hpp"
#include "autoprune/study/auto_prune.hpp"
#include "autoprune/study/contenders.hpp"
#include "autoprune/study/kept_figures.hpp"
#include "autoprune/study/pruned_file.hpp"

namespace autoprune::study {

struct CompareSpec {
  Budget budget = budgets().front();
  search::Counting counting = search::Counting::per_layer;
  double allowed_drop = 1.0;          ///< loss of test Acc1, in points
  std::optional<double> compression;  ///< of every row, instead of the highest within that loss
  Index granularity = 32;             ///< of our own column-vectors
  std::optional<double> learning_rate;
  std::uint64_t seed = 1;
  std::filesystem::path out;  ///< directory of cells, which a later run goes on from
  nn::MakeBackend backend = nn::cpu_backend;  ///< where networks run and train
};

/// Told what is being measured.
using ShowCompared = std::function<void(const std::string&)>;

/// What a contender came to at one compression.
struct ComparedRow {
  Contender method;
  Index granularity = 0;
  double target = 1.0;              ///< crossbar compression that was asked for
  io::Json figures;                 ///< accuracy, crossbars, cost
  double drop1 = 0.0, drop5 = 0.0;  ///< against the dense network, in points
  bool allowed = false;             ///< its loss of Acc1; else it is the smallest one measured
  search::Counting counting = search::Counting::per_layer;

  [[nodiscard]] double operator[](const char* figure) const {
    return figures[figure].get<double>();
  }
  [[nodiscard]] double compression() const {
    return (*this)[counting == search::Counting::pooled ? "compression_pooled"
                                                        : "compression_per_layer"];
  }
};

/// Compares contenders on one network. Holds references: what they refer to has to outlive it.
template <class Watch = Watcher>
class Comparison {
 public:
  /// `name` is that of the network and its data, in the names of cells.
  Comparison(std::string name, const nn::Network& network, const io::Datasets& images,
             const hardware::Accelerator& accelerator, CompareSpec spec, ThreadPool& pool,
             Watch& watcher, ShowCompared show = {})
      : name_(std::move(name)),
        network_(network),
        images_(images),
        accelerator_(accelerator),
        spec_(std::move(spec)),
        pool_(pool),
        watcher_(watcher),
        show_(std::move(show)) {}

  /// Figures of the dense network.
  [[nodiscard]] const io::Json& dense() {
    if (dense_.is_null())
      dense_ = cell(concat(name_, "-dense"), "naive", base_spec(), [&](const Study& study) {
        Record record(network_);
        record.masks = dense_masks(network_, study.compressor);
        record.policy.resize(record.masks.size());
        return figures(study, record, hardware::OuFormation::stored);
      });
    return dense_;
  }

  /// The row of a contender, or nothing when it reaches no compression. Starts at the rung of the
  /// ladder that is nearest to `start`.
  [[nodiscard]] std::optional<ComparedRow> best(const Contender& method, Index granularity,
                                                double start = 4.0) {
    if (!method.compresses) return row(method, granularity, 1.0);
    if (spec_.compression) return row(method, granularity, *spec_.compression);
    const std::vector<double>& ladder = compression_ladder();
    const auto far = [&](double rung) { return std::abs(std::log(rung / start)); };
    const auto first =
        static_cast<Index>(std::min_element(ladder.begin(), ladder.end(),
                                            [&](double a, double b) { return far(a) < far(b); }) -
                           ladder.begin());
    const auto at = [&](Index rung) {
      return row(method, granularity, ladder[static_cast<std::size_t>(rung)]);
    };
    Index rung = first;
    std::optional<ComparedRow> found = at(rung);
    const bool climbs = spec_.budget.climbs;
    // Down to a compression that the method reaches, with a budget for it to one that is allowed.
    while (rung > 0 && (!found || (climbs && !found->allowed)))
      if (std::optional<ComparedRow> lower = at(--rung)) found = std::move(lower);
    if (!climbs || rung < first) return found;
    while (++rung < std::ssize(ladder)) {
      std::optional<ComparedRow> higher = at(rung);
      if (!higher || !higher->allowed) break;
      found = std::move(higher);
    }
    return found;
  }

 private:
  /// Training images on which activations are counted, at most.
  static constexpr Index kMeasuredImages = 32;
  /// Directory of the searches' checkpoints in that of a cell.
  static constexpr const char* kSearches = "searches";

  [[nodiscard]] std::optional<ComparedRow> row(const Contender& method, Index granularity,
                                               double target) {
    StudySpec spec = base_spec();
    std::string name = concat(name_, '-', method.option);
    if (method.ours) {
      spec.options.granularity = granularity * method.height;
      spec.options.rows = method.rows;
      name += concat("-G", spec.options.granularity);
    }
    if (method.compresses) {
      name += concat("-CR", target);
      spec.constraints.target_compression = target;
    }
    spec.constraints.counting = spec_.counting;
    spec.search.searcher = method.searcher;
    spec.reward = method.reward;
    if (!method.searches) spec.search.episodes = 1;  // a warm start's first policy is LAMP's
    const std::string made = !method.method.empty() ? method.method
                             : method.ours          ? "column-vectors"
                                                    : method.option;
    const io::Json found =
        cell(name, made, spec, [&](const Study& study) { return pruned(study, method); });
    if (found.is_null()) return {};
    const auto drop = [&](const char* top) {
      const io::Json& whole = dense();
      return whole[top].get<double>() - found[top].get<double>();
    };
    return ComparedRow{
        method,       spec.options.granularity,           target,        found, drop("top1"),
        drop("top5"), drop("top1") <= spec_.allowed_drop, spec_.counting};
  }

  [[nodiscard]] StudySpec base_spec() const {
    const Budget& budget = spec_.budget;
    StudySpec spec;
    spec.search.episodes = budget.episodes;
    spec.held_out_images = budget.held_out_images;
    spec.calibration_images = budget.calibration_images;
    spec.fine_tune.train.epochs = budget.epochs;
    spec.fine_tune.train.variants = budget.variants;
    spec.fine_tune.train.learning_rate = spec_.learning_rate;
    spec.fine_tune.schedule.begin = budget.ramp_begin;
    spec.reconstruct = true;
    spec.backend = spec_.backend;
    spec.images = budget.test_images;
    spec.seed = spec_.seed;
    spec.resume = true;
    return spec;
  }

  /// What `measure(study)` finds, or what an earlier run did; null when the method can't reach its
  /// compression. A cell that was stopped goes on from its checkpoints.
  template <class Measure>
  [[nodiscard]] io::Json cell(const std::string& name, const std::string& method, StudySpec spec,
                              const Measure& measure) {
    if (show_) show_(name);
    if (!spec_.out.empty()) {
      spec.out = spec_.out / "cells" / name;
      io::make_directory(spec.out);
    }
    spec.method = method;
    const methods::Compressor compressor = method_of(network_, accelerator_, spec);
    const Study study{network_, images_, accelerator_, compressor, spec.constraints, spec, pool_};
    search::Fingerprint run = study.fingerprint();
    run.add(std::span<const char>(name)).add(std::span<const char>(spec_.budget.name));
    detail::add_training(train_config(spec), run);
    const std::filesystem::path file = spec.out / "figures.json";
    if (!spec.out.empty()) {
      io::remove_leftovers(file);
      if (const auto saved = read_figures(file, run)) return *saved;
    }
    io::Json found;
    try {
      found = measure(study);
    } catch (const Error& error) {
      if (error.id() != ErrorId::infeasible_constraint) throw;
    }
    if (spec.out.empty()) return found;
    write_figures(file, run, found);
    remove_checkpoints(spec, std::array{kSearchCheckpoint, kFineTuneCheckpoint});
    std::filesystem::remove_all(spec.out / kSearches);
    return found;
  }

  /// Searches the contender's spaces in turn. What a stage before the last doesn't save in
  /// crossbars, bits can: it is asked for half of the compression.
  void find_in_turn(const Study& study, const Contender& method, Record& record) {
    const auto stages = static_cast<Index>(method.stages.size());
    for (Index i = 0; i < stages; ++i) {
      StudySpec spec = study.spec;
      spec.search.space = method.stages[static_cast<std::size_t>(i)];
      spec.search.episodes = std::max<Index>(1, spec.search.episodes / stages);
      spec.plan = record.policy;
      if (auto& target = spec.constraints.target_compression; target && i + 1 < stages)
        target = std::max(1.0, *target / 2.0);
      if (!spec.out.empty()) io::make_directory(spec.out = spec.out / kSearches / concat(i + 1));
      const hardware::Accelerator chip = methods::planned(accelerator_, spec.plan);
      const methods::Compressor compressor = method_of(network_, chip, spec);
      find_policy(Study{network_, images_, chip, compressor, spec.constraints, spec, pool_},
                  watcher_, record);
    }
  }

  [[nodiscard]] io::Json pruned(const Study& study, const Contender& method) {
    check_training(study);
    watcher_.begin(study);
    Record record(network_);
    find_in_turn(study, method, record);
    watcher_.policy(record);
    fine_tune(study, watcher_, record);
    watcher_.trained(record);
    watcher_.end(record);
    if (!study.spec.out.empty())
      save_pruned(record.network, study.spec.out / "pruned.safetensors", record.policy,
                  study.compressor, study.data.train);
    io::Json found = figures(study, record, method.formation);
    found["search_seconds"] = record.search_seconds;
    found["fine_tune_seconds"] = record.training.seconds;
    return found;
  }

  /// What a network costs as it is placed: inputs that are zero are skipped, as images have them.
  [[nodiscard]] cost::OuCost price(Record& record, hardware::OuFormation formation) const {
    hardware::Accelerator accelerator = methods::planned(accelerator_, record.policy);
    accelerator.formation = formation;
    const cost::OuModel model(network_, accelerator);
    const std::vector<mapping::Placement>& layers = record.placement.layers;
    const Index measured = std::min<Index>(kMeasuredImages, images_.train.size());
    const auto images = nn::load_batches(images_.train, nn::range(0, measured), pool_);
    nn::Session session(record.network, pool_);
    session.set_masks(record.masks);
    const auto ranges = simulation::calibrate(session, record.masks, images);
    const auto activity =
        simulation::measured_activity(session, record.masks, layers, ranges, accelerator, images);
    std::vector<cost::LayerWork> work = model.work(layers);
    for (std::size_t k = 0; k < work.size(); ++k) {
      const auto mean = [&](Index count) {
        return static_cast<double>(count) / static_cast<double>(measured);
      };
      const simulation::Activity& counted = activity[k];
      work[k] =
          cost::measured_work(work[k], {mean(counted.ou_activations), mean(counted.adc_conversions),
                                        mean(counted.input_fetches), mean(counted.index_fetches)});
    }
    return model.price(work);
  }

  [[nodiscard]] const cost::OuCost& dense_price() {
    if (!dense_price_) {
      const methods::Compressor naive = method_of(network_, accelerator_, {.method = "naive"});
      Record record(network_);
      record.masks = dense_masks(network_, naive);
      record.placement = naive.map(record.masks);
      dense_price_ = price(record, hardware::OuFormation::stored);
    }
    return *dense_price_;
  }

  /// In floating point, or of the integers that are stored where these are coarse.
  [[nodiscard]] nn::Accuracy accuracy(const Study& study, Record& record) const {
    const hardware::Accelerator chip = methods::planned(accelerator_, record.policy);
    if (search::coarse(chip, std::ssize(record.masks)))
      return simulated(study, record, chip.ideal(), study.test_images());
    return test_accuracy(study, record.network,
                         all_kept(record.masks) ? std::vector<PruneMask>{} : record.masks);
  }

  [[nodiscard]] io::Json figures(const Study& study, Record& record,
                                 hardware::OuFormation formation) {
    record.placement = study.compressor.with(record.policy).map(record.masks);
    const mapping::CrossbarCount& crossbars = record.placement.crossbars;
    const cost::OuCost cost = price(record, formation);
    const cost::Metrics metrics = cost::metrics(cost);
    const cost::Gains gains = cost::gains(cost, dense_price());
    const nn::Accuracy reached = accuracy(study, record);
    return io::json_object({{"top1", reached.top1},
                            {"top5", reached.top5},
                            {"crossbars_dense", crossbars.dense},
                            {"crossbars_per_layer", crossbars.per_layer},
                            {"crossbars_pooled", crossbars.pooled},
                            {"compression_per_layer", crossbars.compression_per_layer()},
                            {"compression_pooled", crossbars.compression_pooled()},
                            {"energy_nj", cost.totals.energy_nj},
                            {"area_um2", cost.totals.area_um2},
                            {"latency_ns", cost.totals.latency_ns},
                            {"energy_gain", gains.energy},
                            {"area_gain", gains.area},
                            {"latency_gain", gains.latency},
                            {"energy_efficiency_gain", gains.gops_per_w},
                            {"area_efficiency_gain", gains.gops_per_mm2},
                            {"index_kib", metrics.index_kib},
                            {"index_percent_of_weights", 100.0 * metrics.index_share}});
  }

  std::string name_;
  const nn::Network& network_;
  const io::Datasets& images_;
  const hardware::Accelerator& accelerator_;
  CompareSpec spec_;
  ThreadPool& pool_;
  Watch& watcher_;
  ShowCompared show_;
  io::Json dense_;
  std::optional<cost::OuCost> dense_price_;
};

}  // namespace autoprune::study
