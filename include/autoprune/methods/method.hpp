/// @file method.hpp
/// A pruning method, whole: which weights of a layer it keeps, and how it places them in OUs.
#pragma once

#include <concepts>
#include <functional>
#include <memory>
#include <utility>

#include "autoprune/core/prune_mask.hpp"
#include "autoprune/core/tensor.hpp"
#include "autoprune/core/words.hpp"
#include "autoprune/hardware/geometry.hpp"
#include "autoprune/hardware/weight_code.hpp"
#include "autoprune/mapping/array_shape.hpp"
#include "autoprune/mapping/placement.hpp"
#include "autoprune/nn/network.hpp"
#include "autoprune/prune/importance.hpp"
#include "autoprune/prune/row_groups.hpp"

namespace autoprune::methods {

/// A layer's vectors, ranked once: masks for many keep ratios are cheap, and the whole OUs of every
/// row group have scores of their own. Methods that don't rank column-vectors have scores of OUs
/// alone, or of as many weights as fill an OU, in one row; so have layers of several matrices,
/// whose OUs share tiles.
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

[[nodiscard]] constexpr auto words_of(OuSelection) {
  using enum OuSelection;
  return std::to_array<Word<OuSelection>>(
      {{best, "best"}, {refill, "refill"}, {nearest, "nearest"}, {part_filled, "part-filled"}});
}

/// By what column-vectors are ranked.
enum class Importance {
  mean_absolute,  ///< prune::MeanAbsolute
  l2,             ///< prune::L2
  taylor          ///< prune::Taylor, which needs gradients
};

[[nodiscard]] constexpr auto words_of(Importance) {
  using enum Importance;
  return std::to_array<Word<Importance>>(
      {{mean_absolute, "mean-absolute"}, {l2, "l2"}, {taylor, "taylor"}});
}

struct MethodOptions {
  hardware::WeightCode mapping = {};
  // Of column-vectors
  Index granularity = 32;
  prune::RowGrouping rows = prune::RowGrouping::neighbours;
  OuSelection selection = OuSelection::best;
  Importance importance = Importance::mean_absolute;
};

/// What a method is made for; its weights aren't looked at.
struct Setting {
  const nn::Network& network;
  Geometry<> geometry = {};
  MethodOptions options = {};
};

/// Made from a Setting. `rank` sees a layer's node, whose weights may be of several matrices side
/// by side (node.matrices); a method that ranks by gradients takes dL/dw, too. `placer` is told the
/// number of the matrix layer, from 0. `kName` is what options call it. On other hardware it is a
/// copy with another `shape`; a method of row groups says `granularity()` and makes that copy
/// itself: `on(geometry, weights, granularity)`.
template <class M>
concept Method = std::copy_constructible<M> &&
    requires(M& copy, const M& method, const nn::Node& node, Index layer) {
  copy.shape = mapping::ArrayShape();
  { M::kName } -> std::convertible_to<const char*>;
  { method.placer(layer) } -> mapping::Placer;
} &&(
    requires(const M& method, const nn::Node& node) {
      { method.rank(node) } -> std::same_as<Ranking>;
    } ||
    requires(const M& method, const nn::Node& node, const Tensor& gradient) {
      { method.rank(node, gradient) } -> std::same_as<Ranking>;
    });

/// What most methods begin with.
struct MethodBase {
  mapping::ArrayShape shape;

  /// Throws out_of_range or geometry_mismatch.
  explicit MethodBase(const Setting& setting) : shape(setting.geometry, setting.options.mapping) {}
  explicit MethodBase(const mapping::ArrayShape& of) : shape(of) {}

  [[nodiscard]] Index ou_weights() const noexcept { return shape.ou_rows * shape.ou_cols; }
};

/// A ranking that outlives this call and answers keep(keep_ratio), as the mask function of a layer.
template <class Ranked>
[[nodiscard]] Ranking element_wise(Ranked ranked, prune::Scores ous) {
  auto shared = std::make_shared<const Ranked>(std::move(ranked));
  return {ous, ous, [shared](double keep) { return shared->keep(keep); }};
}

}  // namespace autoprune::methods
