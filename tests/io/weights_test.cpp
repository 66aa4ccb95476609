#include "autoprune/io/weights.hpp"

#include <limits>

#include "autoprune/nn/zoo.hpp"
#include "helpers.hpp"

using namespace autoprune;
using io::test::check_error;
using io::test::error_of;
using io::test::fill;
using io::test::same;
using io::test::TempDir;

namespace {

nn::Network small_network() {
  nn::Network network({2, 4, 4});
  network.conv("features.0", {.out = 3, .kernel = 3, .bias = true});
  network.batch_norm("features.1");
  network.linear("classifier.0", 4);
  return network;
}

/// A file of the network's parameters after `change` had its way with them.
template <class Change>
std::filesystem::path changed_file(const TempDir& dir, const nn::Network& network,
                                   Change&& change) {
  std::vector<nn::ConstNamedTensor> parameters = network.parameters();
  change(parameters);
  io::write_safetensors(dir / "changed.safetensors", parameters);
  return dir / "changed.safetensors";
}

/// Loading fails and leaves the network as it was.
void check_refused(nn::Network network, const std::filesystem::path& path, ErrorId id,
                   std::vector<std::string> words) {
  fill(network, 9);
  const nn::Network before = network;
  words.push_back(path.string());
  check_error(error_of([&] { io::load_weights(network, path); }), id, words);
  CHECK(same(network, before, true));
}

}  // namespace

TEST_CASE("weights of any network come back with the same bits", "[weights]") {
  const TempDir dir;
  Random random(4);
  for (int round = 0; round < 30; ++round) {
    nn::Network network = io::test::random_network(random), other = network;
    fill(network, static_cast<std::uint64_t>(round));
    io::save_weights(network, dir / "net", {{"epoch", "3"}});
    io::load_weights(other, dir / "net");
    CHECK(same(network, other, true));
  }
}

TEST_CASE("PyTorch's batch counters are passed over, whatever their type", "[weights]") {
  const TempDir dir;
  nn::Network network = small_network(), other = network;
  fill(network, 1);
  io::save_weights(network, dir / "net");
  const std::string bytes = io::read_file(dir / "net");
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), 8);
  io::Json header = io::parse_json(bytes.substr(8, length), "header");
  const std::size_t end = bytes.size() - 8 - length;
  header["features.1.num_batches_tracked"] = {
      {"dtype", "I64"}, {"shape", io::Json::array()}, {"data_offsets", {end, end + 8}}};
  const std::string text = header.dump();
  length = text.size();
  io::write_file(dir / "torch", std::string(reinterpret_cast<const char*>(&length), 8) + text +
                                    bytes.substr(bytes.size() - end) + std::string(8, '\1'));
  io::load_weights(other, dir / "torch");
  CHECK(same(network, other, true));
}

TEST_CASE("a file of another network names the tensor and the nearest one", "[weights]") {
  const TempDir dir;
  const nn::Network network = small_network();
  check_refused(network,
                changed_file(dir, network, [](auto& p) { p[1].name = "features.0.biass"; }),
                ErrorId::missing_tensor, {"'features.0.bias'", "nearest", "'features.0.biass'"});
  const Tensor extra = make_tensor({1});
  check_refused(network,
                changed_file(dir, network,
                             [&](auto& p) {
                               p.push_back({"features.0.scale", &extra});
                             }),
                ErrorId::unknown_tensor, {"'features.0.scale'", "nearest", "'features.0.bias'"});
  check_refused(network, changed_file(dir, network, [&](auto& p) { p[0].tensor = &extra; }),
                ErrorId::shape_mismatch, {"'features.0.weight'", "shape 1 ", "3x2x3x3"});
  check_refused(network, changed_file(dir, network, [](auto& p) { p.clear(); }),
                ErrorId::missing_tensor, {"'features.0.weight'", "3x2x3x3"});
}

TEST_CASE("weights of a wrapped model load without its prefix, which is said", "[weights]") {
  const TempDir dir;
  Random random(5);
  for (const std::string prefix : {"module.", "model.", "_orig_mod.", "module._orig_mod.", "a.b."})
    for (int round = 0; round < 5; ++round) {
      nn::Network network = io::test::random_network(random), other = network;
      if (network.parameters().empty()) continue;
      fill(network, static_cast<std::uint64_t>(round));
      const Tensor counter = make_tensor({1});
      const auto path = changed_file(dir, network, [&](auto& parameters) {
        for (auto& parameter : parameters) parameter.name = prefix + parameter.name;
        parameters.push_back({prefix + "block.0.num_batches_tracked", &counter});
      });
      CHECK(io::load_weights(other, path) == prefix);
      CHECK(same(network, other, true));
      io::save_weights(network, dir / "plain");
      CHECK(io::load_weights(other, dir / "plain").empty());
    }
}

TEST_CASE("a prefix is told from names that only end alike", "[weights]") {
  const TempDir dir;
  nn::Network network({2, 4, 4});
  network.conv("x", {.out = 2, .kernel = 3});
  network.conv("m.x", {.out = 2, .kernel = 1});
  fill(network, 2);
  const auto renamed = [&](const std::vector<std::string>& names) {
    return changed_file(dir, network, [&](auto& parameters) {
      for (std::size_t i = 0; i < names.size(); ++i) parameters[i].name = names[i];
    });
  };
  nn::Network other = network;
  CHECK(io::load_weights(other, renamed({"m.x.weight", "m.m.x.weight"})) == "m.");
  CHECK(same(network, other, true));
  check_refused(network, renamed({"m.x.weight", "y.m.x.weight"}), ErrorId::missing_tensor,
                {"'x.weight'", "nearest"});
  check_refused(network, renamed({"10x.weight", "10m.x.weight"}), ErrorId::missing_tensor,
                {"'x.weight'"});
  check_refused(network, renamed({"module.x.weight", "module.n.x.weight"}), ErrorId::missing_tensor,
                {"'module.m.x.weight'", "'module.n.x.weight'"});
}

TEST_CASE("a weight that is no number is named with its place", "[weights]") {
  const TempDir dir;
  const nn::Network network = small_network();
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    io::save_weights(network, dir / "net");
    std::string bytes = io::read_file(dir / "net");
    std::memcpy(bytes.data() + bytes.size() - 8, &bad, 4);  // the last but one of classifier.0.bias
    io::write_file(dir / "net", bytes);
    check_refused(network, dir / "net", ErrorId::not_finite, {"'classifier.0.bias'", "element 2"});
  }
}

TEST_CASE("the trained networks load into the zoo's", "[weights]") {
  const std::filesystem::path models = std::filesystem::path(AUTOPRUNE_SOURCE_DIR) / "models";
  nn::Network lenet5 = nn::lenet5(), plain20 = nn::plain20(), grey = nn::plain20({1, 32, 32});
  io::load_weights(lenet5, models / "lenet5-mnist.safetensors");
  io::load_weights(plain20, models / "plain20-cifar10.safetensors");
  io::load_weights(grey, models / "plain20-mnist.safetensors");
  check_error(error_of([&] { io::load_weights(grey, models / "plain20-cifar10.safetensors"); }),
              ErrorId::shape_mismatch, {"'features.0.weight'", "16x3x3x3", "16x1x3x3"});
  check_error(error_of([&] { io::load_weights(plain20, models / "lenet5-mnist.safetensors"); }),
              ErrorId::shape_mismatch, {"'features.0.weight'", "6x1x5x5", "16x3x3x3"});
}
