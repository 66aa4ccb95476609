/// @file active_ous.hpp
/// How often a layer's OUs are activated for given inputs, where zeros are skipped.
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <span>
#include <vector>

#include "autoprune/hardware/accelerator.hpp"
#include "autoprune/mapping/placement.hpp"
#include "autoprune/simulation/activity.hpp"
#include "autoprune/simulation/encoding.hpp"

namespace autoprune::simulation {

/// Counts without computing. Wordlines below one another are a stack: OUs are formed at run time of
/// those that carry something. A stack of one OU's height is an OU as it is stored.
class ActiveOus {
 public:
  /// Of any method's layer; `input` with the sign of its range.
  ActiveOus(const mapping::Placement& layer, const hardware::Accelerator& accelerator,
            const hardware::InputCode& input)
      : shape_(accelerator.geometry, accelerator.weights),
        input_(input),
        bitlines_(static_cast<Index>(
            WeightEncoding(accelerator.weights, accelerator.geometry.cell_bits).arrays().size())),
        index_entries_(layer.index_entries) {
    input.validate();
    switch (accelerator.formation) {
      case hardware::OuFormation::stored:
        by_inputs(layer.ous, shape_.ou_rows);
        return;
      case hardware::OuFormation::dynamic:
        by_strips(layer.ous);
        return;
      case hardware::OuFormation::dynamic_vectors:
        by_inputs(layer.ous, layer.ous.shape().rows);
        return;
    }
    fail_enum("formation of OUs", accelerator.formation);
  }

  /// For one input vector, the codes of the layer's inputs.
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
      activity.input_fetches += static_cast<Index>(stack.inputs.size());
    }
    activity.index_fetches = index_entries_;
    return activity;
  }

 private:
  struct Stack {
    std::vector<std::int32_t> inputs;
    Index ous;                      ///< below one another
    Index across = 0, columns = 0;  ///< OUs that share these inputs, and filters of them all
  };

  /// OUs with the same inputs, in stacks of `height` rows.
  void by_inputs(const mapping::OuList& ous, Index height) {
    ous.for_each_input_piece(height, [&](auto rows, auto columns, Index across) {
      stacks_.push_back(
          {{}, ceil_div(std::ssize(rows), shape_.ou_rows), across, std::ssize(columns)});
      add_inputs(rows, ous.shape().first_input(columns.front()));
    });
  }

  /// Of the last stack.
  void add_inputs(std::span<const std::int32_t> rows, Index first) {
    for (const std::int32_t r : rows)
      stacks_.back().inputs.push_back(r + static_cast<std::int32_t>(first));
  }

  /// Dynamic OU formation (SRE: Yang et al., ISCA 2019) of a layer whose places are OUs, as SRE's
  /// and LSR's are: they follow one another down a strip of bitlines, then down the next.
  void by_strips(const mapping::OuList& ous) {
    const auto below = [](const mapping::Ou& ou, const mapping::Ou& last) {
      return ou.place.crossbar == last.place.crossbar && ou.place.bitline == last.place.bitline &&
             ou.place.wordline > last.place.wordline &&
             std::ranges::equal(ou.columns, last.columns);
    };
    for (Index i = 0; i < ous.size(); ++i) {
      const mapping::Ou ou = ous[i];
      if (i == 0 || !below(ou, ous[i - 1])) stacks_.push_back({{}, 0, 1, ou.n_cols()});
      add_inputs(ou.rows, ous.shape().first_input(ou.columns.front()));
      ++stacks_.back().ous;
    }
  }

  /// Wordlines of a stack that carry something in digit t of the inputs of one sign.
  [[nodiscard]] Index carrying(const Stack& stack, std::span<const std::int32_t> x,
                               std::int32_t sign, Index t) const {
    return std::ranges::count_if(stack.inputs, [&](std::int32_t r) {
      return input_.digit(std::max(0, sign * x[static_cast<std::size_t>(r)]), t) != 0;
    });
  }

  mapping::ArrayShape shape_;
  hardware::InputCode input_;
  Index bitlines_;  // of a filter, over all arrays
  Index index_entries_;
  std::vector<Stack> stacks_;
};

}  // namespace autoprune::simulation
