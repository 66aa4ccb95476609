/// @file sweep_cells.hpp
/// What a sweep goes over, and how one of its cells is measured and kept.
#pragma once

#include <algorithm>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "autoprune/cost/metrics.hpp"
#include "autoprune/search/heuristics.hpp"
#include "autoprune/study/auto_prune.hpp"
#include "autoprune/study/kept_figures.hpp"
#include "autoprune/study/shared_cells.hpp"

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

/// The accelerator for crossbars and OUs of a geometry.
using AcceleratorFor = std::function<hardware::Accelerator(const Geometry<>&)>;

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
  [[nodiscard]] std::optional<io::Json> read(const search::Fingerprint& print,
                                             const SweepCell& cell) const {
    if (sweep_.spec.out.empty()) return {};
    return read_figures(file(cell), print);
  }
  void write(const search::Fingerprint& print, const SweepCell& cell) const {
    if (!sweep_.spec.out.empty()) write_figures(file(cell), print, cell.figures);
  }
  /// Of all that decides a cell.
  [[nodiscard]] search::Fingerprint fingerprint(const Study& study, const SweepCell& cell) const {
    search::Fingerprint print = study.fingerprint();
    add_training(train_config(sweep_.spec), print);
    print.add(sweep_.spec.fine_tune.schedule.ramp).add(sweep_.spec.fine_tune.schedule.begin);
    for (const Index n : {sweep_.over.epochs, static_cast<Index>(sweep_.over.heuristic),
                          Index{sweep_.images != nullptr}})
      print.add(static_cast<double>(n));
    return print.add(cell.target);
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

  const Sweep& sweep_;
};

[[nodiscard]] inline std::string hardware_of(const SweepCell& cell) {
  return concat(cell.geometry.to_string(), ", G = ", cell.granularity);
}
[[nodiscard]] inline std::string name_of(const SweepCell& cell) {
  return concat(hardware_of(cell), ", compression ", cell.target);
}

/// Why a combination can't be measured is no error of the sweep's.
[[nodiscard]] inline bool is_impossible(const Error& error) {
  return error.id() == ErrorId::geometry_mismatch || error.id() == ErrorId::mask_mismatch ||
         error.id() == ErrorId::infeasible_constraint;
}

/// All combinations of a sweep in order, the compressions of a granularity next to one another.
template <class Methods>
class SweepCells {
 public:
  explicit SweepCells(const Sweep& sweep) : sweep_(sweep) {}
  SweepCells(const SweepCells&) = delete;
  SweepCells& operator=(const SweepCells&) = delete;

  [[nodiscard]] Index groups() const {
    return std::ssize(sweep_.over.geometries) * std::ssize(sweep_.over.granularities);
  }
  [[nodiscard]] Index targets() const { return std::ssize(sweep_.over.compressions); }
  /// Without figures.
  [[nodiscard]] SweepCell cell(Index i) const {
    const auto at = [](const auto& all, Index k) { return all[static_cast<std::size_t>(k)]; };
    const Index group = i / targets(), rows = std::ssize(sweep_.over.granularities);
    return {at(sweep_.over.geometries, group / rows),
            at(sweep_.over.granularities, group % rows),
            at(sweep_.over.compressions, i % targets()),
            {}};
  }
  /// Of the hardware that a cell shares with its neighbours. Throws what can't be.
  [[nodiscard]] const Study& study(Index i) {
    if (const Index group = i / targets(); !open_ || open_group_ != group) {
      open_.reset();
      open_ = std::make_unique<Open>(sweep_, cell(i));
      open_group_ = group;
    }
    return open_->study;
  }
  [[nodiscard]] io::Json measure(const CellTask& task) {
    const Study& of = study(task.cell);
    require_inputs(task, CellFiles(sweep_).fingerprint(of, cell(task.cell)).value());
    if (!open_->group) open_->group.emplace(sweep_, of.accelerator, of.compressor);
    return open_->group->measure(cell(task.cell).target);
  }

 private:
  struct Open {
    Open(const Sweep& sweep, const SweepCell& cell)
        : spec(with(sweep.spec, cell.granularity)),
          accelerator(sweep.accelerator(cell.geometry)),
          compressor(method_of<Methods>(sweep.network, accelerator, spec)),
          study{sweep.network,     sweep.images ? *sweep.images : no_images(),
                accelerator,       compressor,
                sweep.constraints, spec,
                sweep.pool} {}

    static StudySpec with(StudySpec spec, Index granularity) {
      spec.options.granularity = granularity;
      return spec;
    }
    static const io::Datasets& no_images() {
      static const io::Datasets none;
      return none;
    }

    StudySpec spec;
    hardware::Accelerator accelerator;
    methods::Compressor compressor;
    Study study;
    std::optional<CellGroup> group = {};
  };

  const Sweep& sweep_;
  std::unique_ptr<Open> open_;
  Index open_group_ = 0;
};

}  // namespace detail

}  // namespace autoprune::study
