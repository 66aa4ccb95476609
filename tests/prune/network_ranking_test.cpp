#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "helpers.hpp"

using namespace autoprune;
using namespace autoprune::prune;

namespace {

/// LAMP as its definition says it: every vector's score over the sum of those that rank no lower,
/// all vectors of the network sorted, the layers' best ones first.
std::vector<double> reference_lamp(const std::vector<Scores>& layers, double ratio) {
  struct Entry {
    double lamp;
    std::size_t layer;
  };
  std::vector<Entry> entries;
  Index total = 0;
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const Scores& s = layers[l];
    total += s.size();
    for (Index i = 0; i < s.size(); ++i) {
      double sum = 0.0;
      bool best = true;
      for (Index j = 0; j < s.size(); ++j) {
        const bool above = s.data()[j] > s.data()[i] || (s.data()[j] == s.data()[i] && j < i);
        if (above || j == i) sum += std::pow(static_cast<double>(s.data()[j]), 2);
        best = best && !above;
      }
      const double square = std::pow(static_cast<double>(s.data()[i]), 2);
      entries.push_back({best ? 2.0 : (sum > 0.0 ? square / sum : 0.0), l});
    }
  }
  std::stable_sort(entries.begin(), entries.end(),
                   [](const Entry& a, const Entry& b) { return a.lamp > b.lamp; });
  const auto kept = std::max(layers.size(), static_cast<std::size_t>(keep_count(total, ratio)));
  std::vector<double> ratios(layers.size(), 0.0);
  for (std::size_t i = 0; i < kept; ++i)
    ratios[entries[i].layer] += 1.0 / static_cast<double>(layers[entries[i].layer].size());
  return ratios;
}

std::vector<Scores> random_network(Random& random, bool ties) {
  std::vector<Scores> layers;
  for (Index l = 1 + random.below(5); l > 0; --l) {
    const Index groups = 1 + random.below(6), cols = 1 + random.below(12);
    layers.push_back(ties ? test::random_scores(random, groups, cols, 4)
                          : Scores(test::random_matrix(random, groups, cols).cwiseAbs()));
  }
  return layers;
}

Index kept_in_all(const std::vector<Scores>& layers, const std::vector<double>& ratios) {
  Index kept = 0;
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const Scores& s = layers[l];
    kept += keep_best(s, s.rows(), 1, ratios[l]).kept_count();
  }
  return kept;
}

}  // namespace

TEST_CASE("LAMP keeps what its definition keeps") {
  Random random(11);
  for (int trial = 0; trial < 300; ++trial) {
    // With ties across layers, equal values may differ by rounding; the totals are checked below.
    const std::vector<Scores> layers = random_network(random, false);
    const double ratio = std::max(1e-3, random.uniform());
    const std::vector<double> got = lamp_policy(layers, ratio);
    const std::vector<double> expected = reference_lamp(layers, ratio);
    REQUIRE(got.size() == expected.size());
    for (std::size_t l = 0; l < got.size(); ++l) REQUIRE(got[l] == Approx(expected[l]));
  }
}

TEST_CASE("LAMP keeps the number asked for, at least one vector a layer") {
  Random random(12);
  for (int trial = 0; trial < 300; ++trial) {
    const std::vector<Scores> layers = random_network(random, true);
    Index total = 0;
    for (const Scores& s : layers) total += s.size();
    const double ratio = std::max(1e-3, random.uniform());
    const std::vector<double> ratios = lamp_policy(layers, ratio);
    REQUIRE(kept_in_all(layers, ratios) ==
            std::max(static_cast<Index>(layers.size()), keep_count(total, ratio)));
    for (const double r : ratios) REQUIRE((r > 0.0 && r <= 1.0));
  }
}

TEST_CASE("LAMP doesn't see a layer's scale") {
  Random random(13);
  std::vector<Scores> layers = {test::random_matrix(random, 5, 9).cwiseAbs(),
                                test::random_matrix(random, 3, 30).cwiseAbs()};
  const std::vector<double> before = lamp_policy(layers, 0.3);
  layers[0] *= 1024.0F;
  CHECK(lamp_policy(layers, 0.3) == before);
}

TEST_CASE("a layer of zeros keeps one vector before others lose theirs") {
  const std::vector<Scores> layers = {Scores::Zero(4, 4), Scores::Ones(4, 4)};
  const std::vector<double> ratios = lamp_policy(layers, 17.0 / 32.0);
  CHECK(ratios[0] == 1.0 / 16.0);
  CHECK(ratios[1] == 1.0);
}

TEST_CASE("uniform policies give every layer the ratio, and refuse a bad one") {
  const std::vector<Scores> layers = {Scores::Ones(10, 10), Scores::Ones(1, 3)};
  CHECK(uniform_policy(layers, 0.25) == std::vector<double>{0.25, 1.0 / 3.0});
  CHECK(uniform_policy(layers, 0.001) == std::vector<double>{0.01, 1.0 / 3.0});
  CHECK(error_of([&] { (void)uniform_policy(layers, 0.0); }) == ErrorId::out_of_range);
  CHECK(error_of([&] { (void)lamp_policy(layers, 1.5); }) == ErrorId::out_of_range);
  CHECK(lamp_policy({}, 0.5).empty());
  std::vector<Scores> bad = layers;
  bad[1](0, 0) = std::numeric_limits<float>::quiet_NaN();
  CHECK(error_of([&] { (void)lamp_policy(bad, 0.5); }) == ErrorId::not_finite);
}
