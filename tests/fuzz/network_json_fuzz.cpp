// The graph of a network, which written and read again is the same.
#include "autoprune/io/network_json.hpp"

#include "harness.hpp"

namespace autoprune::fuzz {

namespace {

const Harness kNetworkJson("network_json", [](std::string_view bytes) {
  const nn::Network network = io::network_from_json(io::parse_json(bytes, "any"), "any");
  const io::Json graph = io::network_to_json(network);
  require(io::network_to_json(io::network_from_json(graph, "again")) == graph,
          "a network isn't the one that was written");
});

}  // namespace

}  // namespace autoprune::fuzz
