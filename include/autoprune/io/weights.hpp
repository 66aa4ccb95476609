/// @file weights.hpp
/// The parameters of a network from and to a safetensors file, under PyTorch's names.
#pragma once

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "autoprune/io/safetensors.hpp"
#include "autoprune/nn/network.hpp"

namespace autoprune::io {

namespace detail {

/// PyTorch counts batches in every batch-norm; inference and training here don't need it.
[[nodiscard]] inline bool is_batch_counter(const std::string& name) {
  return name.ends_with("num_batches_tracked");
}

/// The nearest of `names`, as a part of a message.
[[nodiscard]] inline std::string nearest_text(const std::string& name,
                                              const std::vector<std::string>& names) {
  const std::string nearest = nearest_word(name, names);
  return nearest.empty() ? std::string{} : concat("; the nearest there is '", nearest, '\'');
}

/// The values of one entry for a parameter of `shape`.
[[nodiscard]] inline Tensor read_parameter(const Safetensors& file, const TensorEntry& entry,
                                           const std::vector<Index>& shape) {
  const std::string where = concat("file '", file.origin(), "', tensor '", entry.name, "': ");
  if (entry.shape != shape)
    fail(ErrorId::shape_mismatch, where, "shape ", shape_text(entry.shape),
         " in the file, but the network has ", shape_text(shape),
         "; load it into the network that it was saved from");
  Tensor values = file.tensor(entry);
  for (std::size_t i = 0; i < values.size(); ++i)
    if (!std::isfinite(values.data()[i]))
      fail(ErrorId::not_finite, where, "element ", i, " is ", values.data()[i],
           "; take a checkpoint from before the training diverged");
  return values;
}

}  // namespace detail

/// Sets every parameter of the network from the file; on an error the network keeps all that it
/// had. Throws missing_tensor, unknown_tensor, shape_mismatch or not_finite.
inline void load_weights(nn::Network& network, const Safetensors& file) {
  const std::vector<nn::NamedTensor> parameters = network.parameters();
  std::vector<std::string> expected, present;
  for (const auto& parameter : parameters) expected.push_back(parameter.name);
  for (const auto& entry : file.entries()) present.push_back(entry.name);

  std::vector<Tensor> values;
  for (const auto& parameter : parameters) {
    const auto found = std::find(present.begin(), present.end(), parameter.name);
    if (found == present.end())
      fail(ErrorId::missing_tensor, "file '", file.origin(), "' has no tensor '", parameter.name,
           "' (", shape_text(shape_of(*parameter.tensor)), ')',
           detail::nearest_text(parameter.name, present), "; is it a file of this network?");
    const auto at = static_cast<std::size_t>(found - present.begin());
    values.push_back(detail::read_parameter(file, file.entries()[at], shape_of(*parameter.tensor)));
  }
  for (const std::string& name : present)
    if (!detail::is_batch_counter(name) &&
        std::find(expected.begin(), expected.end(), name) == expected.end())
      fail(ErrorId::unknown_tensor, "file '", file.origin(), "', tensor '", name,
           "': the network has no such parameter", detail::nearest_text(name, expected),
           "; is it a file of this network?");
  for (std::size_t i = 0; i < parameters.size(); ++i) *parameters[i].tensor = std::move(values[i]);
}

/// The same from a path. Throws also what reading the file throws.
inline void load_weights(nn::Network& network, const std::filesystem::path& path) {
  load_weights(network, Safetensors::read(path));
}

/// Writes every parameter; safetensors.torch.load_file gives PyTorch's state_dict back.
inline void save_weights(const nn::Network& network, const std::filesystem::path& path,
                         const Metadata& metadata = {}, FloatType type = FloatType::f32) {
  write_safetensors(path, network.parameters(), metadata, type);
}

}  // namespace autoprune::io
