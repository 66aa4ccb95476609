// Random masks and the networks' layer shapes for the tests of the room.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "../error_of.hpp"
#include "autoprune/core.hpp"
#include "autoprune/mapping.hpp"

namespace autoprune::mapping::test {

/// A mask of any shape and density; groups are now and then empty or full.
inline PruneMask random_mask(Random& random, Index granularity, Index max_rows = 400,
                             Index max_cols = 90) {
  const Index rows = 1 + random.below(max_rows), cols = 1 + random.below(max_cols);
  PruneMask mask(rows, cols, granularity, false);
  const double density = random.uniform() * random.uniform();
  for (Index g = 0; g < mask.groups(); ++g) {
    const Index kind = random.below(8);
    const double here = kind == 0 ? 0.0 : kind == 1 ? 1.0 : density;
    for (Index c = 0; c < cols; ++c) mask.set(g, c, random.uniform() < here);
  }
  return mask;
}

/// The mask as one of two weight matrices at least, where its filters can be parted; now and then
/// of one a filter, as a depthwise convolution has.
inline PruneMask in_groups(Random& random, PruneMask mask) {
  Index matrices = mask.cols();
  if (random.below(4) > 0)
    for (matrices = 1 + random.below(mask.cols()); mask.cols() % matrices != 0;) --matrices;
  return std::move(mask).in_matrices(matrices);
}

/// The OUs of a mask's kept vectors, by plain loops.
inline OuList ous_of(const PruneMask& mask, Index ou_cols) {
  OuList list({mask.rows(), mask.cols(), mask.granularity(), ou_cols, mask.granularity(),
               mask.order() != nullptr, mask.matrices()});
  const Index each = mask.cols() / mask.matrices();
  for (Index first = 0; first < mask.cols(); first += each)
    for (Index g = 0; g < mask.groups(); ++g) {
      std::vector<std::int32_t> rows, columns;
      for (Index r = 0; r < mask.rows(); ++r)
        if (mask.group_of(r) == g) rows.push_back(static_cast<std::int32_t>(r));
      for (Index c = first; c < first + each; ++c) {
        if (mask.kept(g, c)) columns.push_back(static_cast<std::int32_t>(c));
        const bool full = static_cast<Index>(columns.size()) == ou_cols;
        if (columns.empty() || (!full && c + 1 < first + each)) continue;
        list.add({rows, columns, {}, first / each * mask.groups() + g});
        columns.clear();
      }
    }
  return list;
}

/// The mask in a random order of its rows.
inline PruneMask shuffled(Random& random, PruneMask mask) {
  const std::vector<Index> rows = random.permutation(mask.rows());
  return std::move(mask).in_order(
      std::make_shared<const std::vector<std::int32_t>>(rows.begin(), rows.end()));
}

/// Hardware with square and rectangular OUs, and options that it can hold.
inline ArrayShape random_shape(Random& random, hardware::WeightCode& options,
                               Geometry<>& geometry) {
  const Geometry<> choices[] = {{128, 128, 32, 32, 1}, {64, 32, 16, 16, 2}, {32, 64, 8, 16, 4},
                                {24, 24, 4, 8, 1},     {16, 16, 16, 16, 1}, {128, 128, 9, 8, 1}};
  for (;;) {
    geometry = choices[random.below(6)];
    options.weight_bits = 1 + random.below(9);
    options.layout =
        random.below(2) == 0 ? hardware::BitPlanes::apart : hardware::BitPlanes::adjacent;
    options.sign =
        random.below(2) == 0 ? hardware::SignEncoding::pair : hardware::SignEncoding::offset;
    if (geometry.xbar_rows % geometry.ou_rows != 0) geometry.xbar_rows = 14 * geometry.ou_rows;
    if (geometry.ou_cols % options.bitlines_per_weight(geometry.cell_bits) == 0)
      return ArrayShape(geometry, options);
  }
}

/// Element-wise masks, masks with dead rows, filters and blocks, and kernels with few patterns.
inline PruneMask sparse_mask(Random& random, Index taps) {
  const Index rows = taps * (1 + random.below(300 / taps)), cols = 1 + random.below(90);
  PruneMask mask(rows, cols, 1, false);
  const double density = random.uniform();
  std::vector<bool> dead_row, dead_col;
  for (Index r = 0; r < rows; ++r) dead_row.push_back(random.uniform() < 0.3);
  for (Index c = 0; c < cols; ++c) dead_col.push_back(random.uniform() < 0.3);
  const Index kind = random.below(4);
  for (Index r = 0; r < rows; ++r)
    for (Index c = 0; c < cols; ++c) {
      const auto i = static_cast<std::size_t>(r), j = static_cast<std::size_t>(c);
      const bool block = ((r / 16) * 7 + (c / 16) * 5) % 3 != 0;
      const bool pattern = ((r % taps) + c % 3) % 2 == 0;
      mask.set(r, c,
               kind == 0   ? random.uniform() < density
               : kind == 1 ? !dead_row[i] && !dead_col[j]
               : kind == 2 ? block && !dead_row[i]
                           : pattern && random.uniform() < density);
    }
  return mask;
}

/// The weight matrices of a network as (rows R, columns C).
using Shapes = std::vector<std::pair<Index, Index>>;

inline Shapes alexnet() {
  return {{27, 64},    {576, 192},   {1728, 384},  {3456, 256},
          {2304, 256}, {1024, 4096}, {4096, 4096}, {4096, 10}};
}
inline Shapes vgg16() {
  return {{27, 64},    {576, 64},   {576, 128},  {1152, 128}, {1152, 256}, {2304, 256}, {2304, 256},
          {2304, 512}, {4608, 512}, {4608, 512}, {4608, 512}, {4608, 512}, {4608, 512}, {512, 10}};
}
inline Shapes plain20() {
  Shapes shapes = {{27, 16}};
  for (int i = 0; i < 6; ++i) shapes.emplace_back(144, 16);
  shapes.emplace_back(144, 32);
  for (int i = 0; i < 5; ++i) shapes.emplace_back(288, 32);
  shapes.emplace_back(288, 64);
  for (int i = 0; i < 5; ++i) shapes.emplace_back(576, 64);
  shapes.emplace_back(64, 10);
  return shapes;
}

inline std::vector<PruneMask> dense_masks(const Shapes& shapes, Index granularity) {
  std::vector<PruneMask> masks;
  for (const auto& [rows, cols] : shapes) masks.emplace_back(rows, cols, granularity);
  return masks;
}

}  // namespace autoprune::mapping::test
