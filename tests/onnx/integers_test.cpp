// Weights that are integers of an accelerator: written as such and read back bit for bit, and the
// integers of others' models.
#include <array>
#include <cmath>
#include <cstring>
#include <limits>

#include "autoprune/prune/zero_mask.hpp"
#include "autoprune/simulation/quantisation.hpp"
#include "autoprune/simulation/weight_range.hpp"
#include "helpers.hpp"

using namespace autoprune;
using namespace autoprune::onnx::test;
using autoprune::onnx::Integers;
using autoprune::onnx::Reals;
using nn::Network;
using Type = autoprune::onnx::proto::TensorProto;

namespace {

Network three_layers(std::uint64_t seed) {
  Network n({4, 6, 5});
  n.conv("stem.conv", {.out = 8, .kernel = 3, .padding = 1, .bias = true});
  n.batch_norm("stem.bn");
  n.relu("stem.relu");
  n.conv("grouped", {.out = 6, .kernel = {2, 3}, .groups = 2});
  n.relu("relu");
  n.flatten("flat");
  n.linear("fc", 7);
  nn::test::randomise(n, seed);
  return n;
}

/// What search::Quantiser writes, under random masks.
std::vector<PruneMask> prune_and_round(Network& network, const List& bits, Random& random) {
  const std::vector<PruneMask> masks = nn::test::random_masks(random, network, 4);
  for (std::size_t k = 0; const Index i : network.matrix_layers()) {
    Tensor& weight = network.node(i).weight;
    const auto factor = static_cast<float>(std::pow(10.0, random.uniform(-8.0, 4.0)));
    for (float& w : weight) w *= factor;
    prune::erase_pruned(weight_matrix(weight), masks[k]);
    if (const Index own = bits[k]; own > 0) {
      ThreadPool pool(1);
      nn::round_weights(weight, {simulation::least_squares_codes(weight, masks[k], own), {}},
                        weight, pool);
    }
    ++k;
  }
  return masks;
}

Network read_back(const autoprune::onnx::proto::ModelProto& message) {
  return autoprune::onnx::read_network(
      autoprune::onnx::parse_model(message.SerializeAsString(), "written"));
}

const Type& initialiser_of(const autoprune::onnx::proto::ModelProto& model,
                           const std::string& name) {
  for (const Type& tensor : model.graph().initializer())
    if (tensor.name() == name) return tensor;
  FAIL("no initialiser '" << name << '\'');
  return model.graph().initializer(0);
}

Index count_of(const autoprune::onnx::proto::ModelProto& model, const std::string& op) {
  Index count = 0;
  for (const auto& node : model.graph().node()) count += node.op_type() == op;
  return count;
}

/// An initialiser of integers.
std::string stored(Graph& g, const std::string& name, const List& shape, const List& numbers,
                   Type::DataType type) {
  auto& tensor = *g.graph().add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(type);
  for (const Index extent : shape) tensor.add_dims(extent);
  for (const Index number : numbers) tensor.add_int32_data(static_cast<std::int32_t>(number));
  return name;
}

std::string error_text(Graph& g) {
  try {
    (void)g.read();
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

}  // namespace

TEST_CASE("weights that are integers come back bit for bit, with the same codes", "[onnx]") {
  Random random(17);
  for (std::uint64_t t = 0; t < 60; ++t) {
    Network network = three_layers(t);
    List bits;
    for (int k = 0; k < 3; ++k) bits.push_back(random.below(9));  // 0: real numbers
    if (t == 0) bits = {16, 12, 9};
    const std::vector<PruneMask> masks = prune_and_round(network, bits, random);
    const auto message = autoprune::onnx::model_of(network, {}, bits);
    CHECK(count_of(message, "DequantizeLinear") == 3 - std::count(bits.begin(), bits.end(), 0));
    Network read = read_back(message), real = read_back(autoprune::onnx::model_of(network));
    CHECK(answer(read) == answer(real));
    CHECK(error_of(answer(read), answer(network)) < 1e-6);
    for (std::size_t k = 0; const Index i : network.matrix_layers()) {
      const nn::Node& node = network.node(i);
      INFO("round " << t << ", layer " << node.name << " of " << bits[k] << " bits");
      const Tensor& back = std::as_const(read).node(*read.find(node.name)).weight;
      REQUIRE(back.size() == node.weight.size());
      CHECK(std::memcmp(back.data(), node.weight.data(), back.size() * sizeof(float)) == 0);
      if (const Index own = bits[k]; own > 0) {
        const Type& tensor = initialiser_of(message, node.name + ".weight_quantized");
        CHECK(tensor.data_type() == (own < 8 ? Type::INT8 : Type::INT32));
        const auto codes = std::get<Integers>(
            autoprune::onnx::read_constant({message, "written", {}, 10}, tensor).values);
        if (own <= 8) {
          const auto simulated = simulation::quantise(back, masks[k], own);
          CHECK(std::equal(codes.begin(), codes.end(), simulated.codes.begin(),
                           simulated.codes.end()));
        }
        const auto [least, most] = std::minmax_element(codes.begin(), codes.end());
        const Index largest = std::max(-*least, *most);
        CHECK((largest == 0 || largest == largest_code(own)));
      }
      ++k;
    }
  }
}

TEST_CASE("a layer that is pruned whole is integers, too", "[onnx]") {
  Network network = three_layers(2);
  for (const Index i : network.matrix_layers()) network.node(i).weight.fill(0.0F);
  const auto message = autoprune::onnx::model_of(network, {}, List{1, 4, 8});
  const Network read = read_back(message);
  for (const Index i : read.matrix_layers())
    for (const float w : read.node(i).weight) CHECK(w == 0.0F);
}

TEST_CASE("only weights that are integers are written so, where it is asked for", "[onnx]") {
  const Network network = three_layers(1);
  CHECK(count_of(autoprune::onnx::model_of(network), "DequantizeLinear") == 0);
  const auto error = [&](const List& bits) {
    return autoprune::error_of([&] { (void)autoprune::onnx::model_of(network, {}, bits); });
  };
  CHECK(error({4, 4}) == ErrorId::shape_mismatch);
  CHECK(error({0, 17, 0}) == ErrorId::out_of_range);
  CHECK(error({0, -1, 0}) == ErrorId::out_of_range);
  CHECK_THROWS_WITH(
      autoprune::onnx::model_of(network, {}, List{0, 4, 0}),
      Catch::Contains("state.601") && Catch::Contains("'grouped'") && Catch::Contains("Quantiser"));
  Network broken = network;
  broken.node(1).weight.data()[3] = std::numeric_limits<float>::quiet_NaN();
  CHECK_FALSE(autoprune::onnx::integer_weights(broken.node(1).weight, 4));
  broken.node(1).weight.data()[3] = std::numeric_limits<float>::infinity();
  CHECK_FALSE(autoprune::onnx::integer_weights(broken.node(1).weight, 4));
  broken.node(1).weight.fill(std::numeric_limits<float>::denorm_min());
  CHECK_FALSE(autoprune::onnx::integer_weights(broken.node(1).weight, 1));
}

TEST_CASE("integers times scales are weights, with and without zero points", "[onnx]") {
  struct Kind {
    Type::DataType type;
    Index least, most;
    bool zero;
  };
  Random random(5);
  for (const Kind kind : {Kind{Type::INT8, -128, 127, true}, Kind{Type::INT8, -128, 127, false},
                          Kind{Type::UINT8, 0, 255, true},
                          Kind{Type::INT32, -(Index{1} << 31), (Index{1} << 31) - 1, false}})
    for (const Index axis : {Index{-9}, Index{0}, Index{1}, Index{2}, Index{-1}}) {
      const List shape = {5, 3, 2, 4};
      const bool all = axis == -9;  // one scale
      const auto along = static_cast<std::size_t>(axis < 0 ? axis + 4 : axis);
      const Index scales = all ? 1 : shape[along];
      const auto draw = [&] { return kind.least + random.below(kind.most - kind.least + 1); };
      List codes, zeros;
      Reals steps;
      for (int i = 0; i < 120; ++i) codes.push_back(draw());
      for (Index k = 0; k < scales; ++k) {
        zeros.push_back(draw());
        steps.push_back(static_cast<float>(random.uniform(1e-3, 0.1)));
      }
      Graph g(13, {3, 6, 8});
      const List scale_shape = all ? List{} : List{scales};
      Names inputs = {stored(g, "conv.weight_quantized", shape, codes, kind.type),
                      g.reals("scales", scale_shape, steps)};
      if (kind.zero) inputs.push_back(stored(g, "zeros", scale_shape, zeros, kind.type));
      std::vector<With> with;
      if (!all && axis != 1) with.push_back({"axis", axis});  // 1 is the usual one
      g.add("Conv", {"x", g.add("DequantizeLinear", inputs, with)});
      const Network network = g.read();
      CHECK(network.node(1).name == "conv");
      const Tensor& weight = network.node(1).weight;
      for (std::size_t i = 0; i < weight.size(); ++i) {
        const std::array<std::size_t, 4> at = {i / 24, i / 8 % 3, i / 4 % 2, i % 4};
        const std::size_t k = all ? 0 : at[along];
        const Index code = codes[i] - (kind.zero ? zeros[k] : 0);
        CHECK(weight.data()[i] == static_cast<float>(code) * steps[k]);
      }
    }
}

TEST_CASE("integers are read through what moves them, of biases as well", "[onnx]") {
  Graph g(13, {3});
  const std::string turned = g.add(
      "Transpose", {stored(g, "fc.weight_quantized", {2, 3}, {1, 2, 3, 4, 5, 6}, Type::INT8)});
  const std::string weight = g.add("DequantizeLinear", {turned, g.number(0.5)});
  const std::string bias =
      g.add("DequantizeLinear",
            {stored(g, "b", {2}, {100000, -3}, Type::INT32), g.reals("s", {2}, {0.25F, 2.0F})},
            {{"axis", Index{0}}});
  g.add("Gemm", {"x", weight, bias});
  const Network network = g.read();
  CHECK(network.node(1).name == "fc");
  CHECK(std::vector<float>(network.node(1).weight.begin(), network.node(1).weight.end()) ==
        std::vector<float>{0.5F, 1.0F, 1.5F, 2.0F, 2.5F, 3.0F});
  CHECK(std::vector<float>(network.node(1).bias.begin(), network.node(1).bias.end()) ==
        std::vector<float>{25000.0F, -6.0F});
}

TEST_CASE("integers that can't be weights are named with the reason", "[onnx]") {
  const auto text_of = [](const List& scales, Index zeros, const std::vector<With>& with) {
    Graph g(13, {4});
    Index size = 1;
    for (const Index extent : scales) size *= extent;
    Names inputs = {stored(g, "fc.weight", {4, 6}, List(24, 1), Type::INT8),
                    g.reals("scales", scales, Reals(static_cast<std::size_t>(size), 1.0F))};
    if (zeros > 0)
      inputs.push_back(
          stored(g, "z", {zeros}, List(static_cast<std::size_t>(zeros), 0), Type::INT8));
    g.add("MatMul", {"x", g.add("DequantizeLinear", inputs, with)});
    return error_text(g);
  };
  CHECK(text_of({6}, 0, {}).empty());
  CHECK(text_of({4}, 4, {{"axis", Index{0}}}).empty());
  using Catch::Contains;
  CHECK_THAT(text_of({2, 6}, 0, {{"axis", Index{0}}, {"block_size", Index{2}}}),
             Contains("format.307") && Contains("DequantizeLinear 't1'") && Contains("blocks"));
  CHECK_THAT(text_of({4}, 0, {}), Contains("4 scales along an axis of 6"));
  CHECK_THAT(text_of({6}, 2, {}), Contains("2 zero points beside 6 scales"));
  CHECK_THAT(text_of({4}, 0, {{"axis", Index{2}}}), Contains("an axis"));
  Graph real(13, {4});
  real.add("MatMul", {"x", real.add("DequantizeLinear",
                                    {real.weight("fc.weight", {4, 6}), real.number(1.0)})});
  CHECK_THAT(error_text(real), Contains("real numbers"));
  Graph rounds(13, {4});
  const std::string integers =
      rounds.add("QuantizeLinear", {rounds.weight("fc.weight", {4, 6}), rounds.number(0.1)});
  rounds.add("MatMul", {"x", rounds.add("DequantizeLinear", {integers, rounds.number(0.1)})});
  CHECK_THAT(error_text(rounds), Contains("QuantizeLinear 't2'") && Contains("it rounds weights"));
}

TEST_CASE("maps that a model rounds are refused, each by its name", "[onnx]") {
  Graph g(13, {4});
  std::string x = "x";
  for (int k = 0; k < 2; ++k) {
    const std::string scale = g.number(0.1);
    x = g.add("DequantizeLinear", {g.add("QuantizeLinear", {x, scale}), scale});
    x = g.add("Relu", {x});
  }
  const std::string text = error_text(g);
  CHECK_THAT(text, Catch::Contains("QuantizeLinear 't2'") && Catch::Contains("calibration") &&
                       !Catch::Contains("DequantizeLinear '"));
  Graph images(13, {4});
  images.add("Relu", {images.add("DequantizeLinear", {"x", images.number(0.1)})});
  CHECK_THAT(error_text(images), Catch::Contains("DequantizeLinear 't2'"));
}
