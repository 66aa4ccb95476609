/// @file placement.hpp
/// Where MNSIM-2.0 puts a network's tiles on the chip, and how far its data travels.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "autoprune/core/types.hpp"
#include "autoprune/cost/layer_graph.hpp"
#include "autoprune/mnsim/hardware.hpp"

namespace autoprune::mnsim {

/// The chip's tiles.
struct Grid {
  Index rows = 0, cols = 0;
};

struct Place {
  Index row = 0, col = 0;
  friend auto operator<=>(const Place&, const Place&) = default;
};

/// Consecutive tiles in the order of the chip.
struct Tiles {
  Index first = 0, count = 0;
};

/// Steps from tile to neighbouring tile.
struct Hops {
  double merge = 0.0;     ///< from a layer's tiles to the one that collects its outputs
  double transfer = 0.0;  ///< from there to the tiles that read them
};

/// The hardware's grid; where it names none, 64x64, or 128x128 for more than 4,096 tiles.
[[nodiscard]] inline Grid grid_for(Index tiles, const Hardware& hardware) {
  if (hardware.grid_rows > 0) return {hardware.grid_rows, hardware.grid_cols};
  const Index side = tiles > 64 * 64 ? 128 : 64;
  return {side, side};
}

namespace detail {

/// Squares around (0, 0): odd ones from the top right down and left, even ones back.
inline void append_shell(std::vector<Place>& order, Index shell) {
  std::vector<Place> places;
  for (Index row = 0; row < shell; ++row) places.push_back({row, shell});
  for (Index col = shell; col >= 0; --col) places.push_back({shell, col});
  if (shell % 2 == 0) std::reverse(places.begin(), places.end());
  order.insert(order.end(), places.begin(), places.end());
}

/// Odd diagonals downwards, even ones upwards.
inline void append_diagonal(std::vector<Place>& order, Index diagonal, const Grid& grid) {
  std::vector<Place> places;
  const Index begin = std::max<Index>(0, diagonal - grid.cols + 1);
  for (Index row = begin; row <= std::min(diagonal, grid.rows - 1); ++row)
    places.push_back({row, diagonal - row});
  if (diagonal % 2 == 0) std::reverse(places.begin(), places.end());
  order.insert(order.end(), places.begin(), places.end());
}

}  // namespace detail

/// Place of each tile of the grid.
[[nodiscard]] inline std::vector<Place> tile_places(const Grid& grid, TileOrder order) {
  std::vector<Place> places;
  switch (order) {
    case TileOrder::shells:
      for (Index shell = 0; shell < grid.rows; ++shell) detail::append_shell(places, shell);
      break;
    case TileOrder::zigzag:
      for (Index d = 0; d < grid.rows + grid.cols - 1; ++d)
        detail::append_diagonal(places, d, grid);
      break;
    case TileOrder::row_major:
    case TileOrder::snake:
      for (Index row = 0; row < grid.rows; ++row)
        for (Index col = 0; col < grid.cols; ++col) {
          const bool back = order == TileOrder::snake && row % 2 == 1;
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
  void add(const Place& p) {
    low_u_ = std::min(low_u_, p.row + p.col);
    high_u_ = std::max(high_u_, p.row + p.col);
    low_v_ = std::min(low_v_, p.row - p.col);
    high_v_ = std::max(high_v_, p.row - p.col);
  }
  /// 0 when there are no places.
  [[nodiscard]] double from(const Place& p) const {
    if (low_u_ > high_u_) return 0.0;
    const Index u = p.row + p.col, v = p.row - p.col;
    return static_cast<double>(std::max({u - low_u_, high_u_ - u, v - low_v_, high_v_ - v}));
  }

 private:
  static constexpr Index kFar = std::numeric_limits<Index>::max() / 4;
  Index low_u_ = kFar, high_u_ = -kFar, low_v_ = kFar, high_v_ = -kFar;
};

/// Hops to the accumulator of residual sums, in the middle of the left edge.
[[nodiscard]] inline double to_accumulator(const Place& p, const Grid& grid) {
  return std::abs(static_cast<double>(p.row) - 0.5 * static_cast<double>(grid.rows)) +
         static_cast<double>(p.col);
}

/// Distances for a whole network, whose tiles are sorted by row and column within each layer.
class HopCounter {
 public:
  HopCounter(const std::vector<cost::GraphLayer>& layers, const std::vector<Tiles>& tiles,
             const Grid& grid, TileOrder order)
      : layers_(layers), grid_(grid), places_(tiles.size()) {
    const std::vector<Place> all = tile_places(grid, order);
    for (std::size_t l = 0; l < tiles.size(); ++l) {
      const auto begin = all.begin() + tiles[l].first;
      places_[l].assign(begin, begin + tiles[l].count);
      std::sort(places_[l].begin(), places_[l].end());
    }
  }

  [[nodiscard]] Hops hops(std::size_t l) const {
    return layers_[l].kind == cost::LayerKind::sum ? from_accumulator(l) : from_tiles(l);
  }

 private:
  /// Quirk: the way to a layer is the way to its first tile, near or far.
  [[nodiscard]] Hops from_accumulator(std::size_t l) const {
    Hops hops;
    for (const Index to : layers_[l].outputs) {
      const auto& there = places_[static_cast<std::size_t>(to)];
      if (!there.empty()) hops.transfer = std::max(hops.transfer, to_accumulator(there[0], grid_));
    }
    return hops;
  }

  /// The first tile that makes both ways together shortest collects. Quirk: the way to the
  /// accumulator counts only where nothing but sums reads the layer.
  [[nodiscard]] Hops from_tiles(std::size_t l) const {
    Farthest own, readers;
    for (const Place& p : places_[l]) own.add(p);
    bool only_sums = !layers_[l].outputs.empty();
    for (const Index to : layers_[l].outputs) {
      for (const Place& p : places_[static_cast<std::size_t>(to)]) readers.add(p);
      only_sums = only_sums && layers_[static_cast<std::size_t>(to)].kind == cost::LayerKind::sum;
    }
    // Quirk: from 1,000 hops on, a way isn't found and counts as none, but for a single tile.
    double shortest = places_[l].size() > 1 ? 1000.0 : std::numeric_limits<double>::infinity();
    Hops best;
    for (const Place& p : places_[l]) {
      const Hops hops{own.from(p), only_sums ? to_accumulator(p, grid_) : readers.from(p)};
      if (hops.merge + hops.transfer >= shortest) continue;
      shortest = hops.merge + hops.transfer;
      best = hops;
    }
    return best;
  }

  const std::vector<cost::GraphLayer>& layers_;
  Grid grid_;
  std::vector<std::vector<Place>> places_;
};

}  // namespace detail

/// How far each layer's data travels.
[[nodiscard]] inline std::vector<Hops> count_hops(const std::vector<cost::GraphLayer>& layers,
                                                  const std::vector<Tiles>& tiles, const Grid& grid,
                                                  TileOrder order) {
  const detail::HopCounter counter(layers, tiles, grid, order);
  std::vector<Hops> hops;
  for (std::size_t l = 0; l < layers.size(); ++l) hops.push_back(counter.hops(l));
  return hops;
}

}  // namespace autoprune::mnsim
