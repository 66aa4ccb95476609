// A network from an ONNX model, and one written: example_onnx [FILE] lists the layers of FILE, or
// of a model that it writes itself.

#include <unistd.h>

#include <autoprune/nn.hpp>
#include <autoprune/onnx.hpp>
#include <filesystem>
#include <iostream>

namespace ap = autoprune;
namespace fs = std::filesystem;

/// Two convolutions, the second with zeros where it was pruned, and a classifier.
ap::nn::Network pruned_network() {
  ap::nn::Network n({3, 16, 16});
  n.conv("stem", {.out = 8, .kernel = 3, .padding = 1, .bias = true});
  n.append("act", ap::nn::Silu{});
  n.conv("body", {.out = 16, .kernel = 3, .stride = 2, .padding = 1});
  n.batch_norm("norm");
  n.relu("relu");
  n.append("pool", ap::nn::GlobalAvgPool{});
  n.linear("classifier", 10);
  n.initialise(/*seed=*/1);
  ap::Tensor& weight = n.node(*n.find("body")).weight;
  std::fill(weight.begin(), weight.begin() + 4 * 8 * 9, 0.0F);  // four whole filters
  return n;
}

float first_logit(ap::nn::Network& network) {
  ap::ThreadPool pool;
  ap::nn::Session session(network, pool);
  ap::nn::Activation image(network.input_shape(), 1);
  image.fill(0.5F);
  return session.forward(image, ap::nn::Mode::inference).at(0, 0, 0, 0);
}

int main(int argc, char** argv) try {
  fs::path file = argc > 1 ? argv[1] : "";
  std::optional<float> expected;
  if (file.empty()) {
    file = fs::temp_directory_path() / ap::concat("autoprune-", ::getpid(), ".onnx");
    ap::nn::Network network = pruned_network();
    ap::onnx::write_network(file, network);
    expected = first_logit(network);
  }
  ap::nn::Network network = ap::onnx::read_network(file);
  for (const ap::nn::Node& node : network.nodes())
    std::cout << node.name << ": " << node.op.name() << ", " << ap::nn::shape_text(node.shape)
              << '\n';
  if (!expected) return 0;
  fs::remove(file);
  std::cout << (first_logit(network) == *expected ? "the same" : "another") << " answer\n";
} catch (const ap::Error& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
