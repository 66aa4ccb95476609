/// @file pattern_prune.hpp
/// Pattern pruning (Yu et al., arXiv 2010.06156): the kernels of a layer share a few patterns of
/// kept weights, and whole kernels are pruned besides (connectivity pruning).
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <map>
#include <numeric>
#include <unordered_map>
#include <utility>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/core/prune_mask.hpp"
#include "autoprune/mapping/shelf_placer.hpp"
#include "autoprune/methods/magnitude.hpp"
#include "autoprune/methods/method.hpp"
#include "autoprune/methods/naive.hpp"

namespace autoprune::methods {

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
  prune::detail::check_weights(weights);
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
  [[nodiscard]] prune::Scores ou_scores(Index weights_per_ou) const {
    prune::detail::ChunkSums sums(weights_per_ou);
    for (const Piece& piece : pieces_) sums.add(piece.mean, size(piece));
    return sums.scores();
  }

  /// The best pieces, as many as bring the share of kept weights nearest to the keep ratio, but at
  /// least one. Element-wise. Throws out_of_range.
  [[nodiscard]] PruneMask keep(double keep_ratio) const {
    const std::size_t kept = prune::detail::nearest_prefix(ends_, keep_ratio);
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

/// The highest blocks come first, so that blocks of equal height share shelves.
class PatternMapper {
 public:
  static constexpr bool kIndexed = true;
  static constexpr Index kMaxTaps = 64;

  /// `taps` is the number of weights of a kernel, at most kMaxTaps; 1 for a linear layer. Throws
  /// out_of_range.
  PatternMapper(const mapping::ArrayShape& shape, Index taps) : shape_(shape), taps_(taps) {
    if (taps < 1 || taps > kMaxTaps)
      fail(ErrorId::out_of_range, "kernels of ", taps, " weights; patterns have 1 to ", kMaxTaps);
  }
  [[nodiscard]] const mapping::ArrayShape& shape() const noexcept { return shape_; }

  /// A place is a wordline of a crossbar.
  template <class Visit>
  mapping::Slots for_each_ou(const PruneMask& mask, Visit&& visit) const {
    std::vector<Block> blocks;
    mapping::for_each_matrix(
        mask, [&](const PruneMask& one, std::int32_t first) { add_blocks(one, first, blocks); });
    mapping::ShelfPlacer placer(shape_);
    for (Index height = taps_; height >= 1; --height)
      for (const Block& block : blocks)
        if (static_cast<Index>(block.rows.size()) == height)
          placer.place(block.rows, block.columns, height, visit);
    return placer.slots();
  }

 private:
  struct Block {
    std::vector<std::int32_t> rows, columns;
  };

  /// Of every input channel, its kernels by pattern. Filters are counted from `first` on.
  void add_blocks(const PruneMask& mask, std::int32_t first, std::vector<Block>& blocks) const {
    std::vector<std::uint64_t> patterns(static_cast<std::size_t>(mask.cols()));
    std::unordered_map<std::uint64_t, std::size_t> block_of;  // of a pattern of this channel
    for (Index row = 0; row < mask.rows(); row += taps_) {
      std::fill(patterns.begin(), patterns.end(), std::uint64_t{0});
      for (Index r = row; r < std::min(mask.rows(), row + taps_); ++r) {
        const std::uint8_t* flags = mask.flags(mask.group_of(r)).data();
        for (std::size_t c = 0; c < patterns.size(); ++c)
          patterns[c] |= std::uint64_t{flags[c]} << (r - row);
      }
      block_of.clear();
      std::uint64_t last = 0;
      std::size_t block = 0;
      for (std::size_t c = 0; c < patterns.size(); ++c) {
        if (patterns[c] == 0) continue;
        if (patterns[c] != last) {
          last = patterns[c];
          const auto [found, is_new] = block_of.try_emplace(last, blocks.size());
          if (is_new) blocks.push_back({rows_of(last, row), {}});
          block = found->second;
        }
        blocks[block].columns.push_back(first + static_cast<std::int32_t>(c));
      }
    }
  }

  [[nodiscard]] static std::vector<std::int32_t> rows_of(std::uint64_t pattern, Index first) {
    std::vector<std::int32_t> rows;
    for (; pattern != 0; pattern &= pattern - 1)
      rows.push_back(static_cast<std::int32_t>(first + std::countr_zero(pattern)));
    return rows;
  }

  mapping::ArrayShape shape_;
  Index taps_;
};

/// Pattern pruning's mapping, or for a layer that it leaves alone the naive one. Wordlines are the
/// places of both.
struct PatternOrDense {
  static constexpr bool kIndexed = true;
  PatternMapper pattern;
  bool dense;

  [[nodiscard]] const mapping::ArrayShape& shape() const noexcept { return pattern.shape(); }
  template <class Visit>
  mapping::Slots for_each_ou(const PruneMask& mask, Visit&& visit) const {
    if (!dense) return pattern.for_each_ou(mask, visit);
    const Index rows = shape().xbar_rows;
    return {mapping::DenseMapper(shape()).for_each_ou(mask, visit).taken * rows, rows};
  }
};

struct PatternPrune : MethodBase {
  static constexpr const char* kName = "pattern-prune";

  /// `linear`: the weights of linear layers are pruned one by one; else these layers stay dense.
  /// Throws out_of_range.
  explicit PatternPrune(const Setting& setting, const PatternOptions& pattern = {},
                        bool linear = true)
      : MethodBase(setting), pattern_(pattern), linear_(linear) {
    for (const Index i : setting.network.matrix_layers()) {
      kernels_.push_back(taps(setting.network.node(i)));
      untouched_.push_back(!touches(setting.network.node(i)));
    }
  }

  [[nodiscard]] PatternOrDense placer(Index layer) const {
    if (layer < 0 || layer >= static_cast<Index>(kernels_.size()))
      fail(ErrorId::out_of_range, "layer ", layer, " of a network with ", kernels_.size(),
           " layers with weights");
    const auto k = static_cast<std::size_t>(layer);
    return {{shape, kernels_[k]}, untouched_[k]};
  }
  [[nodiscard]] Ranking rank(const nn::Node& node) const {
    if (taps(node) > 1) {
      PatternRanking ranked(weight_matrix(node.weight), taps(node), pattern_);
      prune::Scores ous = ranked.ou_scores(ou_weights());
      return element_wise(std::move(ranked), std::move(ous));
    }
    return touches(node) ? Magnitude(shape).rank(node) : Naive(shape).rank(node);
  }

 private:
  /// Weights of a kernel; 1 for a linear layer.
  [[nodiscard]] static Index taps(const nn::Node& node) {
    const nn::Size2 kernel = node.op.window().kernel;
    return kernel.h * kernel.w;
  }
  [[nodiscard]] bool touches(const nn::Node& node) const {
    return linear_ || node.op.is<nn::Conv>();
  }

  PatternOptions pattern_;
  bool linear_;
  std::vector<Index> kernels_;  // weights of a kernel of each matrix layer
  std::vector<bool> untouched_;
};

}  // namespace autoprune::methods
