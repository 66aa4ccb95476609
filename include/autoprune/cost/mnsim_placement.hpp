/// @file mnsim_placement.hpp
/// Where MNSIM-2.0 puts a network's tiles on the chip, and how far its data travels.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "autoprune/core/types.hpp"
#include "autoprune/cost/mnsim_hardware.hpp"
#include "autoprune/cost/mnsim_layers.hpp"

namespace autoprune::cost {

/// The chip's tiles.
struct MnsimGrid {
  Index rows = 0, cols = 0;
};

struct MnsimPlace {
  Index row = 0, col = 0;
  friend auto operator<=>(const MnsimPlace&, const MnsimPlace&) = default;
};

/// Consecutive tiles in the order of the chip.
struct MnsimTiles {
  Index first = 0, count = 0;
};

/// Steps from tile to neighbouring tile.
struct MnsimHops {
  double merge = 0.0;     ///< from a layer's tiles to the one that collects its outputs
  double transfer = 0.0;  ///< from there to the tiles that read them
};

/// The hardware's grid; where it names none, 64x64, or 128x128 for more than 4,096 tiles.
[[nodiscard]] inline MnsimGrid mnsim_grid(Index tiles, const MnsimHardware& hardware) {
  if (hardware.grid_rows > 0) return {hardware.grid_rows, hardware.grid_cols};
  const Index side = tiles > 64 * 64 ? 128 : 64;
  return {side, side};
}

namespace detail {

/// Squares around (0, 0): odd ones from the top right down and left, even ones back.
inline void append_shell(std::vector<MnsimPlace>& order, Index shell) {
  std::vector<MnsimPlace> places;
  for (Index row = 0; row < shell; ++row) places.push_back({row, shell});
  for (Index col = shell; col >= 0; --col) places.push_back({shell, col});
  if (shell % 2 == 0) std::reverse(places.begin(), places.end());
  order.insert(order.end(), places.begin(), places.end());
}

/// Odd diagonals downwards, even ones upwards.
inline void append_diagonal(std::vector<MnsimPlace>& order, Index diagonal, const MnsimGrid& grid) {
  std::vector<MnsimPlace> places;
  const Index begin = std::max<Index>(0, diagonal - grid.cols + 1);
  for (Index row = begin; row <= std::min(diagonal, grid.rows - 1); ++row)
    places.push_back({row, diagonal - row});
  if (diagonal % 2 == 0) std::reverse(places.begin(), places.end());
  order.insert(order.end(), places.begin(), places.end());
}

}  // namespace detail

/// Place of each tile of the grid.
[[nodiscard]] inline std::vector<MnsimPlace> mnsim_tile_places(const MnsimGrid& grid,
                                                               MnsimTileOrder order) {
  std::vector<MnsimPlace> places;
  switch (order) {
    case MnsimTileOrder::shells:
      for (Index shell = 0; shell < grid.rows; ++shell) detail::append_shell(places, shell);
      break;
    case MnsimTileOrder::zigzag:
      for (Index d = 0; d < grid.rows + grid.cols - 1; ++d)
        detail::append_diagonal(places, d, grid);
      break;
    case MnsimTileOrder::row_major:
    case MnsimTileOrder::snake:
      for (Index row = 0; row < grid.rows; ++row)
        for (Index col = 0; col < grid.cols; ++col) {
          const bool back = order == MnsimTileOrder::snake && row % 2 == 1;
          places.push_back({row, back ? grid.cols - 1 - col : col});
        }
  }
  return places;
}

namespace detail {

/// Answers how far the farthest of some places is. Along the diagonals u = row + col and
/// v = row - col, a Manhattan distance is the larger of two differences, so extremes suffice.
class Farthest {
 public:
  void add(const MnsimPlace& p) {
    low_u_ = std::min(low_u_, p.row + p.col);
    high_u_ = std::max(high_u_, p.row + p.col);
    low_v_ = std::min(low_v_, p.row - p.col);
    high_v_ = std::max(high_v_, p.row - p.col);
  }
  /// 0 when there are no places.
  [[nodiscard]] double from(const MnsimPlace& p) const {
    if (low_u_ > high_u_) return 0.0;
    const Index u = p.row + p.col, v = p.row - p.col;
    return static_cast<double>(std::max({u - low_u_, high_u_ - u, v - low_v_, high_v_ - v}));
  }

 private:
  static constexpr Index kFar = std::numeric_limits<Index>::max() / 4;
  Index low_u_ = kFar, high_u_ = -kFar, low_v_ = kFar, high_v_ = -kFar;
};

/// Hops to the accumulator of residual sums, in the middle of the left edge.
[[nodiscard]] inline double to_accumulator(const MnsimPlace& p, const MnsimGrid& grid) {
  return std::abs(static_cast<double>(p.row) - 0.5 * static_cast<double>(grid.rows)) +
         static_cast<double>(p.col);
}

/// Distances for a whole network, whose tiles are sorted by row and column within each layer.
class HopCounter {
 public:
  HopCounter(const std::vector<MnsimLayer>& layers, const std::vector<MnsimTiles>& tiles,
             const MnsimGrid& grid, MnsimTileOrder order)
      : layers_(layers), grid_(grid), places_(tiles.size()) {
    const std::vector<MnsimPlace> all = mnsim_tile_places(grid, order);
    for (std::size_t l = 0; l < tiles.size(); ++l) {
      const auto begin = all.begin() + tiles[l].first;
      places_[l].assign(begin, begin + tiles[l].count);
      std::sort(places_[l].begin(), places_[l].end());
    }
  }

  [[nodiscard]] MnsimHops hops(std::size_t l) const {
    return layers_[l].kind == MnsimKind::sum ? from_accumulator(l) : from_tiles(l);
  }

 private:
  /// Quirk: the way to a layer is the way to its first tile, near or far.
  [[nodiscard]] MnsimHops from_accumulator(std::size_t l) const {
    MnsimHops hops;
    for (const Index to : layers_[l].outputs) {
      const auto& there = places_[static_cast<std::size_t>(to)];
      if (!there.empty()) hops.transfer = std::max(hops.transfer, to_accumulator(there[0], grid_));
    }
    return hops;
  }

  /// The first tile that makes both ways together shortest collects. Quirk: the way to the
  /// accumulator counts only where nothing but sums reads the layer.
  [[nodiscard]] MnsimHops from_tiles(std::size_t l) const {
    Farthest own, readers;
    for (const MnsimPlace& p : places_[l]) own.add(p);
    bool only_sums = !layers_[l].outputs.empty();
    for (const Index to : layers_[l].outputs) {
      for (const MnsimPlace& p : places_[static_cast<std::size_t>(to)]) readers.add(p);
      only_sums = only_sums && layers_[static_cast<std::size_t>(to)].kind == MnsimKind::sum;
    }
    // Quirk: from 1,000 hops on, a way isn't found and counts as none, but for a single tile.
    double shortest = places_[l].size() > 1 ? 1000.0 : std::numeric_limits<double>::infinity();
    MnsimHops best;
    for (const MnsimPlace& p : places_[l]) {
      const MnsimHops hops{own.from(p), only_sums ? to_accumulator(p, grid_) : readers.from(p)};
      if (hops.merge + hops.transfer >= shortest) continue;
      shortest = hops.merge + hops.transfer;
      best = hops;
    }
    return best;
  }

  const std::vector<MnsimLayer>& layers_;
  MnsimGrid grid_;
  std::vector<std::vector<MnsimPlace>> places_;
};

}  // namespace detail

/// How far each layer's data travels.
[[nodiscard]] inline std::vector<MnsimHops> mnsim_hops(const std::vector<MnsimLayer>& layers,
                                                       const std::vector<MnsimTiles>& tiles,
                                                       const MnsimGrid& grid,
                                                       MnsimTileOrder order) {
  const detail::HopCounter counter(layers, tiles, grid, order);
  std::vector<MnsimHops> hops;
  for (std::size_t l = 0; l < layers.size(); ++l) hops.push_back(counter.hops(l));
  return hops;
}

}  // namespace autoprune::cost
