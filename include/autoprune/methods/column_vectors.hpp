/// @file column_vectors.hpp
/// The slides' method: column-vectors are ranked, kept in whole OUs, and packed onto tiles.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "autoprune/mapping/crossbar_mapper.hpp"
#include "autoprune/methods/method.hpp"
#include "autoprune/prune/column_vector_pruner.hpp"
#include "autoprune/prune/ou_ranking.hpp"
#include "autoprune/prune/ou_rounding.hpp"
#include "autoprune/prune/row_groups.hpp"

namespace autoprune::methods {

template <prune::Pruner P = prune::ColumnVectorPruner<>>
class ColumnVectors : public MethodBase {
 public:
  static constexpr const char* kName = "column-vectors";

  /// Throws what CrossbarMapper throws, and mask_mismatch for a granularity that doesn't divide the
  /// crossbar's rows.
  ColumnVectors(const Setting& setting, P pruner)
      : MethodBase(setting),
        mapper_(setting.geometry, setting.options.mapping),
        pruner_(std::move(pruner)),
        rows_(setting.options.rows),
        selection_(setting.options.selection) {
    (void)mapper_.grid(pruner_.granularity);  // refuses a granularity that doesn't fit
  }

  [[nodiscard]] Index granularity() const { return pruner_.granularity; }
  /// The same on other hardware. Throws what the constructor throws, and mask_mismatch for another
  /// granularity than a pruner's that is fixed at compile time.
  [[nodiscard]] ColumnVectors on(const Geometry<>& geometry, const hardware::WeightCode& weights,
                                 Index granularity) const {
    ColumnVectors same = *this;
    same.shape = mapping::ArrayShape(geometry, weights);
    same.mapper_ = mapping::CrossbarMapper<>(geometry, weights);
    if constexpr (requires { same.pruner_.granularity = granularity; })
      same.pruner_.granularity = granularity;
    if (same.granularity() != granularity)
      fail(ErrorId::mask_mismatch, "a pruner's granularity that is fixed at ", same.granularity(),
           " can't be ", granularity, "; leave it dynamic");
    (void)same.mapper_.grid(granularity);
    return same;
  }
  [[nodiscard]] mapping::CrossbarMapper<> placer(Index) const { return mapper_; }

  [[nodiscard]] Ranking rank(const nn::Node& node) const requires prune::WeightPruner<P> {
    return rank_by([&](ConstMatrixView w, ConstMatrixView) { return pruner_.scores(w); },
                   weight_matrix(node.weight), weight_matrix(node.weight), node.matrices);
  }
  /// The same by weights and dL/dw.
  [[nodiscard]] Ranking rank(const nn::Node& node,
                             const Tensor& gradient) const requires prune::GradientPruner<P> {
    return rank_by([&](ConstMatrixView w, ConstMatrixView g) { return pruner_.scores(w, g); },
                   weight_matrix(node.weight), weight_matrix(gradient), node.matrices);
  }

 private:
  /// Matrices side by side have one order of rows, and what is gathered for one doesn't suit
  /// others.
  template <class ScoresOf>
  Ranking rank_by(const ScoresOf& scores_of, ConstMatrixView weights, ConstMatrixView gradient,
                  Index matrices) const {
    if (rows_ == prune::RowGrouping::neighbours || matrices > 1)
      return rank_scores(scores_of(weights, gradient), weights.cols(), matrices);
    const auto order = std::make_shared<const std::vector<std::int32_t>>(
        prune::gather_rows(weights, pruner_.granularity, shape.ou_cols));
    const Matrix w = weights(Eigen::all, *order), g = gradient(Eigen::all, *order);
    Ranking ranking =
        rank_scores(scores_of({w.data(), w.rows(), w.cols()}, {g.data(), g.rows(), g.cols()}),
                    weights.cols(), matrices);
    ranking.mask = [mask = std::move(ranking.mask), order](double keep) {
      return mask(keep).in_order(order);
    };
    return ranking;
  }

  [[nodiscard]] Ranking rank_scores(prune::Scores scores, Index rows, Index matrices) const {
    prune::OuRanking ous(scores, rows, pruner_.granularity, shape.ou_cols, matrices);
    Ranking ranking{scores, ous.tile_scores(), {}};
    if (selection_ == OuSelection::best) {
      ranking.mask = [ous = std::move(ous)](double keep) { return ous.keep(keep); };
      return ranking;
    }
    const auto rounding = selection_ == OuSelection::refill    ? prune::OuRounding::refill
                          : selection_ == OuSelection::nearest ? prune::OuRounding::nearest
                                                               : prune::OuRounding::none;
    ranking.mask = [pruner = pruner_, scores = std::move(scores), rows, width = shape.ou_cols,
                    matrices, rounding](double keep) {
      return prune::round_to_ous(pruner.prune(scores, rows, keep).in_matrices(matrices), scores,
                                 width, rounding);
    };
    return ranking;
  }

  mapping::CrossbarMapper<> mapper_;
  P pruner_;
  prune::RowGrouping rows_;
  OuSelection selection_;
};

}  // namespace autoprune::methods
