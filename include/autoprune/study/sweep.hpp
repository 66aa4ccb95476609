/// @file sweep.hpp
/// A network over granularities, crossbars, OUs and compressions: what each combination costs, and
/// with images how accurate it is.
#pragma once

#include <algorithm>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "autoprune/cost/metrics.hpp"
#include "autoprune/search/heuristics.hpp"
#include "autoprune/study/auto_prune.hpp"
#include "autoprune/study/kept_figures.hpp"

namespace autoprune::study {

struct SweepSpec {
  std::vector<Geometry<>> geometries;
  std::vector<Index> granularities = {32};  ///< methods without row groups ignore them
  std::vector<double> compressions = {1, 2, 4, 8, 16, 32};
  search::Origin heuristic = search::Origin::lamp;  ///< policy of every cell
  Index epochs = 0;                                 ///< of fine-tuning a cell
};

/// One measurement. Figures that its key names; without images there is no accuracy.
struct SweepCell {
  Geometry<> geometry;
  Index granularity = 0;
  double target = 1.0;  ///< compression that was asked for
  io::Json figures;     ///< null where the layers' bounds can't allow the target

  [[nodiscard]] double operator[](const char* figure) const {
    return figures[figure].get<double>();
  }
  [[nodiscard]] bool has_accuracy() const { return figures.contains("top1"); }
};

struct SweepResult {
  std::vector<SweepCell> cells;      ///< those that could be measured
  std::vector<std::string> skipped;  ///< hardware and targets that can't be, and why
  Index measured = 0;                ///< of the cells; the others were found in StudySpec::out
};

/// The accelerator for crossbars and OUs of a geometry.
using AcceleratorFor = std::function<hardware::Accelerator(const Geometry<>&)>;
/// Told what share of the cells is done, and which one was last.
using ShowCell = std::function<void(double share, const std::string& cell)>;

/// What a sweep goes over. Holds references; `images` may be null.
struct Sweep {
  const nn::Network& network;
  const io::Datasets* images;
  const AcceleratorFor& accelerator;
  const search::Constraints& constraints;
  const StudySpec& spec;
  const SweepSpec& over;
  ThreadPool& pool;
};

namespace detail {

/// Measures all targets of one geometry and granularity, which share rankings and dense cost.
class CellGroup {
 public:
  CellGroup(const Sweep& sweep, const hardware::Accelerator& accelerator,
            const methods::Compressor& compressor)
      : sweep_(sweep),
        accelerator_(accelerator),
        compressor_(compressor),
        rankings_(rank()),
        counts_(compressor_, rankings_),
        model_(sweep.network, accelerator_),
        dense_(model_.price_dense()) {}
  CellGroup(const CellGroup&) = delete;
  CellGroup& operator=(const CellGroup&) = delete;

  /// Throws infeasible_constraint.
  [[nodiscard]] io::Json measure(double target) {
    search::Constraints constraints = sweep_.constraints;
    constraints.target_compression = target;
    const search::Policy start =
        search::heuristic(sweep_.over.heuristic, rankings_, 1.0 / target).policy;
    const search::Policy policy = search::meet_constraints(start, constraints, counts_);
    std::vector<PruneMask> masks = methods::Compressor::masks(rankings_, policy);
    std::optional<nn::Accuracy> accuracy;
    if (sweep_.images != nullptr) accuracy = measure_accuracy(masks, policy, constraints);
    io::Json figures = count(masks);
    if (accuracy) {
      figures["top1"] = accuracy->top1;
      figures["top5"] = accuracy->top5;
    }
    return figures;
  }

 private:
  /// Throws missing_value for a criterion that needs images.
  [[nodiscard]] std::vector<methods::Ranking> rank() const {
    if (compressor_.needs_gradients() && sweep_.images != nullptr)
      return study().rank(sweep_.network);
    return compressor_.rank(sweep_.network);
  }
  [[nodiscard]] Study study() const {
    return {sweep_.network,     *sweep_.images, accelerator_, compressor_,
            sweep_.constraints, sweep_.spec,    sweep_.pool};
  }

  /// On the held-out images; fine-tuning ends with other masks than it began with.
  [[nodiscard]] nn::Accuracy measure_accuracy(std::vector<PruneMask>& masks,
                                              const search::Policy& policy,
                                              const search::Constraints& constraints) const {
    nn::Network network = sweep_.network, teacher = sweep_.network;
    if (sweep_.over.epochs > 0) {
      search::FineTuneConfig config{train_config(sweep_.spec), sweep_.spec.fine_tune.schedule};
      config.train.epochs = sweep_.over.epochs;
      search::FineTuner tuner(network, sweep_.images->train, study().split().train, policy,
                              constraints, compressor_, config, sweep_.pool, &teacher,
                              sweep_.spec.backend);
      while (!tuner.done()) tuner.run_epoch();
      masks = tuner.masks();
    }
    const auto backend = study().run(network);
    backend->set_masks(masks);
    backend->recalibrate(study().calibration_batches());
    return backend->evaluate(study().held_out_batches());
  }

  [[nodiscard]] io::Json count(const std::vector<PruneMask>& masks) const {
    const mapping::CrossbarCount crossbars = compressor_.count(masks).crossbars;
    const cost::OuCost cost = model_.price(compressor_.map(masks).layers);
    const cost::Metrics metrics = cost::metrics(cost);
    const cost::Gains gains = cost::gains(cost, dense_);
    return io::json_object({{"crossbars", crossbars.per_layer},
                            {"compression_per_layer", crossbars.compression_per_layer()},
                            {"compression_pooled", crossbars.compression_pooled()},
                            {"keep_ratio", keep_ratio(masks)},
                            {"index_kib", metrics.index_kib},
                            {"index_percent_of_weights", 100.0 * metrics.index_share},
                            {"area_um2", cost.totals.area_um2},
                            {"energy_nj", cost.totals.energy_nj},
                            {"latency_ns", cost.totals.latency_ns},
                            {"gops_per_w", metrics.gops_per_w},
                            {"gops_per_mm2", metrics.gops_per_mm2},
                            {"area_gain", gains.area},
                            {"energy_gain", gains.energy},
                            {"area_efficiency_gain", gains.gops_per_mm2}});
  }

  const Sweep& sweep_;
  const hardware::Accelerator& accelerator_;
  const methods::Compressor& compressor_;
  std::vector<methods::Ranking> rankings_;
  search::LayerCounts counts_;
  cost::OuModel model_;
  cost::OuCost dense_;
};

/// Cells in files of StudySpec::out, each with a fingerprint of all that decides it.
class CellFiles {
 public:
  explicit CellFiles(const Sweep& sweep) : sweep_(sweep) {}

  /// Nothing when there is no such cell, or one of another run.
  [[nodiscard]] std::optional<io::Json> read(const Study& study, const SweepCell& cell) const {
    if (sweep_.spec.out.empty()) return {};
    return read_figures(file(cell), fingerprint(study, cell));
  }
  void write(const Study& study, const SweepCell& cell) const {
    if (!sweep_.spec.out.empty()) write_figures(file(cell), fingerprint(study, cell), cell.figures);
  }

 private:
  [[nodiscard]] std::filesystem::path file(const SweepCell& cell) const {
    std::string geometry = cell.geometry.to_string();
    std::replace(geometry.begin(), geometry.end(), '/', '_');
    const std::filesystem::path path =
        sweep_.spec.out / "cells" /
        concat(geometry, "-G", cell.granularity, "-CR", cell.target, ".json");
    io::make_directory(path.parent_path());
    io::remove_leftovers(path);
    return path;
  }
  [[nodiscard]] search::Fingerprint fingerprint(const Study& study, const SweepCell& cell) const {
    search::Fingerprint print = study.fingerprint();
    add_training(train_config(sweep_.spec), print);
    print.add(sweep_.spec.fine_tune.schedule.ramp).add(sweep_.spec.fine_tune.schedule.begin);
    for (const Index n : {sweep_.over.epochs, static_cast<Index>(sweep_.over.heuristic),
                          Index{sweep_.images != nullptr}})
      print.add(static_cast<double>(n));
    return print.add(cell.target);
  }

  const Sweep& sweep_;
};

/// Why a combination can't be measured is no error of the sweep's.
[[nodiscard]] inline bool is_impossible(const Error& error) {
  return error.id() == ErrorId::geometry_mismatch || error.id() == ErrorId::mask_mismatch ||
         error.id() == ErrorId::infeasible_constraint;
}

}  // namespace detail

/// Measures every combination that can be; cells that StudySpec::out holds already aren't measured
/// again. Throws infeasible_constraint when there is none.
template <class Methods = methods::Methods>
[[nodiscard]] SweepResult run_sweep(const Sweep& sweep, const ShowCell& show = {}) {
  static const io::Datasets kNoImages;
  const detail::CellFiles files(sweep);
  SweepResult result;
  const auto skip = [&](const std::string& what, const Error& error) {
    if (!detail::is_impossible(error)) throw error;
    result.skipped.push_back(what + ": " + error.what());
  };
  const SweepSpec& over = sweep.over;
  const double all = static_cast<double>(over.geometries.size() * over.granularities.size() *
                                         over.compressions.size());
  double seen = 0.0;
  for (const Geometry<>& geometry : over.geometries)
    for (const Index granularity : over.granularities) {
      const std::string where = concat(geometry.to_string(), ", G = ", granularity);
      StudySpec spec = sweep.spec;
      spec.options.granularity = granularity;
      std::optional<hardware::Accelerator> accelerator;
      std::optional<methods::Compressor> compressor;
      try {
        accelerator = sweep.accelerator(geometry);
        compressor = method_of<Methods>(sweep.network, *accelerator, spec);
      } catch (const Error& error) {
        skip(where, error);
        seen += static_cast<double>(over.compressions.size());
        continue;
      }
      const Study study{sweep.network,     sweep.images ? *sweep.images : kNoImages,
                        *accelerator,      *compressor,
                        sweep.constraints, spec,
                        sweep.pool};
      std::optional<detail::CellGroup> group;
      for (const double target : over.compressions) {
        SweepCell cell{geometry, granularity, target, {}};
        const std::string what = concat(where, ", compression ", target);
        if (const auto saved = files.read(study, cell)) {
          cell.figures = *saved;
          if (saved->is_null()) result.skipped.push_back(what + ": out of reach");
        } else {
          try {
            if (!group) group.emplace(sweep, *accelerator, *compressor);
            cell.figures = group->measure(target);
          } catch (const Error& error) {
            skip(what, error);
          }
          files.write(study, cell);
          ++result.measured;
        }
        seen += 1.0;
        if (show) show(seen / all, what);
        if (!cell.figures.is_null()) result.cells.push_back(std::move(cell));
      }
    }
  if (result.cells.empty())
    fail(ErrorId::infeasible_constraint,
         "no cell of the sweep can be measured: ", join(result.skipped, "; "));
  return result;
}

}  // namespace autoprune::study
