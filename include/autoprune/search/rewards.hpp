/// @file rewards.hpp
/// The rewards by name. A new one is a file that is included here, and a line below.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/search/reward.hpp"
#include "autoprune/search/saving.hpp"

namespace autoprune::search {

struct RewardEntry {
  const char* name;
  std::optional<CostTarget> counts;  ///< as compression; not given: crossbars
  AnyReward (*make)(double alpha);   ///< alpha: its weight of compression
};

namespace detail {

template <class Reward>
[[nodiscard]] AnyReward make_reward(double alpha) {
  return Reward{alpha};
}

}  // namespace detail

inline constexpr std::array kRewards = {
    RewardEntry{"crossbars", {}, detail::make_reward<CompressionReward>},
    RewardEntry{"energy", CostTarget::energy, detail::make_reward<CompressionReward>},
    RewardEntry{"latency", CostTarget::latency, detail::make_reward<CompressionReward>},
    RewardEntry{"edp", CostTarget::edp, detail::make_reward<CompressionReward>},
};

[[nodiscard]] inline std::vector<std::string> reward_names() {
  std::vector<std::string> names;
  for (const RewardEntry& entry : kRewards) names.emplace_back(entry.name);
  return names;
}

/// Throws unknown_name.
[[nodiscard]] inline const RewardEntry& reward_entry(const std::string& name) {
  for (const RewardEntry& entry : kRewards)
    if (entry.name == name) return entry;
  fail_unknown("reward", name, reward_names());
}

}  // namespace autoprune::search
