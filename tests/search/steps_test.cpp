#include "autoprune/search/steps.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "autoprune/search/archive.hpp"

using namespace autoprune;
using namespace autoprune::search;

namespace {

std::vector<float> next(Steps& steps, bool helped) {
  const std::span<const float> step = steps.next(helped);
  return {step.begin(), step.end()};
}

std::vector<float> mirrored(std::vector<float> step) {
  for (float& s : step) s = -s;
  return step;
}

}  // namespace

TEST_CASE("a step that helped is taken again, one that didn't the other way, and then a new one") {
  Steps steps(6, 0.1, 0.5, 3);
  const std::vector<float> first = next(steps, true);  // what came before was no step
  REQUIRE(next(steps, false) == mirrored(first));
  REQUIRE(next(steps, true) == mirrored(first));
  REQUIRE(next(steps, true) == mirrored(first));
  const std::vector<float> second = next(steps, false);
  REQUIRE(second != first);
  REQUIRE(second != mirrored(first));
  REQUIRE(next(steps, true) == second);
  const std::vector<float> third = next(steps, false);
  REQUIRE(third != mirrored(second));
  REQUIRE(next(steps, false) == mirrored(third));
  REQUIRE(next(steps, false) != third);
}

TEST_CASE("steps have the deviation asked for, and every other one moves a share of the layers") {
  constexpr Index kLayers = 20;
  Steps steps(kLayers, 0.07, 0.3, 4);
  double squares = 0.0, moved[2] = {};
  constexpr int kDraws = 500;
  for (int draw = 0; draw < kDraws; ++draw) {
    const std::vector<float> step = next(steps, false);
    REQUIRE(next(steps, false) == mirrored(step));
    for (const float s : step) {
      squares += s * s;
      moved[draw % 2] += s != 0.0F ? 1.0 : 0.0;
    }
  }
  REQUIRE(moved[0] == kLayers * kDraws / 2);
  REQUIRE(std::abs(moved[1] / moved[0] - 0.3) < 0.03);
  REQUIRE(std::abs(std::sqrt(squares / (moved[0] + moved[1])) - 0.07) < 0.003);
}

TEST_CASE("a small share of few layers still moves one") {
  Steps steps(2, 0.1, 0.05, 5);
  for (int draw = 0; draw < 40; ++draw) {
    const std::vector<float> step = next(steps, false);
    REQUIRE((step[0] != 0.0F || step[1] != 0.0F));
  }
}

TEST_CASE("steps go on from a checkpoint as if nothing had happened") {
  Steps steps(5, 0.1, 0.3, 6);
  for (const bool helped : {false, true, false, false, true, true, false}) {
    ArchiveWriter out;
    steps.visit_state(out);
    Steps resumed(5, 0.1, 0.3, 6);
    ArchiveReader in(out.bytes());
    resumed.visit_state(in);
    for (const bool then : {helped, !helped, false}) {
      Steps here = steps;
      REQUIRE(next(resumed, then) == next(here, then));
      (void)next(steps, then);
    }
    (void)next(steps, helped);
  }
}
