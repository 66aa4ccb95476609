/// @file pruned_file.hpp
/// A pruned network's file, which remembers what it was pruned for and how.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "autoprune/core/number.hpp"
#include "autoprune/io/network_json.hpp"
#include "autoprune/io/policy_json.hpp"
#include "autoprune/methods/compressor.hpp"
#include "autoprune/nn/network.hpp"
#include "autoprune/search/policy.hpp"

namespace autoprune::study {

/// Metadata keys of the file.
inline constexpr const char* kGeometryKey = "autoprune.geometry";
inline constexpr const char* kGranularityKey = "autoprune.granularity";
inline constexpr const char* kRowGroupsKey = "autoprune.row_groups";
inline constexpr const char* kMethodKey = "autoprune.method";
inline constexpr const char* kPolicyKey = "autoprune.policy";
inline constexpr const char* kGathered = "gathered";

/// What the file of a network says of how it was pruned.
[[nodiscard]] inline io::Metadata pruning_metadata(const nn::Network& network,
                                                   const methods::Policy& policy,
                                                   const methods::Compressor& compressor) {
  const bool gathered = compressor.rows() == prune::RowGrouping::gathered;
  return {{kMethodKey, compressor.name()},
          {kGeometryKey, compressor.geometry().to_string()},
          {kGranularityKey, concat(compressor.granularity())},
          {kRowGroupsKey, gathered ? kGathered : "neighbours"},
          {kPolicyKey, io::json_text(io::policy_to_json(network, policy))}};
}

/// Throws cannot_write.
inline void save_pruned(const nn::Network& network, const std::filesystem::path& file,
                        const methods::Policy& policy, const methods::Compressor& compressor) {
  io::save_network(network, file, pruning_metadata(network, policy, compressor));
}

/// What a network's file says of how it was pruned: nothing of one that wasn't.
struct PrunedAs {
  std::optional<std::string> method;
  std::optional<Geometry<>> geometry;
  std::optional<Index> granularity;
  std::optional<prune::RowGrouping> rows;
  std::string policy;  ///< as JSON; empty where it isn't known
};

/// Throws bad_syntax, out_of_range or geometry_mismatch for what save_pruned() can't have written.
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
  if (const std::string rows = at(kRowGroupsKey); !rows.empty())
    as.rows = rows == kGathered ? prune::RowGrouping::gathered : prune::RowGrouping::neighbours;
  return as;
}

}  // namespace autoprune::study
