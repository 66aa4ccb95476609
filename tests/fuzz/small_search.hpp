/// @file small_search.hpp
/// A search that a checkpoint is read for.
#pragma once

#include <numeric>
#include <span>
#include <vector>

#include "autoprune/search/search.hpp"
#include "small_network.hpp"

namespace autoprune::fuzz {

/// Answers policies without measuring anything: the same on every machine, and at once.
class QuickEnvironment {
 public:
  QuickEnvironment() {
    search::Ranking layer;
    layer.ous.setOnes(2, 2);
    rankings_.assign(static_cast<std::size_t>(layers()), layer);
  }

  [[nodiscard]] QuickEnvironment& landscape() { return *this; }
  [[nodiscard]] Index layers() const { return states_.layers(); }
  [[nodiscard]] const search::StateTable& states() const { return states_; }
  [[nodiscard]] const search::Constraints& constraints() const { return constraints_; }
  [[nodiscard]] std::span<const search::Ranking> rankings() const { return rankings_; }
  [[nodiscard]] double dense_accuracy() const { return 90.0; }
  [[nodiscard]] search::Policy allowed(const search::Policy& policy) const {
    return search::clamp_to_bounds(policy, constraints_);
  }
  [[nodiscard]] std::vector<double> realised(const search::Policy& policy) const {
    return search::keep_ratios(policy);
  }
  [[nodiscard]] double saved(Index, const search::LayerPlan& plan) const {
    return 4.0 - 4.0 * plan.keep;
  }
  [[nodiscard]] search::Fingerprint fingerprint() const { return {}; }
  [[nodiscard]] search::Outcome evaluate(const search::Policy& policy) const {
    search::Outcome outcome;
    outcome.policy = policy;
    outcome.keep_ratios = search::keep_ratios(policy);
    outcome.reward =
        std::accumulate(outcome.keep_ratios.begin(), outcome.keep_ratios.end(), 0.0) / 4.0;
    outcome.accuracy = 100.0 * outcome.reward;
    outcome.crossbars = {12, 6, 5};
    return outcome;
  }

 private:
  [[nodiscard]] static mapping::NetworkCount counts() {
    mapping::LayerCount layer;
    layer.crossbars_dense = 4;
    return mapping::sum_counts({layer, layer, layer});
  }

  search::StateTable states_{small_network(), counts()};
  search::Constraints constraints_;
  std::vector<search::Ranking> rankings_;
};

struct SmallSearch {
  explicit SmallSearch(const std::string& searcher) : search(environment, config(searcher)) {}

  QuickEnvironment environment;
  search::Search<QuickEnvironment> search;

 private:
  [[nodiscard]] static search::SearchConfig config(const std::string& searcher) {
    search::SearchConfig config;
    config.episodes = 5;
    config.batch = 2;
    config.searcher = searcher;
    config.candidates = 3;
    config.critic_episodes = 3;
    config.imitation_steps = config.anchor_steps = 1;
    config.agent.shape.hidden = {3};
    config.agent.batch = 4;
    config.updates = 5;
    return config;
  }
};

}  // namespace autoprune::fuzz
