/// @file agent_config.hpp
/// What can be set on an agent.
#pragma once

#include <cmath>
#include <cstdint>
#include <iterator>
#include <string_view>

#include "autoprune/core/error.hpp"
#include "autoprune/core/types.hpp"
#include "autoprune/rl/networks.hpp"

namespace autoprune::rl {

/// The defaults are those of AMC's published code (He et al., ECCV 2018), but for the number of
/// features, which is that of the slides.
struct AgentConfig {
  NetworkShape shape;            ///< of actor and critic
  double actor_rate = 1e-4;      ///< Adam's learning rate
  double critic_rate = 1e-3;     ///< Adam's learning rate
  double discount = 1.0;         ///< gamma, in [0, 1]
  double tau = 0.01;             ///< share of the new parameters that a target network takes over
  double baseline_rate = 0.5;    ///< share of a batch's mean reward in the moving baseline
  Index batch = 64;              ///< transitions an update
  Index replay_capacity = 2000;  ///< transitions; AMC takes 100 for each layer
  Index warmup_episodes = 100;   ///< episodes of uniform actions
  double noise = 0.5;            ///< sigma of the exploration noise after the warm-up
  double noise_decay = 0.95;     ///< factor on sigma for each further episode
  std::uint64_t seed = 0;

  /// Throws out_of_range at the first value that makes no sense.
  void validate() const {
    const auto check = [](bool good, std::string_view name, auto value, std::string_view range) {
      if (!good) fail(ErrorId::out_of_range, "agent ", name, " = ", value, "; needs ", range);
    };
    const auto check_share = [&](std::string_view name, double value) {
      check(value >= 0.0 && value <= 1.0, name, value, "0 to 1");
    };
    const auto check_rate = [&](std::string_view name, double value) {
      check(value > 0.0 && std::isfinite(value), name, value, "a finite number above 0");
    };
    const auto check_count = [&](std::string_view name, Index value, Index low, Index high) {
      check(value >= low && value <= high, name, value, concat(low, " to ", high));
    };
    constexpr Index kMostUnits = Index{1} << 16, kMost = 10'000'000;
    check_count("shape.states", shape.states, 1, kMostUnits);
    check_count("shape.actions", shape.actions, 1, kMostUnits);
    check_count("number of layers in shape.hidden", std::ssize(shape.hidden), 1, 64);
    for (const Index units : shape.hidden) check_count("shape.hidden", units, 1, kMostUnits);
    check_rate("actor_rate", actor_rate);
    check_rate("critic_rate", critic_rate);
    check_share("discount", discount);
    check_share("tau", tau);
    check_share("baseline_rate", baseline_rate);
    check_count("batch", batch, 1, kMost);
    check_count("replay_capacity", replay_capacity, batch, kMost);
    check_count("warmup_episodes", warmup_episodes, 0, kMost);
    check_share("noise", noise);
    check_share("noise_decay", noise_decay);
  }
};

}  // namespace autoprune::rl
