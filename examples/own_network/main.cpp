// A network of one's own: built in C++, written to files, read back, trained and mapped.

#include <unistd.h>

#include <autoprune/autoprune.hpp>
#include <filesystem>
#include <iostream>

#include "../synthetic.hpp"

using namespace autoprune;
namespace fs = std::filesystem;

/// A small residual network. Each call appends a node that reads the last one, or the ones named.
nn::Network residual_network() {
  nn::Network n({1, 16, 16});
  n.conv("stem", {.out = 16, .kernel = 3, .padding = 1});
  n.batch_norm("stem_norm");
  Index block = n.relu("stem_relu");
  for (const Index width : {16, 32}) {
    const Index stride = width == 16 ? 1 : 2;
    const std::string name = concat("block", width);
    n.conv(name + ".conv1", {.out = width, .kernel = 3, .stride = stride, .padding = 1}, block);
    n.batch_norm(name + ".norm1");
    n.relu(name + ".relu1");
    n.conv(name + ".conv2", {.out = width, .kernel = 3, .padding = 1});
    const Index residual = n.batch_norm(name + ".norm2");
    // Where the shape changes, the shortcut is a convolution of one pixel.
    const Index shortcut =
        stride == 1 ? block
                    : n.conv(name + ".shortcut", {.out = width, .kernel = 1, .stride = 2}, block);
    n.add(name + ".sum", {residual, shortcut});
    block = n.relu(name + ".relu2");
  }
  n.avg_pool("pool", {.kernel = 8});
  n.flatten("flatten");
  n.linear("classifier", 4);
  n.initialise(/*seed=*/1);
  return n;
}

/// A directory that vanishes with its owner.
struct TemporaryDirectory {
  fs::path path = fs::temp_directory_path() / concat("autoprune-own-network-", ::getpid());
  TemporaryDirectory() { fs::create_directories(path); }
  ~TemporaryDirectory() { fs::remove_all(path); }
};

nn::Network through_files(const nn::Network& network, const fs::path& directory) {
  // One file with weights and graph ...
  io::save_network(network, directory / "net.safetensors");
  // ... or the graph as JSON, beside weights that PyTorch may have written.
  io::Json graph = io::network_to_json(network);
  graph["weights"] = "net.safetensors";
  io::write_file(directory / "net.json", io::json_text(graph));

  const nn::Network one = io::read_network(directory / "net.safetensors");
  const nn::Network two = io::read_network(directory / "net.json");
  bool same = one.size() == network.size() && two.size() == network.size();
  for (std::size_t i = 0; i < network.parameters().size(); ++i)
    same = same && *one.parameters()[i].tensor == *network.parameters()[i].tensor &&
           *two.parameters()[i].tensor == *network.parameters()[i].tensor;
  std::cout << "read back: " << (same ? "the same" : "different") << '\n';
  return one;
}

int main() {
  const TemporaryDirectory directory;
  nn::Network network = through_files(residual_network(), directory.path);

  const nn::Dataset data = stripes(640, /*seed=*/1);
  const nn::Split images = nn::split(data, 128);
  ThreadPool pool;
  nn::TrainConfig config;
  config.epochs = 3;
  config.batch = 32;
  config.augment = false;  // a mirror image runs another way
  nn::Trainer trainer(network, data, images.train, config, pool);
  while (!trainer.done()) {
    const nn::EpochReport report = trainer.run_epoch();
    std::cout << "epoch " << report.epoch << ": loss " << io::format_number(report.loss, 3) << '\n';
  }
  const nn::Accuracy accuracy = nn::evaluate(trainer.backend(), data, images.held_out);
  std::cout << "accuracy " << io::format_number(accuracy.top1, 1) << " %\n";

  const auto hardware = search::Compressor(PaperGeometry{}, prune::ColumnVectorPruner(32));
  const std::vector<search::Ranking> layers = hardware.rank(network);
  const search::Policy half(layers.size(), 0.5);
  const mapping::NetworkCount count = hardware.count(search::Compressor::masks(layers, half));
  const std::vector<Index> nodes = network.matrix_layers();
  for (std::size_t k = 0; k < nodes.size(); ++k) {
    const mapping::LayerCount& layer = count.layers[k];
    std::cout << network.node(nodes[k]).name << ": " << layer.rows << 'x' << layer.cols << ", "
              << layer.kept << " of " << layer.vectors << " column-vectors in " << layer.ous
              << " OUs\n";
  }
  std::cout << "crossbars: " << count.crossbars.dense << " dense, " << count.crossbars.per_layer
            << " per layer, " << count.crossbars.pooled << " pooled\n";
}
