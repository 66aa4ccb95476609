#include "compressors.hpp"

namespace autoprune::cli {

search::Compressor make_compressor(const Geometry<>& geometry, Index granularity,
                                   prune::RowGrouping rows, const Options& options) {
  const auto with = [&](auto criterion) {
    return search::Compressor(geometry, prune::ColumnVectorPruner(granularity, criterion),
                              options.mapping, options.selection, rows);
  };
  return options.importance == Importance::l2 ? with(prune::L2{}) : with(prune::MeanAbsolute{});
}

}  // namespace autoprune::cli
