/// @file stored_ous.hpp
/// OUs that are activated as they are stored: all a data path can leave out is an activation whose
/// wordlines all carry zero.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "autoprune/mapping/routed_index.hpp"
#include "autoprune/simulation/activity.hpp"
#include "autoprune/simulation/encoding.hpp"

namespace autoprune::simulation {

/// Counts what a layer does for its inputs, for any method's mapping.
class StoredOus {
 public:
  StoredOus(const mapping::RoutedMapping& layer, const GeometrySpec& geometry,
            const mapping::MappingOptions& options, const InputEncoding& input)
      : shape_(geometry, options),
        input_(input),
        bitlines_(static_cast<Index>(WeightEncoding(options, geometry.cell_bits).arrays().size())),
        index_entries_(layer.index_entries) {
    input.validate();
    for (Index i = 0; i < layer.ous.size(); ++i) {
      const mapping::RoutedOu ou = layer.ous[i];
      const bool other = i == 0 || layer.ous.input_set(i) != layer.ous.input_set(i - 1);
      if (other) sets_.push_back({{ou.rows.begin(), ou.rows.end()}, 0, 0});
      ++sets_.back().ous;
      sets_.back().columns += ou.n_cols();
    }
  }

  /// For one input vector, the codes of the layer's R inputs.
  [[nodiscard]] Activity count(std::span<const std::int32_t> x) const {
    Activity activity;
    for (const InputSet& set : sets_) {
      const std::span<const std::int32_t> rows(set.rows);
      for (std::size_t r = 0; r < rows.size(); r += step_rows()) {
        const auto step = rows.subspan(r, std::min(step_rows(), rows.size() - r));
        for (const std::int32_t sign : {1, -1}) {
          if (sign < 0 && !input_.negative) continue;
          const Index active = active_digits(step, x, sign);
          activity.ou_activations += active * set.ous * shape_.arrays;
          activity.skipped_activations += (input_.digits() - active) * set.ous * shape_.arrays;
          activity.adc_conversions += active * set.columns * bitlines_;
        }
      }
      activity.input_fetches += static_cast<Index>(rows.size());
    }
    activity.index_fetches = index_entries_;
    return activity;
  }

 private:
  /// OUs that follow one another and read the same inputs.
  struct InputSet {
    std::vector<std::int32_t> rows;
    Index ous, columns;
  };

  [[nodiscard]] std::size_t step_rows() const { return static_cast<std::size_t>(shape_.ou_rows); }

  /// Digits that at least one of the inputs of one sign has.
  [[nodiscard]] Index active_digits(std::span<const std::int32_t> rows,
                                    std::span<const std::int32_t> x, std::int32_t sign) const {
    std::int32_t any = 0;
    for (const std::int32_t r : rows) any |= std::max(0, sign * x[static_cast<std::size_t>(r)]);
    Index active = 0;
    for (Index t = 0; t < input_.digits(); ++t) active += input_.digit(any, t) != 0 ? 1 : 0;
    return active;
  }

  mapping::ArrayShape shape_;
  InputEncoding input_;
  Index bitlines_;  // of a filter, over all arrays
  Index index_entries_;
  std::vector<InputSet> sets_;
};

}  // namespace autoprune::simulation
