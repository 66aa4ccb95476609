// A project of a user: LeNet-5 pruned by a criterion of his own, and watched. The images are made
// up, so that it needs no data.
#include <autoprune/autoprune.hpp>
#include <cmath>
#include <cstdio>

namespace ap = autoprune;

namespace {

/// The largest weight of a column-vector.
struct Largest {
  [[nodiscard]] float score(std::span<const float> weights) const {
    float most = 0.0F;
    for (const float w : weights) most = std::max(most, std::abs(w));
    return most;
  }
};

struct Watch {
  int episodes = 0, epochs = 0;
  void on_episode(const ap::search::Search<>&) { ++episodes; }
  void on_epoch(const ap::study::TrainingPoint&) { ++epochs; }
};

/// A bright square whose place tells the class.
ap::nn::Dataset squares(ap::Index images) {
  ap::nn::Dataset data;
  data.name = "squares";
  data.stored = {1, 32, 32};
  data.classes = 4;
  data.mean = {0.5F};
  data.stddev = {0.25F};
  for (ap::Index i = 0; i < images; ++i) {
    const auto label = static_cast<std::uint8_t>(i % 4);
    data.labels.push_back(label);
    for (int y = 0; y < 32; ++y)
      for (int x = 0; x < 32; ++x)
        data.pixels.push_back((x < 16) == (label % 2 == 0) && (y < 16) == (label < 2) ? 200 : 50);
  }
  return data;
}

}  // namespace

int main() {
  ap::nn::Network lenet5 = ap::nn::lenet5();
  lenet5.initialise(1);
  ap::study::StudySpec spec;
  spec.constraints = {.target_compression = 2.0, .counting = ap::search::Counting::pooled};
  spec.search.episodes = 2;
  spec.fine_tune.train.epochs = 1;
  spec.fine_tune.train.batch = 16;
  spec.held_out = spec.held_out_images = spec.calibration_images = 16;
  spec.own_method = [](const ap::methods::Setting& on) {
    return ap::methods::Compressor(on.geometry, ap::prune::ColumnVectorPruner<32, Largest>{},
                                   on.options.mapping);
  };
  Watch watch;
  const ap::study::Record found = ap::study::auto_prune(lenet5, {squares(48), squares(16)},
                                                        ap::cost::ou_preset("paper"), spec, watch);
  std::printf("%d policies, %d epoch, %.1f times fewer crossbars\n", watch.episodes, watch.epochs,
              found.placement.crossbars.compression_pooled());
  return watch.episodes == 2 && watch.epochs == 1 &&
                 found.placement.crossbars.compression_pooled() >= 2.0
             ? 0
             : 1;
}
