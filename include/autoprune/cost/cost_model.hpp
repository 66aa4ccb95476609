/// @file cost_model.hpp
/// What a search and a comparison need of a model that prices networks.
#pragma once

#include <concepts>
#include <span>

#include "autoprune/cost/breakdown.hpp"
#include "autoprune/mapping/placement.hpp"

namespace autoprune::cost {

/// Prices a network dense, and as any method has mapped it; OuModel does.
template <class M>
concept CostModel = std::copy_constructible<M> &&
    requires(const M& model, std::span<const mapping::Placement> layers) {
  { model.price_dense().totals } -> std::convertible_to<Totals>;
  { model.price(layers).totals } -> std::convertible_to<Totals>;
};

}  // namespace autoprune::cost
