/// @file accuracy_kind.hpp
/// Which accuracy counts.
#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include "autoprune/search/quantiser.hpp"
#include "autoprune/study/study.hpp"

namespace autoprune::study {

/// The accuracy that a search reads: what was asked for; else on crossbars where bits of ADCs are
/// searched, of integers where weights or inputs have few bits or may get them, and of real numbers
/// elsewhere. Throws out_of_range for one that doesn't see what is searched.
[[nodiscard]] inline AccuracyKind accuracy_kind(const Study& study) {
  using enum AccuracyKind;
  const search::SearchSpace& space = study.spec.search.space;
  const std::optional<AccuracyKind>& asked = study.spec.accuracy;
  if (!space.adc_bits.empty() && asked.value_or(on_crossbar) != on_crossbar)
    fail(ErrorId::out_of_range, "bits of ADCs are searched, and no accuracy but the on-crossbar ",
         "one sees them; ask for that");
  const auto few = [](const std::vector<Index>& bits) {
    return std::any_of(bits.begin(), bits.end(), [](Index n) { return n < 8; });
  };
  const auto layers = static_cast<Index>(study.network.matrix_layers().size());
  const bool coarse =
      search::coarse(study.accelerator, layers) || few(space.weight_bits) || few(space.input_bits);
  if (coarse && asked == real)
    fail(ErrorId::out_of_range, "accuracy in floating point says nothing of ",
         "weights or inputs of fewer than 8 bits; ask for quantised or on-crossbar accuracy");
  return asked.value_or(!space.adc_bits.empty() ? on_crossbar : coarse ? quantised : real);
}

}  // namespace autoprune::study
