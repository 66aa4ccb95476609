/// @file constraints.hpp
/// What is asked of every policy.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "autoprune/core/number.hpp"
#include "autoprune/core/text.hpp"
#include "autoprune/core/words.hpp"
#include "autoprune/mapping/counts.hpp"
#include "autoprune/search/archive.hpp"
#include "autoprune/search/figures.hpp"

namespace autoprune::search {

/// Which crossbars count: a layer's own, or those that all layers share.
enum class Counting { per_layer, pooled };

[[nodiscard]] constexpr auto words_of(Counting) {
  using enum Counting;
  return std::to_array<Word<Counting>>({{per_layer, "per-layer"}, {pooled, "pooled"}});
}

[[nodiscard]] inline double compression(const mapping::CrossbarCount& count, Counting counting) {
  return counting == Counting::pooled ? count.compression_pooled() : count.compression_per_layer();
}

/// Keep ratios that a layer may have, to the nearest OU; 1 to 1 freezes it.
struct Bounds {
  double min = 0.0, max = 1.0;
};

/// What is missed of a limit.
struct Missed {
  double by = 0.0;   ///< share of the limit, between 0 and 1; 0: nothing
  std::string what;  ///< in words

  /// Takes another limit's place where this is missed by more.
  void ask(double reached, double least, const auto&... words) {
    if (!(reached < least)) return;
    // However little it is, it is missed.
    const double share = std::max(1.0 - reached / least, std::numeric_limits<double>::min());
    if (share > by) *this = {share, concat(words...)};
  }
};

/// What an inference may cost at most.
struct Budgets {
  std::optional<double> energy_nj = {}, latency_ns = {}, area_um2 = {};

  [[nodiscard]] bool any() const noexcept { return energy_nj || latency_ns || area_um2; }
  /// The budget that costs go beyond by most.
  [[nodiscard]] Missed missed(const Costs& costs) const {
    Missed most;
    const auto ask = [&](const std::optional<double>& budget, double cost, double unit,
                         const char* what, const char* in) {
      if (budget) most.ask(*budget, cost, what, unit * cost, in, ", above ", unit * *budget);
    };
    ask(energy_nj, costs.energy_nj, 1e-3, "an energy of ", " uJ");
    ask(latency_ns, costs.latency_ns, 1e-3, "a latency of ", " us");
    ask(area_um2, costs.area_um2, 1e-6, "an area of ", " mm2");
    return most;
  }
  /// Throws out_of_range.
  void validate() const {
    for (const auto& [name, budget] : {std::pair{"energy, in nJ,", energy_nj},
                                       {"latency, in ns,", latency_ns},
                                       {"area, in um2,", area_um2}})
      if (budget && !(*budget > 0.0 && std::isfinite(*budget)))
        fail(ErrorId::out_of_range, "a budget of ", *budget, " for ", name,
             " has to be a number above 0");
  }
};

struct Constraints {
  /// At least this crossbar compression: the policy is scaled until it is met.
  std::optional<double> target_compression = {};
  /// Highest loss of held-out accuracy against the dense network, in points, before fine-tuning.
  std::optional<double> max_accuracy_drop = {};
  std::optional<double> min_accuracy = {};  ///< the same accuracy, in percent
  Budgets budgets = {};                     ///< where policies are priced
  Counting counting = Counting::per_layer;  ///< of the target and of the reward
  std::vector<Bounds> bounds = {};          ///< one a matrix layer; empty: none

  /// Throws out_of_range or shape_mismatch.
  void validate(std::size_t layers) const {
    if (target_compression) require_range(*target_compression, "target compression", 1.0, 1e6);
    if (max_accuracy_drop)
      require_range(*max_accuracy_drop, "highest accuracy drop, in points,", 0.0, 100.0);
    if (min_accuracy) require_range(*min_accuracy, "lowest accuracy, in percent,", 0.0, 100.0);
    budgets.validate();
    if (!bounds.empty() && bounds.size() != layers)
      fail(ErrorId::shape_mismatch, bounds.size(), " bounds for ", layers, " layers");
    for (const Bounds& b : bounds)
      if (!(b.min >= 0.0 && b.min <= b.max && b.max <= 1.0 && b.max > 0.0))
        fail(ErrorId::out_of_range, "keep ratio bounds ", b.min, " to ", b.max,
             "; needs 0 <= min <= max <= 1 and max > 0");
  }
  void add_to(Fingerprint& print) const {
    for (const std::optional<double>& limit :
         {target_compression, max_accuracy_drop, min_accuracy, budgets.energy_nj,
          budgets.latency_ns, budgets.area_um2})
      print.add(limit.value_or(-1.0));
    print.add(static_cast<double>(counting));
    for (const Bounds& b : bounds) print.add(b.min).add(b.max);
  }
};

}  // namespace autoprune::search
