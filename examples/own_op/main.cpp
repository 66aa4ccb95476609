// An operation of one's own, which graphs know by its name like the library's; docs/extending.md
// walks through it.

#include <unistd.h>

#include <algorithm>
#include <autoprune/autoprune.hpp>
#include <filesystem>
#include <iostream>

#include "../synthetic.hpp"

using namespace autoprune;

// [extending]
/// x clamp((x + edge) / (2 edge), 0, 1): hard_swish, which has its edge at 3, with any other.
struct EdgeSwish {
  static constexpr std::string_view kName = "edge_swish";
  double edge = 3.0;
  void describe(nn::AttributeVisitor& visit) { visit("edge", edge); }

  nn::Shape3 shape(const nn::OpInputs& in) const {
    if (!(edge > 0.0)) in.fail(ErrorId::out_of_range, "edge ", edge, "; it must be above 0");
    return in.front();
  }
  bool forward(const nn::ForwardPass& pass) const {
    const auto e = static_cast<float>(edge);
    return pass.each([e](float x) { return x * std::clamp((x + e) / (2 * e), 0.0F, 1.0F); });
  }
  void backward(const nn::BackwardPass& pass, Index, nn::Activation& dx) const {
    const auto e = static_cast<float>(edge);
    pass.each(dx, [e](float x) { return x <= -e ? 0.0F : x >= e ? 1.0F : x / e + 0.5F; });
  }
};
// [extending]

nn::Network network() {
  nn::Network n({1, 16, 16});
  n.conv("conv", {.out = 8, .kernel = 5, .stride = 2});
  n.batch_norm("norm");
  n.append("swish", EdgeSwish{.edge = 2.5});
  n.avg_pool("pool", {.kernel = 6});
  n.linear("classifier", 4);
  n.initialise(/*seed=*/1);
  return n;
}

int main() {
  nn::register_op(EdgeSwish{});  // the line of nn/ops.hpp that an op of the library has
  nn::Network net = network();
  std::cout << io::network_to_json(net)["nodes"][2].dump() << '\n';
  try {
    net.append("flat", EdgeSwish{.edge = 0.0});
  } catch (const Error& error) {
    std::cout << error.what() << '\n';
  }

  const nn::Dataset data = stripes(640, /*seed=*/1);
  const nn::Split images = nn::split(data, 128);
  ThreadPool pool;
  nn::TrainConfig config;
  config.epochs = 3;
  config.batch = 32;
  config.augment = false;  // a mirror image runs another way
  nn::Trainer trainer(net, data, images.train, config, pool);
  while (!trainer.done()) trainer.run_epoch();
  const double top1 = nn::evaluate(trainer.backend(), data, images.held_out).top1;
  std::cout << "trained: " << (top1 > 60.0 ? "far better than guesses" : "no better") << '\n';

  const auto file = std::filesystem::temp_directory_path() / concat("own-op-", ::getpid());
  io::save_network(net, file);
  nn::Network read = io::read_network(io::Safetensors::read(file));
  std::filesystem::remove(file);
  nn::Session session(read, pool);
  const bool same = nn::evaluate(session, data, images.held_out).top1 == top1;
  std::cout << "read back: " << (same ? "as accurate" : "different") << '\n';
}
