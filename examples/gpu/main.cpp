// Prunes on LibTorch: on a GPU where there is one, else on the processor. Needs the component
// torch.
#include <autoprune/methods/registry.hpp>
#include <autoprune/nn.hpp>
#include <autoprune/torch.hpp>
#include <iostream>

#include "../synthetic.hpp"

using namespace autoprune;

int main() {
  const libtorch::Options device{.device = ::torch::cuda::is_available() ? "cuda" : "cpu"};
  nn::Network network({1, 16, 16});
  network.conv("conv", {.out = 32, .kernel = 5, .padding = 2});
  network.batch_norm("norm");
  network.relu("relu");
  network.max_pool("pool", {.kernel = 4});
  network.linear("fc", 4);
  network.initialise(/*seed=*/1);

  const nn::Dataset images = stripes(1024, /*seed=*/1), test = stripes(512, /*seed=*/2);
  ThreadPool pool;
  nn::TrainConfig config;
  config.epochs = 4;
  config.batch = 64;
  config.augment = false;
  nn::Trainer trainer(network, images, nn::range(0, 1024), config, pool, nullptr,
                      libtorch::backend(device));
  const auto accuracy = [&] {
    return nn::evaluate(trainer.backend(), test, nn::range(0, 512)).top1 > 85.0;
  };
  while (!trainer.done()) trainer.run_epoch();
  std::cout << "dense: " << (accuracy() ? "learned" : "not learned") << '\n';

  // Half of the column-vectors of every layer, and some epochs more.
  const auto method = methods::make_method("column-vectors", {network, Geometry<>()});
  const methods::Policy keep = {0.5, 0.5};
  trainer.resume(/*epoch=*/2, methods::Compressor::masks(method.rank(network), keep));
  while (!trainer.done()) trainer.run_epoch();
  std::cout << "half of it: " << (accuracy() ? "learned" : "not learned") << '\n';
}
