// Every operator that is read, in the forms that its versions have, beside the network that it is.
#include "helpers.hpp"

using namespace autoprune;
using namespace autoprune::onnx::test;
using nn::Network;

namespace {

const nn::Shape3 kImages{3, 6, 8};

}  // namespace

TEST_CASE("convolutions are read with what they may have", "[onnx]") {
  Graph g(11);
  g.add("Conv", {"x", g.weight("w", {4, 3, 3, 2}), g.weight("b", {4})},
        {{"pads", List{1, 0, 2, 1}}, {"strides", List{1, 2}}, {"dilations", List{2, 1}}});
  Network n(kImages);
  n.conv("c", {.out = 4,
               .kernel = {3, 2},
               .stride = {1, 2},
               .padding = {1, 0, 2, 1},
               .bias = true,
               .dilation = {2, 1}});
  g.give(n, {{"c.weight", "w"}, {"c.bias", "b"}});
  check_same(g, n);

  Graph grouped(11);
  grouped.add("Conv", {"x", grouped.weight("w", {6, 1, 3, 3})}, {{"group", Index{3}}});
  Network m(kImages);
  m.conv("c", {.out = 6, .kernel = 3, .groups = 3});
  grouped.give(m, {{"c.weight", "w"}});
  check_same(grouped, m);
}

TEST_CASE("auto_pad is what the size of the map needs", "[onnx]") {
  const auto padding = [](const char* how, nn::Padding expected) {
    Graph g(11);
    g.add("Conv", {"x", g.weight("w", {4, 3, 3, 2})},
          {{"auto_pad", std::string(how)}, {"strides", List{2, 2}}});
    const Network n = g.read();
    CHECK(n.node(1).op.as<nn::Conv>()->padding == expected);
    return n.node(1).shape;
  };
  CHECK(padding("SAME_UPPER", {0, 0, 1, 0}) == nn::Shape3{4, 3, 4});
  CHECK(padding("SAME_LOWER", {1, 0, 0, 0}) == nn::Shape3{4, 3, 4});
  CHECK(padding("VALID", 0) == nn::Shape3{4, 2, 4});
  CHECK(padding("NOTSET", 0) == nn::Shape3{4, 2, 4});
}

TEST_CASE("a Pad goes into the window behind it", "[onnx]") {
  for (const Index opset : {9, 13}) {
    Graph g(opset);
    const List pads = {0, 0, 1, 0, 0, 0, 2, 1};
    const std::string padded =
        opset < 11 ? g.add("Pad", {"x"}, {{"pads", pads}}) : g.add("Pad", {"x", g.integers(pads)});
    g.add("Conv", {padded, g.weight("w", {4, 3, 3, 3})}, {{"pads", List{1, 1, 0, 0}}});
    Network n(kImages);
    n.conv("c", {.out = 4, .kernel = 3, .padding = {2, 1, 2, 1}});
    g.give(n, {{"c.weight", "w"}});
    check_same(g, n);
  }
  Graph pools(18);
  const std::string relu = pools.add("Relu", {"x"});
  const std::string padded =
      pools.add("Pad", {relu, pools.integers({1, 1, 1, 1}), "", pools.integers({2, 3})});
  const std::string most = pools.add("MaxPool", {padded}, {{"kernel_shape", List{2, 2}}});
  const std::string again =
      pools.add("Pad", {most, pools.integers({0, 0, 1, 0, 0, 0, 0, 0}), pools.number(0.0)});
  pools.add("AveragePool", {again}, {{"kernel_shape", List{2, 2}}, {"strides", List{2, 1}}});
  Network n(kImages);
  n.relu("r");
  n.max_pool("m", {.kernel = 2, .stride = 1, .padding = 1});
  n.avg_pool("a", {.kernel = 2, .stride = nn::Size2{2, 1}, .padding = {1, 0, 0, 0}});
  check_same(pools, n);

  Graph wrong(13);  // zeros might be the largest
  wrong.add("MaxPool", {wrong.add("Pad", {"x", wrong.integers({0, 0, 1, 1, 0, 0, 1, 1})})},
            {{"kernel_shape", List{2, 2}}});
  CHECK(autoprune::error_of([&] { (void)wrong.read(); }) == ErrorId::unsupported_model);
}

TEST_CASE("pools are read with what they may have", "[onnx]") {
  Graph g(11);
  const std::string most = g.add("MaxPool", {"x"},
                                 {{"kernel_shape", List{3, 2}},
                                  {"strides", List{2, 1}},
                                  {"pads", List{1, 0, 1, 1}},
                                  {"ceil_mode", Index{1}},
                                  {"dilations", List{1, 2}}});
  const std::string mean =
      g.add("AveragePool", {most}, {{"kernel_shape", List{2, 2}}, {"pads", List{1, 1, 0, 0}}});
  g.add(
      "AveragePool", {mean},
      {{"kernel_shape", List{2, 2}}, {"pads", List{1, 1, 1, 1}}, {"count_include_pad", Index{1}}});
  Network n(kImages);
  n.max_pool("m", {.kernel = {3, 2},
                   .stride = nn::Size2{2, 1},
                   .padding = {1, 0, 1, 1},
                   .ceil = true,
                   .dilation = {1, 2}});
  n.avg_pool("a", {.kernel = 2, .stride = 1, .padding = {1, 1, 0, 0}, .count_padding = false});
  n.avg_pool("b", {.kernel = 2, .stride = 1, .padding = 1});
  check_same(g, n);
}

TEST_CASE("pools over whole maps have several names", "[onnx]") {
  Network mean(kImages), most(kImages);
  mean.append("p", nn::GlobalAvgPool{});
  most.max_pool("p", {.kernel = {6, 8}});
  for (const std::string op : {"GlobalAveragePool", "GlobalMaxPool", "ReduceMean", "ReduceMax"})
    for (const Index opset : {11, 18}) {
      Graph g(opset);
      if (op.starts_with("Global"))
        g.add(op, {"x"});
      else
        g.with_axes(op, "x", {-2, 3}, opset >= 18, {{"keepdims", Index{opset == 11}}});
      check_same(g, op.ends_with("Mean") || op.ends_with("AveragePool") ? mean : most);
    }
}

TEST_CASE("linear layers are Gemm, or MatMul and Add", "[onnx]") {
  for (const bool transposed : {false, true}) {
    Graph g(13, {5});
    g.add("Gemm", {"x", g.weight("w", transposed ? List{4, 5} : List{5, 4}), g.weight("b", {1, 4})},
          {{"transB", Index{transposed}}, {"alpha", 0.5}, {"beta", 2.0}});
    Network read = g.read();
    REQUIRE(ops_of(read) == "linear");
    const nn::Node& node = read.node(1);
    const auto& w = g.graph().initializer(0).float_data();
    for (Index o = 0; o < 4; ++o) {
      CHECK(node.bias(static_cast<std::size_t>(o)) ==
            2.0F * g.graph().initializer(1).float_data(static_cast<int>(o)));
      for (Index i = 0; i < 5; ++i)
        CHECK(node.weight(static_cast<std::size_t>(o), static_cast<std::size_t>(i)) ==
              0.5F * w[static_cast<int>(transposed ? o * 5 + i : i * 4 + o)]);
    }
  }
  Graph g(13, {5});
  const std::string product = g.add("MatMul", {"x", g.weight("fc.weight", {5, 4})});
  g.add("Add", {g.weight("fc.bias", {4}), product});
  const Network read = g.read();
  REQUIRE(ops_of(read) == "linear");
  CHECK(read.node(1).name == "fc");
  CHECK(read.node(1).bias(3) == g.graph().initializer(1).float_data(3));

  Graph number(13, {5});  // a bias of one number for all
  number.add("Gemm", {"x", number.weight("w", {5, 4}), number.reals("b", {}, {0.25F})});
  CHECK(number.read().node(1).bias(2) == 0.25F);
}

TEST_CASE("a linear layer reads a map in PyTorch's order", "[onnx]") {
  for (const bool flatten : {false, true}) {
    Graph g(13);
    const std::string flat =
        flatten ? g.add("Flatten", {"x"}) : g.add("Reshape", {"x", g.integers({0, -1})});
    g.add("Gemm", {flat, g.weight("w", {4, 144})}, {{"transB", Index{1}}});
    Network n(kImages);
    n.linear("f", 4, false);
    g.give(n, {{"f.weight", "w"}});
    check_same(g, n);
  }
}

TEST_CASE("activations are read", "[onnx]") {
  const auto is = [](const std::string& op, const std::vector<With>& with, const nn::Op& expected) {
    INFO(op);
    Graph g(20);
    g.add(op, {"x"}, with);
    Network n(kImages);
    n.append("a", expected);
    check_same(g, n);
  };
  is("Relu", {}, nn::Relu{});
  is("Sigmoid", {}, nn::Sigmoid{});
  is("Tanh", {}, nn::Tanh{});
  is("HardSwish", {}, nn::HardSwish{});
  is("LeakyRelu", {}, nn::LeakyRelu{});
  is("LeakyRelu", {{"alpha", 0.2}}, nn::LeakyRelu{{.negative = 0.2}});
  is("HardSigmoid", {}, nn::HardSigmoid{{.alpha = 0.2}});
  is("HardSigmoid", {{"alpha", 1.0 / 6.0}}, nn::HardSigmoid{});
  is("Gelu", {}, nn::Gelu{});
  is("Gelu", {{"approximate", std::string("tanh")}}, nn::Gelu{{.tanh = true}});
  is("Neg", {}, nn::ScalarAffine{{.scale = -1.0}});
  is("Dropout", {}, nn::Dropout{.rate = 0.5});
  is("Softmax", {{"axis", Index{1}}}, nn::Softmax{});
  is("LogSoftmax", {{"axis", Index{1}}}, nn::Softmax{.log = true});
}

TEST_CASE("limits of a Clip are attributes, inputs, or missing", "[onnx]") {
  const auto check = [](Index opset, std::optional<double> min, std::optional<double> max,
                        const nn::Op& expected) {
    Graph g(opset);
    if (opset < 11) {
      std::vector<With> with;
      if (min) with.push_back({"min", *min});
      if (max) with.push_back({"max", *max});
      g.add("Clip", {"x"}, with);
    } else {
      g.add("Clip", {"x", min ? g.number(*min) : "", max ? g.number(*max) : ""});
    }
    Network n(kImages);
    n.append("a", expected);
    check_same(g, n);
  };
  constexpr double kMost = std::numeric_limits<float>::max();
  for (const Index opset : {9, 10, 11, 13}) {
    check(opset, 0.0, 6.0, nn::Clip{});
    check(opset, 0.0, {}, nn::Relu{});
    check(opset, -0.25, 0.5, nn::Clip{{.min = -0.25, .max = 0.5}});
    check(opset, {}, 0.5, nn::Clip{{.min = -kMost, .max = 0.5}});
  }
}

TEST_CASE("slopes of a PRelu are a channel's each, or one", "[onnx]") {
  for (const bool shared : {false, true}) {
    Graph g(9);
    g.add("PRelu", {"x", g.weight("act.weight", shared ? List{1} : List{3, 1, 1})});
    Network n(kImages);
    n.append("act", nn::Prelu{.shared = shared});
    g.give(n, {{"act.weight", "act.weight"}});
    check_same(g, n);
  }
}

TEST_CASE("batch-norm is read as in inference, whatever it was exported for", "[onnx]") {
  for (const bool training : {false, true}) {
    Graph g(15);
    g.add("BatchNormalization",
          {"x", g.weight("bn.weight", {3}), g.weight("bn.bias", {3}),
           g.weight("bn.running_mean", {3}), g.weight("bn.running_var", {3}, 0.5, 2.0)},
          {{"epsilon", 1e-3}, {"momentum", 0.9}, {"training_mode", Index{training}}},
          training ? 3 : 1);
    Network n(kImages);
    n.append("bn", nn::BatchNorm{.eps = 1e-3});
    g.give(n, {{"bn.weight", "bn.weight"},
               {"bn.bias", "bn.bias"},
               {"bn.running_mean", "bn.running_mean"},
               {"bn.running_var", "bn.running_var"}});
    check_same(g, n);
    CHECK(g.read().node(1).name == "bn");
  }
}

TEST_CASE("dropout keeps its rate, as an attribute or an input", "[onnx]") {
  for (const Index opset : {10, 13}) {
    Graph g(opset);
    if (opset < 12)
      g.add("Dropout", {"x"}, {{"ratio", 0.2}}, 2);
    else
      g.add("Dropout", {"x", g.number(0.2)}, {}, 2);
    Network n(kImages);
    n.dropout("d", 0.2);
    check_same(g, n);
  }
  Graph none(13);
  none.add("Relu", {none.add("Dropout", {"x", none.number(0.0)})});
  CHECK(ops_of(none.read()) == "relu");
}

TEST_CASE("softmax has another axis by default in older versions", "[onnx]") {
  Graph old(11, {5}), young(13, {5});
  for (Graph* g : {&old, &young}) {
    g->add("Softmax", {"x"});
    Network n({5, 1, 1});
    n.append("s", nn::Softmax{});
    check_same(*g, n);
  }
  Graph all(11);  // over channels, rows and columns together
  all.add("Softmax", {"x"}, {{"axis", Index{1}}});
  Network flat(kImages);
  flat.flatten("f");
  flat.append("s", nn::Softmax{});
  flat.append("r", nn::Reshape{{3, 6, 8}});
  check_same(all, flat);
}

TEST_CASE("maps are added, subtracted, multiplied and put together", "[onnx]") {
  Graph g(13);
  const std::string a = g.add("Relu", {"x"}), b = g.add("Tanh", {"x"});
  const std::string gate = g.add("GlobalAveragePool", {b});
  const std::string sum = g.add("Sum", {a, b, "x"});
  const std::string gated = g.add("Mul", {g.add("Sub", {sum, b}), gate});
  g.add("Concat", {gated, a}, {{"axis", Index{-3}}});
  Network n(kImages);
  const Index r = n.relu("a"), t = n.append("b", nn::Tanh{}, 0);
  const Index p = n.append("gate", nn::GlobalAvgPool{}, t);
  const Index s1 = n.add("s1", {r, t}), s2 = n.add("s2", {s1, 0});
  const Index d = n.append("d", nn::Sub{}, {s2, t});
  const Index m = n.append("m", nn::Mul{}, {d, p});
  n.append("c", nn::Concat{}, {m, r});
  check_same(g, n);
}

TEST_CASE("constants scale and shift maps, number by number or a channel each", "[onnx]") {
  Graph g(13);
  std::string y = g.add("Mul", {"x", g.number(2.0)});
  y = g.add("Sub", {g.number(1.0), g.add("Add", {y, g.number(0.5)})});  // one line in all
  y = g.add("Relu", {y});
  y = g.add("Mul", {y, g.weight("block.gamma", {3, 1, 1})});
  y = g.add("Sub", {y, g.weight("onnx::Sub_7", {1, 3, 1, 1})});
  y = g.add("Relu", {y});
  g.add("Div", {y, g.weight("onnx::Div_9", {3, 1, 1}, 0.5, 2.0)});
  Network read = g.read();
  REQUIRE(ops_of(read) == "affine relu scale relu scale");
  CHECK(read.node(3).name == "block.gamma");
  CHECK(read.node(3).op.as<nn::Scale>()->learned);
  CHECK(!read.node(5).op.as<nn::Scale>()->learned);
  const auto numbers = [&](const std::string& name) {
    for (const auto& tensor : g.graph().initializer())
      if (tensor.name() == name)
        return Values(tensor.float_data().begin(), tensor.float_data().end());
    return Values{};
  };
  const Values gamma = numbers("block.gamma"), minus = numbers("onnx::Sub_7"),
               by = numbers("onnx::Div_9");
  Values expected = images(kImages);
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const std::size_t c = i / 48 % 3;
    const double line = std::max(1.0 - (2.0 * expected[i] + 0.5), 0.0);
    expected[i] = std::max(line * gamma[c] - minus[c], 0.0) / by[c];
  }
  CHECK(error_of(answer(read), expected) < 1e-5);
}

TEST_CASE("a transposed Gemm input and products of maps aren't read", "[onnx]") {
  Graph gemm(13, {5});
  gemm.add("Gemm", {"x", gemm.weight("w", {5, 4})}, {{"transA", Index{1}}});
  CHECK(autoprune::error_of([&] { (void)gemm.read(); }) == ErrorId::unsupported_model);
  Graph product(13, {5, 5});
  product.add("MatMul", {"x", "x"});
  CHECK(autoprune::error_of([&] { (void)product.read(); }) == ErrorId::unsupported_model);
}

TEST_CASE("a layer that others read without the bias behind it stays one layer", "[onnx]") {
  Graph g(13, {5});
  const std::string product = g.add("MatMul", {"x", g.weight("fc.weight", {5, 4})});
  const std::string sum = g.add("Add", {product, g.weight("b", {4})});
  g.add("Mul", {sum, product});
  CHECK(g.read().matrix_layers().size() == 1);
}
