/// @file crossbar_mapper.hpp
/// Column-vectors to crossbars: how many, and where each OU sits. The kept vectors of a row group
/// share their inputs, so they can sit side by side whatever their filters are.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/core/prune_mask.hpp"
#include "autoprune/core/types.hpp"
#include "autoprune/hardware/geometry.hpp"
#include "autoprune/hardware/weight_code.hpp"
#include "autoprune/mapping/array_shape.hpp"
#include "autoprune/mapping/ou_placer.hpp"
#include "autoprune/mapping/placement.hpp"

namespace autoprune::mapping {

/// Maps masks of granularity G, which must divide the crossbar's rows, onto storage tiles of
/// G x OuCols cells, one OU each (of several weight matrices: as many as it has room for). The kept
/// vectors of a row group of a matrix, in ascending column order, are cut into OUs: none mixes row
/// groups or matrices, and an empty row group makes none. G < OuRows: one tile is
/// active at a time, and its OU doesn't use all wordlines that could be. G > OuRows: a tile is
/// activated in steps of OuRows wordlines.
///
///   const CrossbarMapper mapper(PaperGeometry{});  // or: mapper(Geometry<>::parse(text))
///   const double cr = mapper.count(masks).crossbars.compression_per_layer();
template <GeometryType Geom = Geometry<>>
class CrossbarMapper {
 public:
  static constexpr bool kIndexed = true, kRowGroups = true;

  explicit CrossbarMapper(const hardware::WeightCode& options = {})
      : CrossbarMapper(Geom{}, options) {}
  /// Throws out_of_range, or geometry_mismatch when the geometry can't exist or an OU can't hold
  /// whole weights.
  explicit CrossbarMapper(const Geom& geometry, const hardware::WeightCode& options = {})
      : geometry_(geometry), options_(options), shape_(geometry, options) {}

  [[nodiscard]] const Geom& geometry() const noexcept { return geometry_; }
  [[nodiscard]] const hardware::WeightCode& options() const noexcept { return options_; }
  /// The hardware in weights.
  [[nodiscard]] const ArrayShape& shape() const noexcept { return shape_; }
  /// Filters that one OU serves.
  [[nodiscard]] Index columns_per_ou() const noexcept { return shape_.ou_cols; }
  /// Physical arrays that hold the same tiles: bit planes times sign arrays.
  [[nodiscard]] Index arrays() const noexcept { return shape_.arrays; }
  /// Tiles of a crossbar at a granularity. Throws mask_mismatch.
  [[nodiscard]] TileGrid grid(Index granularity) const {
    if (granularity < 1 || geometry_.xbar_rows % granularity != 0)
      fail(ErrorId::mask_mismatch, "granularity ", granularity, " doesn't divide the ",
           geometry_.xbar_rows, " rows of a crossbar (", geometry_.to_string(),
           "); take a divisor, such as the rows of an OU");
    return {shape_, granularity, columns_per_ou()};
  }
  /// Crossbars of an R x C layer without pruning: rows packed, no index needed.
  [[nodiscard]] Index dense_crossbars(Index rows, Index cols) const noexcept {
    return shape_.dense_crossbars(rows, cols);
  }

  /// A place is a tile. Throws mask_mismatch.
  template <class Visit>
  Slots for_each_ou(const PruneMask& mask, Visit&& visit) const {
    TileFiller tiles(grid(mask.granularity()), mask.matrices());
    const auto width = static_cast<std::size_t>(columns_per_ou());
    std::vector<std::int32_t> columns;
    for (Index set = 0; set < mask.matrices() * mask.groups(); ++set) {
      const Index m = set / mask.groups(), g = set % mask.groups();
      columns.clear();
      const std::span<const std::uint8_t> flags = mask.flags(g);
      for (Index c = m * mask.matrix_cols(); c < (m + 1) * mask.matrix_cols(); ++c)
        if (flags[static_cast<std::size_t>(c)] != 0)
          columns.push_back(static_cast<std::int32_t>(c));
      if (columns.empty()) continue;
      const std::vector<std::int32_t> rows = mask.rows_of(g);
      for (std::size_t c = 0; c < columns.size(); c += width) {
        const auto part = std::span(columns).subspan(c, std::min(width, columns.size() - c));
        visit(Ou{rows, part, tiles.next(std::ssize(part)), set});
      }
    }
    return tiles.slots();
  }

  /// Counts without placing anything: what a search needs. Throws mask_mismatch.
  [[nodiscard]] LayerCount count(const PruneMask& mask) const {
    if (mask.matrices() > 1) return mapping::count(*this, mask);
    Index kept = 0, ous = 0;
    for (Index g = 0; g < mask.groups(); ++g) {
      const Index n = mask.kept_count(g);
      kept += n;
      ous += ceil_div(n, columns_per_ou());
    }
    return detail::layer_count(shape_, mask, kept, ous, {ous, grid(mask.granularity()).tiles()});
  }

  /// Throws mask_mismatch, also when the masks differ in granularity.
  [[nodiscard]] NetworkCount count(std::span<const PruneMask> masks) const {
    check_granularity(masks);
    std::vector<LayerCount> layers;
    for (const PruneMask& mask : masks) layers.push_back(count(mask));
    return sum_counts(std::move(layers));
  }

  /// OUs, places, index buffer and counts of one layer. Throws mask_mismatch.
  [[nodiscard]] Placement map(const PruneMask& mask) const { return place(*this, mask); }

  /// Throws mask_mismatch, also when the masks differ in granularity.
  [[nodiscard]] NetworkPlacement map(std::span<const PruneMask> masks) const {
    check_granularity(masks);
    std::vector<Placement> layers;
    for (const PruneMask& mask : masks) layers.push_back(map(mask));
    return network_placement(std::move(layers));
  }

 private:
  static void check_granularity(std::span<const PruneMask> masks) {
    for (const PruneMask& mask : masks)
      if (mask.granularity() != masks.front().granularity())
        fail(ErrorId::mask_mismatch, "layers of granularity ", masks.front().granularity(), " and ",
             mask.granularity(), " can't share crossbars; prune a network with one granularity");
  }

  [[no_unique_address]] Geom geometry_;
  hardware::WeightCode options_;
  ArrayShape shape_;
};

}  // namespace autoprune::mapping
