/// @file sre.hpp
/// What the Sparse ReRAM Engine (Yang et al., ISCA 2019) can make use of: rows of an OU that are
/// zero throughout. The paper takes networks that are sparse already; here they are made so.
#pragma once

#include "autoprune/mapping/squeeze.hpp"
#include "autoprune/methods/method.hpp"
#include "autoprune/prune/unit_ranking.hpp"

namespace autoprune::methods {

/// Prunes pieces of one row over ou_cols neighbouring filters, in sets of ou_rows, which is what
/// saves an OU. `weights` is filters x rows, of weight matrices side by side. Throws not_finite.
[[nodiscard]] inline prune::UnitRanking rank_sre(ConstMatrixView weights, Index ou_rows,
                                                 Index ou_cols, Index matrices = 1) {
  return prune::rank_row_chunks(weights, prune::neighbours(weights.rows(), ou_cols, matrices),
                                ou_rows);
}

/// Rows are squeezed inside each group of ou_cols neighbouring filters, or filters inside each
/// group of ou_rows neighbouring rows: the matrix gets whichever takes fewer OUs.
class SreMapper {
 public:
  static constexpr bool kIndexed = true;

  explicit SreMapper(const mapping::ArrayShape& shape) : shape_(shape) {}
  [[nodiscard]] const mapping::ArrayShape& shape() const noexcept { return shape_; }

  /// A place is an OU.
  template <class Visit>
  mapping::Slots for_each_ou(const PruneMask& mask, Visit&& visit) const {
    mapping::OuPlacer placer(shape_, mask.matrices());
    mapping::for_each_matrix(mask, [&](const PruneMask& one, std::int32_t first) {
      const auto place = [&](const auto& rows, const auto& columns) {
        placer.place(rows, columns, mapping::counted_from(first, visit));
      };
      if (rows_win(one))
        mapping::squeeze_rows(one, shape_.ou_cols, place);
      else
        mapping::squeeze_columns(one, shape_.ou_rows, place);
    });
    return placer.slots();
  }

 private:
  [[nodiscard]] bool rows_win(const PruneMask& mask) const {
    Index by_rows = 0, by_columns = 0;
    mapping::squeeze_rows(mask, shape_.ou_cols, [&](const auto& rows, const auto&) {
      by_rows += ceil_div(static_cast<Index>(rows.size()), shape_.ou_rows);
    });
    mapping::squeeze_columns(mask, shape_.ou_rows, [&](const auto&, const auto& columns) {
      by_columns += ceil_div(static_cast<Index>(columns.size()), shape_.ou_cols);
    });
    return by_rows <= by_columns;
  }

  mapping::ArrayShape shape_;
};

struct Sre : MethodBase {
  static constexpr const char* kName = "sre";
  using MethodBase::MethodBase;

  [[nodiscard]] SreMapper placer(Index) const { return SreMapper(shape); }
  [[nodiscard]] Ranking rank(const nn::Node& node) const {
    auto ranked = rank_sre(weight_matrix(node.weight), shape.ou_rows, shape.ou_cols, node.matrices);
    prune::Scores ous = ranked.ou_scores(ou_weights());
    return element_wise(std::move(ranked), std::move(ous));
  }
};

}  // namespace autoprune::methods
