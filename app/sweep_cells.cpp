#include "sweep_cells.hpp"

#include <algorithm>
#include <autoprune/cost/metrics.hpp>
#include <autoprune/io/file.hpp>
#include <autoprune/io/format.hpp>
#include <autoprune/io/hardware_json.hpp>
#include <autoprune/search/heuristics.hpp>
#include <autoprune/study/training.hpp>
#include <filesystem>
#include <optional>

#include "hardware.hpp"
#include "kept_figures.hpp"
#include "progress.hpp"

namespace autoprune::cli {

namespace {

/// The same options for other crossbars.
Options on(Options options, const Geometry<>& geometry) {
  options.geometry = geometry;
  return options;
}

/// Measures all targets of one geometry and granularity, which share rankings and dense cost.
class CellGroup {
 public:
  CellGroup(Job& job, search::Compressor compressor)
      : job_(job),
        compressor_(std::move(compressor)),
        rankings_(job.rank(compressor_)),
        counts_(compressor_, rankings_),
        model_(job.network, accelerator_of(on(job.options, compressor_.geometry()))),
        dense_(model_.price_dense()) {}

  /// Throws infeasible_constraint.
  [[nodiscard]] io::Json measure(double target) {
    search::Constraints constraints = job_.constraints;
    constraints.target_compression = target;
    const search::Policy start =
        search::heuristic(job_.options.heuristic, rankings_, 1.0 / target).policy;
    const search::Policy policy = search::meet_constraints(start, constraints, counts_);
    std::vector<PruneMask> masks = search::Compressor::masks(rankings_, policy);
    std::optional<nn::Accuracy> accuracy;
    if (job_.data) accuracy = measure_accuracy(masks, policy, constraints);
    io::Json figures = count(masks);
    if (accuracy) {
      figures["top1"] = accuracy->top1;
      figures["top5"] = accuracy->top5;
    }
    return figures;
  }

 private:
  /// On the held-out images; fine-tuning ends with other masks than it began with.
  nn::Accuracy measure_accuracy(std::vector<PruneMask>& masks, const search::Policy& policy,
                                const search::Constraints& constraints) {
    const study::Study study = job_.study();
    nn::Network network = job_.network;
    if (job_.options.sweep.epochs > 0) {
      search::FineTuneConfig config{study::train_config(job_.options),
                                    job_.options.fine_tune.schedule};
      config.train.epochs = job_.options.sweep.epochs;
      search::FineTuner tuner(network, job_.data->train, study.split().train, policy, constraints,
                              compressor_, config, job_.pool, &job_.network);
      while (!tuner.done()) tuner.run_epoch();
      masks = tuner.masks();
    }
    nn::Session session(network, job_.pool);
    session.set_masks(masks);
    nn::recalibrate(session, study.calibration_batches());
    return nn::evaluate(session, study.held_out_batches());
  }

  io::Json count(const std::vector<PruneMask>& masks) const {
    const mapping::CrossbarCount crossbars = compressor_.count(masks).crossbars;
    const cost::OuCost cost = model_.price(compressor_.map(masks).layers);
    const cost::Metrics metrics = cost::metrics(cost);
    const cost::Gains gains = cost::gains(cost, dense_);
    return {{"crossbars", crossbars.per_layer},
            {"compression_per_layer", crossbars.compression_per_layer()},
            {"compression_pooled", crossbars.compression_pooled()},
            {"keep_ratio", study::keep_ratio(masks)},
            {"index_kib", metrics.index_kib},
            {"index_percent_of_weights", 100.0 * metrics.index_share},
            {"area_um2", cost.totals.area_um2},
            {"energy_nj", cost.totals.energy_nj},
            {"latency_ns", cost.totals.latency_ns},
            {"gops_per_w", metrics.gops_per_w},
            {"gops_per_mm2", metrics.gops_per_mm2},
            {"area_gain", gains.area},
            {"energy_gain", gains.energy},
            {"area_efficiency_gain", gains.gops_per_mm2}};
  }

  Job& job_;
  search::Compressor compressor_;
  std::vector<search::Ranking> rankings_;
  search::LayerCounts counts_;
  cost::OuModel model_;
  cost::OuCost dense_;
};

/// Of all that decides a cell besides its own hardware and target. Without data there is no study.
search::Fingerprint fingerprint_of(const Job& job) {
  const Options& o = job.options;
  search::Fingerprint print;
  if (job.data) {
    print = job.study().fingerprint();
  } else {
    for (const nn::ConstNamedTensor& p : std::as_const(job.network).parameters())
      print.add(std::span<const float>(p.tensor->data(), p.tensor->size()));
  }
  const std::string chip = io::json_text(io::hardware_to_json(job.accelerator));
  print.add(std::span<const char>(chip)).add(std::span<const char>(job.compressor.name()));
  study::detail::add_training(study::train_config(o), print);
  return print.add(o.fine_tune.schedule.ramp)
      .add(o.fine_tune.schedule.begin)
      .add(static_cast<double>(o.sweep.epochs))
      .add(static_cast<double>(o.heuristic))
      .add(static_cast<double>(o.constraints.counting));
}

/// Cells in files of --out, each with a fingerprint of all that decides it.
class CellFiles {
 public:
  explicit CellFiles(const Job& job) : job_(job), run_(fingerprint_of(job)) {}

  /// Nothing when there is no such cell, or one of another run.
  [[nodiscard]] std::optional<io::Json> read(const SweepCell& cell) const {
    return read_figures(file(cell), fingerprint(cell));
  }
  void write(const SweepCell& cell) const {
    write_figures(file(cell), fingerprint(cell), cell.figures);
  }

 private:
  [[nodiscard]] static std::string name(const SweepCell& cell) {
    std::string geometry = cell.geometry.to_string();
    std::replace(geometry.begin(), geometry.end(), '/', '_');
    return concat(geometry, "-G", cell.granularity, "-CR", cell.target);
  }
  [[nodiscard]] std::filesystem::path file(const SweepCell& cell) const {
    return job_.file("cells/" + name(cell) + ".json");
  }
  [[nodiscard]] search::Fingerprint fingerprint(const SweepCell& cell) const {
    search::Fingerprint print = run_;
    const std::string text = name(cell);
    return print.add(std::span<const char>(text));
  }

  const Job& job_;
  search::Fingerprint run_;
};

/// Why a combination can't be measured is no error of the sweep's.
bool is_impossible(const Error& error) {
  return error.id() == ErrorId::geometry_mismatch || error.id() == ErrorId::mask_mismatch ||
         error.id() == ErrorId::infeasible_constraint;
}

}  // namespace

SweepResult run_sweep(Job& job) {
  const SweepOptions& sweep = job.options.sweep;
  const std::vector<Index> granularities =
      job.compressor.row_groups() ? sweep.granularities : std::vector<Index>{1};
  const CellFiles files(job);
  SweepResult result;
  Progress progress("sweep", job.options.quiet);
  const std::vector<Geometry<>> geometries = sweep.geometries();
  const double all =
      static_cast<double>(geometries.size() * granularities.size() * sweep.compressions.size());
  Index seen = 0;
  const auto skip = [&](const std::string& what, const Error& error) {
    if (!is_impossible(error)) throw error;
    result.skipped.push_back(what + ": " + error.what());
  };
  for (const Geometry<>& geometry : geometries)
    for (const Index granularity : granularities) {
      const std::string where = concat(geometry.to_string(), ", G = ", granularity);
      std::optional<CellGroup> group;
      std::optional<search::Compressor> compressor;
      try {
        compressor = job.compressor_on(geometry, granularity);
      } catch (const Error& error) {
        skip(where, error);
        seen += static_cast<Index>(sweep.compressions.size());
        continue;
      }
      for (const double target : sweep.compressions) {
        SweepCell cell{geometry, granularity, target, {}};
        const std::string what = concat(where, ", compression ", target);
        if (const auto saved = files.read(cell)) {
          cell.figures = *saved;
          if (saved->is_null()) result.skipped.push_back(what + ": out of reach");
        } else {
          try {
            if (!group) group.emplace(job, *compressor);
            cell.figures = group->measure(target);
          } catch (const Error& error) {
            skip(what, error);
          }
          files.write(cell);
          ++result.measured;
        }
        progress.show(static_cast<double>(++seen) / all, what, true);
        if (!cell.figures.is_null()) result.cells.push_back(std::move(cell));
      }
    }
  if (result.cells.empty())
    fail(ErrorId::infeasible_constraint,
         "no cell of the sweep can be measured: ", join(result.skipped, "; "));
  return result;
}

}  // namespace autoprune::cli
