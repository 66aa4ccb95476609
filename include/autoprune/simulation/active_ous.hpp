/// @file active_ous.hpp
/// How often a layer's OUs are activated for given inputs, where zeros are skipped.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "autoprune/mapping/routed_index.hpp"
#include "autoprune/mapping/vector_mapper.hpp"
#include "autoprune/simulation/activity.hpp"
#include "autoprune/simulation/encoding.hpp"

namespace autoprune::simulation {

/// Counts without computing. Wordlines below one another are a stack: OUs are formed at run time of
/// those that carry something. A stack of one OU's height is an OU as it is stored.
class ActiveOus {
 public:
  /// OUs as any method's mapping stores them: one whose wordlines all carry zero is left out.
  [[nodiscard]] static ActiveOus stored(const mapping::RoutedMapping& layer,
                                        const Geometry<>& geometry,
                                        const mapping::MappingOptions& options,
                                        const InputEncoding& input) {
    ActiveOus active(layer.index_entries, geometry, options, input);
    for (Index i = 0; i < layer.ous.size(); ++i) {
      const mapping::RoutedOu ou = layer.ous[i];
      const bool other = i == 0 || layer.ous.input_set(i) != layer.ous.input_set(i - 1);
      if (other) active.stacks_.push_back({{ou.rows.begin(), ou.rows.end()}, 1});
      active.stacks_.back().widen(ou.n_cols());
    }
    return active;
  }

  /// Dynamic OU formation (SRE: Yang et al., ISCA 2019) of a layer whose places are OUs, as SRE's
  /// and LSR's are: they follow one another down a strip of bitlines, then down the next.
  [[nodiscard]] static ActiveOus of_strips(const mapping::RoutedMapping& layer,
                                           const Geometry<>& geometry,
                                           const mapping::MappingOptions& options,
                                           const InputEncoding& input) {
    ActiveOus active(layer.index_entries, geometry, options, input);
    const Index strip = active.shape_.xbar_rows / active.shape_.ou_rows;
    for (Index i = 0; i < layer.ous.size(); ++i) {
      const mapping::RoutedOu ou = layer.ous[i];
      const bool below = i % strip != 0 && std::ranges::equal(ou.columns, layer.ous[i - 1].columns);
      if (!below) {
        active.stacks_.push_back({{}, 0});
        active.stacks_.back().widen(ou.n_cols());
      }
      Stack& stack = active.stacks_.back();
      stack.rows.insert(stack.rows.end(), ou.rows.begin(), ou.rows.end());
      ++stack.ous;
    }
    return active;
  }

  /// The same for column-vectors that are several OUs high: those of a vector are below one
  /// another.
  [[nodiscard]] static ActiveOus of_vectors(const PruneMask& mask, Index index_entries,
                                            const Geometry<>& geometry,
                                            const mapping::MappingOptions& options,
                                            const InputEncoding& input) {
    ActiveOus active(index_entries, geometry, options, input);
    const mapping::OuList ous(mask, active.shape_.ou_cols);
    for (Index i = 0; i < ous.size(); ++i) {
      if (i == 0 || ous[i].row_group != ous[i - 1].row_group) {
        std::vector<std::int32_t> rows = mapping::rows_of_group(mask, ous[i].row_group);
        const Index high = ceil_div(static_cast<Index>(rows.size()), active.shape_.ou_rows);
        active.stacks_.push_back({std::move(rows), high});
      }
      active.stacks_.back().widen(ous[i].n_cols());
    }
    return active;
  }

  /// For one input vector, the codes of the layer's R inputs.
  [[nodiscard]] Activity count(std::span<const std::int32_t> x) const {
    Activity activity;
    for (const Stack& stack : stacks_) {
      for (const std::int32_t sign : {1, -1}) {
        if (sign < 0 && !input_.negative) continue;
        for (Index t = 0; t < input_.digits(); ++t) {
          const Index steps = ceil_div(carrying(stack, x, sign, t), shape_.ou_rows);
          activity.ou_activations += steps * stack.across * shape_.arrays;
          activity.skipped_activations += (stack.ous - steps) * stack.across * shape_.arrays;
          activity.adc_conversions += steps * stack.columns * bitlines_;
        }
      }
      activity.input_fetches += static_cast<Index>(stack.rows.size());
    }
    activity.index_fetches = index_entries_;
    return activity;
  }

 private:
  struct Stack {
    std::vector<std::int32_t> rows;
    Index ous;                      ///< below one another
    Index across = 0, columns = 0;  ///< OUs that share these inputs, and filters of them all

    void widen(Index filters) {
      ++across;
      columns += filters;
    }
  };

  ActiveOus(Index index_entries, const Geometry<>& geometry, const mapping::MappingOptions& options,
            const InputEncoding& input)
      : shape_(geometry, options),
        input_(input),
        bitlines_(static_cast<Index>(WeightEncoding(options, geometry.cell_bits).arrays().size())),
        index_entries_(index_entries) {
    input.validate();
  }

  /// Wordlines of a stack that carry something in digit t of the inputs of one sign.
  [[nodiscard]] Index carrying(const Stack& stack, std::span<const std::int32_t> x,
                               std::int32_t sign, Index t) const {
    return std::ranges::count_if(stack.rows, [&](std::int32_t r) {
      return input_.digit(std::max(0, sign * x[static_cast<std::size_t>(r)]), t) != 0;
    });
  }

  mapping::ArrayShape shape_;
  InputEncoding input_;
  Index bitlines_;  // of a filter, over all arrays
  Index index_entries_;
  std::vector<Stack> stacks_;
};

}  // namespace autoprune::simulation
