/// @file search.hpp
/// The room `search`: where pruning, mapping, accuracy and the agent meet.
#pragma once

#include "autoprune/search/archive.hpp"
#include "autoprune/search/auto_prune.hpp"
#include "autoprune/search/compressor.hpp"
#include "autoprune/search/environment.hpp"
#include "autoprune/search/evolution.hpp"
#include "autoprune/search/fine_tune.hpp"
#include "autoprune/search/heuristics.hpp"
#include "autoprune/search/layer_counts.hpp"
#include "autoprune/search/methods.hpp"
#include "autoprune/search/oracle.hpp"
#include "autoprune/search/policy.hpp"
#include "autoprune/search/reconstruction.hpp"
#include "autoprune/search/reward.hpp"
#include "autoprune/search/reward_model.hpp"
#include "autoprune/search/saving.hpp"
#include "autoprune/search/state.hpp"
