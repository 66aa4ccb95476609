/// @file methods.hpp
/// The room `methods`: pruning methods, a file each, whole: what they keep, and how they place it.
#pragma once

#include "autoprune/methods/column_vectors.hpp"
#include "autoprune/methods/compressor.hpp"
#include "autoprune/methods/layer_plan.hpp"
#include "autoprune/methods/lsr.hpp"
#include "autoprune/methods/magnitude.hpp"
#include "autoprune/methods/method.hpp"
#include "autoprune/methods/naive.hpp"
#include "autoprune/methods/packed_vectors.hpp"
#include "autoprune/methods/pattern_prune.hpp"
#include "autoprune/methods/pim_prune.hpp"
#include "autoprune/methods/pim_prune_ou.hpp"
#include "autoprune/methods/registry.hpp"
#include "autoprune/methods/sre.hpp"
#include "autoprune/methods/variants.hpp"
