#include "autoprune/search/rewards.hpp"

#include <catch2/catch.hpp>

#include "helpers.hpp"

using namespace autoprune;
using namespace autoprune::search;

namespace {

struct Row {
  double compression, accuracy;
  double rewards[4];  // at alpha = 0.1, 0.5, 1, 2
};

}  // namespace

TEST_CASE("the reward at the operating points that the slides publish") {
  const Row rows[] = {
      {14.3, 99.10, {0.9838, 0.9557, 0.9217, 0.8572}},  // AlexNet
      {4.3, 98.81, {0.9623, 0.8656, 0.7583, 0.5820}},
      {11.9, 98.62, {0.9776, 0.9439, 0.9033, 0.8274}},  // VGG16
      {6.1, 98.62, {0.9687, 0.9017, 0.8245, 0.6894}},
      {10.3, 98.29, {0.9729, 0.9340, 0.8875, 0.8013}},  // Plain20
      {7.3, 98.19, {0.9675, 0.9122, 0.8474, 0.7313}},
  };
  const double alphas[] = {0.1, 0.5, 1.0, 2.0};
  for (const Row& row : rows)
    for (std::size_t i = 0; i < 4; ++i)
      REQUIRE(CompressionReward{alphas[i]}({row.compression, row.accuracy, 99.36}) ==
              Approx(row.rewards[i]).margin(6e-5));
}

TEST_CASE("nothing saved earns nothing, and accuracy counts alone at alpha 0") {
  REQUIRE(CompressionReward{}({1.0, 99.0, 99.0}) == 0.0);
  REQUIRE(CompressionReward{}({0.8, 99.0, 99.0}) == 0.0);  // more crossbars than dense
  REQUIRE(CompressionReward{0.0}({1.0, 75.0, 99.0}) == Approx(0.75));
  REQUIRE(CompressionReward{}({1e9, 100.0, 99.0}) == Approx(1.0));
}

TEST_CASE("an exponent that is below zero or no number is refused") {
  for (const double alpha : {-1.0, 2e6, std::nan(""), std::numeric_limits<double>::infinity()})
    REQUIRE(error_of([&] { CompressionReward{alpha}.validate(); }) == ErrorId::out_of_range);
  REQUIRE_NOTHROW(CompressionReward{0.0}.validate());
}

TEST_CASE("a reward whose type is forgotten answers what it did") {
  const Figures figures{4.0, 80.0, 90.0};
  REQUIRE(AnyReward()(figures) == CompressionReward{}(figures));
  REQUIRE(AnyReward(CompressionReward{0.5})(figures) == CompressionReward{0.5}(figures));
  REQUIRE(AnyReward(CompressionReward{0.5}).words("top-1") ==
          "(1 - 1/CR)^0.5 x top-1, CR of crossbars");
  REQUIRE(error_of([] { (void)AnyReward(CompressionReward{-1.0}); }) == ErrorId::out_of_range);
  // A function is a reward, too: 80 - 100 / 4.
  const AnyReward taxed([](const Figures& f) { return f.accuracy - 100.0 / f.compression; });
  REQUIRE(taxed(figures) == 55.0);
  REQUIRE(AnyReward(taxed)(figures) == 55.0);
  REQUIRE(taxed.words("top-1").find("top-1") != std::string::npos);
}

TEST_CASE("rewards have names") {
  REQUIRE(reward_names() ==
          std::vector<std::string>{"crossbars", "energy", "latency", "area", "edp", "autohet"});
  // (1 - 1/4)^2 x 0.8
  REQUIRE(make_reward("crossbars", 2.0)({4.0, 80.0, 90.0}) == Approx(0.45));
  REQUIRE(make_reward("latency", 2.0)({9.0, 80.0, 90.0, 9.0, 4.0, 9.0}) == Approx(0.45));
  // 0.8 x 0.9 x 0.5
  REQUIRE(make_reward("autohet", 1.0)({0.1, 80.0, 90.0, 0.9, 0.1, 0.5}) == Approx(0.36));
  REQUIRE_FALSE(make_reward("crossbars", 1.0).reads_costs());
  for (const char* text : {"autohet", "energy", "latency", "area", "edp", "crossbars*area"})
    REQUIRE(make_reward(text, 1.0).reads_costs());
  REQUIRE(error_of([] { (void)make_reward("energi", 1.0); }) == ErrorId::unknown_name);
}

TEST_CASE("a product of savings, as words and as a number") {
  Random random(3);
  const Figures f{3.0, 80.0, 90.0, 5.0, 7.0, 11.0};
  for (int trial = 0; trial < 50; ++trial) {
    SavingProduct product{0.0};
    double expected = 1.0;
    const std::pair<double SavingProduct::*, double> all[] = {{&SavingProduct::crossbars, 3.0},
                                                              {&SavingProduct::energy, 5.0},
                                                              {&SavingProduct::latency, 7.0},
                                                              {&SavingProduct::area, 11.0}};
    for (const auto& [exponent, saved] : all)
      if (random.uniform() < 0.5) {
        product.*exponent = random.uniform() < 0.3 ? 1.0 : random.uniform(0.1, 3.0);
        expected *= std::pow(saved, product.*exponent);
      }
    if (expected == 1.0) continue;
    REQUIRE(product(f) == Approx(expected).epsilon(1e-12));
    const SavingProduct again = SavingProduct::parse(product.to_string());
    for (const auto& [exponent, saved] : all)
      REQUIRE(again.*exponent == Approx(product.*exponent).epsilon(1e-5));
  }
  const auto id = [](const char* text) {
    return error_of([&] { (void)SavingProduct::parse(text); });
  };
  for (const char* text : {"energie", "energy*power", "Energy"})
    REQUIRE(id(text) == ErrorId::unknown_name);
  REQUIRE(SavingProduct::parse(" crossbars ^ 0.5 * energy ").to_string() == "crossbars^0.5*energy");
  for (const char* text : {"", "*", "energy*", "energy^1000", "energy^", "energy^x", "energy^-1",
                           "energy^0", "energy^nan", "energy*energy", "energy^1^2"})
    REQUIRE(id(text) == ErrorId::bad_syntax);
  REQUIRE(error_of([] { SavingProduct{0.0}.validate(); }) == ErrorId::out_of_range);
}
