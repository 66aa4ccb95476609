/// @file pricing.hpp
/// What a candidate costs on an OU accelerator.
#pragma once

#include <functional>
#include <utility>

#include "autoprune/cost/cost_model.hpp"
#include "autoprune/search/candidate.hpp"
#include "autoprune/search/compressor.hpp"
#include "autoprune/search/figures.hpp"

namespace autoprune::search {

/// Prices candidates; empty, it prices nothing.
struct Pricing {
  Costs dense;  ///< of the unpruned network
  std::function<Costs(const Candidate&)> price = {};

  explicit operator bool() const { return static_cast<bool>(price); }
};

[[nodiscard]] inline Costs costs_of(const cost::Totals& totals) {
  return {totals.energy_nj, totals.latency_ns, totals.area_um2};
}

/// By a cost model, of masks of `compressor`. Nothing is skipped: prices depend on the candidate
/// alone.
template <cost::CostModel Model>
[[nodiscard]] Pricing pricing(Model model, Compressor compressor) {
  const Costs dense = costs_of(model.price_dense().totals);
  return {dense,
          [model = std::move(model), compressor = std::move(compressor)](const Candidate& of) {
            const auto layers = compressor.with(of.policy).map(of.masks).layers;
            if constexpr (requires { model.planned(model.accelerator()); })
              if (!methods::keeps_only(of.policy))
                return costs_of(model.planned(methods::planned(model.accelerator(), of.policy))
                                    .price(layers)
                                    .totals);
            return costs_of(model.price(layers).totals);
          }};
}

}  // namespace autoprune::search
