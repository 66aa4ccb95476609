#include "compressors.hpp"

#include <autoprune/mapping/geometries.hpp>

namespace autoprune::cli {

search::Compressor make_compressor(const GeometrySpec& geometry, Index granularity,
                                   prune::RowGrouping rows, const Options& options) {
  return mapping::with_geometry(geometry, [&]<GeometryType Geom>(Geom) {
    return prune::with_granularity(granularity, [&]<Index G>(std::integral_constant<Index, G>) {
      if (options.importance == Importance::l2)
        return search::Compressor::make<Geom, prune::ColumnVectorPruner<G, prune::L2>>(
            prune::ColumnVectorPruner<G, prune::L2>{}, options.mapping, options.selection, rows);
      return search::Compressor::make<Geom, prune::ColumnVectorPruner<G>>(
          prune::ColumnVectorPruner<G>{}, options.mapping, options.selection, rows);
    });
  });
}

}  // namespace autoprune::cli
