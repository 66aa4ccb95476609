/// @file saving.hpp
/// What a reward counts as compression: crossbars, or what an inference costs on an OU accelerator.
#pragma once

#include <functional>
#include <span>
#include <utility>

#include "autoprune/cost/cost_model.hpp"
#include "autoprune/search/candidate.hpp"
#include "autoprune/search/compressor.hpp"

namespace autoprune::search {

enum class CostTarget {
  energy,   ///< of an inference
  latency,  ///< of an inference, layers overlapping
  edp       ///< energy times latency
};

/// How many times less than the unpruned network a pruned one costs.
using Saving = std::function<double(const Candidate&)>;

/// The saving of one figure of the cost model, for masks of `compressor`. Nothing is skipped: it
/// depends on the candidate alone.
template <cost::CostModel Model>
[[nodiscard]] Saving cost_saving(Model model, Compressor compressor, CostTarget target) {
  const auto figure = [target](const cost::Totals& totals) {
    switch (target) {
      case CostTarget::energy:
        return totals.energy_nj;
      case CostTarget::latency:
        return totals.latency_ns;
      case CostTarget::edp:
        return totals.energy_nj * totals.latency_ns;
    }
    fail_enum("cost target", target);
  };
  const double dense = figure(model.price_dense().totals);
  return [model = std::move(model), compressor = std::move(compressor), figure,
          dense](const Candidate& of) {
    const auto layers = compressor.with(of.policy).map(of.masks).layers;
    if constexpr (requires { model.planned(model.accelerator()); })
      return dense / figure(model.planned(methods::planned(model.accelerator(), of.policy))
                                .price(layers)
                                .totals);
    else
      return dense / figure(model.price(layers).totals);
  };
}

}  // namespace autoprune::search
