/// @file dynamic_ous.hpp
/// Dynamic OU formation (SRE: Yang et al., ISCA 2019): of the wordlines below one another, those
/// whose input digit is zero are skipped, and OUs are formed of the others at run time.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "autoprune/mapping/routed_layer.hpp"
#include "autoprune/simulation/activity.hpp"
#include "autoprune/simulation/encoding.hpp"

namespace autoprune::simulation {

/// Counts what a layer does for its inputs. The layer's places have to be OUs, as SRE's and LSR's
/// are: they follow one another down a strip of bitlines, then down the next.
class DynamicOus {
 public:
  DynamicOus(const mapping::RoutedLayer& layer, const GeometrySpec& geometry,
             const mapping::MappingOptions& options, const InputEncoding& input)
      : shape_(geometry, options),
        input_(input),
        bitlines_(static_cast<Index>(WeightEncoding(options, geometry.cell_bits).arrays().size())) {
    input.validate();
    const Index strip = shape_.xbar_rows / shape_.ou_rows;
    for (Index i = 0; i < layer.size(); ++i) {
      const mapping::RoutedOu ou = layer[i];
      const bool below = i % strip != 0 && std::ranges::equal(ou.columns, layer[i - 1].columns);
      if (!below) stacks_.push_back({{}, ou.n_cols(), 0});
      stacks_.back().rows.insert(stacks_.back().rows.end(), ou.rows.begin(), ou.rows.end());
      ++stacks_.back().ous;
    }
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
      const auto rows = static_cast<Index>(stack.rows.size());
      activity.input_fetches += rows;
      activity.index_fetches += rows + stack.columns;
    }
    return activity;
  }

 private:
  /// OUs below one another on the same bitlines.
  struct Stack {
    std::vector<std::int32_t> rows;
    Index columns, ous;
  };

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
  std::vector<Stack> stacks_;
};

}  // namespace autoprune::simulation
