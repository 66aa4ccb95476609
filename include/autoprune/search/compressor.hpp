/// @file compressor.hpp
/// Where pruner and mapper meet: one object that scores, prunes, rounds to whole OUs and counts
/// crossbars. It is made of a pruner's parts, or of another method's, and used without them, so
/// that a program compiles the search once and not once a method.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "autoprune/core/tensor.hpp"
#include "autoprune/mapping/crossbar_mapper.hpp"
#include "autoprune/mapping/placement.hpp"
#include "autoprune/nn/finite.hpp"
#include "autoprune/nn/network.hpp"
#include "autoprune/prune/column_vector_pruner.hpp"
#include "autoprune/prune/ou_ranking.hpp"
#include "autoprune/prune/ou_rounding.hpp"
#include "autoprune/prune/row_groups.hpp"

namespace autoprune::search {

/// A layer's vectors, ranked once: masks for many keep ratios are cheap, and the whole OUs of every
/// row group have scores of their own. Methods that don't rank column-vectors have scores of OUs
/// alone, or of as many weights as fill an OU, in one row.
struct Ranking {
  prune::Scores vectors;                             ///< row groups x filters
  prune::Scores ous;                                 ///< row groups x OUs of a row group
  std::function<PruneMask(double keep_ratio)> mask;  ///< keep ratio in (0, 1]
};

/// How a keep ratio becomes a mask of whole OUs.
enum class OuSelection {
  best,         ///< the best OUs of the layer
  refill,       ///< the best vectors of the layer, then the last OU of each row group filled
  nearest,      ///< the same, with the last OU filled or dropped
  part_filled,  ///< the best vectors of the layer, OUs left as full as they are
};

/// What a method consists of.
struct CompressorParts {
  Geometry<> geometry;
  Index granularity = 1;  ///< of its masks; 1: element-wise
  mapping::MappingOptions options = {};
  std::function<Ranking(const nn::Node&)> rank = {};
  std::function<mapping::LayerCount(Index layer, const PruneMask&)> count_layer = {};
  std::function<mapping::Placement(Index layer, const PruneMask&)> place = {};
  prune::RowGrouping rows = prune::RowGrouping::neighbours;
};

class Compressor {
 public:
  explicit Compressor(CompressorParts parts) : parts_(std::move(parts)) {}

  /// The compressor of a geometry and a pruner. Throws what CrossbarMapper throws, and
  /// mask_mismatch for a granularity that doesn't divide the crossbar's rows.
  ///
  ///   const Compressor compressor(PaperGeometry{}, prune::ColumnVectorPruner(32));
  template <prune::Pruner P>
  Compressor(const Geometry<>& geometry, P pruner, const mapping::MappingOptions& options = {},
             OuSelection selection = OuSelection::best,
             prune::RowGrouping rows = prune::RowGrouping::neighbours)
      : parts_{geometry, pruner.granularity, options} {
    const mapping::CrossbarMapper mapper(geometry, options);
    (void)mapper.grid(pruner.granularity);  // refuses a granularity that doesn't fit
    parts_.rows = rows;
    parts_.rank = [pruner, selection, rows, width = mapper.columns_per_ou()](const nn::Node& node) {
      const ConstMatrixView weights = weight_matrix(node.weight);
      return rows == prune::RowGrouping::gathered ? rank_gathered(pruner, weights, width, selection)
                                                  : rank(pruner, weights, width, selection);
    };
    parts_.count_layer = [mapper](Index, const PruneMask& mask) { return mapper.count(mask); };
    parts_.place = [mapper](Index, const PruneMask& mask) { return mapper.map(mask); };
  }

  [[nodiscard]] const Geometry<>& geometry() const noexcept { return parts_.geometry; }
  [[nodiscard]] Index granularity() const noexcept { return parts_.granularity; }
  [[nodiscard]] prune::RowGrouping rows() const noexcept { return parts_.rows; }
  [[nodiscard]] const mapping::MappingOptions& options() const noexcept { return parts_.options; }
  /// Physical arrays that hold the same tiles: bit planes times sign arrays.
  [[nodiscard]] Index arrays() const noexcept {
    return parts_.options.arrays(parts_.geometry.cell_bits);
  }

  /// Ranks the weights of every matrix layer of a network. Throws not_finite, naming the layer, for
  /// a parameter that has no rank: NaN or infinity.
  [[nodiscard]] std::vector<Ranking> rank(const nn::Network& network) const {
    std::vector<Ranking> all;
    for (const Index i : network.matrix_layers()) {
      nn::check_parameters(network.node(i));
      all.push_back(parts_.rank(network.node(i)));
    }
    return all;
  }

  /// The masks of a network, one keep ratio in (0, 1] a matrix layer. Throws shape_mismatch.
  [[nodiscard]] static std::vector<PruneMask> masks(std::span<const Ranking> layers,
                                                    std::span<const double> keep_ratios) {
    if (keep_ratios.size() != layers.size())
      fail(ErrorId::shape_mismatch, keep_ratios.size(), " keep ratios for ", layers.size(),
           " layers with weights; one each is needed");
    std::vector<PruneMask> all;
    for (std::size_t k = 0; k < layers.size(); ++k) all.push_back(layers[k].mask(keep_ratios[k]));
    return all;
  }

  /// Of the matrix layer with that number, from 0.
  [[nodiscard]] mapping::LayerCount count(Index layer, const PruneMask& mask) const {
    return parts_.count_layer(layer, mask);
  }
  [[nodiscard]] mapping::NetworkCount count(std::span<const PruneMask> masks) const {
    std::vector<mapping::LayerCount> layers;
    for (const PruneMask& mask : masks)
      layers.push_back(count(static_cast<Index>(layers.size()), mask));
    return mapping::sum_counts(std::move(layers), arrays());
  }
  /// OUs, places and index buffers of every layer. Throws mask_mismatch.
  [[nodiscard]] mapping::NetworkPlacement map(std::span<const PruneMask> masks) const {
    std::vector<mapping::Placement> layers;
    for (const PruneMask& mask : masks)
      layers.push_back(parts_.place(static_cast<Index>(layers.size()), mask));
    return mapping::network_placement(std::move(layers), arrays());
  }

 private:
  /// Of row groups that are gathered first.
  template <prune::Pruner P>
  static Ranking rank_gathered(const P& pruner, ConstMatrixView weights, Index ou_cols,
                               OuSelection selection) {
    const auto order = std::make_shared<const std::vector<std::int32_t>>(
        prune::gather_rows(weights, pruner.granularity, ou_cols));
    const Matrix ordered = weights(Eigen::all, *order);
    Ranking ranking =
        rank(pruner, {ordered.data(), ordered.rows(), ordered.cols()}, ou_cols, selection);
    ranking.mask = [mask = std::move(ranking.mask), order](double keep) {
      return mask(keep).in_order(order);
    };
    return ranking;
  }

  template <prune::Pruner P>
  static Ranking rank(const P& pruner, ConstMatrixView weights, Index ou_cols,
                      OuSelection selection) {
    const Index rows = weights.cols();
    prune::Scores scores = pruner.scores(weights);
    prune::OuRanking ous(scores, rows, pruner.granularity, ou_cols);
    Ranking ranking{scores, ous.ou_scores(), {}};
    if (selection == OuSelection::best) {
      ranking.mask = [ous = std::move(ous)](double keep) { return ous.keep(keep); };
      return ranking;
    }
    const auto rounding = selection == OuSelection::refill    ? prune::OuRounding::refill
                          : selection == OuSelection::nearest ? prune::OuRounding::nearest
                                                              : prune::OuRounding::none;
    ranking.mask = [pruner, scores = std::move(scores), rows, ou_cols, rounding](double keep) {
      return prune::round_to_ous(pruner.prune(scores, rows, keep), scores, ou_cols, rounding);
    };
    return ranking;
  }

  CompressorParts parts_;
};

}  // namespace autoprune::search
