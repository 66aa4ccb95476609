#include "autoprune/rl/adam.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "archive.hpp"
#include "reference.hpp"

using namespace autoprune;

TEST_CASE("Adam's first steps by hand", "[rl][adam]") {
  rl::Adam adam(2, 0.1);
  std::vector<float> p = {1.0F, -2.0F};
  // After bias correction the first step is rate * g / |g|.
  adam.step(p, std::vector<float>{0.5F, -4.0F});
  CHECK(p[0] == Approx(0.9));
  CHECK(p[1] == Approx(-1.9));
  // m = 0.1 * (0.9 * 0.5 + 1), v = 0.001 * (0.999 * 0.25 + 1), corrected by 0.19 and 0.001999:
  // m^ = 0.763158, v^ = 0.625188, step = 0.1 * 0.763158 / 0.790688.
  adam.step(p, std::vector<float>{1.0F, 0.0F});
  CHECK(p[0] == Approx(0.9 - 0.0965182).epsilon(1e-6));
}

TEST_CASE("Adam follows the reference at every size", "[rl][adam]") {
  Random random(1);
  for (const Index size : {1, 15, 16, 17, 1023, 1024, 1025, 5000}) {
    rl::Adam adam(size, 1e-2);
    reference::Adam expected{1e-2, {}, {}};
    Matrix p = reference::random_matrix(random, 1, size);
    const std::span<float> parameters(p.data(), static_cast<std::size_t>(size));
    auto q = reference::to_double(parameters);
    for (int step = 0; step < 20; ++step) {
      const Matrix g = reference::random_matrix(random, 1, size);
      adam.step(parameters, {g.data(), parameters.size()});
      expected.step(q, reference::row(g, 0));
    }
    REQUIRE(reference::difference(parameters, q) < 1e-5);
  }
}

TEST_CASE("moments that no gradient feeds never become subnormal", "[rl][adam]") {
  rl::Adam adam(37, 1e-3);
  std::vector<float> p(37, 0.5F), g(37, 1.0F);
  adam.step(p, g);
  g.assign(37, 0.0F);
  archive::Snapshot snapshot;
  std::vector<float> settled;
  for (int step = 0; step < 80000; ++step) {
    adam.step(p, g);
    if (step == 1000) settled = p;
    if (step % 100 != 0) continue;
    adam.visit_state(snapshot);
    for (const auto& [name, moments] : snapshot.numbers)
      for (const float x : moments) REQUIRE(std::fpclassify(x) != FP_SUBNORMAL);
  }
  CHECK(p == settled);
}
