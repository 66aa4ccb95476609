// Networks that are written come back with the same names and the same answers.
#include <set>

#include "helpers.hpp"

using namespace autoprune;
using namespace autoprune::onnx::test;
using nn::Network;

namespace {

/// Every operation of the library, maps and vectors.
Network every_op() {
  Network n({4, 9, 12});
  n.conv("stem.conv",
         {.out = 6, .kernel = {3, 2}, .stride = {1, 2}, .padding = {2, 1}, .bias = true});
  const Index first = n.batch_norm("stem.bn");
  n.relu("stem.relu");
  const Index second = n.conv("c2", {.out = 6, .kernel = 3, .padding = 1, .groups = 2});
  n.add("sum", {first, second, first});
  n.append("shuffle", nn::ChannelShuffle{{.groups = 2}});
  n.conv("c3", {.out = 8, .kernel = {3, 2}, .padding = {2, 0, 1, 1}, .dilation = {2, 1}});
  n.append("no_affine", nn::BatchNorm{.eps = 1e-3, .affine = false});
  const Index map = n.append("norm", nn::LayerNorm{.eps = 1e-3});
  n.append("plain_norm", nn::LayerNorm{.affine = false});
  n.append("gamma", nn::Scale{.bias = true});
  n.append("constants", nn::Scale{.bias = true, .learned = false});
  n.append("gelu", nn::Gelu{});
  n.append("gelu2", nn::Gelu{{.tanh = true}});
  n.append("silu", nn::Silu{});
  n.append("swish", nn::HardSwish{});
  n.append("prelu", nn::Prelu{});
  n.append("one_slope", nn::Prelu{.shared = true});
  n.append("leaky", nn::LeakyRelu{{.negative = 0.3}});
  const Index clipped = n.append("clip", nn::Clip{{.min = -2.0, .max = 1.5}});
  n.append("pool", nn::GlobalAvgPool{});
  n.append("gate", nn::HardSigmoid{});
  const Index gated = n.append("gated", nn::Mul{}, {n.size() - 1, clipped});
  n.append("difference", nn::Sub{}, {gated, map});
  n.append("shares", nn::Softmax{});
  n.append("line", nn::ScalarAffine{{.scale = 3.0, .shift = -0.5}});
  const Index part = n.append("part", nn::Slice{{.begin = 1, .end = 5}});
  n.append("all", nn::Concat{}, {part, clipped});
  n.append("same", nn::Identity{});
  n.max_pool("most",
             {.kernel = {3, 2}, .stride = nn::Size2{2, 1}, .padding = {1, 0, 1, 1}, .ceil = true});
  n.avg_pool("mean", {.kernel = 2, .stride = 1, .padding = {1, 0}, .count_padding = false});
  n.avg_pool("counted", {.kernel = 3, .stride = 1, .padding = {1, 0, 0, 1}});
  n.append("turned", nn::Transpose{{2, 0, 1}});
  const nn::Shape3 turned = n.node(n.size() - 1).shape;
  n.append("shaped", nn::Reshape{{turned.channels * turned.height, turned.width}});
  n.append("sigmoid", nn::Sigmoid{});
  n.dropout("drop", 0.25);
  n.flatten("flat");
  n.append("flat_norm", nn::LayerNorm{});
  n.append("flat_scale", nn::Scale{});
  n.linear("fc1", 10);
  n.append("tanh", nn::Tanh{});
  n.append("flat_part", nn::Slice{{.begin = 2, .end = 9}});
  const Index vector = n.append("flat_shares", nn::Softmax{.log = true});
  n.append("flat_shuffle", nn::ChannelShuffle{{.groups = 7}}, vector);
  n.add("both", {vector, n.size() - 1});
  n.linear("fc2", 5, false);
  nn::test::randomise(n, 5);
  return n;
}

Network through_onnx(const Network& network) {
  const std::string bytes =
      autoprune::onnx::model_of(network, {{"key", "text"}}).SerializeAsString();
  const auto model = autoprune::onnx::parse_model(bytes, "written");
  CHECK(model.metadata() == std::map<std::string, std::string>{{"key", "text"}});
  return autoprune::onnx::read_network(model);
}

/// Twice its input.
struct Twice {
  static constexpr std::string_view kName = "twice";
  [[nodiscard]] bool forward(const nn::ForwardPass& pass) const {
    return pass.each([](float x) { return 2.0F * x; });
  }
  void backward(const nn::BackwardPass& pass, Index, nn::Activation& dx) const {
    pass.each(dx, [](float) { return 2.0F; });
  }
};

}  // namespace

TEST_CASE("every operation is written, and comes back with the same logits", "[onnx]") {
  Network network = every_op();
  std::set<std::string> used;
  for (const nn::Node& node : network.nodes()) used.emplace(node.op.name());
  for (const nn::Op& op : nn::known_ops()) {
    INFO(op.name());
    CHECK(used.contains(std::string(op.name())));
    CHECK(autoprune::onnx::find_notation(op) != nullptr);
  }
  Network read = through_onnx(network);
  CHECK(error_of(answer(read), answer(network)) < 1e-6);
  Network again = through_onnx(read);
  CHECK(answer(again) == answer(read));
}

TEST_CASE("parameters that are learned come back under their names", "[onnx]") {
  Network network = every_op();
  Network read = through_onnx(network);
  std::map<std::string, const Tensor*> found;
  for (const auto& [name, tensor] : read.parameters()) found[name] = tensor;
  for (const auto& [name, tensor] : std::as_const(network).parameters()) {
    INFO(name);
    REQUIRE(found.contains(name));
    CHECK(std::equal(tensor->begin(), tensor->end(), found[name]->begin(), found[name]->end()));
  }
  // What moves numbers alone is in views, and a plain norm takes the factors behind it.
  const std::set<std::string> gone = {"flat",    "shaped",       "same",       "turned",
                                      "shuffle", "flat_shuffle", "plain_norm", "shares"};
  for (const nn::Node& node : network.nodes()) {
    INFO(node.name);
    CHECK((gone.contains(node.name) || read.find(node.name)));
  }
}

TEST_CASE("zeros of a pruned network stay zeros", "[onnx]") {
  Network network = every_op();
  Tensor& weight = network.node(*network.find("c3")).weight;
  std::fill(weight.begin(), weight.begin() + 40, 0.0F);
  Network read = through_onnx(network);
  const Tensor& back = read.node(*read.find("c3")).weight;
  CHECK(std::equal(weight.begin(), weight.end(), back.begin(), back.end()));
}

TEST_CASE("the output that was named is the model's", "[onnx]") {
  Network network({3, 4, 4});
  const Index map = network.conv("c", {.out = 2, .kernel = 4});
  network.append("other", nn::Tanh{});
  network.set_output(map);
  nn::test::randomise(network, 1);
  Network read = through_onnx(network);
  CHECK(ops_of(read) == "conv");
  CHECK(answer(read) == answer(network));
  const auto model = autoprune::onnx::model_of(network);
  CHECK(model.graph().output(0).type().tensor_type().shape().dim_size() == 2);  // logits
}

TEST_CASE("an operation that ONNX isn't told is named, until it is told", "[onnx]") {
  Network network({3, 4, 4});
  network.append("mine", Twice{});
  CHECK_THROWS_WITH(autoprune::onnx::model_of(network),
                    Catch::Contains("format.307") && Catch::Contains("twice 'mine'"));
  autoprune::onnx::register_notation(
      autoprune::onnx::notation<Twice>([](const Twice&, autoprune::onnx::NodeWriter& out) {
        out.finish_alike("Add", {out.input(), out.input()});
      }));
  Network read = through_onnx(network);
  CHECK(answer(read) == answer(network));
}
