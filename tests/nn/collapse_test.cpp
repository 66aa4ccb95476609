#include "autoprune/nn/collapse.hpp"

#include <catch2/catch.hpp>
#include <limits>
#include <vector>

#include "helpers.hpp"

using namespace autoprune;
using namespace autoprune::nn;
using namespace autoprune::nn::test;

namespace {

constexpr double kUnmeasured = std::numeric_limits<double>::quiet_NaN();

bool collapsed(const std::vector<double>& accuracies, Index classes = 10) {
  return course_of(accuracies, classes).collapsed;
}

}  // namespace

TEST_CASE("A course has a best and an end, whatever wasn't measured", "[nn]") {
  const Course course =
      course_of(std::vector<double>{kUnmeasured, 91.0, 99.0, kUnmeasured, 97.5, kUnmeasured}, 10);
  CHECK(course.best == 99.0);
  CHECK(course.end == 97.5);
  CHECK_FALSE(course.collapsed);
}

TEST_CASE("What ends at chance, or below half of its best, has collapsed", "[nn]") {
  CHECK(collapsed({99.2, 9.75}));
  CHECK(collapsed({99.2, 98.0, 11.35}));
  CHECK(collapsed({10.0, 9.8, 10.1}));  // has never learned anything
  CHECK(collapsed({90.0, 44.0}));
  CHECK_FALSE(collapsed({90.0, 46.0}));
  CHECK_FALSE(collapsed({90.0, 12.0, 60.0}));  // came back
  CHECK_FALSE(collapsed({10.0, 35.0}));
  CHECK(collapsed({52.0}, 2));
  CHECK_FALSE(collapsed({55.0}, 2));
  CHECK(collapsed({1.2}, 100));
  CHECK_FALSE(collapsed({4.0}, 100));
  for (Index classes = 2; classes < 300; ++classes) {
    const double chance = 100.0 / static_cast<double>(classes);
    CHECK(collapsed({chance}, classes));
    CHECK(as_good_as_chance(classes) > chance);
    CHECK(as_good_as_chance(classes) < 0.5 * (chance + 100.0));
  }
}

TEST_CASE("A course of nothing is refused", "[nn]") {
  CHECK(error_of([] { collapsed({}); }) == ErrorId::empty_data);
  CHECK(error_of([] { collapsed({kUnmeasured}); }) == ErrorId::empty_data);
  CHECK(error_of([] { collapsed({100.0}, 1); }) == ErrorId::out_of_range);
}

TEST_CASE("Steps that are too long don't end unnoticed, the default ones end well", "[nn]") {
  // Three layers without batch-norm, as LeNet-5 has them.
  const auto course = [](std::optional<double> learning_rate, std::uint64_t seed) {
    const Dataset data = quarters(400, 11, {1, 12, 12});
    Network n({1, 12, 12});
    n.conv("c1", {.out = 6, .kernel = 5, .bias = true});
    n.relu("r1");
    n.max_pool("m1", {.kernel = 2});
    n.linear("l1", 60);
    n.relu("r2");
    n.linear("l2", 30);
    n.relu("r3");
    n.linear("l3", 4);
    n.initialise(seed);
    ThreadPool pool(1);
    TrainConfig config{.epochs = 6, .batch = 20, .learning_rate = learning_rate, .augment = false};
    Trainer trainer(n, data, range(0, 300), config, pool);
    std::vector<double> accuracies;
    while (!trainer.done()) {
      trainer.run_epoch();
      accuracies.push_back(evaluate(trainer.backend(), data, range(300, 400)).top1);
    }
    return course_of(accuracies, 4);
  };
  for (const std::uint64_t seed : {1, 2, 3}) {
    CHECK(course({}, seed).end > 90.0);
    bool noticed = false;
    const ErrorId error = error_of([&] { noticed = course(0.3, seed).collapsed; });
    CHECK((noticed || error == ErrorId::diverged));
  }
}

TEST_CASE("The default learning rate is smaller without batch-norm, and a given one counts",
          "[nn]") {
  const Dataset data = quarters(50, 1);
  ThreadPool pool(1);
  Network with({1, 8, 8}), without({1, 8, 8});
  for (Network* n : {&with, &without}) {
    n->conv("c", {.out = 2, .kernel = 3});
    if (n == &with) n->batch_norm("b");
    n->linear("l", 4);
  }
  const auto rate = [&](Network& n, const TrainConfig& config) {
    return Trainer(n, data, range(0, 50), config, pool).learning_rate();
  };
  CHECK(rate(with, {.batch = 10}) == 0.05);
  CHECK(rate(without, {.batch = 10}) == 0.01);
  CHECK(rate(without, {.batch = 10, .learning_rate = 0.05}) == 0.05);
  CHECK(rate(with, {.batch = 10, .learning_rate = 0.01}) == 0.01);
}
