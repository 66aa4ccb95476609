#include "autoprune/search/environment.hpp"

#include <catch2/catch.hpp>

#include "helpers.hpp"

using namespace autoprune;
using namespace autoprune::search;

namespace {

bool same(const Outcome& a, const Outcome& b) {
  return a.keep_ratios == b.keep_ratios && a.accuracy == b.accuracy && a.reward == b.reward &&
         a.feasible == b.feasible && a.crossbars.dense == b.crossbars.dense &&
         a.crossbars.per_layer == b.crossbars.per_layer && a.crossbars.pooled == b.crossbars.pooled;
}

struct Fixture {
  explicit Fixture(const Constraints& constraints = {}, Metric metric = Metric::top1,
                   Index threads = 1)
      : pool(threads),
        environment(test::trained(), test::small_compressor(), test::environment_images(pool),
                    constraints, pool, metric, CompressionReward{0.5}) {}

  ThreadPool pool;
  PruningEnvironment<> environment;
};

/// A user's reward.
struct PointsLost {
  double operator()(const Figures& f) const { return f.accuracy - f.dense_accuracy; }
};

}  // namespace

TEST_CASE("the dense accuracy is that of the network on the held-out images") {
  Fixture f, five({}, Metric::top5);
  nn::Network network = test::trained();
  nn::Session session(network, f.pool);
  const nn::Accuracy accuracy = nn::evaluate(session, test::images(), nn::range(256, 384));
  REQUIRE(f.environment.landscape().dense_accuracy() == accuracy.top1);
  REQUIRE(five.environment.landscape().dense_accuracy() == accuracy.top5);
  REQUIRE(accuracy.top1 > 90.0);
  REQUIRE(f.environment.landscape().layers() == 4);
}

TEST_CASE("an outcome is what its parts say") {
  Fixture f;
  const Compressor compressor = test::small_compressor();
  Random random(71);
  for (int trial = 0; trial < 10; ++trial) {
    const Policy policy = test::random_policy(random, 4);
    const Outcome got = f.environment.evaluate(policy);

    nn::Network network = test::trained();
    const std::vector<PruneMask> masks = Compressor::masks(compressor.rank(network), policy);
    nn::Session session(network, f.pool);
    session.set_masks(masks);
    const EnvironmentImages images = test::environment_images(f.pool);
    nn::recalibrate(session, images.calibration);
    const double accuracy = nn::evaluate(session, images.held_out).top1;
    const mapping::CrossbarCount count = compressor.count(masks).crossbars;

    REQUIRE(got.accuracy == accuracy);
    REQUIRE(got.crossbars.per_layer == count.per_layer);
    REQUIRE(got.crossbars.pooled == count.pooled);
    REQUIRE(got.reward ==
            Approx(std::sqrt(1.0 - 1.0 / count.compression_per_layer()) * accuracy / 100.0));
    REQUIRE(got.feasible);
    for (std::size_t k = 0; k < masks.size(); ++k)
      REQUIRE(got.keep_ratios[k] == masks[k].keep_ratio());
  }
}

TEST_CASE("an environment that reads Acc5 reads nothing else") {
  Fixture one, five({}, Metric::top5);
  const Outcome least = five.environment.evaluate(Policy(4, 1e-4));
  REQUIRE(one.environment.evaluate(Policy(4, 1e-4)).accuracy < 100.0);
  REQUIRE(least.accuracy == 100.0);  // of four classes
}

TEST_CASE("the reward counts crossbars as the constraints do") {
  Constraints pooled;
  pooled.counting = Counting::pooled;
  Fixture f(pooled);
  const Outcome out = f.environment.evaluate(Policy(4, 0.1));
  const double saved = out.crossbars.compression_pooled();
  REQUIRE(saved > out.crossbars.compression_per_layer());
  REQUIRE(out.reward == Approx(std::sqrt(1.0 - 1.0 / saved) * out.accuracy / 100.0));
}

TEST_CASE("an outcome doesn't depend on those before it, nor on the threads") {
  Fixture one, two({}, Metric::top1, 2);
  Random random(72);
  const Policy policy = test::random_policy(random, 4);
  const Outcome first = one.environment.evaluate(policy);
  for (int i = 0; i < 3; ++i) {
    const Policy other = test::random_policy(random, 4);
    REQUIRE(same(one.environment.evaluate(other), two.environment.evaluate(other)));
  }
  REQUIRE(same(one.environment.evaluate(policy), first));
}

TEST_CASE("the realised keep ratios are the policy of the same masks") {
  Fixture f;
  Random random(73);
  for (int trial = 0; trial < 5; ++trial) {
    const Outcome outcome = f.environment.evaluate(test::random_policy(random, 4));
    REQUIRE(same(f.environment.evaluate({outcome.keep_ratios.begin(), outcome.keep_ratios.end()}),
                 outcome));
    REQUIRE(f.environment.landscape().realised(outcome.policy) == outcome.keep_ratios);
  }
}

TEST_CASE("measuring changes nothing of an environment") {
  Fixture f;
  const std::vector<float> before = test::everything(test::trained());
  const std::uint64_t print = f.environment.fingerprint().value();
  (void)f.environment.evaluate({0.1, 0.2, 0.3, 0.4});
  REQUIRE(test::everything(f.environment.network()) == before);
  REQUIRE(test::everything(test::trained()) == before);
  REQUIRE(f.environment.fingerprint().value() == print);
}

TEST_CASE("statistics of the network don't make an environment another one") {
  Fixture f;
  nn::Network network = test::trained();
  for (const nn::NamedTensor& p : network.parameters())
    if (p.name.find("running_mean") != std::string::npos) p.tensor->data()[0] += 1e-6F;
  PruningEnvironment<> other(network, test::small_compressor(), test::environment_images(f.pool),
                             {}, f.pool, Metric::top1, CompressionReward{0.5});
  REQUIRE(test::everything(other.network()) != test::everything(f.environment.network()));
  REQUIRE(other.fingerprint().value() == f.environment.fingerprint().value());
}

TEST_CASE("saved crossbars are those of the layer alone") {
  Fixture f;
  // c3 has 72 OUs in 9 crossbars of eight, sixteen times.
  REQUIRE(f.environment.landscape().saved(2, 1.0) == 0.0);
  REQUIRE(f.environment.landscape().saved(2, 0.5) == (9 - 5) * 16.0);
  REQUIRE(f.environment.landscape().saved(2, 1e-4) == (9 - 1) * 16.0);
}

TEST_CASE("a policy that loses too much accuracy is infeasible and pays for it") {
  Constraints constraints;
  constraints.max_accuracy_drop = 5.0;
  Fixture f(constraints), free;
  const Outcome dense = f.environment.evaluate(Policy(4, 1.0));
  REQUIRE(dense.feasible);
  REQUIRE(dense.reward == free.environment.evaluate(Policy(4, 1.0)).reward);
  const Outcome least = f.environment.evaluate(Policy(4, 1e-4));
  REQUIRE(least.accuracy < f.environment.landscape().dense_accuracy() - 5.0);
  REQUIRE_FALSE(least.feasible);
  const double allowed = f.environment.landscape().dense_accuracy() - 5.0;
  REQUIRE(least.reward == Approx(least.accuracy / allowed - 1.0));
}

TEST_CASE("an accuracy that is just as low as allowed is feasible") {
  Constraints constraints;
  constraints.max_accuracy_drop = 0.0;
  Fixture f(constraints);
  REQUIRE(f.environment.evaluate(Policy(4, 1.0)).accuracy ==
          f.environment.landscape().dense_accuracy());
  REQUIRE(f.environment.evaluate(Policy(4, 1.0)).feasible);
}

TEST_CASE("allowed policies meet the target and the bounds") {
  Constraints constraints = test::target(3.0);
  constraints.bounds = std::vector<Bounds>(4);
  constraints.bounds[1] = {1.0, 1.0};
  Fixture f(constraints);
  const Outcome outcome = f.environment.evaluate(f.environment.landscape().allowed(Policy(4, 0.9)));
  REQUIRE(outcome.crossbars.compression_pooled() >= 3.0);
  REQUIRE(outcome.keep_ratios[1] == 1.0);
}

TEST_CASE("any reward can be searched for") {
  ThreadPool pool(1);
  PruningEnvironment<PointsLost> environment(test::trained(), test::small_compressor(),
                                             test::environment_images(pool), {}, pool);
  const Outcome outcome = environment.evaluate(Policy(4, 0.2));
  REQUIRE(outcome.reward == outcome.accuracy - environment.landscape().dense_accuracy());
}

TEST_CASE("constraints for another number of layers are refused") {
  Constraints constraints;
  constraints.bounds = std::vector<Bounds>(3);
  REQUIRE(error_of([&] { Fixture f(constraints); }) == ErrorId::shape_mismatch);
}
