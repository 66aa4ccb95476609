/// @file microkernels.hpp
/// The three inner loops of every weight layer, dense or masked, on Eigen's packets. A tile of
/// accumulators stays in registers while a run of rows streams past; rows are found through offset
/// tables, so neither an im2col matrix nor a gathered copy of a masked matrix is ever built. Tiles
/// come in every size up to the largest; a table maps a size to its kernel.
#pragma once

#include <Eigen/Core>
#include <array>
#include <utility>

#include "autoprune/core/types.hpp"
#include "autoprune/nn/activation.hpp"

namespace autoprune::nn::detail {

using Packet = Eigen::internal::packet_traits<float>::type;
inline constexpr int kPacket = Eigen::internal::packet_traits<float>::size;
inline constexpr bool kManyRegisters = EIGEN_ARCH_DEFAULT_NUMBER_OF_REGISTERS >= 32;

/// A tile of sums: up to kTileRows rows by two packets.
inline constexpr int kTileRows = kManyRegisters ? 12 : 6;
inline constexpr int kTileLanes = 2 * kPacket;
static_assert(kLanes % kTileLanes == 0);

/// A tile of the weight gradient where images are the vector: filters by rows.
inline constexpr int kLaneFilters = kManyRegisters ? 6 : 3;
inline constexpr int kLaneRows = kManyRegisters ? 4 : 3;

/// Consecutive entries [begin, end) of an offset table.
struct Segment {
  std::int32_t begin, end;
};

/// y[out[i]] (+)= sum over k of a[k][i] * x[in[k]], k over the segments, all images of a block.
/// Row k of `a` begins at k * stride; `in` and `out` are offsets in floats. Without `add` what
/// stood in y is overwritten.
template <int Rows>
void multiply_tile(const float* a, Index stride, const std::int32_t* in, const Segment* segments,
                   Index segment_count, const float* x, float* y, const std::int32_t* out,
                   bool add) {
  namespace ei = Eigen::internal;
  for (int lane = 0; lane < kLanes; lane += kTileLanes) {
    // y comes from the L2 cache and is added last: meanwhile it is fetched.
    if (add)
      for (int i = 0; i < Rows; ++i)
        for (int part = 0; part < kTileLanes; part += 16)
          __builtin_prefetch(y + out[i] + lane + part);
    Packet acc[Rows][2];
    for (auto& sum : acc) sum[0] = sum[1] = ei::pset1<Packet>(0.0F);
    for (Index s = 0; s < segment_count; ++s) {
      const float* row = a + segments[s].begin * stride;
      for (std::int32_t k = segments[s].begin; k < segments[s].end; ++k, row += stride) {
        const Packet x0 = ei::pload<Packet>(x + in[k] + lane);
        const Packet x1 = ei::pload<Packet>(x + in[k] + lane + kPacket);
        for (int i = 0; i < Rows; ++i) {
          const Packet w = ei::pset1<Packet>(row[i]);
          acc[i][0] = ei::pmadd(w, x0, acc[i][0]);
          acc[i][1] = ei::pmadd(w, x1, acc[i][1]);
        }
      }
    }
    for (int i = 0; i < Rows; ++i)
      for (int j = 0; j < 2; ++j) {
        float* to = y + out[i] + lane + j * kPacket;
        ei::pstore(to, add ? ei::padd(ei::pload<Packet>(to), acc[i][j]) : acc[i][j]);
      }
  }
}

/// The positions over which a weight gradient is summed: a rectangle of the output map in
/// consecutive blocks, with the strides (in floats) of input and output gradient.
struct GradWindow {
  Index blocks, rows, columns;
  Index x_block, x_row, x_column;
  Index y_block, y_row, y_column;
};

/// dw[i * kLanes + j] = sum over the window and its images of dy[filter[i]] * x[j], for Packets
/// packets of consecutive channels j. x is transposed: kLanes floats are the channels of an image.
template <int Filters, int Packets>
void gradient_columns(const GradWindow& window, const float* dy, const std::int32_t* filter,
                      const float* x, float* dw) {
  namespace ei = Eigen::internal;
  Packet acc[Filters][Packets];
  for (auto& line : acc)
    for (auto& sum : line) sum = ei::pset1<Packet>(0.0F);
  for (Index b = 0; b < window.blocks; ++b)
    for (Index h = 0; h < window.rows; ++h) {
      const float* px = x + b * window.x_block + h * window.x_row;
      const float* py = dy + b * window.y_block + h * window.y_row;
      for (Index w = 0; w < window.columns; ++w, px += window.x_column, py += window.y_column)
        for (Index image = 0; image < kLanes; ++image) {
          Packet row[Packets];
          for (int j = 0; j < Packets; ++j)
            row[j] = ei::ploadu<Packet>(px + image * kLanes + j * kPacket);
          for (int i = 0; i < Filters; ++i) {
            const Packet g = ei::pset1<Packet>(py[filter[i] + image]);
            for (int j = 0; j < Packets; ++j) acc[i][j] = ei::pmadd(g, row[j], acc[i][j]);
          }
        }
    }
  for (int i = 0; i < Filters; ++i)
    for (int j = 0; j < Packets; ++j) ei::pstore(dw + i * kLanes + j * kPacket, acc[i][j]);
}

/// The same for `rows` <= kLanes of j; up to a packet more is read and written.
template <int Filters>
void gradient_tile(const GradWindow& window, const float* dy, const std::int32_t* filter,
                   const float* x, const std::int32_t*, Index rows, float* dw) {
  Index j = 0;
  for (; j + kPacket < rows; j += kTileLanes)
    gradient_columns<Filters, 2>(window, dy, filter, x + j, dw + j);
  if (j < rows) gradient_columns<Filters, 1>(window, dy, filter, x + j, dw + j);
}

/// The same where images are the vector: dw[i * kLanes + j] = sum over the window and its images of
/// dy[filter[i]] * x[in[j]].
template <int Filters, int Rows>
void lane_gradient_tile(const GradWindow& window, const float* dy, const std::int32_t* filter,
                        const float* x, const std::int32_t* in, Index, float* dw) {
  namespace ei = Eigen::internal;
  Packet acc[Filters][Rows];
  for (auto& line : acc)
    for (auto& sum : line) sum = ei::pset1<Packet>(0.0F);
  for (Index b = 0; b < window.blocks; ++b)
    for (Index h = 0; h < window.rows; ++h) {
      const float* px = x + b * window.x_block + h * window.x_row;
      const float* py = dy + b * window.y_block + h * window.y_row;
      for (Index w = 0; w < window.columns; ++w, px += window.x_column, py += window.y_column)
        for (int lane = 0; lane < kLanes; lane += kPacket) {
          Packet rows[Rows];
          for (int j = 0; j < Rows; ++j) rows[j] = ei::pload<Packet>(px + in[j] + lane);
          for (int i = 0; i < Filters; ++i) {
            const Packet g = ei::pload<Packet>(py + filter[i] + lane);
            for (int j = 0; j < Rows; ++j) acc[i][j] = ei::pmadd(g, rows[j], acc[i][j]);
          }
        }
    }
  for (int i = 0; i < Filters; ++i)
    for (int j = 0; j < Rows; ++j) dw[i * kLanes + j] = ei::predux(acc[i][j]);
}

using MultiplyTile = void (*)(const float*, Index, const std::int32_t*, const Segment*, Index,
                              const float*, float*, const std::int32_t*, bool);
using GradientTile = void (*)(const GradWindow&, const float*, const std::int32_t*, const float*,
                              const std::int32_t*, Index, float*);

/// The kernel for 1 .. kTileRows rows.
[[nodiscard]] inline MultiplyTile multiply_tile_of(Index rows) {
  static constexpr auto table = []<int... I>(std::integer_sequence<int, I...>) {
    return std::array<MultiplyTile, sizeof...(I)>{&multiply_tile<I + 1>...};
  }
  (std::make_integer_sequence<int, kTileRows>{});
  return table[static_cast<std::size_t>(rows - 1)];
}

/// The kernel for 1 .. kTileRows filters.
[[nodiscard]] inline GradientTile gradient_tile_of(Index filters) {
  static constexpr auto table = []<int... I>(std::integer_sequence<int, I...>) {
    return std::array<GradientTile, sizeof...(I)>{&gradient_tile<I + 1>...};
  }
  (std::make_integer_sequence<int, kTileRows>{});
  return table[static_cast<std::size_t>(filters - 1)];
}

/// The kernel for 1 .. kLaneFilters filters and 1 .. kLaneRows rows.
[[nodiscard]] inline GradientTile lane_gradient_tile_of(Index filters, Index rows) {
  static constexpr auto table = []<int... I>(std::integer_sequence<int, I...>) {
    return std::array<GradientTile, sizeof...(I)>{
        &lane_gradient_tile<I / kLaneRows + 1, I % kLaneRows + 1>...};
  }
  (std::make_integer_sequence<int, kLaneFilters * kLaneRows>{});
  return table[static_cast<std::size_t>((filters - 1) * kLaneRows + rows - 1)];
}

}  // namespace autoprune::nn::detail
