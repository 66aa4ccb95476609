/// @file weights.hpp
/// The parameters of a network from and to a safetensors file, under PyTorch's names.
#pragma once

#include <cmath>
#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_map>
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

/// Throws unless the entry holds the values of a parameter of `shape`.
inline void check_parameter(const Safetensors& file, const TensorEntry& entry,
                            const std::vector<Index>& shape) {
  const std::string where = concat("file '", file.origin(), "', tensor '", entry.name, "': ");
  if (entry.shape != shape)
    fail(ErrorId::shape_mismatch, where, "shape ", shape_text(entry.shape),
         " in the file, but the network has ", shape_text(shape),
         "; load it into the network that it was saved from");
  const Tensor values = file.tensor(entry);
  for (std::size_t i = 0; i < values.size(); ++i)
    if (!std::isfinite(values.data()[i]))
      fail(ErrorId::not_finite, where, "element ", i, " is ", values.data()[i],
           "; take a checkpoint from before the training diverged");
}

/// What stands in front of every name in the file and in no name of the network, as "module." does
/// in the file of a wrapped PyTorch model; "" when the names agree, or differ in another way.
[[nodiscard]] inline std::string common_prefix(const Safetensors& file, const std::string& name) {
  std::string_view prefix;
  bool found = false;
  for (const TensorEntry& entry : file.entries()) {
    std::string_view front = entry.name;
    if (!front.ends_with(name)) continue;
    front.remove_suffix(name.size());
    if (!front.empty() && front.back() != '.') continue;
    // Longer ones belong to names of the network that end in this one.
    if (!found || front.size() < prefix.size()) prefix = front;
    found = true;
  }
  for (const TensorEntry& entry : file.entries())
    if (!entry.name.starts_with(prefix)) return {};
  return std::string(prefix);
}

}  // namespace detail

/// Sets every parameter of the network from the file; on an error the network keeps all that it
/// had. Returns the prefix of the file's names that the network's don't have: "module." where the
/// model was wrapped when it was saved, mostly "". Throws missing_tensor, unknown_tensor,
/// shape_mismatch or not_finite.
inline std::string load_weights(nn::Network& network, const Safetensors& file) {
  const std::vector<nn::NamedTensor> parameters = network.parameters();
  const std::string prefix =
      parameters.empty() ? std::string{} : detail::common_prefix(file, parameters.front().name);
  std::vector<std::string> expected, present;
  for (const auto& parameter : parameters) expected.push_back(prefix + parameter.name);
  std::unordered_map<std::string, const TensorEntry*> entries;
  for (const TensorEntry& entry : file.entries()) {
    present.push_back(entry.name);
    entries[entry.name] = &entry;
  }

  std::vector<const TensorEntry*> sources;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const std::vector<Index> shape = shape_of(*parameters[i].tensor);
    const auto found = entries.find(expected[i]);
    if (found == entries.end())
      fail(ErrorId::missing_tensor, "file '", file.origin(), "' has no tensor '", expected[i],
           "' (", shape_text(shape), ')', detail::nearest_text(expected[i], present),
           "; is it a file of this network?");
    detail::check_parameter(file, *found->second, shape);
    sources.push_back(found->second);
    entries.erase(found);
  }
  for (const std::string& name : present)
    if (entries.contains(name) && !detail::is_batch_counter(name))
      fail(ErrorId::unknown_tensor, "file '", file.origin(), "', tensor '", name,
           "': the network has no such parameter", detail::nearest_text(name, expected),
           "; is it a file of this network?");
  // Nothing can fail any more. Holding all values until here would take the memory of another
  // network.
  for (std::size_t i = 0; i < parameters.size(); ++i)
    *parameters[i].tensor = file.tensor(*sources[i]);
  return prefix;
}

/// The same from a path. Throws also what reading the file throws.
inline std::string load_weights(nn::Network& network, const std::filesystem::path& path) {
  return load_weights(network, Safetensors::read(path));
}

/// Writes every parameter; safetensors.torch.load_file gives PyTorch's state_dict back.
inline void save_weights(const nn::Network& network, const std::filesystem::path& path,
                         const Metadata& metadata = {}, FloatType type = FloatType::f32) {
  write_safetensors(path, network.parameters(), metadata, type);
}

}  // namespace autoprune::io
