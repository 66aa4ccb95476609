// A directory that goes away, the error of a failing call, random networks: for the room's tests.
#pragma once

#include <stdlib.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "autoprune/core.hpp"
#include "autoprune/nn/network.hpp"

namespace autoprune::io::test {

/// A new empty directory, removed with all it holds at the end of the scope.
class TempDir {
 public:
  TempDir() {
    std::string name = (std::filesystem::temp_directory_path() / "autoprune-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  ~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] std::filesystem::path operator/(const std::string& name) const {
    return path_ / name;
  }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  /// How many files it holds.
  [[nodiscard]] Index files() const {
    return std::distance(std::filesystem::directory_iterator(path_),
                         std::filesystem::directory_iterator());
  }

 private:
  std::filesystem::path path_;
};

[[nodiscard]] inline bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// The error that a call throws; the test fails when it throws none.
template <class Call>
[[nodiscard]] Error error_of(Call&& call) {
  try {
    std::forward<Call>(call)();
  } catch (const Error& error) {
    return error;
  }
  FAIL("no error was thrown");
  throw std::logic_error("unreachable");
}

template <class Call>
[[nodiscard]] ErrorId error_id(Call&& call) {
  return error_of(std::forward<Call>(call)).id();
}

/// Checks the id of an error, and that its message holds each of the words.
inline void check_error(const Error& error, ErrorId id, const std::vector<std::string>& words) {
  INFO(error.what());
  CHECK(error.id() == id);
  for (const std::string& word : words) CHECK_THAT(error.what(), Catch::Contains(word));
}

/// Every parameter set to random numbers.
inline void fill(nn::Network& network, std::uint64_t seed) {
  Random random(seed);
  for (const auto& parameter : network.parameters())
    for (float& value : *parameter.tensor) value = static_cast<float>(random.normal());
}

/// Whether two networks have the same nodes; `weights`: and the same bits in them.
[[nodiscard]] inline bool same(const nn::Network& a, const nn::Network& b, bool weights) {
  if (a.size() != b.size()) return false;
  for (Index i = 0; i < a.size(); ++i) {
    const nn::Node &x = a.node(i), &y = b.node(i);
    if (x.name != y.name || !(x.op == y.op) || x.inputs != y.inputs || x.shape != y.shape)
      return false;
    if (weights && (x.weight != y.weight || x.bias != y.bias || x.running_mean != y.running_mean ||
                    x.running_var != y.running_var))
      return false;
  }
  return a.output() == b.output();
}

/// A network of 1 to 20 random nodes, residual sums among them.
[[nodiscard]] inline nn::Network random_network(Random& random) {
  nn::Network network({1 + random.below(4), 6 + random.below(8), 6 + random.below(8)});
  const Index nodes = 1 + random.below(20);
  for (Index i = 0; i < nodes; ++i) {
    const std::string name = concat("block.", i);
    const nn::Shape3 in = network.nodes().back().shape;
    const nn::Size2 kernel(1 + random.below(std::min<Index>(3, in.height)),
                           1 + random.below(std::min<Index>(3, in.width)));
    const nn::Size2 stride(1 + random.below(2), 1 + random.below(2));
    const nn::Size2 padding(random.below(kernel.h), random.below(kernel.w));
    switch (random.below(9)) {
      case 0:
      case 1:
        network.conv(name, {1 + random.below(5), kernel, stride, padding, random.below(2) == 0});
        break;
      case 2:
        network.batch_norm(name);
        break;
      case 3:
        network.relu(name);
        break;
      case 4:
        network.max_pool(name, {kernel, stride, padding});
        break;
      case 5:
        network.avg_pool(name, {kernel, {}, padding});
        break;
      case 6:
        network.dropout(name, random.uniform());
        break;
      case 7:
        network.linear(name, 1 + random.below(9), random.below(2) == 0);
        break;
      default:
        network.relu(name);
        network.add(name + ".sum", {network.size() - 1, network.size() - 2});
    }
  }
  network.flatten("flatten");
  return network;
}

}  // namespace autoprune::io::test
