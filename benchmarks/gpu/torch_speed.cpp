// Images a second of training on LibTorch, and beside it on our own kernels.
// torch_speed BACKEND NETWORK [BATCH] [STEPS]: BACKEND is processor (our kernels), or LibTorch's
// cpu or cuda[:N], with +bf16 behind it for products in bfloat16. Prints "BACKEND NETWORK BATCH
// RATE".
#include <autoprune/nn/cpu_backend.hpp>
#include <autoprune/nn/dataset.hpp>
#include <autoprune/nn/zoo.hpp>
#include <autoprune/torch/backend.hpp>
#include <chrono>
#include <iostream>
#include <string>

using namespace autoprune;

namespace {

/// Bytes of noise in CIFAR-10's shape.
nn::Dataset noise(Index images) {
  nn::Dataset data;
  data.name = "noise";
  data.stored = {3, 32, 32};
  data.mean = data.stddev = {0.5F, 0.5F, 0.5F};
  Random random(1);
  for (Index i = 0; i < images; ++i)
    data.labels.push_back(static_cast<nn::Label>(random.below(10)));
  for (Index i = 0; i < images * data.stored.size(); ++i)
    data.pixels.push_back(static_cast<std::uint8_t>(random.below(256)));
  return data;
}

nn::MakeBackend backend_of(const std::string& name) {
  if (name == "processor") return nn::cpu_backend;
  return libtorch::backend(libtorch::options_of(name));
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 3) fail(ErrorId::missing_value, "torch_speed BACKEND NETWORK [BATCH] [STEPS]");
  const std::string name = argv[1], of = argv[2];
  const Index batch = argc > 3 ? std::stol(argv[3]) : 256,
              steps = argc > 4 ? std::stol(argv[4]) : 50;
  nn::Network network = nn::make_network(of, {3, 32, 32});
  network.initialise(1);
  const nn::Dataset images = noise(std::max<Index>(4096, batch));
  ThreadPool pool;
  const auto backend = backend_of(name)(network, pool);
  nn::TrainConfig config;
  config.batch = batch;
  backend->begin_training(images, config, nullptr);
  Random random(2);
  const auto step = [&](Index number) {
    std::vector<Index> taken = random.permutation(images.size());
    taken.resize(static_cast<std::size_t>(batch));
    const nn::Augmentation augmentation{4, true, 1, static_cast<std::uint64_t>(number)};
    return backend->train_step({taken, &augmentation, 1e-3, static_cast<std::uint64_t>(number)});
  };
  const Index warm = std::min<Index>(steps, 5);
  for (Index s = 0; s < warm; ++s) (void)step(s);
  backend->check_parameters();  // waits for the device
  const auto begin = std::chrono::steady_clock::now();
  for (Index s = 0; s < steps; ++s) (void)step(warm + s);
  backend->check_parameters();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  std::cout << name << ' ' << of << ' ' << batch << ' '
            << static_cast<double>(batch * steps) / took.count() << '\n';
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
