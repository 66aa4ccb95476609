/// @file compressor.hpp
/// The words of methods/ that a search is made of.
#pragma once

#include "autoprune/methods/compressor.hpp"

namespace autoprune::search {

using methods::Compressor;
using methods::OuSelection;
using methods::Ranking;

}  // namespace autoprune::search
