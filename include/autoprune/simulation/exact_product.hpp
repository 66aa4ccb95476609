/// @file exact_product.hpp
/// The integer product of a layer, by the floating-point kernels of nn: integers up to 2^24 are
/// exact in a float, so rows are split until no sum can pass that.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "autoprune/core/prune_mask.hpp"
#include "autoprune/core/thread_pool.hpp"
#include "autoprune/nn/matrix_layer.hpp"
#include "autoprune/simulation/quantisation.hpp"

namespace autoprune::simulation {

class ExactProduct {
 public:
  /// The product of a layer for inputs of magnitude `largest_input` at most, of either sign when
  /// `negative`.
  ExactProduct(const nn::Network& network, const nn::Node& node, const PruneMask& mask,
               const QuantisedWeights& weights, std::int32_t largest_input, bool negative,
               ThreadPool& pool) {
    Tensor codes = make_tensor(shape_of(node.weight));
    std::copy(weights.codes.begin(), weights.codes.end(), codes.begin());
    for (const PruneMask& part : parts(finer(mask), weights, largest_input, negative)) {
      parts_.emplace_back(network, node, part);
      parts_.back().pack(codes, false, pool);
    }
  }

  /// Sums that are added up after they were computed, each exact on its own.
  [[nodiscard]] Index parts() const noexcept { return static_cast<Index>(parts_.size()); }
  /// The part's sums of integer inputs. Resizes y.
  void forward(Index part, const nn::Activation& x, nn::Activation& y, ThreadPool& pool) const {
    parts_[static_cast<std::size_t>(part)].forward(x, y, {}, pool);
  }

 private:
  static constexpr double kExact = 0x1p24;
  static constexpr Index kGroupRows = 128;  // 128 * 255 * 255 is below 2^24

  /// The same mask in row groups that can't pass the limit on their own.
  static PruneMask finer(const PruneMask& mask) {
    if (mask.granularity() <= kGroupRows) return mask;
    Index rows = kGroupRows;
    while (mask.granularity() % rows != 0) --rows;
    PruneMask fine = PruneMask(mask.rows(), mask.cols(), rows).in_order(mask.order());
    for (Index g = 0; g < fine.groups(); ++g)
      for (Index c = 0; c < mask.cols(); ++c)
        fine.set(g, c, mask.kept(g * rows / mask.granularity(), c));
    return fine;
  }

  static std::vector<PruneMask> parts(const PruneMask& mask, const QuantisedWeights& weights,
                                      double largest_input, bool negative) {
    const PruneMask none =
        PruneMask(mask.rows(), mask.cols(), mask.granularity(), false).in_order(mask.order());
    std::vector<PruneMask> all(1, none);
    std::vector<double> up(static_cast<std::size_t>(mask.cols()), 0.0), down = up;
    for (Index g = 0; g < mask.groups(); ++g) {
      const auto reach = add_group(mask, weights, g, negative, up, down);
      if (reach * largest_input > kExact) {
        all.push_back(none);
        std::fill(up.begin(), up.end(), 0.0);
        std::fill(down.begin(), down.end(), 0.0);
        (void)add_group(mask, weights, g, negative, up, down);
      }
      for (Index c = 0; c < mask.cols(); ++c) all.back().set(g, c, mask.kept(g, c));
    }
    return all;
  }

  /// Adds the weights of a row group to what each filter's sums can reach, and returns the largest.
  static double add_group(const PruneMask& mask, const QuantisedWeights& weights, Index g,
                          bool negative, std::vector<double>& up, std::vector<double>& down) {
    double reach = 0.0;
    for (Index c = 0; c < mask.cols(); ++c) {
      const auto f = static_cast<std::size_t>(c);
      for (Index i = mask.row_begin(g); i < mask.row_end(g); ++i) {
        const std::int32_t w = weights(mask.row(i), c);
        (w > 0 || negative ? up[f] : down[f]) += std::abs(w);
      }
      reach = std::max({reach, up[f], down[f]});
    }
    return reach;
  }

  std::vector<nn::MatrixLayer> parts_;
};

}  // namespace autoprune::simulation
