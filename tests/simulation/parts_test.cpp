// The parts of the data path on their own: quantisation, encodings, ADCs, devices, estimates.
#include <catch2/catch.hpp>
#include <cmath>
#include <utility>

#include "autoprune/core/random.hpp"
#include "autoprune/hardware/adcs.hpp"
#include "autoprune/hardware/devices.hpp"
#include "autoprune/simulation/encoding.hpp"
#include "autoprune/simulation/monte_carlo.hpp"
#include "autoprune/simulation/quantisation.hpp"

using namespace autoprune;
using namespace autoprune::simulation;

TEST_CASE("codes are the nearest, half to even, and saturate") {
  REQUIRE(nn::to_code(0.5, 1.0, 8) == 0);
  REQUIRE(nn::to_code(1.5, 1.0, 8) == 2);
  REQUIRE(nn::to_code(-1.5, 1.0, 8) == -2);
  REQUIRE(nn::to_code(300.0, 1.0, 8) == 255);
  REQUIRE(nn::to_code(-300.0, 1.0, 8) == -255);
  REQUIRE(nn::to_code(0.3, 0.1, 2) == 3);
}

TEST_CASE("weights are off by half a step at most, the largest not at all, pruned ones are 0") {
  Random random(1);
  for (const Index bits : {2, 5, 8}) {
    Tensor w = make_tensor({7, 4, 3, 3});
    for (float& v : w) v = static_cast<float>(random.normal());
    PruneMask mask(36, 7, 8);
    for (Index g = 0; g < mask.groups(); ++g)
      for (Index c = 0; c < 7; ++c) mask.set(g, c, random.below(3) != 0);
    const QuantisedWeights q = quantise(w, mask, bits);
    const ConstMatrixView view = weight_matrix(std::as_const(w));
    std::int32_t largest = 0;
    for (Index c = 0; c < 7; ++c)
      for (Index r = 0; r < 36; ++r) {
        const double value = mask.kept(r / 8, c) ? static_cast<double>(view(c, r)) : 0.0;
        REQUIRE(std::abs(q(r, c) * q.step - value) <= 0.5 * q.step * 1.000001);
        if (mask.kept(r / 8, c)) largest = std::max(largest, std::abs(q(r, c)));
      }
    REQUIRE(largest <= largest_code(bits));
    REQUIRE(q.step * largest_code(bits) == Approx(static_cast<double>(view.cwiseAbs().maxCoeff())));
  }
  const PruneMask whole(4, 2, 4);
  Tensor w = make_tensor({2, 4}, 1.0F);
  REQUIRE_THROWS_AS(quantise(w, whole, 0), Error);
  REQUIRE_THROWS_AS(quantise(w, whole, 9), Error);
  REQUIRE_THROWS_AS(quantise(w, PruneMask(5, 2, 4), 8), Error);
  w(0, 1) = std::nanf("");
  REQUIRE_THROWS_AS(quantise(w, whole, 8), Error);
}

TEST_CASE("every weight is what its cells say") {
  for (const auto sign : {hardware::SignEncoding::pair, hardware::SignEncoding::offset})
    for (Index bits = 1; bits <= 8; ++bits)
      for (const Index cell_bits : {1, 2, 4}) {
        const WeightEncoding encoding({bits, hardware::BitPlanes::apart, sign}, cell_bits);
        for (std::int32_t code = -largest_code(bits); code <= largest_code(bits); ++code) {
          std::int32_t decoded = -encoding.offset();
          for (const CellArray& array : encoding.arrays()) {
            const std::int32_t level = encoding.level(code, array);
            REQUIRE(level >= 0);
            REQUIRE(level <= largest_code(cell_bits));
            decoded += array.sign * (level << array.shift);
          }
          REQUIRE(decoded == code);
        }
      }
}

TEST_CASE("every input is what its digits say") {
  for (Index bits = 1; bits <= 8; ++bits)
    for (const Index dac_bits : {1, 2, 4}) {
      const hardware::InputCode encoding{bits, dac_bits};
      encoding.validate();
      for (std::int32_t code = 0; code <= largest_code(bits); ++code) {
        std::int32_t decoded = 0;
        for (Index t = 0; t < encoding.digits(); ++t)
          decoded += encoding.digit(code, t) << (t * dac_bits);
        REQUIRE(decoded == code);
      }
    }
}

namespace {

/// Properties of every converter: 0 stays 0, codes never fall, steps don't depend on the overload,
/// sums are exact as far as it says, and those of real cells may be off by what it says.
template <hardware::AdcPolicy Adc>
void check_adc(const Adc& adc, std::int32_t largest_sum) {
  REQUIRE(adc.code(std::int32_t{0}) == 0);
  for (std::int32_t n = 1; n <= largest_sum; ++n) {
    REQUIRE(adc.code(n) >= adc.code(n - 1));
    REQUIRE(adc.code(static_cast<float>(n)) == adc.code(n));
    if (n <= adc.exact_up_to()) REQUIRE(adc.code(n) == n);
  }
  REQUIRE(adc.code(-3.0F) == 0);
  for (std::int32_t most = 0; most <= std::min(adc.exact_up_to(), largest_sum); ++most) {
    const double off = 0.999 * adc.margin(most);
    for (std::int32_t n = 0; n <= most && off > 0.0; n += 1 + most / 8) {
      REQUIRE(adc.code(static_cast<float>(n + off)) == n);
      REQUIRE(adc.code(static_cast<float>(n - off)) == n);
    }
  }
}

}  // namespace

TEST_CASE("converters keep order, and are exact as far as they say") {
  check_adc(hardware::IdealAdc{}, 1000);
  for (Index bits = 1; bits <= 8; ++bits) {
    check_adc(hardware::SaturatingAdc(bits), 1000);
    REQUIRE(hardware::SaturatingAdc(bits).code(100000) == (1 << bits) - 1);
    for (const double full_scale : {32.0, 96.0, 128.0}) {
      const hardware::RoundingAdc adc = hardware::RoundingAdc::over(full_scale, bits);
      check_adc(adc, 1000);
      for (std::int32_t n = 0; n <= full_scale; ++n)
        REQUIRE(std::abs(adc.lsb() * adc.code(n) - n) <= 0.5 * adc.lsb() + 1e-4);
    }
    if (bits > 1) check_adc(hardware::RoundingAdc::signed_over(128.0, bits), 1000);
  }
  REQUIRE(hardware::RoundingAdc::over(32.0, 6).lsb() == 1.0);
  REQUIRE_THROWS_AS(hardware::RoundingAdc::signed_to_outputs(0.0, 1.0, 1, 6), Error);
}

TEST_CASE("real cells are as far off as they should be") {
  Random random(5);
  const Index n = 20000;
  for (const hardware::Spread spread : {hardware::Spread::normal, hardware::Spread::log_normal}) {
    const hardware::Devices<hardware::Variation> devices(hardware::Variation{0.1, spread});
    double sum = 0.0, squares = 0.0;
    for (Index i = 0; i < n; ++i) {
      const double g = static_cast<double>(devices.conductance(3, 4, random)) / 3.0;
      const double value = spread == hardware::Spread::normal ? g - 1.0 : std::log(g);
      sum += value;
      squares += value * value;
    }
    REQUIRE(std::abs(sum / n) < 0.004);
    REQUIRE(std::sqrt(squares / n) == Approx(0.1).epsilon(0.05));
    REQUIRE(devices.conductance(0, 4, random) == 0.0F);
  }
  const hardware::Devices<hardware::StuckAt> stuck(hardware::StuckAt{0.1, 0.3});
  Index low = 0, high = 0;
  for (Index i = 0; i < n; ++i) {
    const float g = stuck.conductance(1, 4, random);
    low += g == 0.0F ? 1 : 0;
    high += g == 3.0F ? 1 : 0;
  }
  REQUIRE(static_cast<double>(low) / n == Approx(0.1).epsilon(0.1));
  REQUIRE(static_cast<double>(high) / n == Approx(0.3).epsilon(0.1));
  const hardware::Devices<hardware::OnOffRatio> leaky(hardware::OnOffRatio{11.0});
  // Levels stay one apart, and the highest conducts eleven times what the lowest does.
  REQUIRE(leaky.conductance(1, 2, random) / leaky.conductance(0, 2, random) == Approx(11.0));
  REQUIRE(leaky.conductance(1, 2, random) - leaky.conductance(0, 2, random) == Approx(1.0));
  // So does a cell that is stuck.
  const hardware::OnOffRatio ratio{11.0};
  const hardware::Devices<hardware::OnOffRatio, hardware::StuckAt> all_low(
      ratio, hardware::StuckAt{1.0, 0.0});
  const hardware::Devices<hardware::OnOffRatio, hardware::StuckAt> all_high(
      ratio, hardware::StuckAt{0.0, 1.0});
  REQUIRE(all_low.conductance(2, 4, random) == Approx(0.3));
  REQUIRE(all_high.conductance(2, 4, random) == Approx(3.3));
  // No conductance is negative, and a cell without any has nothing to vary.
  const hardware::Devices<hardware::Variation> wild(hardware::Variation{1.5});
  for (Index i = 0; i < 1000; ++i) REQUIRE(wild.conductance(3, 4, random) >= 0.0F);
  const std::uint64_t before = random.position();
  REQUIRE(wild.conductance(0, 4, random) == 0.0F);
  REQUIRE(random.position() == before);
  REQUIRE(hardware::CellDevices{}.ideal());
  REQUIRE_FALSE(
      hardware::Devices(hardware::OnOffRatio{}, hardware::StuckAt{0.0, 1e-3}, hardware::Variation{})
          .ideal());
}

TEST_CASE("an estimate is the mean with its 95 % interval") {
  const double one[] = {4.0};
  REQUIRE(estimate(one).mean == 4.0);
  REQUIRE(std::isnan(estimate(one).half_width));
  const double three[] = {1.0, 2.0, 3.0};
  REQUIRE(estimate(three).mean == Approx(2.0));
  REQUIRE(estimate(three).half_width == Approx(4.303 / std::sqrt(3.0)));
  REQUIRE_THROWS_AS(estimate({}), Error);
  // 95 of 100 intervals hold the true mean.
  Random random(9);
  Index held = 0;
  for (Index i = 0; i < 2000; ++i) {
    std::vector<double> samples;
    for (Index k = 0; k < 5; ++k) samples.push_back(random.normal());
    const Estimate e = estimate(samples);
    held += std::abs(e.mean) <= e.half_width ? 1 : 0;
  }
  REQUIRE(static_cast<double>(held) / 2000.0 == Approx(0.95).margin(0.02));
}
