// A study over the processes that mpirun starts: every one runs this program, the first one leads.

#include <autoprune/mpi.hpp>
#include <autoprune/nn/zoo.hpp>
#include <autoprune/study/auto_prune.hpp>
#include <iostream>

#include "../synthetic.hpp"

using namespace autoprune;

int main() {
  mpi::World world;

  const io::Datasets images{stripes(1024, /*seed=*/1), stripes(256, /*seed=*/2)};
  nn::Network network({1, 16, 16});
  network.conv("conv1", {.out = 16, .kernel = 3, .stride = 2, .padding = 1});
  network.batch_norm("norm1");
  network.relu("relu1");
  network.flatten("flatten");
  network.linear("fc", 4);
  network.initialise(/*seed=*/1);
  ThreadPool pool(1);
  nn::TrainConfig training;
  training.epochs = 3;
  training.batch = 32;
  training.augment = false;
  nn::Trainer trainer(network, images.train, nn::range(0, 768), training, pool);
  while (!trainer.done()) trainer.run_epoch();

  study::StudySpec spec;
  spec.team = &world;
  spec.search.episodes = 16;
  spec.search.batch = 4;  // policies at a time: what the processes share
  spec.held_out = spec.held_out_images = 256;
  spec.calibration_images = 256;
  spec.fine_tune.train = training;
  spec.constraints.target_compression = 2.0;
  const study::Record found = study::auto_prune(network, images, cost::ou_preset("paper"), spec);

  if (!world.leads()) return 0;  // only the first one has the record
  std::cout << found.search.episodes.size() << " policies, the best is number "
            << found.search.best + 1 << "; " << found.placement.crossbars.per_layer << " of "
            << found.placement.crossbars.dense << " crossbars\n";
}
