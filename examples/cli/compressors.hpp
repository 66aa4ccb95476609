/// @file compressors.hpp
/// The compressor of a geometry and granularity that are known at run time.
#pragma once

#include <autoprune/search/compressor.hpp>

#include "options.hpp"

namespace autoprune::cli {

[[nodiscard]] search::Compressor make_compressor(const Geometry<>& geometry, Index granularity,
                                                 prune::RowGrouping rows, const Options& options);

}  // namespace autoprune::cli
