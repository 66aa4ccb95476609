/// @file rl.hpp
/// The room `rl`: an agent that learns continuous actions. It knows nothing of pruning.
#pragma once

#include "autoprune/rl/adam.hpp"
#include "autoprune/rl/agent.hpp"
#include "autoprune/rl/agent_config.hpp"
#include "autoprune/rl/mlp.hpp"
#include "autoprune/rl/networks.hpp"
#include "autoprune/rl/noise.hpp"
#include "autoprune/rl/replay.hpp"
#include "autoprune/rl/state_visitor.hpp"
