/// @file simulate.hpp
/// A network on its accelerator: its accuracy in floating point, in integers and on the cells that
/// were drawn, and what the accelerator does for an image.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "autoprune/io/format.hpp"
#include "autoprune/simulation/activity.hpp"
#include "autoprune/simulation/monte_carlo.hpp"
#include "autoprune/simulation/simulated_network.hpp"
#include "autoprune/study/study.hpp"

namespace autoprune::study {

/// Accuracy on hardware that was drawn `seeds` times.
struct DrawnAccuracy {
  simulation::Estimate top1, top5;
  Index seeds = 1;
};

struct VariedAccuracy {
  double variation = 0.0;  ///< of the cells' conductance, as a fraction
  DrawnAccuracy accuracy;
};

struct Simulation {
  Index images = 0;        ///< of the test set
  nn::Accuracy real;       ///< of the floating-point network
  nn::Accuracy quantised;  ///< integers on ideal hardware
  DrawnAccuracy on_crossbar;
  std::vector<simulation::Activity> activity;  ///< of every matrix layer, over all images
  std::vector<VariedAccuracy> sweep;           ///< of the variations that were asked for
};

/// Told which share of the work is done, and in words how far it is; `milestone`: something has
/// been measured.
using ShowSimulation = std::function<void(double done, const std::string& text, bool milestone)>;

namespace detail {

/// Measures one network after another on the study's test images.
template <class Adcs>
class SimulationRun {
 public:
  SimulationRun(const Study& study, nn::Network& network, const std::vector<PruneMask>& masks,
                const ShowSimulation& show)
      : study_(study),
        masks_(masks),
        placements_(study.compressor.map(masks).layers),
        session_(network, study.pool),
        ranges_(simulation::calibrate(session_, masks,
                                      study.calibration_batches(study.data.train.size()),
                                      study.spec.calibration)),
        show_(show) {}

  [[nodiscard]] Simulation finish(std::span<const double> variations) {
    const double variation = study_.accelerator.devices.cells.get<hardware::Variation>().sigma;
    evaluations_ = 2 + seeds(variation);
    for (const double point : variations) evaluations_ += seeds(point);
    Simulation result;
    result.images = study_.test_images();
    result.quantised = quantised();
    session_.set_masks(masks_);
    result.real = measure("float", [&](auto batch) { return nn::evaluate(session_, batch); });
    result.on_crossbar = on_crossbar(variation, &result.activity);
    for (const double point : variations)
      result.sweep.push_back({point, on_crossbar(point, nullptr)});
    return result;
  }

 private:
  [[nodiscard]] hardware::Accelerator varying(double variation) const {
    hardware::Accelerator accelerator = study_.accelerator;
    accelerator.devices.cells.get<hardware::Variation>().sigma = variation;
    return accelerator;
  }
  /// Ideal devices are all the same.
  [[nodiscard]] Index seeds(double variation) const {
    return varying(variation).noisy() ? study_.spec.devices : 1;
  }
  [[nodiscard]] simulation::BasicSimulatedNetwork<Adcs> on(const hardware::Accelerator& accelerator,
                                                           Index device, bool counts) {
    simulation::BasicSimulatedNetwork<Adcs> network(
        session_, accelerator, masks_, placements_, ranges_,
        {.seed = study_.spec.seed + static_cast<std::uint64_t>(device)});
    network.count_activity(counts);
    return network;
  }

  nn::Accuracy quantised() {
    simulation::BasicSimulatedNetwork<Adcs> ideal = on(study_.accelerator.ideal(), 0, false);
    return measure("quantised", [&](auto batch) { return ideal.evaluate(batch); });
  }

  /// With `activity`, what the first of the drawn networks did.
  DrawnAccuracy on_crossbar(double variation, std::vector<simulation::Activity>* activity) {
    const std::string what =
        variation > 0.0 ? concat("variation ", io::format_number(100.0 * variation, 1), " %")
                        : std::string("on-crossbar");
    std::vector<double> top1, top5;
    for (Index i = 0; i < seeds(variation); ++i) {
      const bool counts = activity != nullptr && i == 0;
      simulation::BasicSimulatedNetwork<Adcs> drawn = on(varying(variation), i, counts);
      const nn::Accuracy accuracy =
          measure(what, [&](auto batch) { return drawn.evaluate(batch); });
      top1.push_back(accuracy.top1);
      top5.push_back(accuracy.top5);
      if (counts) *activity = drawn.activity();
    }
    return {simulation::estimate(top1), simulation::estimate(top5), seeds(variation)};
  }

  /// `evaluate(batch)` is called for every batch of test images, so that progress can be shown.
  template <class Evaluate>
  nn::Accuracy measure(const std::string& what, Evaluate&& evaluate) {
    const Index images = study_.test_images();
    Index done = 0;
    const nn::Accuracy accuracy = nn::evaluate_each(
        study_.data.test, nn::range(0, images), study_.pool, [&](std::span<const nn::Batch> batch) {
          const nn::Accuracy part = evaluate(batch);
          done += batch.front().images.images();
          show(static_cast<double>(done) / static_cast<double>(images), what, false);
          return part;
        });
    ++measured_;
    show(0.0, concat(what, "  Acc1 ", io::format_number(accuracy.top1, 2), " %"), true);
    return accuracy;
  }

  /// `share` of the present evaluation is done.
  void show(double share, const std::string& text, bool milestone) const {
    if (show_)
      show_((static_cast<double>(measured_) + share) / static_cast<double>(evaluations_),
            concat(measured_, '/', evaluations_, " evaluations  ", text), milestone);
  }

  const Study& study_;
  const std::vector<PruneMask>& masks_;
  std::vector<mapping::Placement> placements_;
  nn::Session session_;
  std::vector<simulation::LayerRanges> ranges_;
  const ShowSimulation& show_;
  Index measured_ = 0, evaluations_ = 0;
};

}  // namespace detail

/// Calibrates a network under masks (one a matrix layer) and measures it on the test images; where
/// the devices are noisy on StudySpec::devices of them, and again at each of the variations. Throws
/// out_of_range for more calibration images than there are.
template <class Adcs = hardware::AdcKinds>
[[nodiscard]] Simulation simulate(const Study& study, nn::Network& network,
                                  const std::vector<PruneMask>& masks,
                                  std::span<const double> variations = {},
                                  const ShowSimulation& show = {}) {
  return detail::SimulationRun<Adcs>(study, network, masks, show).finish(variations);
}

}  // namespace autoprune::study
