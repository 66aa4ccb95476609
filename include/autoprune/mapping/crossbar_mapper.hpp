/// @file crossbar_mapper.hpp
/// Masks to crossbars: how many, and where each OU sits.
#pragma once

#include <span>
#include <utility>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/core/geometry.hpp"
#include "autoprune/core/prune_mask.hpp"
#include "autoprune/core/types.hpp"
#include "autoprune/mapping/array_shape.hpp"
#include "autoprune/mapping/index_buffer.hpp"
#include "autoprune/mapping/mapping_options.hpp"
#include "autoprune/mapping/mapping_result.hpp"
#include "autoprune/mapping/ou_list.hpp"

namespace autoprune::mapping {

/// Maps masks of granularity G, which must divide the crossbar's rows, onto storage tiles of
/// G x OuCols cells, one OU each. G < OuRows: one tile is active at a time, and its OU doesn't use
/// all wordlines that could be. G > OuRows: a tile is activated in steps of OuRows wordlines.
///
///   const CrossbarMapper mapper(PaperGeometry{});  // or: mapper(Geometry<>::parse(text))
///   const double cr = mapper.count(masks).crossbars.compression_per_layer();
template <GeometryType Geom = Geometry<>>
class CrossbarMapper {
 public:
  explicit CrossbarMapper(const MappingOptions& options = {}) : CrossbarMapper(Geom{}, options) {}
  /// Throws out_of_range, or geometry_mismatch when the geometry can't exist or an OU can't hold
  /// whole weights.
  explicit CrossbarMapper(const Geom& geometry, const MappingOptions& options = {})
      : geometry_(geometry), options_(options) {
    (void)ArrayShape(geometry, options);  // refuses what can't exist
  }

  [[nodiscard]] const Geom& geometry() const noexcept { return geometry_; }

  [[nodiscard]] const MappingOptions& options() const noexcept { return options_; }
  /// Filters that one OU serves: the `ou_cols` of OU lists and of prune::round_to_ous.
  [[nodiscard]] Index columns_per_ou() const noexcept {
    return geometry_.ou_cols / bitlines_per_weight();
  }
  /// Physical arrays that hold the same tiles: bit planes times sign arrays.
  [[nodiscard]] Index arrays() const noexcept { return options_.arrays(geometry_.cell_bits); }
  /// Slots of a crossbar at a granularity. Throws mask_mismatch.
  [[nodiscard]] TileGrid grid(Index granularity) const {
    if (granularity < 1 || geometry_.xbar_rows % granularity != 0)
      fail(ErrorId::mask_mismatch, "granularity ", granularity, " doesn't divide the ",
           geometry_.xbar_rows, " rows of a crossbar (", geometry_.to_string(),
           "); take a divisor, such as the rows of an OU");
    return {geometry_.xbar_rows / granularity, geometry_.xbar_cols / geometry_.ou_cols};
  }
  /// Crossbars of an R x C layer without pruning: rows packed, no index needed.
  [[nodiscard]] Index dense_crossbars(Index rows, Index cols) const noexcept {
    return ceil_div(rows, geometry_.xbar_rows) *
           ceil_div(cols * bitlines_per_weight(), geometry_.xbar_cols) * arrays();
  }

  /// Counts without placing anything: what a search needs. Throws mask_mismatch.
  [[nodiscard]] LayerCount count(const PruneMask& mask) const {
    Index kept = 0, ous = 0;
    for (Index g = 0; g < mask.groups(); ++g) {
      const Index n = mask.kept_count(g);
      kept += n;
      ous += ceil_div(n, columns_per_ou());
    }
    return layer_count(mask, kept, ous);
  }

  /// Throws mask_mismatch, also when the masks differ in granularity.
  [[nodiscard]] NetworkCount count(std::span<const PruneMask> masks) const {
    check_granularity(masks);
    std::vector<LayerCount> layers;
    for (const PruneMask& mask : masks) layers.push_back(count(mask));
    return sum_counts(std::move(layers), arrays());
  }

  /// OU list, index buffer, counts and places of one layer. Throws mask_mismatch.
  [[nodiscard]] LayerMapping map(const PruneMask& mask) const {
    const TileGrid slots = grid(mask.granularity());
    OuList ous(mask, columns_per_ou());
    const LayerCount counts = layer_count(mask, ous.vectors(), ous.size());
    const IndexSizes sizes = index_sizes(ous);
    IndexBuffer index(ous, sizes.smallest());
    return {counts,       std::move(ous),    sizes, std::move(index), slots,
            mask.order(), ordered_rows(mask)};
  }

  /// Throws mask_mismatch, also when the masks differ in granularity.
  [[nodiscard]] NetworkMapping map(std::span<const PruneMask> masks) const {
    check_granularity(masks);
    NetworkMapping network;
    std::vector<LayerCount> counts;
    Index tiles = 0;
    for (const PruneMask& mask : masks) {
      LayerMapping layer = map(mask);
      layer.first_pooled_tile = tiles;
      tiles += layer.count.ous;
      counts.push_back(layer.count);
      network.index_sizes += layer.index_sizes;
      const Index order = layer.order_bits();
      network.index_sizes += {order, order, order};
      network.layers.push_back(std::move(layer));
    }
    network.crossbars = sum_counts(std::move(counts), arrays()).crossbars;
    return network;
  }

 private:
  [[nodiscard]] Index bitlines_per_weight() const noexcept {
    return options_.bitlines_per_weight(geometry_.cell_bits);
  }

  [[nodiscard]] LayerCount layer_count(const PruneMask& mask, Index kept, Index ous) const {
    const Index tiles = grid(mask.granularity()).tiles();
    return {mask.rows(),
            mask.cols(),
            mask.vectors(),
            kept,
            ous,
            dense_crossbars(mask.rows(), mask.cols()),
            ceil_div(ous, tiles) * arrays(),
            {ous, tiles}};
  }

  [[nodiscard]] static Index ordered_rows(const PruneMask& mask) {
    Index rows = 0;
    for (Index g = 0; mask.order() && g < mask.groups(); ++g)
      if (mask.kept_count(g) > 0) rows += mask.row_end(g) - mask.row_begin(g);
    return rows;
  }

  static void check_granularity(std::span<const PruneMask> masks) {
    for (const PruneMask& mask : masks)
      if (mask.granularity() != masks.front().granularity())
        fail(ErrorId::mask_mismatch, "layers of granularity ", masks.front().granularity(), " and ",
             mask.granularity(), " can't share crossbars; prune a network with one granularity");
  }

  [[no_unique_address]] Geom geometry_;
  MappingOptions options_;
};

}  // namespace autoprune::mapping
