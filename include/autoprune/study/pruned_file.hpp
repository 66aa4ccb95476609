/// @file pruned_file.hpp
/// A pruned network's file, which remembers what it was pruned for and how.
#pragma once

#include <filesystem>
#include <string>

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

/// Throws cannot_write.
inline void save_pruned(const nn::Network& network, const std::filesystem::path& file,
                        const search::Policy& policy, const methods::Compressor& compressor) {
  const bool gathered = compressor.rows() == prune::RowGrouping::gathered;
  io::save_network(network, file,
                   {{kMethodKey, compressor.name()},
                    {kGeometryKey, compressor.geometry().to_string()},
                    {kGranularityKey, concat(compressor.granularity())},
                    {kRowGroupsKey, gathered ? kGathered : "neighbours"},
                    {kPolicyKey, io::json_text(io::policy_to_json(network, policy))}});
}

}  // namespace autoprune::study
