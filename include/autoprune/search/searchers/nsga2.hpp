/// @file nsga2.hpp
/// NSGA-II (Deb et al., "A fast and elitist multiobjective genetic algorithm: NSGA-II", IEEE
/// Transactions on Evolutionary Computation 6, 2002): looks for a whole front of accuracy,
/// crossbars and energy, whatever the reward.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include "autoprune/core/random.hpp"
#include "autoprune/rl/state_visitor.hpp"
#include "autoprune/search/action_space.hpp"
#include "autoprune/search/front.hpp"
#include "autoprune/search/heuristics.hpp"
#include "autoprune/search/landscape.hpp"
#include "autoprune/search/policy_archive.hpp"
#include "autoprune/search/search_config.hpp"
#include "autoprune/search/searcher.hpp"

namespace autoprune::search {

/// Begins with heuristic policies from dense to sparse. Crossover and mutation are the paper's with
/// longer steps (distribution index 2 for its 20, two mutations a child for its one), as a search
/// measures hundreds of policies, not its 25,000. An action that chooses among few mutates to any.
class Nsga2 {
 public:
  static constexpr const char* kName = "nsga2";

  Nsga2(Landscape auto& landscape, const SearchConfig& config)
      : space_(config.space, config.least_keep),
        counting_(landscape.constraints().counting),
        layers_(static_cast<std::size_t>(landscape.layers())),
        budget_(config.episodes),
        population_(static_cast<std::size_t>(std::clamp<Index>(config.episodes / 5, 4, 20))),
        seed_(config.seed),
        random_(config.seed, kStream),
        start_(in_space(heuristic_sweep(landscape.rankings(), static_cast<Index>(population_)),
                        space_)) {}

  [[nodiscard]] std::vector<Proposal> ask(Index n) {
    if (survivors_ == 0) return next_of(start_, std::ssize(members_), n);
    std::vector<Proposal> children(
        std::min(static_cast<std::size_t>(n), population_ + survivors_ - members_.size()));
    for (Proposal& child : children) child.policy = mated(parent(), parent());
    return children;
  }

  void tell(std::span<const Outcome> outcomes) {
    members_.insert(members_.end(), outcomes.begin(), outcomes.end());
    if (members_.size() == survivors_ + generation(survivors_ > 0)) select();
  }

  template <class Archive>
  void describe(Archive& archive) {
    visit_same(archive, "budget", static_cast<std::uint64_t>(budget_));
    auto survivors = static_cast<Index>(survivors_), born = std::ssize(members_) - survivors;
    visit_integer(archive, "survivors", survivors, static_cast<Index>(population_));
    visit_integer(archive, "born", born, static_cast<Index>(generation(survivors > 0)) - 1);
    survivors_ = static_cast<std::size_t>(survivors);
    members_.resize(static_cast<std::size_t>(survivors + born));
    for (Outcome& member : members_) visit_outcome(archive, member, layers_);
    rl::visit_random(archive, "random", random_, seed_, kStream);
    if constexpr (Archive::loading) rate();
  }

 private:
  static constexpr std::uint64_t kStream = 0x45A2;
  static constexpr double kIndex = 2.0, kCrossover = 0.9, kMutations = 2.0;  // of a child

  /// Policies that are told between two selections.
  [[nodiscard]] std::size_t generation(bool started) const {
    return started ? population_ : start_.size();
  }
  /// The better one of two survivors.
  [[nodiscard]] const Outcome& parent() {
    const auto any = [this] {
      return static_cast<std::size_t>(random_.below(static_cast<Index>(survivors_)));
    };
    const std::size_t a = any(), b = any();
    return members_[standing_[b].better_than(standing_[a]) ? b : a];
  }

  [[nodiscard]] Policy mated(const Outcome& a, const Outcome& b) {
    std::vector<double> child = space_.actions_of(realised_policy(a));
    const std::vector<double> other = space_.actions_of(realised_policy(b));
    const bool crosses = random_.uniform() < kCrossover;
    const auto each = static_cast<std::size_t>(space_.size());
    for (std::size_t i = 0; i < child.size(); ++i) {
      const bool number = space_.choices()[i % each] == 0;
      if (crosses && random_.uniform() < 0.5)
        child[i] = number ? crossed(child[i], other[i]) : other[i];
      if (random_.uniform() * static_cast<double>(child.size()) < kMutations)
        child[i] = number ? mutated(child[i]) : random_.uniform();
    }
    return space_.policy_of(child);
  }
  /// Simulated binary crossover: as far from two numbers as they are from one another, more or
  /// less.
  [[nodiscard]] double crossed(double a, double b) {
    const double u = random_.uniform();
    const double spread = std::pow(u <= 0.5 ? 2.0 * u : 0.5 / (1.0 - u), 1.0 / (kIndex + 1.0));
    return std::clamp(0.5 * ((1.0 + spread) * a + (1.0 - spread) * b), 0.0, 1.0);
  }
  /// Polynomial mutation.
  [[nodiscard]] double mutated(double a) {
    const double u = random_.uniform();
    const double step = u < 0.5 ? std::pow(2.0 * u, 1.0 / (kIndex + 1.0)) - 1.0
                                : 1.0 - std::pow(2.0 * (1.0 - u), 1.0 / (kIndex + 1.0));
    return std::clamp(a + step, 0.0, 1.0);
  }

  /// Keeps the best of parents and children, no policy twice.
  void select() {
    std::vector<Outcome> different;
    for (Outcome& member : members_)
      if (std::none_of(different.begin(), different.end(),
                       [&](const Outcome& o) { return o.policy == member.policy; }))
        different.push_back(std::move(member));
    const std::vector<Standing> standing = standings(different, counting_);
    std::vector<std::size_t> order(different.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return standing[a].better_than(standing[b]);
    });
    order.resize(std::min(order.size(), population_));
    members_.clear();
    for (const std::size_t i : order) members_.push_back(std::move(different[i]));
    survivors_ = members_.size();
    rate();
  }
  void rate() { standing_ = standings(std::span(members_).first(survivors_), counting_); }

  ActionSpace space_;
  Counting counting_;
  std::size_t layers_;
  Index budget_;
  std::size_t population_;
  std::uint64_t seed_;
  Random random_;
  std::vector<Proposal> start_;
  std::vector<Outcome> members_;    // survivors, then what this generation has been told
  std::size_t survivors_ = 0;       // of the last generation; 0 during the start
  std::vector<Standing> standing_;  // of the survivors
};

}  // namespace autoprune::search
