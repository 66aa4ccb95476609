/// @file compressor.hpp
/// Where pruner and mapper meet: one object that scores, prunes, rounds to whole OUs and counts
/// crossbars. It is made from compile-time parts and used without them, so that a program compiles
/// the search once and not once a geometry.
#pragma once

#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "autoprune/core/tensor.hpp"
#include "autoprune/mapping/crossbar_mapper.hpp"
#include "autoprune/nn/network.hpp"
#include "autoprune/prune/column_vector_pruner.hpp"
#include "autoprune/prune/ou_ranking.hpp"
#include "autoprune/prune/ou_rounding.hpp"

namespace autoprune::search {

/// A layer's vectors, ranked once: masks for many keep ratios are cheap, and the whole OUs of every
/// row group have scores of their own.
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

class Compressor {
 public:
  /// The compressor of a geometry and a pruner:
  ///
  ///   auto compressor = Compressor::make<PaperGeometry, prune::ColumnVectorPruner<32>>();
  template <GeometryType Geom, prune::Pruner P>
  [[nodiscard]] static Compressor make(P pruner = P{}, const mapping::MappingOptions& options = {},
                                       OuSelection selection = OuSelection::best) {
    const mapping::CrossbarMapper<Geom> mapper(options);
    (void)mapper.grid(P::granularity);  // refuses a granularity that doesn't fit
    Compressor c;
    c.geometry_ = Geom::spec();
    c.granularity_ = P::granularity;
    c.options_ = options;
    c.arrays_ = mapper.arrays();
    c.rank_ = [pruner, selection, width = mapper.columns_per_ou()](ConstMatrixView weights) {
      return rank(pruner, weights, width, selection);
    };
    c.count_layer_ = [mapper](const PruneMask& mask) { return mapper.count(mask); };
    c.count_ = [mapper](std::span<const PruneMask> masks) { return mapper.count(masks); };
    c.map_ = [mapper](std::span<const PruneMask> masks) { return mapper.map(masks); };
    return c;
  }

  [[nodiscard]] const GeometrySpec& geometry() const noexcept { return geometry_; }
  [[nodiscard]] Index granularity() const noexcept { return granularity_; }
  [[nodiscard]] const mapping::MappingOptions& options() const noexcept { return options_; }
  /// Physical arrays that hold the same tiles: bit planes times sign arrays.
  [[nodiscard]] Index arrays() const noexcept { return arrays_; }

  /// Ranks the vectors of every matrix layer of a network.
  [[nodiscard]] std::vector<Ranking> rank(const nn::Network& network) const {
    std::vector<Ranking> all;
    for (const Index i : network.matrix_layers())
      all.push_back(rank_(weight_matrix(network.node(i).weight)));
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

  [[nodiscard]] mapping::LayerCount count(const PruneMask& mask) const {
    return count_layer_(mask);
  }
  [[nodiscard]] mapping::NetworkCount count(std::span<const PruneMask> masks) const {
    return count_(masks);
  }
  [[nodiscard]] mapping::NetworkMapping map(std::span<const PruneMask> masks) const {
    return map_(masks);
  }

 private:
  template <prune::Pruner P>
  static Ranking rank(const P& pruner, ConstMatrixView weights, Index ou_cols,
                      OuSelection selection) {
    const Index rows = weights.cols();
    prune::Scores scores = pruner.scores(weights);
    prune::OuRanking ous(scores, rows, P::granularity, ou_cols);
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

  GeometrySpec geometry_;
  Index granularity_ = 0, arrays_ = 0;
  mapping::MappingOptions options_;
  std::function<Ranking(ConstMatrixView)> rank_;
  std::function<mapping::LayerCount(const PruneMask&)> count_layer_;
  std::function<mapping::NetworkCount(std::span<const PruneMask>)> count_;
  std::function<mapping::NetworkMapping(std::span<const PruneMask>)> map_;
};

}  // namespace autoprune::search
