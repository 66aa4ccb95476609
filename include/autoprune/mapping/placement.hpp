/// @file placement.hpp
/// A layer on crossbars, whichever method pruned it: one type that is counted, priced and
/// simulated.
#pragma once

#include <concepts>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "autoprune/core/prune_mask.hpp"
#include "autoprune/mapping/array_shape.hpp"
#include "autoprune/mapping/counts.hpp"
#include "autoprune/mapping/index_buffer.hpp"
#include "autoprune/mapping/ou_list.hpp"

namespace autoprune::mapping {

struct Placement {
  OuList ous;
  LayerCount count;
  IndexSizes index_sizes = {};
  std::optional<IndexBuffer> index = {};  ///< in the smallest code; none where no index is needed
  Index index_entries = 0;  ///< of the index buffer, read for one input vector: a filter a bitline,
                            ///< and what names the inputs: a row group an OU, and every row that
                            ///< doesn't follow from it
  Index first_pooled_place = 0;  ///< in the crossbars that all layers share

  [[nodiscard]] Index index_bits() const noexcept { return index ? index->bits() : 0; }
  /// Share of the crossbars' cells that hold the weights of OUs.
  [[nodiscard]] double filled() const {
    Index weights = 0;
    for (Index i = 0; i < ous.size(); ++i) weights += ous[i].n_rows() * ous[i].n_cols();
    const Index cells = count.array.xbar_rows * count.array.xbar_cols * count.crossbars;
    return weights > 0
               ? static_cast<double>(weights * count.array.arrays) / static_cast<double>(cells)
               : 0.0;
  }
  /// The OUs as the data path learns of them: from the index buffer where there is one.
  [[nodiscard]] OuList decoded() const { return index ? index->decode(ous.shape()) : ous; }
};

struct NetworkPlacement {
  std::vector<Placement> layers;
  CrossbarCount crossbars;
  IndexSizes index_sizes;  ///< sums over the layers
};

/// Gives each OU of a mask its place: calls visit(Ou) for every one, in the order of their places,
/// and returns how many places they take. No OU mixes filters of several weight matrices.
template <class P>
concept Placer = requires(const P& placer, const PruneMask& mask, void (*visit)(const Ou&)) {
  { P::kIndexed } -> std::convertible_to<bool>;  // needs an index buffer
  { placer.shape() } -> std::convertible_to<ArrayShape>;
  { placer.for_each_ou(mask, visit) } -> std::same_as<Slots>;
};

namespace detail {

/// Row groups that OUs keep to, where a placer's do.
template <Placer P>
[[nodiscard]] OuShape ou_shape(const P& placer, const PruneMask& mask) {
  OuShape shape{mask.rows(), mask.cols(), placer.shape().ou_rows, placer.shape().ou_cols};
  if constexpr (requires { P::kRowGroups; }) {
    shape.granularity = mask.granularity();
    shape.gathered = mask.order() != nullptr;
  }
  shape.matrices = mask.matrices();
  return shape;
}

[[nodiscard]] inline LayerCount layer_count(const ArrayShape& shape, const PruneMask& mask,
                                            Index kept, Index ous, const Slots& slots) {
  return {mask.rows(),
          mask.cols(),
          mask.vectors(),
          kept,
          ous,
          shape.dense_crossbars(mask.rows(), mask.cols()),
          ceil_div(slots.taken, slots.per_crossbar) * shape.arrays,
          slots,
          shape};
}

}  // namespace detail

/// Counts without keeping anything: what a search needs.
template <Placer P>
[[nodiscard]] LayerCount count(const P& placer, const PruneMask& mask) {
  Index ous = 0;
  const Slots slots = placer.for_each_ou(mask, [&](const Ou&) { ++ous; });
  return detail::layer_count(placer.shape(), mask, mask.kept_count(), ous, slots);
}

template <Placer P>
[[nodiscard]] Placement place(const P& placer, const PruneMask& mask) {
  Placement placement{OuList(detail::ou_shape(placer, mask)), {}};
  OuList& ous = placement.ous;
  if (ous.shape().granularity > 0) ous.reserve(mask.kept_count());  // each vector has one bitline
  const Slots slots = placer.for_each_ou(mask, [&](const Ou& ou) { ous.add(ou); });
  placement.count = detail::layer_count(placer.shape(), mask, mask.kept_count(), ous.size(), slots);
  if (!P::kIndexed) return placement;
  placement.index_sizes = index_sizes(ous);
  placement.index.emplace(ous, placement.index_sizes.smallest());
  placement.index_entries = ous.columns() + (ous.shape().granularity > 0 ? ous.size() : 0) +
                            (ous.shape().neighbours() ? 0 : ous.input_rows());
  return placement;
}

/// The layers of one network.
[[nodiscard]] inline NetworkPlacement network_placement(std::vector<Placement> layers) {
  NetworkPlacement network{std::move(layers), {}, {}};
  std::vector<LayerCount> counts;
  std::map<std::pair<ArrayShape, Index>, Index> taken;
  for (Placement& layer : network.layers) {
    Index& before = taken[shared_by(layer.count)];
    layer.first_pooled_place = before;
    before += layer.count.slots.taken;
    counts.push_back(layer.count);
    network.index_sizes += layer.index_sizes;
  }
  network.crossbars = sum_counts(std::move(counts)).crossbars;
  return network;
}

}  // namespace autoprune::mapping
