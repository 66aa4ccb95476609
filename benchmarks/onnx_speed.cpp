// How fast a network of an ONNX model runs on random images:
// onnx_speed MODEL inference|training BATCH KEEP SECONDS THREADS. Of the column-vectors of every
// layer KEEP are kept, drawn by chance; 1 is the dense network. Prints images a second, images a
// second of the processor's time, and peak memory in GiB.

#include <autoprune/io/file.hpp>
#include <autoprune/nn.hpp>
#include <autoprune/onnx.hpp>
#include <chrono>
#include <ctime>
#include <iostream>

using namespace autoprune;

namespace {

std::vector<PruneMask> random_masks(const nn::Network& network, double keep) {
  std::vector<PruneMask> masks;
  Random random(1);
  for (const Index i : keep < 1.0 ? network.matrix_layers() : std::vector<Index>{}) {
    const nn::Node& node = network.node(i);
    const ConstMatrixView w = weight_matrix(node.weight);
    PruneMask mask(w.cols(), w.rows(), 32);
    for (Index g = 0; g < mask.groups(); ++g)
      for (Index c = 0; c < mask.cols(); ++c) mask.set(g, c, random.uniform() < keep);
    masks.push_back(std::move(mask).in_matrices(node.matrices));
  }
  return masks;
}

double peak_gib() {
  const std::string status = io::read_file("/proc/self/status");
  return std::stod(status.substr(status.find("VmHWM:") + 6)) / (1 << 20);
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 7) fail(ErrorId::bad_syntax, "onnx_speed MODEL KIND BATCH KEEP SECONDS THREADS");
  const bool training = argv[2] == std::string("training");
  const Index batch = std::stol(argv[3]);
  const double keep = std::stod(argv[4]), enough = std::stod(argv[5]);

  nn::Network network = autoprune::onnx::read_network(argv[1]);
  ThreadPool pool(std::stol(argv[6]));
  nn::Session session(network, pool);
  const std::vector<PruneMask> masks = random_masks(network, keep);
  session.set_masks(masks);
  nn::Activation images(network.input_shape(), batch), dlogits;
  Random random(2);
  for (Index b = 0; b < images.blocks(); ++b)
    for (Index i = 0; i < images.block_size(); ++i)
      images.block(b)[i] = static_cast<float>(random.normal());
  const std::vector<nn::Label> labels(static_cast<std::size_t>(batch), 0);
  nn::Sgd sgd(network, {});
  const auto step = [&] {
    if (!training) return static_cast<void>(session.logits_of(images));
    const nn::Activation& logits = session.forward(images, nn::Mode::training);
    (void)nn::loss(logits, labels, nullptr, {}, dlogits);
    session.backward(dlogits);
    sgd.step(session, 1e-5, masks);
  };
  step();
  using Clock = std::chrono::steady_clock;
  const Clock::time_point start = Clock::now();
  const std::clock_t clock = std::clock();
  double done = 0.0;
  std::chrono::duration<double> seconds{};
  do {
    step();
    done += static_cast<double>(batch);
    seconds = Clock::now() - start;
  } while (seconds.count() < enough);
  const double worked = static_cast<double>(std::clock() - clock) / CLOCKS_PER_SEC;
  std::cout << done / seconds.count() << ' ' << done / worked << ' ' << peak_gib() << '\n';
} catch (const Error& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
