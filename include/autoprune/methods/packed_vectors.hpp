/// @file packed_vectors.hpp
/// Column-vectors one by one, on tiles that they share: no rival, but a variant of ours.
#pragma once

#include <cstdint>
#include <vector>

#include "autoprune/core/prune_mask.hpp"
#include "autoprune/mapping/ou_placer.hpp"
#include "autoprune/mapping/shelf_placer.hpp"
#include "autoprune/methods/method.hpp"
#include "autoprune/prune/column_vector_pruner.hpp"

namespace autoprune::methods {

/// CrossbarMapper gives an OU a tile of its own, full or not; here a tile's bitlines may serve two
/// row groups, which are activated one after the other. Crossbars are those of the kept vectors
/// alone; activations are as many as before.
class PackedMapper {
 public:
  static constexpr bool kIndexed = true;

  explicit PackedMapper(const mapping::ArrayShape& shape) : shape_(shape) {}
  [[nodiscard]] const mapping::ArrayShape& shape() const noexcept { return shape_; }

  /// A place is that of one column-vector, or a wordline where G doesn't divide the crossbar's
  /// rows.
  template <class Visit>
  mapping::Slots for_each_ou(const PruneMask& mask, Visit&& visit) const {
    mapping::ShelfPlacer placer(shape_);
    mapping::for_each_matrix(mask, [&](const PruneMask& one, std::int32_t first) {
      for (Index g = 0; g < one.groups(); ++g) {
        std::vector<std::int32_t> columns;
        for (Index c = 0; c < one.cols(); ++c)
          if (one.kept(g, c)) columns.push_back(static_cast<std::int32_t>(c));
        placer.place(one.rows_of(g), columns, one.granularity(),
                     mapping::counted_from(first, visit));
      }
    });
    const bool divides = shape_.xbar_rows % mask.granularity() == 0;
    return divides ? placer.columns(mask.granularity()) : placer.slots();
  }

 private:
  mapping::ArrayShape shape_;
};

struct PackedVectors : MethodBase {
  static constexpr const char* kName = "packed-vectors";
  prune::ColumnVectorPruner<> pruner;

  explicit PackedVectors(const Setting& setting)
      : MethodBase(setting), pruner(setting.options.granularity) {}

  [[nodiscard]] Index granularity() const { return pruner.granularity; }
  /// The same on other hardware. Throws out_of_range or geometry_mismatch.
  [[nodiscard]] PackedVectors on(const Geometry<>& geometry, const hardware::WeightCode& weights,
                                 Index granularity) const {
    PackedVectors same = *this;
    same.shape = mapping::ArrayShape(geometry, weights);
    same.pruner = prune::ColumnVectorPruner<>(granularity);
    return same;
  }
  [[nodiscard]] PackedMapper placer(Index) const { return PackedMapper(shape); }
  [[nodiscard]] Ranking rank(const nn::Node& node) const {
    const ConstMatrixView weights = weight_matrix(node.weight);
    const prune::Scores scores = pruner.scores(weights);
    return {scores, scores, [pruner = pruner, scores, rows = weights.cols()](double keep) {
              return pruner.prune(scores, rows, keep);
            }};
  }
};

}  // namespace autoprune::methods
