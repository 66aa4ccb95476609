/// @file compressor.hpp
/// The words of methods/ that a search is made of.
#pragma once

#include "autoprune/methods/compressor.hpp"

namespace autoprune::search {

using methods::Compressor;
using methods::keep_ratios;
using methods::LayerPlan;
using methods::OuSelection;
using methods::Policy;
using methods::Ranking;

}  // namespace autoprune::search
