/// @file pruned_file.hpp
/// The files of a pruned network and of its masks remember what it was pruned for and how.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "autoprune/core/number.hpp"
#include "autoprune/io/network_json.hpp"
#include "autoprune/io/policy_json.hpp"
#include "autoprune/methods/compressor.hpp"
#include "autoprune/nn/image_source.hpp"
#include "autoprune/nn/network.hpp"
#include "autoprune/nn/normalisation.hpp"
#include "autoprune/search/policy.hpp"

namespace autoprune::study {

/// Metadata keys of the file.
inline constexpr const char* kGeometryKey = "autoprune.geometry";
inline constexpr const char* kGranularityKey = "autoprune.granularity";
inline constexpr const char* kRowGroupsKey = "autoprune.row_groups";
inline constexpr const char* kMethodKey = "autoprune.method";
inline constexpr const char* kPolicyKey = "autoprune.policy";
inline constexpr const char *kMeanKey = "autoprune.mean", *kDeviationKey = "autoprune.deviation";

/// What a network's file remembers of the images that it was trained on.
[[nodiscard]] inline io::Metadata normalisation_metadata(const nn::ImageSource& images) {
  const auto text = [](const std::vector<float>& numbers) {
    return io::json_text(io::Json(numbers));
  };
  return {{kMeanKey, text(images.mean)}, {kDeviationKey, text(images.stddev)}};
}

/// What the file of a network, or of its masks, says of how it was pruned, and on what images.
[[nodiscard]] inline io::Metadata pruning_metadata(const nn::Network& network,
                                                   const methods::Policy& policy,
                                                   const methods::Compressor& compressor,
                                                   const nn::ImageSource& images) {
  io::Metadata metadata = normalisation_metadata(images);
  metadata.insert({{kMethodKey, compressor.name()},
                   {kGeometryKey, compressor.geometry().to_string()},
                   {kGranularityKey, concat(compressor.granularity())},
                   {kRowGroupsKey, word_of(compressor.rows())},
                   {kPolicyKey, io::json_text(io::policy_to_json(network, policy))}});
  return metadata;
}

/// `images` are those that it was trained on. Throws cannot_write.
inline void save_pruned(const nn::Network& network, const std::filesystem::path& file,
                        const methods::Policy& policy, const methods::Compressor& compressor,
                        const nn::ImageSource& images) {
  io::save_network(network, file, pruning_metadata(network, policy, compressor, images));
}

/// What a file says of how a network was pruned: nothing of one that wasn't.
struct PrunedAs {
  std::optional<std::string> method;
  std::optional<Geometry<>> geometry;
  std::optional<Index> granularity;
  std::optional<prune::RowGrouping> rows;
  std::string policy;               ///< as JSON; empty where it isn't known
  nn::Normalisation normalisation;  ///< of the images that it was trained on
};

/// Throws bad_syntax, unknown_name, out_of_range or geometry_mismatch for what no
/// pruning_metadata() is.
[[nodiscard]] inline PrunedAs pruned_as(const io::Metadata& metadata) {
  const auto at = [&](const char* key) {
    const auto found = metadata.find(key);
    return found == metadata.end() ? std::string{} : found->second;
  };
  PrunedAs as;
  if (const std::string method = at(kMethodKey); !method.empty()) as.method = method;
  if (const std::string text = at(kGeometryKey); !text.empty())
    as.geometry = Geometry<>::parse(text);
  if (const std::string text = at(kGranularityKey); !text.empty()) {
    as.granularity = parse_number<Index>(text);
    if (!as.granularity)
      fail(ErrorId::bad_syntax, kGranularityKey, " '", text, "' of the file is no whole number");
    require_range(*as.granularity, kGranularityKey, 1, kMaxCrossbarSize);
  }
  as.policy = at(kPolicyKey);
  for (const auto& [key, numbers] : {std::pair{kMeanKey, &as.normalisation.mean},
                                     std::pair{kDeviationKey, &as.normalisation.stddev}})
    if (const std::string text = at(key); !text.empty()) {
      const io::Json array = io::parse_json(text, key);
      for (const io::JsonField& number : io::JsonField(array, key).items())
        numbers->push_back(static_cast<float>(number.number()));
    }
  if (const std::string rows = at(kRowGroupsKey); !rows.empty())
    as.rows = value_of<prune::RowGrouping>(kRowGroupsKey, rows);
  return as;
}

/// A network as its file has it.
struct PrunedNetwork {
  nn::Network network;
  PrunedAs as = {};
  std::string prefix = {};  ///< of the weights' names there, left out here
};

/// Of a file that io::read_network() reads. Throws what it throws, and pruned_as().
[[nodiscard]] inline PrunedNetwork read_pruned(const std::filesystem::path& path) {
  PrunedNetwork found;
  if (path.extension() == ".json") {
    found.network = io::read_network(path, &found.prefix);
  } else {
    const io::Safetensors file = io::Safetensors::read(path);
    found.as = pruned_as(file.metadata());
    found.network = io::read_network(file, &found.prefix);
  }
  return found;
}

/// What the file decides of layers; none where it says nothing.
[[nodiscard]] inline methods::Policy plan_of_file(const nn::Network& network, const PrunedAs& as) {
  if (as.policy.empty()) return {};
  return io::plan_from_json(io::parse_json(as.policy, kPolicyKey), network, kPolicyKey);
}

}  // namespace autoprune::study
