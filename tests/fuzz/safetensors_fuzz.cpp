// Safetensors: the header, every tensor, weights for a network, and a network in the metadata.
#include "autoprune/io/safetensors.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>

#include "autoprune/io/network_json.hpp"
#include "autoprune/io/weights.hpp"
#include "harness.hpp"
#include "small_network.hpp"

namespace autoprune::fuzz {

namespace {

/// Changes of a header rarely come with the right length in front of it: bytes that begin with '{'
/// are a header up to the first zero byte, and the tensors behind that.
std::string with_length(std::string_view bytes) {
  if (!bytes.starts_with('{')) return std::string(bytes);
  const std::size_t length = std::min(bytes.find('\0'), bytes.size());
  const auto prefix = static_cast<std::uint64_t>(length);
  std::string file(reinterpret_cast<const char*>(&prefix), sizeof prefix);
  file += bytes.substr(0, length);
  if (length < bytes.size()) file += bytes.substr(length + 1);
  return file;
}

void require_finite(const nn::Network& network) {
  for (const float value : parameters_of(network))
    require(std::isfinite(value), "weights that aren't finite were loaded");
}

const Harness kSafetensors("safetensors", [](std::string_view bytes) {
  const io::Safetensors file(with_length(bytes), "any");
  for (const io::TensorEntry& entry : file.entries())
    succeeds([&] { require(shape_of(file.tensor(entry)) == entry.shape, "shape of a tensor"); });
  static const nn::Network fresh = small_network();
  nn::Network network = fresh;
  if (succeeds([&] { io::load_weights(network, file); }))
    require_finite(network);
  else
    require(parameters_of(network) == parameters_of(fresh),
            "refused weights have changed the network");
  if (file.metadata().contains(io::kNetworkKey)) require_finite(io::read_network(file));
});

}  // namespace

}  // namespace autoprune::fuzz
