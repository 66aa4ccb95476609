#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <string>

#include "helpers.hpp"

using namespace autoprune;
using namespace autoprune::prune;
using test::random_matrix;
using test::view;

namespace {

double reference_score(const Matrix& w, const Matrix& g, Index group, Index c, Index G,
                       const std::string& criterion) {
  double sum = 0.0;
  Index n = 0;
  for (Index r = group * G; r < std::min(w.cols(), (group + 1) * G); ++r, ++n) {
    const double x = static_cast<double>(w(c, r));
    if (criterion == "mean") sum += std::abs(x);
    if (criterion == "l2") sum += x * x;
    if (criterion == "taylor") sum += x * static_cast<double>(g(c, r));
  }
  const double mean = sum / static_cast<double>(n);
  return criterion == "l2" ? std::sqrt(mean) : std::abs(mean);
}

struct Maximum {  // a user's criterion
  float score(std::span<const float> weights) const {
    return *std::max_element(weights.begin(), weights.end());
  }
};

static_assert(Pruner<ColumnVectorPruner<32>>);
static_assert(Pruner<ColumnVectorPruner<8, L2>>);
static_assert(Pruner<ColumnVectorPruner<8, Maximum>>);
static_assert(Pruner<ColumnVectorPruner<8, Taylor>> &&
              GradientPruner<ColumnVectorPruner<8, Taylor>>);
static_assert(!WeightPruner<ColumnVectorPruner<8, Taylor>>, "it needs gradients");

}  // namespace

TEST_CASE("scores are those of the plain formula, the short last row group included") {
  Random random(1);
  for (int trial = 0; trial < 60; ++trial) {
    const Index G = 1 + random.below(130);
    const Index filters = 1 + random.below(20), rows = 1 + random.below(300);
    const Matrix w = random_matrix(random, filters, rows);
    const Matrix gradient = random_matrix(random, w.rows(), w.cols());
    const Scores mean = ColumnVectorPruner(G).scores(view(w));
    const Scores l2 = ColumnVectorPruner(G, L2{}).scores(view(w));
    const Scores taylor = ColumnVectorPruner(G, Taylor{}).scores(view(w), view(gradient));
    REQUIRE(mean.rows() == ceil_div(w.cols(), G));
    REQUIRE(mean.cols() == w.rows());
    for (Index i = 0; i < mean.rows(); ++i)
      for (Index c = 0; c < mean.cols(); ++c) {
        const auto expect = [&](const std::string& name) {
          return Approx(reference_score(w, gradient, i, c, G, name)).epsilon(1e-4).margin(1e-6);
        };
        REQUIRE(mean(i, c) == expect("mean"));
        REQUIRE(l2(i, c) == expect("l2"));
        REQUIRE(taylor(i, c) == expect("taylor"));
      }
  }
}

TEST_CASE("the kept vectors are the best ones, ties by index") {
  Random random(2);
  for (int trial = 0; trial < 200; ++trial) {
    const Index rows = 1 + random.below(200), cols = 1 + random.below(40);
    const Scores scores =
        test::random_scores(random, ceil_div(rows, 16), cols, 1 + random.below(8));
    const double ratio = std::max(1e-3, random.uniform());
    const PruneMask mask = ColumnVectorPruner<16>{}.prune(scores, rows, ratio);

    std::vector<Index> all(static_cast<std::size_t>(scores.size()));
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<Index>(i);
    all = test::ranked(scores, all);
    const auto kept = static_cast<std::size_t>(
        std::max(1.0, std::round(ratio * static_cast<double>(all.size()))));
    PruneMask expected(rows, cols, 16, false);
    for (std::size_t i = 0; i < kept; ++i) expected.set(all[i] / cols, all[i] % cols, true);
    REQUIRE(mask == expected);
  }
}

TEST_CASE("pruning from weights is pruning from their scores; ratio 1 keeps everything") {
  Random random(3);
  const Matrix w = random_matrix(random, 24, 75);
  const ColumnVectorPruner<32, Maximum> pruner;
  CHECK(pruner.prune(view(w), 0.3) == pruner.prune(pruner.scores(view(w)), 75, 0.3));
  CHECK(pruner.prune(view(w), 1.0) == PruneMask(75, 24, 32, true));
  CHECK(pruner.prune(view(w), 1e-9).kept_count() == 1);
}

TEST_CASE("a keep ratio outside (0, 1] is refused") {
  const Matrix w = Matrix::Ones(4, 8);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const double ratio : {0.0, -0.1, 1.0001, nan})
    CHECK(error_of([&] { (void)ColumnVectorPruner<4>{}.prune(view(w), ratio); }) ==
          ErrorId::out_of_range);
}

TEST_CASE("a weight that isn't finite is refused, with its place") {
  Random random(4);
  const float infinity = std::numeric_limits<float>::infinity();
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), infinity, -infinity}) {
    Matrix w = random_matrix(random, 6, 70);
    w(5, 33) = bad;
    CHECK_THROWS_WITH(ColumnVectorPruner<32>{}.scores(view(w)),
                      Catch::Contains("row group 1, filter 5") && Catch::Contains("numeric.501"));
    CHECK(error_of([&] { (void)ColumnVectorPruner<32, L2>{}.scores(view(w)); }) ==
          ErrorId::not_finite);
  }
  Scores scores = Scores::Ones(3, 3);
  scores(1, 1) = std::numeric_limits<float>::quiet_NaN();
  CHECK(error_of([&] { (void)keep_best(scores, 12, 4, 0.5); }) == ErrorId::not_finite);
}

TEST_CASE("shapes that don't agree are refused") {
  Random random(5);
  const Matrix w = random_matrix(random, 6, 70), g = random_matrix(random, 70, 6);
  CHECK(error_of([&] { (void)ColumnVectorPruner<8, Taylor>{}.scores(view(w), view(g)); }) ==
        ErrorId::shape_mismatch);
  CHECK(error_of([&] { (void)keep_best(Scores::Ones(3, 3), 13, 4, 0.5); }) ==
        ErrorId::shape_mismatch);
}

TEST_CASE("a granularity known at run time prunes as one known to the compiler") {
  Random random(12);
  const Matrix w = random_matrix(random, 9, 77);
  const PruneMask mask = ColumnVectorPruner<16>{}.prune(view(w), 0.4);
  CHECK(ColumnVectorPruner(16).prune(view(w), 0.4) == mask);
  CHECK(ColumnVectorPruner<16>::granularity == 16);
  CHECK(ColumnVectorPruner(12).granularity == 12);
  for (const Index bad : {0, -1, 70000})
    CHECK(error_of([&] { (void)ColumnVectorPruner(bad); }) == ErrorId::out_of_range);
  CHECK(error_of([&] { (void)importance(view(w), 0, L2{}); }) == ErrorId::out_of_range);
}

TEST_CASE("the schedule falls geometrically and then stays") {
  const GradualSchedule schedule;
  CHECK(schedule.keep_ratio(0.01, 0.0) == 1.0);
  CHECK(schedule.keep_ratio(0.01, 0.3) == Approx(0.1));
  CHECK(schedule.keep_ratio(0.01, 0.6) == Approx(0.01));
  CHECK(schedule.keep_ratio(0.01, 1.0) == Approx(0.01));
  CHECK(schedule.keep_ratio(1.0, 0.5) == 1.0);
  CHECK(GradualSchedule{.ramp = 1.0}.keep_ratio(0.25, 0.5) == Approx(0.5));
  const GradualSchedule late{.ramp = 0.5, .begin = 0.5};
  CHECK(late.keep_ratio(1.0 / 16.0, 0.0) == Approx(1.0 / 4.0));
  CHECK(late.keep_ratio(1.0 / 16.0, 0.25) == Approx(1.0 / 8.0));
  CHECK(late.keep_ratio(1.0 / 16.0, 0.5) == Approx(1.0 / 16.0));
  CHECK(GradualSchedule{.begin = 1.0}.keep_ratio(0.1, 0.0) == Approx(0.1));
  CHECK(GradualSchedule{.begin = 1.0}.reached(0.0));
  CHECK_FALSE(late.reached(0.49));
  CHECK(late.reached(0.5));
  CHECK(error_of([&] { (void)schedule.keep_ratio(0.0, 0.5); }) == ErrorId::out_of_range);
  CHECK(error_of([&] { (void)schedule.keep_ratio(0.5, 1.5); }) == ErrorId::out_of_range);
  CHECK(error_of([&] { GradualSchedule{.ramp = 0.0}.validate(); }) == ErrorId::out_of_range);
  CHECK(error_of([&] { GradualSchedule{.begin = 1.5}.validate(); }) == ErrorId::out_of_range);
}
