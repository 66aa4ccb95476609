// What exporters write as many nodes becomes the operation that it is, and what only moves numbers
// vanishes where it can.
#include <numbers>
#include <numeric>

#include "helpers.hpp"

using namespace autoprune;
using namespace autoprune::onnx::test;
using nn::Network;

namespace {

const nn::Shape3 kMap{3, 6, 8};

/// That a model of elementwise nodes is one operation.
void check_becomes(Graph& g, const nn::Op& op) {
  Network n(kMap);
  n.append("a", op);
  check_same(g, n);
}

/// x - mean(x), through a mean of its own.
std::string centred(Graph& g, const std::string& x, const List& axes, bool input) {
  return g.add("Sub", {x, g.with_axes("ReduceMean", x, axes, input)});
}

std::string layer_norm(Graph& g, const std::string& x, const List& axes, bool square_by_mul,
                       bool input) {
  const std::string top = centred(g, x, axes, input), again = centred(g, x, axes, input);
  const std::string square =
      square_by_mul ? g.add("Mul", {again, again}) : g.add("Pow", {again, g.number(2.0)});
  const std::string variance = g.with_axes("ReduceMean", square, axes, input);
  return g.add("Div", {top, g.add("Sqrt", {g.add("Add", {variance, g.number(1e-6)})})});
}

/// A tensor whose numbers are their places in the images.
struct Places {
  List shape, places;
};

Places transposed(const Places& from, const List& order) {
  Places to;
  List strides(from.shape.size(), 1);
  for (std::size_t k = strides.size(); k-- > 1;) strides[k - 1] = strides[k] * from.shape[k];
  for (const Index axis : order) to.shape.push_back(from.shape[static_cast<std::size_t>(axis)]);
  List at(order.size(), 0);
  for (std::size_t i = 0; i < from.places.size(); ++i) {
    Index place = 0;
    for (std::size_t k = 0; k < order.size(); ++k)
      place += at[k] * strides[static_cast<std::size_t>(order[k])];
    to.places.push_back(from.places[static_cast<std::size_t>(place)]);
    for (std::size_t k = order.size(); k-- > 0 && ++at[k] == to.shape[k];) at[k] = 0;
  }
  return to;
}

}  // namespace

TEST_CASE("x sigmoid(x) is silu, in any order", "[onnx]") {
  for (const bool first : {false, true}) {
    Graph g(13);
    const std::string gate = g.add("Sigmoid", {"x"});
    g.add("Mul", first ? Names{"x", gate} : Names{gate, "x"});
    check_becomes(g, nn::Silu{});
  }
}

TEST_CASE("hard_swish and hard_sigmoid are known from their parts", "[onnx]") {
  Graph a(11);
  a.add("Mul", {"x", a.add("HardSigmoid", {"x"}, {{"alpha", 1.0 / 6.0}})});
  check_becomes(a, nn::HardSwish{});
  for (const bool swish : {false, true}) {
    Graph b(11);
    const std::string clipped =
        b.add("Clip", {b.add("Add", {"x", b.number(3.0)}), b.number(0.0), b.number(6.0)});
    b.add("Div", {swish ? b.add("Mul", {"x", clipped}) : clipped, b.number(6.0)});
    check_becomes(b, swish ? nn::Op(nn::HardSwish{}) : nn::Op(nn::HardSigmoid{}));
  }
}

TEST_CASE("gelu is known from its parts", "[onnx]") {
  for (const bool half_first : {false, true}) {
    Graph g(9);
    const std::string erf =
        g.add("Erf", {half_first ? g.add("Mul", {"x", g.number(std::numbers::sqrt2 / 2)})
                                 : g.add("Div", {"x", g.number(std::numbers::sqrt2)})});
    const std::string one = g.add("Add", {g.number(1.0), erf});
    if (half_first)
      g.add("Mul", {g.add("Mul", {g.number(0.5), "x"}), one});
    else
      g.add("Mul", {g.add("Mul", {"x", one}), g.number(0.5)});
    check_becomes(g, nn::Gelu{});
  }
  Graph g(13);
  const std::string cube = g.add("Mul", {g.add("Pow", {"x", g.number(3.0)}), g.number(0.044715)});
  const std::string inner =
      g.add("Mul", {g.add("Add", {"x", cube}), g.number(std::sqrt(2 / std::numbers::pi))});
  const std::string one = g.add("Add", {g.add("Tanh", {inner}), g.number(1.0)});
  g.add("Mul", {g.add("Mul", {"x", g.number(0.5)}), one});
  check_becomes(g, nn::Gelu{{.tanh = true}});
}

TEST_CASE("an activation that isn't known is an error that names its parts", "[onnx]") {
  Graph g(13);  // mish
  const std::string plus = g.add("Softplus", {"x"});
  g.last().set_name("/act/Softplus");
  g.add("Mul", {"x", g.add("Tanh", {plus})});
  CHECK_THROWS_WITH(g.read(), Catch::Contains("1 node can't be read") &&
                                  Catch::Contains("Softplus '/act/Softplus'"));
}

TEST_CASE("layer normalisation is known from its parts, and by its name", "[onnx]") {
  for (const Index opset : {11, 17, 18})
    for (const bool last : {false, true}) {  // axis of the channels
      Graph g(opset);
      const bool input = opset >= 18;
      std::string y = last ? g.add("Transpose", {"x"}, {{"perm", List{0, 2, 3, 1}}}) : "x";
      const List shape = last ? List{3} : List{3, 1, 1};
      g.weight("n.weight", shape);
      g.weight("n.bias", shape);
      if (opset == 17 && last) {
        y = g.add("LayerNormalization", {y, "n.weight", "n.bias"}, {{"epsilon", 1e-6}});
      } else {
        y = layer_norm(g, y, {last ? -1 : 1}, opset == 18, input);
        y = g.add("Add", {g.add("Mul", {y, "n.weight"}), "n.bias"});
      }
      if (last) g.add("Transpose", {y}, {{"perm", List{0, 3, 1, 2}}});
      Network n(kMap);
      n.append("n", nn::LayerNorm{.eps = 1e-6});
      g.give(n, {{"n.weight", "n.weight"}, {"n.bias", "n.bias"}});
      check_same(g, n);
      CHECK(g.read().node(1).name == "n");
    }
  Graph all(17);  // over all of an image
  all.add("LayerNormalization", {"x", all.weight("w", {3, 6, 8})}, {{"axis", Index{1}}});
  Network flat(kMap);
  flat.flatten("f");
  flat.append("n", nn::LayerNorm{});
  flat.append("r", nn::Reshape{{3, 6, 8}});
  all.give(flat, {{"n.weight", "w"}});
  check_same(all, flat);
}

TEST_CASE("a normalisation over other axes than its mean isn't a layer norm", "[onnx]") {
  Graph g(11);
  const std::string top = centred(g, "x", {1}, false), other = centred(g, "x", {2, 3}, false);
  const std::string variance = g.with_axes("ReduceMean", g.add("Mul", {other, other}), {1}, false);
  g.add("Div", {top, g.add("Sqrt", {g.add("Add", {variance, g.number(1e-6)})})});
  CHECK(autoprune::error_of([&] { (void)g.read(); }) == ErrorId::unsupported_model);
}

TEST_CASE("a block of channels-last layers is a block of the same map", "[onnx]") {
  Graph g(16);  // ConvNeXt's
  std::string y = g.add("Transpose", {"x"}, {{"perm", List{0, 2, 3, 1}}});
  y = g.add("MatMul", {y, g.weight("a", {3, 12})});
  y = g.add("Add", {g.weight("b", {12}), y});
  y = g.add("Mul", {y, g.add("Sigmoid", {y})});
  y = g.add("MatMul", {y, g.weight("c", {12, 3})});
  y = g.add("Transpose", {y}, {{"perm", List{0, 3, 1, 2}}});
  y = g.add("Mul", {g.weight("block.layer_scale", {3, 1, 1}), y});
  g.add("Add", {y, "x"});
  Network read = g.read();
  CHECK(ops_of(read) == "conv silu conv scale add");
  CHECK(read.node(1).weight(7, 2, 0, 0) ==
        g.graph().initializer(0).float_data(2 * 12 + 7));  // [in][out] in the file
  CHECK(read.node(1).bias(7) == g.graph().initializer(1).float_data(7));
  CHECK(read.node(4).name == "block.layer_scale");
}

TEST_CASE("a shuffle of channels is known from its shapes, whatever they are worked out of",
          "[onnx]") {
  for (const bool fixed : {false, true}) {
    Graph g(13, {6, 4, 5}, fixed ? 2 : 0);
    const std::string relu = g.add("Relu", {"x"});
    const std::string shape = g.add("Shape", {relu});
    const auto extent = [&](Index k) { return g.add("Gather", {shape, g.integers({k}, true)}); };
    const auto one = [&](const std::string& v) { return g.add("Unsqueeze", {v, g.integers({0})}); };
    const std::string half = g.add("Div", {extent(1), g.integers({3}, true)});
    const std::string images = fixed ? g.integers({2}) : one(extent(0));
    const std::string split =
        g.add("Concat", {images, g.integers({3}), one(half), one(extent(2)), one(extent(3))},
              {{"axis", Index{0}}});
    const std::string groups = g.add("Reshape", {relu, split});
    const std::string moved = g.add("Transpose", {groups}, {{"perm", List{0, 2, 1, 3, 4}}});
    g.add("Reshape", {moved, g.integers({fixed ? 2 : 0, -1, 4, 5})});
    Network n({6, 4, 5});
    n.relu("r");
    n.append("s", nn::ChannelShuffle{{.groups = 3}});
    check_same(g, n);
  }
}

TEST_CASE("parts of channels are slices, by Slice, Split and Gather", "[onnx]") {
  Network n({6, 4, 5});
  const Index a = n.append("a", nn::Slice{{.begin = 0, .end = 2}});
  const Index b = n.append("b", nn::Slice{{.begin = 2, .end = 6}}, 0);
  n.append("c", nn::Concat{}, {b, a});
  for (const Index opset : {9, 11, 13, 18}) {
    Graph g(opset, {6, 4, 5});
    std::string first, second;
    if (opset == 9) {
      first = g.add("Slice", {"x"}, {{"starts", List{0}}, {"ends", List{2}}, {"axes", List{1}}});
      second = g.add("Slice", {"x"}, {{"starts", List{-4}}, {"ends", List{99}}, {"axes", List{1}}});
    } else if (opset == 18) {
      const auto slice = [&](Index from, Index to) {
        return g.add("Slice", {"x", g.integers({from}), g.integers({to}), g.integers({-3}),
                               g.integers({1})});
      };
      first = slice(0, 2);
      second = slice(2, std::numeric_limits<Index>::max());
    } else {
      first = opset < 13 ? g.add("Split", {"x"}, {{"axis", Index{1}}, {"split", List{2, 4}}}, 2)
                         : g.add("Split", {"x", g.integers({2, 4})}, {{"axis", Index{1}}}, 2);
      second = first + ".1";
    }
    g.add("Concat", {second, first}, {{"axis", Index{1}}});
    check_same(g, n);
  }
  Graph even(13, {6, 4, 5});
  const std::string parts = even.add("Split", {"x"}, {{"axis", Index{1}}}, 3);
  even.add("Concat", {parts, parts + ".2"}, {{"axis", Index{1}}});
  Network m({6, 4, 5});
  const Index x = m.append("x", nn::Slice{{.begin = 0, .end = 2}});
  m.append("c", nn::Concat{}, {x, m.append("y", nn::Slice{{.begin = 4, .end = 6}}, 0)});
  check_same(even, m);

  Graph gather(13, {6, 4, 5});  // one channel each, as networks that scale their images do
  const auto channel = [&](Index k) {
    const std::string one =
        gather.add("Gather", {"x", gather.integers({k}, true)}, {{"axis", Index{1}}});
    return gather.add("Unsqueeze", {one, gather.integers({1})});
  };
  gather.add(
      "Concat",
      {channel(4), gather.add("Gather", {"x", gather.integers({1, 2, 0})}, {{"axis", Index{1}}})},
      {{"axis", Index{1}}});
  Network read = gather.read();
  const Values all = images({6, 4, 5}), picked = answer(read);
  for (const auto& [to, from] : {std::pair{0, 4}, {1, 1}, {2, 2}, {3, 0}})
    for (int i = 0; i < 20; ++i)
      CHECK(picked[static_cast<std::size_t>(80 + to * 20 + i)] ==
            Approx(all[static_cast<std::size_t>(120 + from * 20 + i)]));
}

TEST_CASE("any moves of axes come out as numpy has them", "[onnx]") {
  int read_count = 0;
  for (std::uint64_t seed = 0; seed < 120; ++seed) {
    Random random(seed);
    Graph g(13, {4, 3, 6});
    std::string y = g.add("Relu", {"x"});
    Places expected{{4, 3, 6}, List(72)};
    std::iota(expected.places.begin(), expected.places.end(), Index{0});
    for (Index step = 1 + random.below(4); step > 0; --step) {
      if (random.below(2) == 0) {
        static const std::vector<List> shapes = {{72},         {8, 9},    {2, 2, 18}, {12, 6},
                                                 {2, 2, 3, 6}, {4, 18},   {4, 3, 6},  {1, 72},
                                                 {3, 4, 6},    {6, 1, 12}};
        expected.shape = shapes[static_cast<std::size_t>(random.below(10))];
        List target = {0};
        target.insert(target.end(), expected.shape.begin(), expected.shape.end());
        if (random.below(2) == 0) target.back() = -1;
        y = g.add("Reshape", {y, g.integers(target)});
      } else {
        List order(expected.shape.size());
        std::iota(order.begin(), order.end(), Index{0});
        for (std::size_t k = order.size(); k > 1; --k)
          std::swap(order[k - 1],
                    order[static_cast<std::size_t>(random.below(static_cast<Index>(k)))]);
        expected = transposed(expected, order);
        List perm = {0};
        for (const Index axis : order) perm.push_back(axis + 1);
        y = g.add("Transpose", {y}, {{"perm", perm}});
      }
    }
    g.add("Relu", {g.add("Flatten", {y})});
    INFO("seed " << seed);
    try {
      Network network = g.read();
      const Values x = images({4, 3, 6}), got = answer(network);
      REQUIRE(got.size() == x.size());
      bool same = true;
      for (std::size_t i = 0; i < got.size(); ++i) {
        const std::size_t image = i / 72, from = static_cast<std::size_t>(expected.places[i % 72]);
        same = same && got[i] == std::max(x[image * 72 + from], 0.0);
      }
      CHECK(same);
      ++read_count;
    } catch (const Error& error) {  // a transposition of more axes than a map has
      CHECK(error.id() == ErrorId::unsupported_model);
    }
  }
  CHECK(read_count > 100);
}

TEST_CASE("images of a batch aren't mixed", "[onnx]") {
  Graph reshape(13), transpose(13), mean(13), slice(13);
  reshape.add("Reshape", {"x", reshape.integers({-1, 3})});
  transpose.add("Transpose", {"x"}, {{"perm", List{1, 0, 2, 3}}});
  mean.add("ReduceMean", {"x"}, {{"axes", List{0}}});
  slice.add("Slice", {"x", slice.integers({0}), slice.integers({1}), slice.integers({0})});
  for (Graph* g : {&reshape, &transpose, &mean, &slice})
    CHECK_THROWS_WITH(g->read(),
                      Catch::Contains("images of a batch") || Catch::Contains("the images"));
}

TEST_CASE("constants are reduced along their axes", "[onnx]") {
  const std::vector<std::pair<std::string, double (*)(const Values&)>> kinds = {
      {"Sum", [](const Values& v) { return std::accumulate(v.begin(), v.end(), 0.0); }},
      {"Mean", [](const Values& v) { return std::accumulate(v.begin(), v.end(), 0.0) / 8.0; }},
      {"Prod",
       [](const Values& v) {
         return std::accumulate(v.begin(), v.end(), 1.0, std::multiplies<>{});
       }},
      {"Min", [](const Values& v) { return *std::min_element(v.begin(), v.end()); }},
      {"Max", [](const Values& v) { return *std::max_element(v.begin(), v.end()); }},
      {"L1",
       [](const Values& v) {
         return std::accumulate(v.begin(), v.end(), 0.0,
                                [](double s, double x) { return s + std::abs(x); });
       }},
      {"L2",
       [](const Values& v) {
         return std::sqrt(std::inner_product(v.begin(), v.end(), v.begin(), 0.0));
       }},
      {"SumSquare",
       [](const Values& v) { return std::inner_product(v.begin(), v.end(), v.begin(), 0.0); }}};
  Random random(5);
  std::vector<float> numbers;
  for (int i = 0; i < 24; ++i) numbers.push_back(static_cast<float>(random.uniform(-1.5, 1.5)));
  for (const auto& [kind, f] : kinds) {
    INFO(kind);
    Graph g(13);
    const std::string constant = g.reals("w", {2, 3, 4}, numbers);
    const std::string one =
        g.with_axes("Reduce" + kind, constant, {2, 0}, kind == "Sum", {{"keepdims", Index{0}}});
    g.add("Mul", {"x", g.add("Reshape", {one, g.integers({3, 1, 1})})});
    Network read = g.read();
    REQUIRE(ops_of(read) == "scale");
    for (std::size_t c = 0; c < 3; ++c) {
      Values along;
      for (std::size_t i = 0; i < 24; ++i)
        if (i / 4 % 3 == c) along.push_back(numbers[i]);
      CHECK(read.node(1).running_var.data()[c] == Approx(f(along)).epsilon(1e-6));
    }
  }
}

TEST_CASE("weight-norm is worked out, as PyTorch exports it", "[onnx]") {
  Graph g(14);
  const std::string v = g.weight("0.weight_v", {4, 3, 3, 3});
  const std::string norm =
      g.add("ReduceL2", {v}, {{"axes", List{1, 2, 3}}, {"keepdims", Index{1}}});
  const std::string w =
      g.add("Mul", {g.add("Div", {v, norm}), g.reals("0.weight_g", {4, 1, 1, 1}, {1, 2, 3, 4})});
  g.add("Conv", {"x", w});
  Network read = g.read();
  REQUIRE(ops_of(read) == "conv");
  for (std::size_t filter = 0; filter < 4; ++filter) {
    const float* at = read.node(1).weight.data() + 27 * filter;
    CHECK(std::sqrt(std::inner_product(at, at + 27, at, 0.0)) ==
          Approx(static_cast<double>(filter) + 1.0).epsilon(1e-6));
  }
}

TEST_CASE("images whose channels are last are ours", "[onnx]") {
  Graph g(13, {6, 8, 3});
  const std::string first = g.add("Transpose", {"x"}, {{"perm", List{0, 3, 1, 2}}});
  g.add("Conv", {first, g.weight("w", {4, 3, 3, 3})});
  Network n(kMap);
  n.conv("c", {.out = 4, .kernel = 3});
  g.give(n, {{"c.weight", "w"}});
  check_same(g, n);
}
