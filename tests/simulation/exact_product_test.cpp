#include "autoprune/simulation/exact_product.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <numeric>
#include <vector>

#include "autoprune/core/random.hpp"

using namespace autoprune;
using namespace autoprune::simulation;

namespace {

constexpr Index kRows = 900, kFilters = 5, kImages = 3;

using Code = std::function<std::int32_t(Index row, Index filter)>;

/// Whether the parts of a linear layer add up to its integer product, each sum exact on its own.
bool exact(const PruneMask& mask, const Code& weight, const Code& input, bool negative) {
  nn::Network network({kRows, 1, 1});
  network.linear("layer", kFilters, false);
  QuantisedWeights weights{kRows, kFilters, 8, 1.0, {}};
  nn::Activation x({kRows, 1, 1}, kImages);
  x.fill(0.0F);
  std::vector<std::int64_t> expected(static_cast<std::size_t>(kFilters * kImages), 0);
  std::vector<bool> kept(static_cast<std::size_t>(kRows * kFilters));
  for (Index i = 0; i < kRows; ++i)
    for (Index c = 0; c < kFilters; ++c)
      kept[static_cast<std::size_t>(c * kRows + mask.row(i))] =
          mask.kept(i / mask.granularity(), c);
  for (Index c = 0; c < kFilters; ++c)
    for (Index r = 0; r < kRows; ++r)
      weights.codes.push_back(kept[static_cast<std::size_t>(c * kRows + r)] ? weight(r, c) : 0);
  for (Index image = 0; image < kImages; ++image)
    for (Index r = 0; r < kRows; ++r) {
      const std::int32_t code = input(r, image);
      x.at(image, r, 0, 0) = static_cast<float>(code);
      for (Index c = 0; c < kFilters; ++c)
        expected[static_cast<std::size_t>(image * kFilters + c)] +=
            std::int64_t{code} * weights(r, c);
    }

  ThreadPool pool(1);
  const ExactProduct product(network, network.node(1), mask, weights, 255, negative, pool);
  std::vector<double> found(expected.size(), 0.0);
  nn::Activation y;
  for (Index part = 0; part < product.parts(); ++part) {
    product.forward(part, x, y, pool);
    for (Index image = 0; image < kImages; ++image)
      for (Index c = 0; c < kFilters; ++c)
        found[static_cast<std::size_t>(image * kFilters + c)] += y.at(image, c, 0, 0);
  }
  return std::equal(found.begin(), found.end(), expected.begin(), expected.end(),
                    [](double a, std::int64_t b) { return a == static_cast<double>(b); });
}

PruneMask random_mask(Random& random, Index granularity) {
  PruneMask mask(kRows, kFilters, granularity);
  for (Index g = 0; g < mask.groups(); ++g)
    for (Index c = 0; c < kFilters; ++c) mask.set(g, c, random.below(8) != 0);
  return mask;
}

PruneMask reversed(PruneMask mask) {
  std::vector<std::int32_t> order(static_cast<std::size_t>(mask.rows()));
  std::iota(order.rbegin(), order.rend(), 0);
  return std::move(mask).in_order(
      std::make_shared<const std::vector<std::int32_t>>(std::move(order)));
}

}  // namespace

TEST_CASE("sums beyond what floats hold are exact, part by part") {
  Random random(1);
  // Nearly as large as codes get: 900 products are three times too many for one sum.
  const auto large = [&](Index, Index) {
    return 200 + static_cast<std::int32_t>(random.below(56));
  };
  const auto less = [&](Index r, Index c) { return -large(r, c); };
  for (const Index granularity : {1, 8, 100, 128, 200, 256, 900}) {
    INFO("granularity " << granularity);
    const PruneMask mask = random_mask(random, granularity);
    for (const PruneMask& each : {mask, reversed(mask)}) {
      CHECK(exact(each, large, large, false));
      CHECK(exact(each, less, large, false));
      // Weights and inputs of changing sign whose products are all positive.
      const auto sign = [](Index r) { return r % 2 == 0 ? 1 : -1; };
      CHECK(exact(
          each, [&](Index r, Index c) { return sign(r) * large(r, c); },
          [&](Index r, Index i) { return sign(r) * large(r, i); }, true));
    }
  }
}

TEST_CASE("parts are cut by the weights in the order of the row groups") {
  Random random(2);
  const auto large = [&](Index, Index) {
    return 200 + static_cast<std::int32_t>(random.below(56));
  };
  // The first half of the rows is large, the groups take it last.
  const auto first_half = [&](Index r, Index c) { return r < kRows / 2 ? large(r, c) : 0; };
  for (const Index granularity : {8, 100})
    CHECK(exact(reversed(PruneMask(kRows, kFilters, granularity)), first_half, large, false));
}
