/// @file rewards.hpp
/// The rewards by name: products of savings, and others. A new one is a file that is included here,
/// and a line below.
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/search/reward.hpp"
#include "autoprune/search/savings.hpp"

namespace autoprune::search {

struct RewardEntry {
  const char* name;
  AnyReward (*make)(double alpha);  ///< alpha: its weight of compression
};

inline constexpr std::array kRewards = {
    RewardEntry{"edp",  // energy times latency
                [](double alpha) -> AnyReward {
                  return CompressionReward{alpha, SavingProduct::parse("energy*latency")};
                }},
    RewardEntry{"autohet",  // which saves little where nothing is pruned
                [](double alpha) -> AnyReward {
                  return SavingReward{alpha, SavingProduct::parse("energy*area")};
                }},
};

[[nodiscard]] inline std::vector<std::string> reward_names() {
  std::vector<std::string> names = saving_names();
  for (const RewardEntry& entry : kRewards) names.emplace_back(entry.name);
  return names;
}

/// A reward by its name, or the CompressionReward of a product of savings: "crossbars^0.5*energy".
/// Throws unknown_name, bad_syntax or out_of_range.
[[nodiscard]] inline AnyReward make_reward(const std::string& text, double alpha) {
  for (const RewardEntry& entry : kRewards)
    if (entry.name == text) return entry.make(alpha);
  const std::vector<std::string> savings = saving_names();
  const bool product = text.find_first_of("*^") != std::string::npos;
  if (!product && std::find(savings.begin(), savings.end(), text) == savings.end())
    fail_unknown("reward", text, reward_names());
  return CompressionReward{alpha, SavingProduct::parse(text)};
}

}  // namespace autoprune::search
