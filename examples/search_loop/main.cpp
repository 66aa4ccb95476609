// The search by hand, on a network and images that are made here: what the guided
// search tries, what the hardware answers, and how a search is stopped and taken up again.

#include <autoprune/autoprune.hpp>
#include <iostream>

#include "../synthetic.hpp"

using namespace autoprune;

/// Small crossbars, so that a small network has many.
using Hardware = Geometry<32, 32, 8, 8, 1>;

nn::Network trained_network(const nn::Dataset& data, const nn::Split& images, ThreadPool& pool) {
  nn::Network n({1, 16, 16});
  n.conv("conv1", {.out = 16, .kernel = 3, .stride = 2, .padding = 1});
  n.batch_norm("norm1");
  n.relu("relu1");
  n.conv("conv2", {.out = 32, .kernel = 3, .stride = 2, .padding = 1});
  n.batch_norm("norm2");
  n.relu("relu2");
  n.flatten("flatten");
  n.linear("fc1", 32);
  n.relu("relu3");
  n.linear("fc2", 4);
  n.initialise(/*seed=*/1);
  nn::TrainConfig config;
  config.epochs = 5;
  config.batch = 32;
  config.augment = false;
  nn::Trainer trainer(n, data, images.train, config, pool);
  while (!trainer.done()) trainer.run_epoch();
  return n;
}

void print(const search::Search<>& run) {
  const search::Episode& episode = run.episodes().back();
  const search::Outcome& o = episode.outcome;
  std::cout << "episode " << run.episodes().size() << " (" << run.kind(episode) << "): keeps";
  for (const double keep : o.keep_ratios) std::cout << ' ' << io::format_number(100.0 * keep);
  std::cout << " %; compression " << io::format_number(o.crossbars.compression_pooled(), 2)
            << ", accuracy " << io::format_number(o.accuracy, 1) << " %, reward "
            << io::format_number(o.reward, 4) << '\n';
}

int main() {
  ThreadPool pool;
  const nn::Dataset data = stripes(1024, /*seed=*/1);
  const nn::Split images = nn::split(data, 256);
  const nn::Network network = trained_network(data, images, pool);

  search::Constraints constraints;
  constraints.target_compression = 4.0;
  constraints.counting = search::Counting::pooled;
  search::PruningEnvironment environment(
      network, search::Compressor(Hardware{}, prune::ColumnVectorPruner<8>{}),
      {nn::load_batches(data, nn::range(0, 256), pool),
       nn::load_batches(data, images.held_out, pool)},
      constraints, pool);
  std::cout << "dense accuracy " << io::format_number(environment.landscape().dense_accuracy(), 1)
            << " %\n";

  search::SearchConfig config;
  config.episodes = 12;
  config.seed = 1;
  std::string checkpoint;
  search::Search first(environment, config);
  while (!first.done()) {
    first.run_episode();
    print(first);
    if (first.episodes().size() == 6) checkpoint = first.save();  // io::write_file() would keep it
  }

  search::Search second(environment, config);
  second.restore(checkpoint);
  while (!second.done()) second.run_episode();
  const bool same = first.save() == second.save();
  std::cout << "resumed after episode 6: " << (same ? "the same bits" : "other bits") << '\n';
  std::cout << "best: episode " << first.best() + 1 << '\n';
}
