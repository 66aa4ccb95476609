// An ONNX model, and the network that it is: written and read again it is as large.
#include "autoprune/onnx.hpp"

#include "harness.hpp"

namespace autoprune::fuzz {

namespace {

const Harness kOnnx("onnx", [](std::string_view bytes) {
  const nn::Network network = onnx::read_network(onnx::parse_model(bytes, "any"));
  std::size_t numbers = 0;
  for (const auto& parameter : network.parameters()) numbers += parameter.tensor->size();
  if (numbers > 1'000'000) return;  // which would be there several times at once
  const std::string written = onnx::model_of(network).SerializeAsString();
  const nn::Network again = onnx::read_network(onnx::parse_model(written, "again"));
  require(again.outputs() == network.outputs() && again.input_shape() == network.input_shape(),
          "a network isn't the one that was written");
});

}  // namespace

}  // namespace autoprune::fuzz
