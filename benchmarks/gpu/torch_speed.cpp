// Images a second of training on LibTorch, and beside it on our own kernels.
// torch_speed BACKEND NETWORK [BATCH] [STEPS]: BACKEND is processor (our kernels), or LibTorch's
// cpu or cuda[:N], with +bf16 behind it for products in bfloat16; NETWORK is one of the zoo for
// 32x32 images, or resnet18 for 224x224. Prints "BACKEND NETWORK BATCH
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

/// ResNet-18 (He et al., CVPR 2016), as torchvision has it, for ten classes.
nn::Network resnet18(nn::Shape3 input) {
  nn::Network network(input);
  const auto conv_bn = [&](const std::string& name, const nn::Conv& op, Index from) {
    network.conv(name, op, from);
    return network.batch_norm(name + "_bn");
  };
  conv_bn("conv1", {.out = 64, .kernel = 7, .stride = 2, .padding = 3}, 0);
  network.relu("relu");
  Index x = network.max_pool("maxpool", {.kernel = 3, .stride = nn::Size2(2), .padding = 1});
  for (Index block = 0; block < 8; ++block) {
    const std::string name = concat("block", block);
    const Index out = Index{64} << block / 2, stride = block > 0 && block % 2 == 0 ? 2 : 1;
    conv_bn(name + ".conv1", {.out = out, .kernel = 3, .stride = stride, .padding = 1}, x);
    const Index hidden = network.relu(name + ".relu1");
    const Index body = conv_bn(name + ".conv2", {.out = out, .kernel = 3, .padding = 1}, hidden);
    const Index shortcut =
        stride == 1 ? x : conv_bn(name + ".down", {.out = out, .kernel = 1, .stride = stride}, x);
    network.add(name + ".add", {body, shortcut});
    x = network.relu(name + ".relu2");
  }
  network.append("avgpool", nn::GlobalAvgPool{});
  network.flatten("flatten");
  network.linear("fc", 10);
  return network;
}

/// Bytes of noise.
nn::Dataset noise(Index images, nn::Shape3 shape) {
  nn::Dataset data;
  data.name = "noise";
  data.stored = shape;
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
  const bool large = of == "resnet18";
  nn::Network network = large ? resnet18({3, 224, 224}) : nn::make_network(of, {3, 32, 32});
  network.initialise(1);
  const nn::Dataset images =
      noise(std::max<Index>(large ? 512 : 4096, batch), network.input_shape());
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
