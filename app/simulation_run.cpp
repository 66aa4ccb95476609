#include "simulation_run.hpp"

#include <autoprune/io/format.hpp>
#include <cmath>

#include "progress.hpp"

namespace autoprune::cli {

namespace {

std::vector<simulation::LayerRanges> input_ranges(Job& job, nn::Session& session,
                                                  const std::vector<PruneMask>& masks) {
  const Index taken = job.options.calibration_images, all = job.data->train.size();
  if (taken > all)
    fail(ErrorId::out_of_range, "--calibration-images ", taken, " of ", all, " training images");
  const auto images = nn::load_batches(job.data->train, nn::range(0, taken), job.pool);
  return simulation::calibrate(session, masks, images, job.options.calibration);
}

/// Measures one network after another on the job's test images.
class SimulationRun {
 public:
  explicit SimulationRun(Job& job)
      : job_(job),
        masks_(job.present_masks()),
        placements_(job.compressor.map(masks_).layers),
        session_(job.network, job.pool),
        ranges_(input_ranges(job, session_, masks_)),
        batches_(nn::load_batches(job.data->test, nn::range(0, job.test_images()), job.pool)),
        progress_("simulate", job.options.quiet) {}

  SimulationResult finish() {
    const std::vector<double>& variations = job_.options.variations;
    const bool sweeps = variations.size() > 1;
    const double variation = job_.accelerator.devices.cells.get<hardware::Variation>().sigma;
    evaluations_ = 2 + seeds(variation);
    for (const double point : variations) evaluations_ += sweeps ? seeds(point) : 0;

    SimulationResult result;
    result.quantised = quantised();
    session_.set_masks(masks_);
    result.real = measure("float", [&](auto batch) { return nn::evaluate(session_, batch); });
    result.on_crossbar = on_crossbar(variation, &result.activity);
    if (sweeps)
      for (const double point : variations)
        result.sweep.push_back({point, on_crossbar(point, nullptr)});
    return result;
  }

 private:
  [[nodiscard]] hardware::Accelerator varying(double variation) const {
    hardware::Accelerator accelerator = job_.accelerator;
    accelerator.devices.cells.get<hardware::Variation>().sigma = variation;
    return accelerator;
  }
  /// Ideal devices are all the same.
  [[nodiscard]] Index seeds(double variation) const {
    return varying(variation).noisy() ? job_.options.devices : 1;
  }

  [[nodiscard]] simulation::SimulatedNetwork network(const hardware::Accelerator& accelerator,
                                                     std::uint64_t seed) {
    return simulation::SimulatedNetwork(session_, accelerator, masks_, placements_, ranges_,
                                        {.seed = seed});
  }

  nn::Accuracy quantised() {
    simulation::SimulatedNetwork ideal = network(job_.accelerator.ideal(), job_.options.seed);
    ideal.count_activity(false);
    return measure("quantised", [&](auto batch) { return ideal.evaluate(batch); });
  }

  /// With `activity`, what the first of the drawn networks did.
  DrawnAccuracy on_crossbar(double variation, std::vector<simulation::Activity>* activity) {
    const std::string what =
        variation > 0.0 ? concat("variation ", io::format_number(100.0 * variation, 1), " %")
                        : std::string("on-crossbar");
    std::vector<double> top1, top5;
    for (Index i = 0; i < seeds(variation); ++i) {
      simulation::SimulatedNetwork drawn =
          network(varying(variation), job_.options.seed + static_cast<std::uint64_t>(i));
      const bool counts = activity != nullptr && i == 0;
      drawn.count_activity(counts);
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
    double first = 0.0, five = 0.0;
    for (std::size_t i = 0; i < batches_.size(); ++i) {
      const nn::Accuracy part = evaluate(std::span(&batches_[i], 1));
      const auto images = static_cast<double>(batches_[i].labels.size());
      first += std::round(part.top1 / 100.0 * images);
      five += std::round(part.top5 / 100.0 * images);
      show(static_cast<double>(i + 1) / static_cast<double>(batches_.size()), what);
    }
    ++measured_;
    const double percent = 100.0 / static_cast<double>(job_.test_images());
    show(0.0, concat(what, "  Acc1 ", io::format_number(percent * first, 2), " %"), true);
    return {percent * first, percent * five};
  }

  /// `share` of the present evaluation is done.
  void show(double share, const std::string& text, bool milestone = false) {
    progress_.show((static_cast<double>(measured_) + share) / static_cast<double>(evaluations_),
                   concat(measured_, '/', evaluations_, " evaluations  ", text), milestone);
  }

  Job& job_;
  std::vector<PruneMask> masks_;
  std::vector<mapping::Placement> placements_;
  nn::Session session_;
  std::vector<simulation::LayerRanges> ranges_;
  std::vector<nn::Batch> batches_;
  Progress progress_;
  Index measured_ = 0, evaluations_ = 0;
};

}  // namespace

SimulationResult run_simulation(Job& job) { return SimulationRun(job).finish(); }

}  // namespace autoprune::cli
