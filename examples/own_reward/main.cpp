// A reward of one's own: what the search of a whole study goes by.
#include <autoprune/autoprune.hpp>
#include <iostream>

#include "../synthetic.hpp"

using namespace autoprune;

// [extending]
/// Points of accuracy, less `lambda` for each percent of the crossbars that is left.
struct Tax {
  double lambda = 1.0;

  void validate() const { require_range(lambda, "the tax on crossbars", 0.0, 1e6); }
  std::string words(const std::string& accuracy) const {
    return concat(accuracy, " - ", lambda, " x crossbars left in %");
  }
  double operator()(const search::Figures& f) const {
    return f.accuracy - lambda * 100.0 / f.compression;
  }
};
// [extending]

int main() {
  const io::Datasets data{stripes(512, /*seed=*/1), stripes(128, /*seed=*/2)};
  nn::Network network({1, 16, 16});
  network.conv("conv", {.out = 32, .kernel = 3, .stride = 2, .padding = 1});
  network.relu("relu");
  network.linear("fc1", 32);
  network.relu("relu2");
  network.linear("fc2", 4);
  network.initialise(/*seed=*/1);
  ThreadPool pool;
  nn::TrainConfig training{.epochs = 5, .batch = 32, .augment = false};
  nn::Trainer trainer(network, data.train, nn::range(0, 384), training, pool);
  while (!trainer.done()) trainer.run_epoch();

  training.epochs = 1;
  const hardware::Accelerator chip = cost::ou_preset("paper", {32, 32, 8, 8, 1});
  Index left[2] = {};
  for (const Index high : {0, 1}) {
    const study::Record found = study::auto_prune(network, data, chip,
                                                  {.options = {.granularity = 8},
                                                   .search = {.episodes = 8},
                                                   .own_reward = Tax{high == 1 ? 10.0 : 0.1},
                                                   .held_out = 128,
                                                   .held_out_images = 128,
                                                   .calibration_images = 128,
                                                   .fine_tune = {.train = training}});
    left[high] = found.placement.crossbars.per_layer;
    std::cout << found.objective << '\n';
  }
  std::cout << "more tax leaves fewer crossbars: " << (left[1] < left[0] ? "yes" : "no") << '\n';
}
