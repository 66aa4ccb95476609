/// @file read.hpp
/// The network of an ONNX model, as PyTorch's exporter and others write it, with its weights.
///
///     nn::Network network = onnx::read_network("mobilenet.onnx");
///
/// Operators of versions 9 to 20. What a graph works out of constants is worked out here; tensors
/// keep their first axis for the images of a batch. docs/networks.md says what becomes of what.
#pragma once

#include <filesystem>

#include "autoprune/onnx/reader.hpp"

namespace autoprune::onnx {

/// Throws unsupported_model, naming every node that can't be read, invalid_graph for a model that
/// contradicts itself, and what reading its tensors throws.
[[nodiscard]] inline nn::Network read_network(const Model& model, const ReadOptions& options = {}) {
  try {
    return detail::Reader(model, options).network();
  } catch (const Unsupported& unsupported) {  // of an attribute that no node's conversion looks at
    fail(ErrorId::unsupported_model, "file '", model.origin, "': ", unsupported.reason);
  }
}
/// Throws also what read_model() throws.
[[nodiscard]] inline nn::Network read_network(const std::filesystem::path& path,
                                              const ReadOptions& options = {}) {
  return read_network(read_model(path), options);
}

}  // namespace autoprune::onnx
