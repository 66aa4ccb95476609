#include "autoprune/search/heuristics.hpp"

#include <catch2/catch.hpp>

#include "helpers.hpp"

using namespace autoprune;
using namespace autoprune::search;

namespace {

struct Kept {
  Index ous = 0, all = 0;
  [[nodiscard]] double ratio() const { return static_cast<double>(ous) / static_cast<double>(all); }
};

/// In OUs of four filters.
Index ous_of(const PruneMask& mask) {
  Index ous = 0;
  for (Index g = 0; g < mask.groups(); ++g) ous += ceil_div(mask.kept_count(g), 4);
  return ous;
}

Kept kept_by(const std::vector<Ranking>& layers, const Policy& policy) {
  Kept kept;
  for (std::size_t k = 0; k < layers.size(); ++k) {
    kept.ous += ous_of(layers[k].mask(policy[k].keep));
    kept.all += layers[k].ous.size();
  }
  return kept;
}

}  // namespace

TEST_CASE("a sweep goes from none to heavy pruning, LAMP and uniform in turn") {
  const Compressor compressor = test::small_compressor();
  const std::vector<Ranking> layers = compressor.rank(test::trained());
  for (const Index count : {1, 2, 7, 16}) {
    const std::vector<Proposal> sweep = heuristic_sweep(layers, count);
    REQUIRE(static_cast<Index>(sweep.size()) == count);
    for (std::size_t i = 0; i < sweep.size(); ++i) {
      REQUIRE(sweep[i].origin == (i % 2 == 0 ? Origin::lamp : Origin::uniform));
      const double kept = kept_by(layers, sweep[i].policy).ratio();
      if (i < 2) REQUIRE(kept == Approx(1.0));
      if (i >= 2) REQUIRE(kept < kept_by(layers, sweep[i - 2].policy).ratio());
    }
  }
  // One OU a layer is the least: the small layers keep more than a 32nd.
  const Kept last = kept_by(layers, heuristic_sweep(layers, 16).back().policy);
  REQUIRE(last.ous == 5);
}

TEST_CASE("LAMP keeps the asked share of all OUs, uniform the asked share of each layer's") {
  const std::vector<Ranking> layers = test::small_compressor().rank(test::trained());
  for (const double keep : {0.1, 0.35, 0.8}) {
    const Kept kept = kept_by(layers, heuristic(Origin::lamp, layers, keep).policy);
    REQUIRE(kept.ous == prune::keep_count(kept.all, keep));
    const Policy uniform = heuristic(Origin::uniform, layers, keep).policy;
    for (std::size_t k = 0; k < layers.size(); ++k)
      REQUIRE(ous_of(layers[k].mask(uniform[k].keep)) ==
              prune::keep_count(layers[k].ous.size(), keep));
  }
}

TEST_CASE("a search starts from both heuristics at its target, or else from a sweep") {
  const std::vector<Ranking> layers = test::small_compressor().rank(test::trained());
  const std::vector<Proposal> at_target = warm_start(layers, test::target(4.0), 40);
  REQUIRE(at_target.size() == 12);
  REQUIRE(at_target[0].policy == heuristic(Origin::lamp, layers, 0.25).policy);
  REQUIRE(at_target[1].policy == heuristic(Origin::uniform, layers, 0.25).policy);
  // The others keep the middles of ten equal parts of a sweep's range, in logarithms: neither all,
  // nor twice the same.
  for (std::size_t i = 2; i < at_target.size(); ++i) {
    REQUIRE(at_target[i].origin == Origin::lamp);
    const double keep = std::exp2(-0.5 * (static_cast<double>(i - 2) + 0.5));
    REQUIRE(at_target[i].policy == heuristic(Origin::lamp, layers, keep).policy);
  }
  REQUIRE(warm_start(layers, test::target(4.0), 1).size() == 2);
  REQUIRE(warm_start(layers, {}, 40).size() == 20);
  REQUIRE(warm_start(layers, {}, 1000).size() == 48);
}

TEST_CASE("every origin has its name") {
  REQUIRE(std::string(word_of(Origin::uniform)) == "uniform");
  REQUIRE(std::string(word_of(Origin::lamp)) == "lamp");
  REQUIRE(std::string(word_of(Origin::explore)) == "explore");
  REQUIRE(std::string(word_of(Origin::probe)) == "probe");
  REQUIRE(std::string(word_of(Origin::searcher)) == "searcher");
}
