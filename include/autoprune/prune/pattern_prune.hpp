/// @file pattern_prune.hpp
/// Pattern pruning (Yu et al., arXiv 2010.06156): the kernels of a layer share a few patterns of
/// kept weights, and whole kernels are pruned besides (connectivity pruning).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <numeric>
#include <utility>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/prune/magnitude.hpp"

namespace autoprune::prune {

struct PatternOptions {
  double share = 4.0 / 9.0;  ///< of a kernel's weights that a pattern keeps: 4 of 3x3
  Index patterns = 8;        ///< a layer, besides the whole kernel

  void validate() const {
    if (!(share > 0.0 && share <= 1.0 && patterns >= 1 && patterns <= 1'000'000))
      fail(ErrorId::out_of_range, patterns, " patterns that keep ", share,
           " of a kernel; needs 1 to 1000000, and a share in (0, 1]");
  }
};

/// The patterns of a layer's kernels, as bits of the kept taps: of the largest `entries` weights of
/// each kernel, the sets that occur most often. `weights` is filters x rows. Throws not_finite.
[[nodiscard]] inline std::vector<std::uint64_t> natural_patterns(ConstMatrixView weights,
                                                                 Index taps, Index entries,
                                                                 Index count) {
  detail::check_weights(weights);
  std::map<std::uint64_t, Index> occurrences;
  std::vector<Index> order(static_cast<std::size_t>(taps));
  for (Index c = 0; c < weights.rows(); ++c)
    for (Index r = 0; r < weights.cols(); r += taps) {
      std::iota(order.begin(), order.end(), Index{0});
      std::stable_sort(order.begin(), order.end(), [&](Index a, Index b) {
        return std::abs(weights(c, r + a)) > std::abs(weights(c, r + b));
      });
      std::uint64_t pattern = 0;
      for (Index i = 0; i < entries; ++i)
        pattern |= std::uint64_t{1} << order[static_cast<std::size_t>(i)];
      ++occurrences[pattern];
    }
  std::vector<std::pair<Index, std::uint64_t>> frequent;
  for (const auto& [pattern, times] : occurrences) frequent.emplace_back(-times, pattern);
  std::sort(frequent.begin(), frequent.end());
  frequent.resize(std::min(frequent.size(), static_cast<std::size_t>(count)));
  std::vector<std::uint64_t> patterns;
  for (const auto& [times, pattern] : frequent) patterns.push_back(pattern);
  return patterns;
}

/// Every kernel is two pieces: the weights of its pattern, and the rest. Pieces are ranked over the
/// layer by their mean magnitude, a kernel's rest never before its pattern; so kernels are whole,
/// patterned or pruned.
class PatternRanking {
 public:
  /// `weights` is filters x rows with kernels of `taps` > 1 weights, at most 64. Throws
  /// out_of_range, shape_mismatch or not_finite.
  PatternRanking(ConstMatrixView weights, Index taps, const PatternOptions& options = {})
      : rows_(weights.cols()), cols_(weights.rows()), taps_(taps) {
    options.validate();
    if (taps < 2 || taps > 64 || rows_ % taps != 0)
      fail(ErrorId::shape_mismatch, "kernels of ", taps, " weights in filters of ", rows_,
           "; patterns need 2 to 64 that divide them");
    entries_ = std::clamp<Index>(std::llround(options.share * static_cast<double>(taps)), 1, taps);
    patterns_ = natural_patterns(weights, taps, entries_, options.patterns);
    rank(weights);
  }

  [[nodiscard]] const std::vector<std::uint64_t>& patterns() const noexcept { return patterns_; }

  /// Sums over `weights_per_ou` weights each, best first.
  [[nodiscard]] Scores ou_scores(Index weights_per_ou) const {
    detail::ChunkSums sums(weights_per_ou);
    for (const Piece& piece : pieces_) sums.add(piece.mean, size(piece));
    return sums.scores();
  }

  /// The best pieces, as many as bring the share of kept weights nearest to the keep ratio, but at
  /// least one. Element-wise. Throws out_of_range.
  [[nodiscard]] PruneMask keep(double keep_ratio) const {
    const std::size_t kept = detail::nearest_prefix(ends_, keep_ratio);
    PruneMask mask(rows_, cols_, 1, false);
    for (std::size_t i = 0; i < kept; ++i) {
      const Piece& piece = pieces_[i];
      const Index channel = piece.kernel / cols_, filter = piece.kernel % cols_;
      const std::uint64_t pattern = patterns_[piece.pattern];
      for (Index t = 0; t < taps_; ++t)
        if (((pattern >> t) & 1) != (piece.rest ? 1 : 0))
          mask.set(channel * taps_ + t, filter, true);
    }
    return mask;
  }

 private:
  struct Piece {
    float mean;           ///< |w|
    std::int32_t kernel;  ///< channel * filters + filter
    std::uint16_t pattern;
    bool rest;
  };

  [[nodiscard]] Index size(const Piece& piece) const noexcept {
    return piece.rest ? taps_ - entries_ : entries_;
  }

  void rank(ConstMatrixView weights) {
    for (Index r = 0; r < rows_; r += taps_)
      for (Index c = 0; c < cols_; ++c) {
        Piece piece{-1.0F, static_cast<std::int32_t>(r / taps_ * cols_ + c), 0, false};
        const auto kernel = weights.row(c).segment(r, taps_).cwiseAbs();
        for (std::size_t p = 0; p < patterns_.size(); ++p) {
          float sum = 0.0F;
          for (Index t = 0; t < taps_; ++t)
            if ((patterns_[p] >> t) & 1) sum += kernel(t);
          if (sum > piece.mean) {
            piece.mean = sum;
            piece.pattern = static_cast<std::uint16_t>(p);
          }
        }
        Piece rest = piece;
        rest.rest = true;
        rest.mean = kernel.sum() - piece.mean;
        piece.mean /= static_cast<float>(entries_);
        if (entries_ < taps_) rest.mean /= static_cast<float>(taps_ - entries_);
        if (!std::isfinite(rest.mean))
          fail(ErrorId::not_finite, "kernel ", piece.kernel, ": its magnitudes sum up to ",
               kernel.sum(), ", which has no rank; its weights are too large");
        rest.mean = std::min(rest.mean, piece.mean);
        pieces_.push_back(piece);
        if (entries_ < taps_) pieces_.push_back(rest);
      }
    std::stable_sort(pieces_.begin(), pieces_.end(),
                     [](const Piece& a, const Piece& b) { return a.mean > b.mean; });
    Index weights_so_far = 0;
    for (const Piece& piece : pieces_) ends_.push_back(weights_so_far += size(piece));
  }

  Index rows_, cols_, taps_, entries_ = 0;
  std::vector<std::uint64_t> patterns_;
  std::vector<Piece> pieces_;  // best first
  std::vector<Index> ends_;    // weights of a piece and all better ones
};

}  // namespace autoprune::prune
