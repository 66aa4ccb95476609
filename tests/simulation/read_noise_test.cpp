#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include "autoprune/mapping/crossbar_mapper.hpp"
#include "autoprune/simulation/ou_data_path.hpp"

using namespace autoprune;
using namespace autoprune::simulation;

namespace {

/// Reads of one filter of ones in 1-bit cells, on hardware whose reads are noisy.
class NoisyReads {
 public:
  static constexpr double kSigma = 2.0;

  NoisyReads(Index rows, Index input_bits, bool negative) : ones_{rows, 1, 1, 1.0, {}} {
    ones_.codes.assign(static_cast<std::size_t>(rows), 1);
    config_.weights.weight_bits = 1;
    config_.input = {input_bits, 1, negative};
    config_.read_noise = kSigma;
    placement_.emplace(
        mapping::CrossbarMapper<PaperGeometry>(config_.weights).map(PruneMask(rows, 1, 32)));
  }
  /// What each lane reads; `x` are the codes of the rows, alike in every lane.
  [[nodiscard]] std::vector<double> read(std::uint64_t seed, std::uint64_t number,
                                         const std::vector<std::int32_t>& x) const {
    std::vector<std::int32_t> codes;
    for (const std::int32_t code : x) codes.insert(codes.end(), nn::kLanes, code);
    std::vector<double> y(static_cast<std::size_t>(nn::kLanes));
    Activity activity;
    OUDataPath<PaperGeometry>({}, ones_, *placement_, {}, config_, Walk::all,
                              hardware::IdealDevices{}, seed)
        .multiply(codes.data(), y.data(), nn::kLanes, activity, number);
    return y;
  }

 private:
  QuantisedWeights ones_;
  DataPathConfig config_;
  std::optional<mapping::Placement> placement_;
};

}  // namespace

TEST_CASE("read noise: a new draw every read, the same for the same seed and read") {
  const NoisyReads one(32, 1, false);
  const std::vector<std::int32_t> x(32, 1);
  REQUIRE(one.read(1, 2, x) == one.read(1, 2, x));
  for (const std::uint64_t other : {std::uint64_t{3}, std::uint64_t{1} << 31,
                                    (std::uint64_t{1} << 31) + 2, std::uint64_t{1} << 40})
    REQUIRE(one.read(1, 2, x) != one.read(1, other, x));
  REQUIRE(one.read(1, 2, x) != one.read(2, 2, x));
  const std::vector<double> lanes = one.read(1, 2, x);
  REQUIRE(std::count(lanes.begin(), lanes.end(), lanes.front()) < nn::kLanes / 2);
  // Positive and negative inputs are read one after the other.
  const NoisyReads both(32, 1, true);
  std::vector<std::int32_t> balanced(32, 1);
  std::fill_n(balanced.begin(), 16, -1);
  const std::vector<double> difference = both.read(1, 2, balanced);
  REQUIRE(std::count(difference.begin(), difference.end(), 0.0) < nn::kLanes / 2);
}

TEST_CASE("read noise is normal and of its own in every OU and for every digit") {
  constexpr std::pair<Index, Index> kCases[] = {{32, 1}, {32, 4}, {32, 8}, {96, 1}};
  const auto [rows, bits] = kCases[GENERATE(0, 1, 2, 3)];
  const NoisyReads noisy(rows, bits, false);
  const std::vector<std::int32_t> x(static_cast<std::size_t>(rows), largest_code(bits));
  const auto ous = static_cast<double>(rows / 32), largest = static_cast<double>(x[0]);
  double sum = 0.0, squares = 0.0;
  constexpr Index kReads = 1000;
  for (Index n = 0; n < kReads; ++n)
    for (const double y : noisy.read(1, static_cast<std::uint64_t>(n), x)) {
      const double off = y - static_cast<double>(rows) * largest;
      sum += off;
      squares += off * off;
    }
  constexpr double kCount = kReads * nn::kLanes, kSigma = NoisyReads::kSigma;
  // The other array holds nothing, so what it reads is noise rounded, never below 0.
  double none = 0.0, none_squares = 0.0;
  for (int n = 1; n < 20; ++n) {
    const double above = 0.5 * std::erfc((n - 0.5) / kSigma / std::sqrt(2.0));
    none += above;
    none_squares += (2 * n - 1) * above;
  }
  const double one = kSigma * kSigma + 1.0 / 12.0 + none_squares - none * none;
  // Digits of value 1, 2, 4 and so on, each with a draw of its own, in every OU.
  const double variance = ous * one * (std::pow(4.0, bits) - 1.0) / 3.0;
  REQUIRE(sum / kCount == Approx(-none * ous * largest).margin(5.0 * std::sqrt(variance / kCount)));
  REQUIRE(squares / kCount - std::pow(sum / kCount, 2) == Approx(variance).epsilon(0.04));
}
