/// @file dynamic_ous.hpp
/// Dynamic OU formation (SRE: Yang et al., ISCA 2019): of the wordlines below one another, those
/// whose input digit is zero are skipped, and OUs are formed of the others at run time.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "autoprune/mapping/routed_index.hpp"
#include "autoprune/mapping/vector_mapper.hpp"
#include "autoprune/simulation/activity.hpp"
#include "autoprune/simulation/encoding.hpp"

namespace autoprune::simulation {

/// Counts what a layer does for its inputs.
class DynamicOus {
 public:
  /// Of a layer whose places are OUs, as SRE's and LSR's are: they follow one another down a strip
  /// of bitlines, then down the next.
  [[nodiscard]] static DynamicOus of_strips(const mapping::RoutedMapping& layer,
                                            const GeometrySpec& geometry,
                                            const mapping::MappingOptions& options,
                                            const InputEncoding& input) {
    DynamicOus dynamic(layer.index_entries, geometry, options, input);
    const Index strip = dynamic.shape_.xbar_rows / dynamic.shape_.ou_rows;
    for (Index i = 0; i < layer.ous.size(); ++i) {
      const mapping::RoutedOu ou = layer.ous[i];
      const bool below = i % strip != 0 && std::ranges::equal(ou.columns, layer.ous[i - 1].columns);
      if (!below) dynamic.stacks_.push_back({{}, ou.n_cols(), 0});
      Stack& stack = dynamic.stacks_.back();
      stack.rows.insert(stack.rows.end(), ou.rows.begin(), ou.rows.end());
      ++stack.ous;
    }
    return dynamic;
  }

  /// Of column-vectors that are several OUs high: those of a vector are below one another.
  [[nodiscard]] static DynamicOus of_vectors(const PruneMask& mask, Index index_entries,
                                             const GeometrySpec& geometry,
                                             const mapping::MappingOptions& options,
                                             const InputEncoding& input) {
    DynamicOus dynamic(index_entries, geometry, options, input);
    const mapping::OuList ous(mask, dynamic.shape_.ou_cols);
    for (Index i = 0; i < ous.size(); ++i) {
      std::vector<std::int32_t> rows = mapping::rows_of_group(mask, ous[i].row_group);
      const Index steps = ceil_div(static_cast<Index>(rows.size()), dynamic.shape_.ou_rows);
      const bool fetched = i > 0 && ous[i].row_group == ous[i - 1].row_group;
      dynamic.stacks_.push_back({std::move(rows), ous[i].n_cols(), steps, fetched});
    }
    return dynamic;
  }

  /// For one input vector, the codes of the layer's R inputs.
  [[nodiscard]] Activity count(std::span<const std::int32_t> x) const {
    Activity activity;
    for (const Stack& stack : stacks_) {
      for (const std::int32_t sign : {1, -1}) {
        if (sign < 0 && !input_.negative) continue;
        for (Index t = 0; t < input_.digits(); ++t) {
          const Index steps = ceil_div(active(stack, x, sign, t), shape_.ou_rows);
          activity.ou_activations += steps * shape_.arrays;
          activity.skipped_activations += (stack.ous - steps) * shape_.arrays;
          activity.adc_conversions += steps * stack.columns * bitlines_;
        }
      }
      if (!stack.fetched) activity.input_fetches += static_cast<Index>(stack.rows.size());
    }
    activity.index_fetches = index_entries_;
    return activity;
  }

 private:
  /// OUs below one another on the same bitlines.
  struct Stack {
    std::vector<std::int32_t> rows;
    Index columns, ous;
    bool fetched = false;  ///< its inputs are there, as those of the stack before
  };

  DynamicOus(Index index_entries, const GeometrySpec& geometry,
             const mapping::MappingOptions& options, const InputEncoding& input)
      : shape_(geometry, options),
        input_(input),
        bitlines_(static_cast<Index>(WeightEncoding(options, geometry.cell_bits).arrays().size())),
        index_entries_(index_entries) {
    input.validate();
  }

  /// Wordlines of a stack that carry something in digit t of the inputs of one sign.
  [[nodiscard]] Index active(const Stack& stack, std::span<const std::int32_t> x, std::int32_t sign,
                             Index t) const {
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
