// An environment that writes down what a searcher asks of it, and plain loops over the same
// episodes.
#pragma once

#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "autoprune/search.hpp"

namespace autoprune::search::test {

inline constexpr Index kWitnessed = 4;  // layers

/// An environment of simple answers that writes down what it is asked. What it realises is neither
/// what is allowed nor what was proposed.
struct Witness {
  struct Asked {
    Index k;
    double saved, previous;
  };
  struct States {
    mutable std::vector<Asked> asked;
    [[nodiscard]] State at(Index k, double saved, double previous) const {
      asked.push_back({k, saved, previous});
      State state{};
      state[0] = static_cast<float>(k) / 4.0F;
      state[9] = static_cast<float>(saved) / 100.0F;
      state[11] = static_cast<float>(previous);
      return state;
    }
  };

  Constraints limits;
  std::vector<Ranking> ranked;
  States table;
  std::vector<Policy> proposals;  ///< that allowed() was asked about
  double worst = 0.0;  ///< added to the reward where the third layer keeps nearly nothing

  Witness() {
    Random random(9);
    for (Index k = 0; k < kWitnessed; ++k) {
      prune::Scores ous(3, 4 + k);
      for (Index i = 0; i < ous.size(); ++i) ous.data()[i] = static_cast<float>(random.uniform());
      ranked.push_back({ous, ous, {}});
    }
  }

  Witness& landscape() { return *this; }
  [[nodiscard]] Index layers() const { return kWitnessed; }
  [[nodiscard]] const States& states() const { return table; }
  [[nodiscard]] const Constraints& constraints() const { return limits; }
  [[nodiscard]] std::span<const Ranking> rankings() const { return ranked; }
  [[nodiscard]] double dense_accuracy() const { return 90.0; }
  [[nodiscard]] Fingerprint fingerprint() const { return {}; }
  [[nodiscard]] double saved(Index k, const LayerPlan& plan) const {
    return 10.0 * static_cast<double>(k + 1) * (1.0 - plan.keep);
  }
  [[nodiscard]] Policy allowed(const Policy& policy) {
    proposals.push_back(policy);
    return times(policy, 0.9);
  }
  [[nodiscard]] static std::vector<double> realised(const Policy& policy) {
    std::vector<double> realised = keep_ratios(policy);
    for (double& keep : realised) keep = std::max(kLeastKeepRatio, 0.8 * std::pow(keep, 1.3));
    return realised;
  }
  [[nodiscard]] Outcome evaluate(const Policy& policy) const {
    Outcome out;
    out.policy = policy;
    out.keep_ratios = realised(policy);
    out.accuracy = 50.0;
    const std::vector<double> peak = {0.1, 0.3, 0.05, 0.2};
    for (std::size_t k = 0; k < policy.size(); ++k)
      out.reward -= std::pow(std::log(out.keep_ratios[k] / peak[k]), 2) / 20.0;
    if (out.keep_ratios[2] < 0.08) out.reward += worst;
    return out;
  }

  static Policy times(Policy policy, double factor) {
    for (LayerPlan& plan : policy) plan.keep = std::max(kLeastKeepRatio, factor * plan.keep);
    return policy;
  }
};

inline SearchConfig small_search(const std::string& searcher) {
  SearchConfig config;
  config.searcher = searcher;
  config.episodes = config.updates = 60;
  config.agent.shape.hidden = {16, 12};
  config.agent.batch = 8;
  config.random_share = 5.0 / 60.0;
  config.seed = 7;
  return config;
}

/// The numbers of a checkpoint by their names; of a name that occurs often, the last.
inline std::map<std::string, std::vector<float>> numbers_of(Search<Witness>& search) {
  const std::string bytes = search.save();
  std::map<std::string, std::vector<float>> all;
  for (std::size_t at = 0; at < bytes.size();) {
    const auto take = [&] {
      std::uint64_t size = 0;
      std::memcpy(&size, bytes.data() + at, sizeof size);
      at += sizeof size;
      at += size;
      return bytes.substr(at - size, size);
    };
    const std::string name = take(), value = take();
    std::vector<float>& floats = all[name];
    floats.resize(value.size() / sizeof(float));
    std::memcpy(floats.data(), value.data(), floats.size() * sizeof(float));
  }
  return all;
}

inline double action_of(double keep) {
  return std::clamp(1.0 - std::log(keep) / std::log(0.01), 0.0, 1.0);
}
inline double keep_of(double action) { return std::clamp(std::pow(0.01, 1.0 - action), 1e-4, 1.0); }

/// The states of a policy that is taken layer by layer.
inline std::vector<Witness::Asked> way_of(const Witness& environment,
                                          const std::vector<double>& keep_ratios) {
  std::vector<Witness::Asked> way;
  double saved = 0.0, previous = 1.0;
  for (Index k = 0; k < kWitnessed; ++k) {
    way.push_back({k, saved, previous});
    previous = keep_ratios[static_cast<std::size_t>(k)];
    saved += environment.saved(k, previous);
  }
  return way;
}

inline void require_way(std::span<const Witness::Asked> got,
                        const std::vector<Witness::Asked>& expected) {
  REQUIRE(got.size() == expected.size());
  for (std::size_t k = 0; k < got.size(); ++k) {
    REQUIRE(got[k].k == expected[k].k);
    REQUIRE(got[k].saved == Approx(expected[k].saved));
    REQUIRE(got[k].previous == Approx(expected[k].previous));
  }
}

}  // namespace autoprune::search::test
