/// @file prune.hpp
/// The room `prune`: which column-vectors of a layer are kept.
#pragma once

#include "autoprune/prune/column_clusters.hpp"
#include "autoprune/prune/column_vector_pruner.hpp"
#include "autoprune/prune/importance.hpp"
#include "autoprune/prune/lamp.hpp"
#include "autoprune/prune/ou_ranking.hpp"
#include "autoprune/prune/ou_rounding.hpp"
#include "autoprune/prune/ranking.hpp"
#include "autoprune/prune/schedule.hpp"
#include "autoprune/prune/zero_mask.hpp"
