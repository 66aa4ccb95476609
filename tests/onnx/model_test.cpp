// Files of models: the types of their tensors, files beside them, names, outputs, and what is
// wrong.
#include <unistd.h>

#include <filesystem>

#include "helpers.hpp"

using namespace autoprune;
using namespace autoprune::onnx::test;
using nn::Network;
using Type = autoprune::onnx::proto::TensorProto;

namespace {

namespace fs = std::filesystem;

ErrorId error_of_reading(Graph& g) {
  return autoprune::error_of([&] { (void)g.read(); });
}

/// A folder that vanishes with its owner.
struct Folder {
  fs::path path = fs::temp_directory_path() / concat("autoprune-onnx-", ::getpid());
  Folder() { fs::create_directories(path); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { fs::remove_all(path); }
};

/// A linear layer whose weights are a tensor of the caller's.
struct OneLayer {
  Graph g{13, {2}};
  Type* tensor = g.graph().add_initializer();
  OneLayer() {
    g.add("Gemm", {"x", "fc.weight"}, {{"transB", Index{1}}});
    tensor->set_name("fc.weight");
    tensor->add_dims(3);
    tensor->add_dims(2);
    tensor->set_data_type(Type::FLOAT);
  }
  void point_to(const std::string& file, const std::string& offset, const std::string& length) {
    tensor->set_data_location(Type::EXTERNAL);
    for (const auto& [key, value] : {std::pair<std::string, std::string>{"location", file},
                                     {"offset", offset},
                                     {"length", length}}) {
      if (value.empty()) continue;
      auto& entry = *tensor->add_external_data();
      entry.set_key(key);
      entry.set_value(value);
    }
  }
  [[nodiscard]] std::vector<float> weights(const fs::path& folder = {}) {
    const Network n = autoprune::onnx::read_network(g.model(folder));
    return {n.node(1).weight.begin(), n.node(1).weight.end()};
  }
};

const std::vector<float> kNumbers = {1.0F, -2.0F, 0.5F, 3.0F, 0.25F, -0.125F};

template <class T>
std::string raw(const std::vector<float>& numbers) {
  std::string bytes;
  for (const float number : numbers) {
    const T value = static_cast<T>(number);
    bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  return bytes;
}

}  // namespace

TEST_CASE("tensors are read of every type, in bytes or in fields", "[onnx]") {
  const auto read = [](int type, auto fill) {
    OneLayer layer;
    layer.tensor->set_data_type(type);
    fill(*layer.tensor);
    return layer.weights();
  };
  const auto bytes = [&](int type, const std::string& content) {
    return read(type, [&](Type& tensor) { tensor.set_raw_data(content); });
  };
  CHECK(bytes(Type::FLOAT, raw<float>(kNumbers)) == kNumbers);
  CHECK(bytes(Type::DOUBLE, raw<double>(kNumbers)) == kNumbers);
  CHECK(bytes(Type::FLOAT16, raw<Eigen::half>(kNumbers)) == kNumbers);
  CHECK(bytes(Type::BFLOAT16, raw<Eigen::bfloat16>(kNumbers)) == kNumbers);
  CHECK(read(Type::FLOAT, [](Type& t) {
          for (float v : kNumbers) t.add_float_data(v);
        }) == kNumbers);
  CHECK(read(Type::DOUBLE, [](Type& t) {
          for (float v : kNumbers) t.add_double_data(v);
        }) == kNumbers);
  CHECK(read(Type::FLOAT16, [](Type& t) {
          for (float v : kNumbers)
            t.add_int32_data(Eigen::numext::bit_cast<std::uint16_t>(Eigen::half(v)));
        }) == kNumbers);
  const std::vector<float> whole = {1, -2, 3, -4, 5, 6};
  CHECK(bytes(Type::INT64, raw<std::int64_t>(whole)) == whole);
  CHECK(bytes(Type::INT8, raw<std::int8_t>(whole)) == whole);
  CHECK(read(Type::INT32, [&](Type& t) {
          for (float v : whole) t.add_int32_data(static_cast<int>(v));
        }) == whole);
}

TEST_CASE("tensors that aren't what they say are errors", "[onnx]") {
  const auto refused = [](int type, const std::string& content, std::vector<Index> shape = {}) {
    OneLayer layer;
    layer.tensor->set_data_type(type);
    layer.tensor->set_raw_data(content);
    for (int k = 0; k < static_cast<int>(shape.size()); ++k)
      layer.tensor->set_dims(k, shape[static_cast<std::size_t>(k)]);
    return error_of_reading(layer.g);
  };
  const std::string bytes = raw<float>(kNumbers);
  CHECK(refused(Type::FLOAT, bytes.substr(1)) == ErrorId::bad_header);
  CHECK(refused(Type::FLOAT, bytes + bytes) == ErrorId::bad_header);
  CHECK(refused(Type::STRING, bytes) == ErrorId::unsupported_type);
  CHECK(refused(99, bytes) == ErrorId::unsupported_type);
  CHECK(refused(Type::FLOAT, bytes, {3, -2}) == ErrorId::out_of_range);
  CHECK(refused(Type::FLOAT, bytes, {Index{1} << 40, Index{1} << 40}) == ErrorId::out_of_range);
  CHECK(refused(Type::FLOAT, bytes, {6, 2}) == ErrorId::bad_header);
  CHECK(refused(Type::FLOAT, raw<float>({1, 2, 3, NAN, 5, 6})) == ErrorId::not_finite);
}

TEST_CASE("tensors in files beside the model are read, and in no other place", "[onnx]") {
  const Folder folder;
  fs::create_directories(folder.path / "deeper");
  io::write_file(folder.path / "weights.bin", std::string(8, '\0') + raw<float>(kNumbers));
  const auto from = [&](const std::string& file, const std::string& offset = "8",
                        const std::string& length = "24") {
    OneLayer layer;
    layer.point_to(file, offset, length);
    return layer.weights(folder.path);
  };
  const auto refused = [&](auto... words) {
    return autoprune::error_of([&] { (void)from(words...); });
  };
  CHECK(from("weights.bin") == kNumbers);
  CHECK(from("deeper/../weights.bin", "8", "") == kNumbers);
  CHECK(refused("missing.bin") == ErrorId::cannot_open);
  CHECK(refused("deeper") == ErrorId::cannot_open);
  CHECK(refused("") == ErrorId::cannot_open);
  CHECK(refused("../weights.bin") == ErrorId::cannot_open);
  CHECK(refused((folder.path / "../other.bin").string()) == ErrorId::cannot_open);
  CHECK(refused("/etc/hostname") == ErrorId::cannot_open);
  fs::create_symlink("/etc/hostname", folder.path / "link");
  CHECK(refused("link") == ErrorId::cannot_open);
  CHECK(refused("weights.bin", "9") == ErrorId::truncated_file);
  CHECK(refused("weights.bin", "9223372036854775807") == ErrorId::truncated_file);
  CHECK(refused("weights.bin", "-1") == ErrorId::bad_header);
  CHECK(refused("weights.bin", "8", "23") == ErrorId::bad_header);
  OneLayer nowhere;  // of a model that isn't a file
  nowhere.point_to("weights.bin", "8", "24");
  CHECK(error_of_reading(nowhere.g) == ErrorId::cannot_open);
}

TEST_CASE("a model is read from a file as from bytes", "[onnx]") {
  const Folder folder;
  OneLayer layer;
  layer.tensor->set_raw_data(raw<float>(kNumbers));
  layer.g.set_output(layer.g.last().output(0));
  auto& note = *layer.g.message().add_metadata_props();
  note.set_key("made by");
  note.set_value("hand");
  io::write_file(folder.path / "net.onnx", layer.g.message().SerializeAsString());
  const auto model = autoprune::onnx::read_model(folder.path / "net.onnx");
  CHECK(model.metadata() == std::map<std::string, std::string>{{"made by", "hand"}});
  CHECK(autoprune::onnx::read_network(model).node(1).weight(0, 1) == -2.0F);
  CHECK(autoprune::onnx::read_network(folder.path / "net.onnx").size() == 2);
  CHECK(autoprune::error_of([&] {
          (void)autoprune::onnx::read_network(folder.path / "no.onnx");
        }) == ErrorId::cannot_open);
}

TEST_CASE("bytes that are no model are an error", "[onnx]") {
  const auto refused = [](const std::string& bytes) {
    return autoprune::error_of([&] { (void)autoprune::onnx::parse_model(bytes, "any"); });
  };
  OneLayer layer;
  layer.tensor->set_raw_data(raw<float>(kNumbers));
  const std::string whole = layer.g.message().SerializeAsString();
  CHECK(refused("") == ErrorId::bad_magic);
  CHECK(refused("{\"input\": [3, 32, 32]}") == ErrorId::bad_magic);
  CHECK(refused(whole.substr(0, whole.size() - 9)) == ErrorId::bad_magic);
  CHECK(refused(whole) == ErrorId{});
  for (const Index opset : {1, 8, 21, 1000}) {
    Graph g(opset, {2});
    g.add("Relu", {"x"});
    CHECK(error_of_reading(g) == ErrorId::unsupported_model);
  }
}

TEST_CASE("graphs that contradict themselves are errors that say how", "[onnx]") {
  Graph dangling(13);
  dangling.add("Relu", {"nobody"});
  CHECK_THROWS_WITH(dangling.read(), Catch::Contains("shape.202") && Catch::Contains("'nobody'"));
  Graph circle(13);
  circle.add("Relu", {"b"});
  circle.last().set_output(0, "a");
  circle.add("Relu", {"a"});
  circle.last().set_output(0, "b");
  CHECK_THROWS_WITH(circle.read(), Catch::Contains("shape.202") && Catch::Contains("circle"));
  Graph twice(13);
  twice.add("Relu", {"x"});
  twice.last().set_output(0, "a");
  twice.add("Tanh", {"x"});
  twice.last().set_output(0, "a");
  CHECK_THROWS_WITH(twice.read(), Catch::Contains("shape.202") && Catch::Contains("made twice"));
  Graph again(13);  // a node and an initialiser of one name
  again.weight("a", {1});
  again.add("Relu", {"x"});
  again.last().set_output(0, "a");
  CHECK_THROWS_WITH(again.read(), Catch::Contains("shape.202") && Catch::Contains("made twice"));
  Graph empty(13);
  empty.add("Identity", {"x"});
  CHECK(error_of_reading(empty) == ErrorId::invalid_graph);
  Graph constant(13);
  constant.add("Relu", {"x"});
  constant.set_output(constant.number(1.0));
  CHECK(error_of_reading(constant) == ErrorId::invalid_graph);
  Graph sizes(13, {4});
  sizes.add("Gemm", {"x", sizes.weight("w", {5, 3})});
  CHECK(error_of_reading(sizes) == ErrorId::invalid_graph);
  Graph channels(13);
  channels.add("Conv", {"x", channels.weight("w", {5, 4, 3, 3})});
  CHECK(error_of_reading(channels) == ErrorId::shape_mismatch);
  Graph kernel(13);
  kernel.add("Conv", {"x", kernel.weight("w", {5, 3, 9, 9})});
  CHECK(error_of_reading(kernel) == ErrorId::invalid_graph);
  Graph huge(13, {1 << 20, 1 << 20, 1 << 20});
  huge.add("Relu", {"x"});
  CHECK(error_of_reading(huge) == ErrorId::out_of_range);
}

TEST_CASE("nodes in any order are read", "[onnx]") {
  Graph g(13);
  g.add("Relu", {"later"});
  g.set_output(g.last().output(0));
  g.add("Tanh", {"x"});
  g.last().set_output(0, "later");
  CHECK(ops_of(g.read()) == "tanh relu");
}

TEST_CASE("one error names all nodes that can't be read, and no others", "[onnx]") {
  Graph g(13);
  std::string y = g.add("LRN", {"x"}, {{"size", Index{5}}});
  g.last().set_name("/norm/LRN");
  y = g.add("Relu", {y});
  y = g.add("Resize", {y, "", g.number(2.0)});
  y = g.add("Erf", {y});  // may be part of an activation, if only its input were known
  y = g.add("Conv", {y, g.weight("w", {4, 3, 3, 3})});
  g.add("NonMaxSuppression", {"x"});
  y = g.add("Mine", {y});
  g.last().set_domain("com.example");
  g.set_output(y);
  CHECK_THROWS_WITH(g.read(), Catch::Contains("3 nodes can't be read") &&
                                  Catch::Contains("LRN '/norm/LRN'") && Catch::Contains("Resize") &&
                                  Catch::Contains("'com.example'") && !Catch::Contains("Relu") &&
                                  !Catch::Contains("Conv") && !Catch::Contains("Erf") &&
                                  !Catch::Contains("NonMax"));
}

TEST_CASE("a reduction that isn't read is named behind another node that isn't", "[onnx]") {
  const auto graph = [](const std::string& reduction) {
    Graph g(13);
    g.add(reduction, {g.add("LRN", {"x"}, {{"size", Index{5}}})});
    return g;
  };
  CHECK_THROWS_WITH(graph("ReduceLogSumExp").read(),
                    Catch::Contains("2 nodes can't be read") && Catch::Contains("ReduceLogSumExp"));
  CHECK_THROWS_WITH(graph("ReduceL2").read(),
                    Catch::Contains("LRN") && !Catch::Contains("ReduceL2"));
}

TEST_CASE("attributes of another type are errors", "[onnx]") {
  Graph g(13);
  g.add("LeakyRelu", {"x"}, {{"alpha", std::string("0.1")}});
  CHECK_THROWS_WITH(g.read(), Catch::Contains("its alpha is of another type"));
  Graph nan(13);
  nan.add("LeakyRelu", {"x"}, {{"alpha", std::nan("")}});
  CHECK(error_of_reading(nan) == ErrorId::unsupported_model);
}

TEST_CASE("of several outputs the first is read, or the one that is named", "[onnx]") {
  Graph g(13);
  const std::string trunk = g.add("Relu", {"x"});
  const std::string first = g.add("Sigmoid", {trunk}), second = g.add("Tanh", {trunk});
  g.last().set_name("aux/head");
  g.set_output(first);
  g.set_output(second);
  CHECK(ops_of(g.read()) == "relu sigmoid");
  CHECK(ops_of(g.read({.output = second})) == "relu tanh");
  CHECK(ops_of(g.read({.output = "aux/head"})) == "relu tanh");  // by the node's name
  CHECK(ops_of(g.read({.output = trunk})) == "relu");
  CHECK(autoprune::error_of([&] { (void)g.read({.output = "logit"}); }) == ErrorId::unknown_name);
}

TEST_CASE("an output may be a node that the network has, under its name there", "[onnx]") {
  Graph g(13);
  const std::string w = g.weight("stem.weight", {4, 3, 3, 3});
  g.add("Relu", {g.add("Relu", {g.add("Conv", {"x", w})})});
  Network inner = g.read({.output = "stem"});
  CHECK(ops_of(inner) == "conv");
  CHECK(inner.node(1).name == "stem");
  const Network all = g.read();
  CHECK(ops_of(g.read({.output = all.node(2).name})) == "conv relu");
  CHECK_THROWS_WITH(g.read({.output = "stam"}), Catch::Contains("did you mean 'stem'"));
  g.graph().mutable_output(0)->set_name("nowhere");
  CHECK(autoprune::error_of([&] { (void)g.read(); }) == ErrorId::unknown_name);
}

TEST_CASE("a model that leaves its images' shape open takes the one that it is told", "[onnx]") {
  Graph g(13, {3, 0, 0});
  g.add("GlobalAveragePool", {"x"});
  CHECK(error_of_reading(g) == ErrorId::missing_value);
  CHECK(g.read({.images = nn::Shape3{3, 5, 7}}).input_shape() == nn::Shape3{3, 5, 7});
}

TEST_CASE("images may be vectors, or have no channels", "[onnx]") {
  Graph vectors(13, {7}), maps(13, {4, 5}), numbers(13, {});
  for (Graph* g : {&vectors, &maps, &numbers}) g->add("Relu", {"x"});
  CHECK(vectors.read().input_shape() == nn::Shape3{7, 1, 1});
  CHECK(maps.read().input_shape() == nn::Shape3{1, 4, 5});
  CHECK(error_of_reading(numbers) == ErrorId::unsupported_model);
}

TEST_CASE("nodes get the names of PyTorch's modules", "[onnx]") {
  Graph g(13);
  const auto named = [&](const std::string& name, const std::string& op, const Names& inputs,
                         int outputs = 1) {
    const std::string y = g.add(op, inputs, {}, outputs);
    g.last().set_name(name);
    return y;
  };
  const std::string w = g.weight("onnx::Conv_193", {3, 3, 1, 1});
  std::string y = named("/conv1/Conv", "Conv", {"x", g.weight("stem.weight", {3, 3, 1, 1})});
  y = named("/layer1/layer1.0/conv1/Conv", "Conv", {y, w});
  y = named("/layer1/layer1.0/relu/Relu", "Relu", {y});
  y = named("/layer1/layer1.0/act/Tanh", "Tanh", {y});
  y = named("/layer1/layer1.0/Add", "Add", {y, y});
  y = named("/layer1/layer1.0/relu/Relu", "Relu", {y});
  y = named("/features/features.1/block/block.0/Conv", "Conv", {y, w});
  y = named("Conv_7", "Conv", {y, w});
  y = named("", "Conv", {y, g.weight("stem.weight_copy", {3, 3, 1, 1})});
  y = named("", "Conv", {y, "stem.weight"});
  named("", "Relu", {y});
  g.last().set_output(0, "123");
  const Network n = g.read();
  std::vector<std::string> names;
  for (const nn::Node& node : n.nodes()) names.push_back(node.name);
  CHECK(names == std::vector<std::string>{"input", "stem", "layer1.0.conv1", "layer1.0.relu",
                                          "layer1.0.act", "layer1.0.Add", "layer1.0.relu.Relu",
                                          "features.1.block.0", "Conv_7", names[9], "stem_2",
                                          "Relu_123"});
}

TEST_CASE("parameters keep their names through what exporters put between", "[onnx]") {
  Graph g(13);
  const std::string w = g.weight("fc.weight", {4, 3});
  const std::string turned = g.add("Transpose", {w}, {{"perm", List{1, 0}}});
  const std::string last = g.add("Transpose", {"x"}, {{"perm", List{0, 2, 3, 1}}});
  std::string y = g.add("MatMul", {last, turned});
  g.weight("bn1.weight", {4});
  g.add("Identity", {"bn1.weight"});  // two that are the same are stored once
  g.last().set_output(0, "bn2.weight");
  y = g.add("Transpose", {y}, {{"perm", List{0, 3, 1, 2}}});
  y = g.add("BatchNormalization",
            {y, "bn2.weight", g.weight("b", {4}), g.weight("m", {4}), g.weight("v", {4}, 0.5, 1.0)});
  g.weight("block.0.gamma", {4, 1, 1});
  g.add("Identity", {"block.0.gamma"});
  g.last().set_output(0, "block.1.gamma");
  y = g.add("Mul", {g.add("Mul", {y, "block.0.gamma"}), "block.1.gamma"});
  const Network n = g.read();
  CHECK(n.node(1).name == "fc");
  CHECK(n.node(1).weight(2, 1, 0, 0) == g.graph().initializer(0).float_data(2 * 3 + 1));
  CHECK(n.node(2).name == "bn2");
  CHECK(n.node(3).name == "block.0.gamma");
  CHECK(n.node(4).name == "block.1.gamma");
  CHECK(n.node(4).op.as<nn::Scale>()->learned);
}
