/// @file autoprune.hpp
/// The whole library. A program that needs one room only includes that room's header instead.
#pragma once

#include "autoprune/core.hpp"
#include "autoprune/cost.hpp"
#include "autoprune/hardware.hpp"
#include "autoprune/io.hpp"
#include "autoprune/mapping.hpp"
#include "autoprune/methods.hpp"
#include "autoprune/mnsim.hpp"
#include "autoprune/nn.hpp"
#include "autoprune/prune.hpp"
#include "autoprune/rl.hpp"
#include "autoprune/search.hpp"
#include "autoprune/simulation.hpp"
#include "autoprune/study.hpp"
