#include "autoprune/io/network_json.hpp"

#include <ctime>
#include <sstream>
#include <utility>

#include "autoprune/mnsim/zoo.hpp"
#include "autoprune/nn/zoo.hpp"
#include "helpers.hpp"

using namespace autoprune;
using io::test::check_error;
using io::test::error_of;
using io::test::fill;
using io::test::same;
using io::test::TempDir;

namespace {

nn::Network parse(const std::string& text) {
  return io::network_from_json(io::parse_json(text, "net.json"), "net.json");
}

/// A graph of one node for 3x8x8 images.
nn::Network parse_node(const std::string& node) {
  return parse(R"({"input": [3, 8, 8], "nodes": [)" + node + "]}");
}

}  // namespace

TEST_CASE("any graph comes back from its JSON", "[network_json]") {
  Random random(5);
  for (int round = 0; round < 200; ++round) {
    const nn::Network network = io::test::random_network(random);
    const std::string text = io::json_text(io::network_to_json(network), 2);
    INFO(text);
    CHECK(same(parse(text), network, false));
  }
  mnsim::register_networks();
  for (const std::string& name : nn::zoo_names()) {
    const nn::Network network = nn::make_network(name, {3, 32, 32});
    CHECK(same(parse(io::json_text(io::network_to_json(network))), network, false));
  }
}

TEST_CASE("a saved network loads alone, graph and weights", "[network_json]") {
  const TempDir dir;
  Random random(6);
  for (int round = 0; round < 30; ++round) {
    nn::Network network = io::test::random_network(random);
    fill(network, static_cast<std::uint64_t>(round));
    io::save_network(network, dir / "net.safetensors", {{"note", "pruned"}});
    CHECK(same(io::read_network(dir / "net.safetensors"), network, true));
    CHECK(io::Safetensors::read(dir / "net.safetensors").metadata().at("note") == "pruned");
  }
}

TEST_CASE("a graph file finds its weights beside it", "[network_json]") {
  const TempDir dir;
  nn::Network network = nn::lenet5();
  fill(network, 7);
  io::Json graph = io::network_to_json(network);
  io::write_file(dir / "net.json", io::json_text(graph));
  CHECK(same(io::read_network(dir / "net.json"), nn::lenet5(), true));
  graph["weights"] = "weights.safetensors";
  io::write_file(dir / "net.json", io::json_text(graph));
  check_error(error_of([&] { (void)io::read_network(dir / "net.json"); }), ErrorId::cannot_open,
              {(dir / "weights.safetensors").string()});
  io::save_weights(network, dir / "weights.safetensors");
  CHECK(same(io::read_network(dir / "net.json"), network, true));
  check_error(error_of([&] { (void)io::read_network(dir / "weights.safetensors"); }),
              ErrorId::missing_value, {"weights.safetensors", "autoprune.network", ".json"});
}

TEST_CASE("the documented defaults hold", "[network_json]") {
  const nn::Node conv = parse_node(R"({"name": "c", "op": "conv", "out": 2, "kernel": 3})").node(1);
  CHECK(conv.op.window().stride == nn::Size2(1));
  CHECK(conv.op.window().padding == nn::Size2(0));
  CHECK_FALSE(conv.has_bias());
  CHECK(parse_node(R"({"name": "l", "op": "linear", "out": 2})").node(1).has_bias());
  const nn::Node pool = parse_node(R"({"name": "p", "op": "max_pool", "kernel": [2, 4]})").node(1);
  CHECK(pool.op.window().kernel == nn::Size2(2, 4));
  CHECK(pool.op.window().stride == nn::Size2(2, 4));
}

TEST_CASE("every attribute comes back, and graphs name the rare ones where they aren't usual",
          "[network_json]") {
  const std::vector<std::string> nodes = {
      R"("op": "conv", "out": 4, "kernel": 3, "stride": 1, "padding": [2, 0, 1, 2], "bias": true,
         "dilation": [2, 1], "groups": 2)",
      R"("op": "batch_norm", "eps": 0.001, "momentum": 0.25, "affine": false)",
      R"("op": "batch_norm")",
      R"("op": "max_pool", "kernel": 3, "stride": 2, "padding": [0, 1], "ceil_mode": true,
         "dilation": 2)",
      R"("op": "max_pool", "kernel": 3, "stride": 2, "padding": 1)",
      R"("op": "avg_pool", "kernel": 3, "stride": 2, "padding": 1, "ceil_mode": true,
         "count_include_pad": false)",
      R"("op": "clip", "min": -1.5, "max": 2.5)",
      R"("op": "leaky_relu", "slope": 0.25)",
      R"("op": "prelu", "shared": true)",
      R"("op": "hard_sigmoid", "alpha": 0.2, "beta": 0.25)",
      R"("op": "gelu", "tanh": true)",
      R"("op": "affine", "scale": 2.5, "shift": -1.5)",
      R"("op": "layer_norm", "eps": 0.5, "affine": false)",
      R"("op": "scale", "bias": true, "learned": false)",
      R"("op": "channel_shuffle", "groups": 3)",
      R"("op": "slice", "begin": 1, "end": 4)",
      R"("op": "reshape", "channels": 3, "height": 32, "width": 4)",
      R"("op": "transpose", "channels": 2, "height": 0, "width": 1)",
      R"("op": "concat", "inputs": ["input", "input"])",
      R"("op": "mul", "inputs": ["input", "input"])",
      R"("op": "sub", "inputs": ["input", "input"])",
      R"("op": "global_avg_pool")",
      R"("op": "softmax")",
      R"("op": "identity")",
  };
  for (const std::string& node : nodes) {
    const std::string text =
        concat(R"({"input": [6, 8, 8], "nodes": [{"name": "n", )", node, "}]}");
    INFO(text);
    CHECK(io::network_to_json(parse(text)) == io::parse_json(text, "net.json"));
  }
  check_error(error_of([&] {
                (void)parse_node(R"({"name": "c", "op": "conv", "out": 2, "kernel": 3,
                                                  "padding": [1, 1, 1]})");
              }),
              ErrorId::bad_json, {"nodes[0].padding", "3 numbers"});
}

TEST_CASE("a graph names its output where it isn't the last node", "[network_json]") {
  const std::string text = R"({"input": [1, 1, 1], "nodes": [
      {"name": "head", "op": "linear", "out": 3, "bias": true},
      {"name": "other", "op": "linear", "inputs": ["input"], "out": 2, "bias": true}],
      "output": ")";
  const nn::Network network = parse(text + "head\"}");
  CHECK(network.output() == 1);
  CHECK(network.outputs() == 3);
  CHECK(io::network_to_json(network) == io::parse_json(text + "head\"}", "net.json"));
  CHECK_FALSE(io::network_to_json(parse(text + "other\"}")).contains("output"));
  check_error(error_of([&] { (void)parse(text + "haed\"}"); }), ErrorId::unknown_name,
              {"net.json.output", "did you mean 'head'"});
}

TEST_CASE("docs/networks.md names every operation and attribute", "[network_json]") {
  const std::string text = io::read_file(AUTOPRUNE_SOURCE_DIR "/docs/networks.md");
  const auto row_of = [&](std::string_view op) {
    std::istringstream lines(text.substr(text.find("## Weight layers")));
    for (std::string line; std::getline(lines, line);)
      if (line.substr(0, line.find(" | ")).find(concat('`', op, '`')) != std::string::npos)
        return line;
    return std::string();
  };
  for (const nn::Op& op : nn::known_ops()) {
    const std::string row = row_of(op.name());
    INFO(op.name());
    CHECK_FALSE(row.empty());
    for (const nn::Attribute& attribute : op.attributes())
      CHECK(row.find(concat('`', attribute.key, '`')) != std::string::npos);
  }
}

TEST_CASE("a wrong graph names the node, the key and the fix", "[network_json]") {
  struct Case {
    std::string node;
    ErrorId id;
    std::vector<std::string> words;
  };
  const std::vector<Case> cases = {
      {R"({"name": "c", "op": "conv", "out": 2, "kernal": 3})",
       ErrorId::unknown_name,
       {"nodes[0]", "'kernal'", "did you mean 'kernel'"}},
      {R"({"name": "r", "op": "relu", "out": 2})", ErrorId::unknown_name, {"nodes[0]", "'out'"}},
      {R"({"name": "c", "op": "convolution"})", ErrorId::unknown_name, {"nodes[0].op", "conv"}},
      {R"({"name": "i", "op": "input"})", ErrorId::unknown_name, {"'input'"}},
      {R"({"op": "relu"})", ErrorId::bad_json, {"nodes[0]", "'name'"}},
      {R"({"name": "c", "op": "conv", "out": 2})", ErrorId::bad_json, {"nodes[0]", "'kernel'"}},
      {R"({"name": "c", "op": "conv", "out": "2", "kernel": 3})",
       ErrorId::bad_json,
       {"nodes[0].out", "\"2\"", "an integer"}},
      {R"({"name": "c", "op": "conv", "out": 2.5, "kernel": 3})", ErrorId::bad_json, {"2.5"}},
      {R"({"name": "c", "op": "conv", "out": 2, "kernel": [3, 3, 3]})",
       ErrorId::bad_json,
       {"nodes[0].kernel", "3 numbers", "[height, width]"}},
      {R"({"name": "c", "op": "conv", "out": 2, "kernel": 3, "bias": 1})",
       ErrorId::bad_json,
       {"nodes[0].bias", "true or false"}},
      {R"({"name": "c", "op": "conv", "out": 2, "kernel": 9})", ErrorId::invalid_graph, {"'c'"}},
      {R"({"name": "c", "op": "conv", "out": 0, "kernel": 3})", ErrorId::out_of_range, {"'c'"}},
      {R"({"name": "c", "op": "conv", "out": 9000000000000000000, "kernel": 3})",
       ErrorId::out_of_range,
       {"'c'", "268435456"}},
      {R"({"name": "d", "op": "dropout", "rate": 1.5})", ErrorId::out_of_range, {"'d'", "1.5"}},
      {R"({"name": "r", "op": "relu", "inputs": ["inptu"]})",
       ErrorId::unknown_name,
       {"nodes[0].inputs[0]", "'inptu'", "did you mean 'input'"}},
      {R"({"name": "r", "op": "relu", "inputs": "input"})", ErrorId::bad_json, {"an array"}},
      {R"({"name": "r", "op": "relu", "inputs": []})", ErrorId::invalid_graph, {"0 inputs"}},
      {R"({"name": "a", "op": "add", "inputs": ["input"]})", ErrorId::invalid_graph, {"1 inputs"}},
      {R"({"name": "a", "op": "add"})", ErrorId::invalid_graph, {"1 inputs", "2 or more"}},
      {R"({"name": "input", "op": "relu"})", ErrorId::invalid_graph, {"two nodes", "'input'"}},
      {R"("relu")", ErrorId::bad_json, {"nodes[0]", "an object"}},
      {R"({"name": "r", "op": "relu", "op": "flatten"})", ErrorId::bad_json, {"\"op\"", "twice"}},
      {R"({"name": "r", "op": )", ErrorId::bad_json, {"net.json", "column"}},
  };
  for (const Case& one : cases) {
    INFO(one.node);
    check_error(error_of([&] { (void)parse_node(one.node); }), one.id, one.words);
  }
}

TEST_CASE("a graph without its parts says which", "[network_json]") {
  const auto error = [](const std::string& text) { return error_of([&] { (void)parse(text); }); };
  check_error(error("[]"), ErrorId::bad_json, {"net.json", "an object"});
  check_error(error(R"({"nodes": []})"), ErrorId::bad_json, {"'input'"});
  check_error(error(R"({"input": [3, 8, 8]})"), ErrorId::bad_json, {"'nodes'"});
  check_error(error(R"({"input": [3, 8], "nodes": []})"), ErrorId::bad_json, {"2 numbers"});
  check_error(error(R"({"input": [3, 8, 0], "nodes": []})"), ErrorId::out_of_range, {"3x8x0"});
  check_error(error(R"({"input": [3, 8, 8], "nodes": [], "layers": []})"), ErrorId::unknown_name,
              {"'layers'"});
}

TEST_CASE("a graph that asks for more than a network may have gets no memory", "[network_json]") {
  const auto refused = [](const std::string& text, const std::vector<std::string>& words) {
    check_error(error_of([&] { (void)parse(text); }), ErrorId::out_of_range, words);
  };
  refused(R"({"input":[1,1,1],"nodes":[{"name":"fc","op":"linear","out":2000000000}]})",
          {"'fc'", "2000000000x1", "268435456"});
  refused(R"({"input":[1,1,1],"nodes":[{"name":"fc","op":"linear","out":268435456}]})",
          {"'fc'", "536870912 parameters"});  // with its bias
  refused(R"({"input":[1,8192,8192],"nodes":[{"name":"c","op":"conv","out":1,"kernel":1},
             {"name":"f","op":"flatten"},{"name":"b","op":"batch_norm"}]})",
          {"'b'", "268435456 parameters", "the 1 before it"});
  refused(R"({"input":[1,16,16],"nodes":[{"name":"c","op":"conv","out":1048576,"kernel":1}]})",
          {"'c'", "1048576x16x16", "67108864"});
  refused(R"({"input":[3000000000,3000000000,3000000000],"nodes":[]})", {"3000000000", "67108864"});
  refused(R"({"input":[1,8,8],"nodes":[{"name":"p","op":"max_pool","kernel":9223372036854775807,
             "padding":9223372036854775806}]})",
          {"'p'", "kernel 9223372036854775807"});
}

TEST_CASE("a graph is read in time that grows with its nodes", "[network_json]") {
  const auto chain = [](Index nodes) {
    std::string text = R"({"input": [1, 1, 1], "nodes": [)", last = "input";
    for (Index i = 1; i <= nodes; ++i) {
      const std::string name = concat("layer.", i);
      text += concat(i == 1 ? "" : ",", R"({"name": ")", name, R"(", "op": "relu", "inputs": [")",
                     last, "\"]}");
      last = name;
    }
    return text + "]}";
  };
  // Processor seconds to read it so many times.
  const auto seconds = [](const std::string& text, int times) {
    const std::clock_t begin = std::clock();
    for (int i = 0; i < times; ++i) (void)parse(text);
    return static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  };
  CHECK(parse(chain(100)).size() == 101);
  // The same number of nodes: 16 times as long where it grows with the square.
  CHECK(seconds(chain(60'000), 1) < 8.0 * seconds(chain(3'750), 16));
  check_error(error_of([&] { (void)parse(chain(65'536)); }), ErrorId::out_of_range,
              {"'layer.65536'"});
}

TEST_CASE("a graph says what was stripped from the names of its weights", "[network_json]") {
  const TempDir dir;
  nn::Network network = nn::lenet5();
  fill(network, 8);
  std::vector<nn::ConstNamedTensor> wrapped = std::as_const(network).parameters();
  for (auto& parameter : wrapped) parameter.name = "module." + parameter.name;
  io::Json graph = io::network_to_json(network);
  io::write_safetensors(dir / "w.safetensors", wrapped, {{io::kNetworkKey, io::json_text(graph)}});
  graph["weights"] = "w.safetensors";
  io::write_file(dir / "net.json", io::json_text(graph));
  for (const std::string name : {"net.json", "w.safetensors"}) {
    std::string prefix;
    CHECK(same(io::read_network(dir / name, &prefix), network, true));
    CHECK(prefix == "module.");
  }
  io::save_network(network, dir / "plain.safetensors");
  std::string prefix = "none";
  CHECK(same(io::read_network(dir / "plain.safetensors", &prefix), network, true));
  CHECK(prefix.empty());
}

TEST_CASE("any cut of a graph's text is an error", "[network_json]") {
  const std::string text = io::json_text(io::network_to_json(nn::lenet5()));
  for (std::size_t size = 0; size < text.size(); ++size)
    CHECK(error_of([&] { (void)parse(text.substr(0, size)); }).id() == ErrorId::bad_json);
}
