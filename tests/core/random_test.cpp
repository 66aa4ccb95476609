#include "autoprune/core/random.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

using namespace autoprune;

using Block = std::array<std::uint32_t, 4>;

TEST_CASE("Philox gives its authors' known answers", "[random]") {
  CHECK(philox({0, 0, 0, 0}, {0, 0}) == Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  constexpr std::uint32_t kOnes = 0xffffffff;
  CHECK(philox({kOnes, kOnes, kOnes, kOnes}, {kOnes, kOnes}) ==
        Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
        Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("a stream is the blocks of its seed and stream, one after another", "[random]") {
  const std::uint64_t seed = 0x123456789abcdef0, stream = 0x0fedcba987654321;
  Random random(seed, stream);
  for (std::uint32_t block = 0; block < 5; ++block)
    for (const std::uint32_t word :
         philox({block, 0, 0x87654321, 0x0fedcba9}, {0x9abcdef0, 0x12345678}))
      CHECK(random() == word);
}

TEST_CASE("a stream goes on from its position", "[random]") {
  for (const int drawn : {0, 1, 3, 4, 5, 1000}) {
    Random random(7, 3);
    for (int i = 0; i < drawn; ++i) (void)random();
    Random restored(7, 3, random.position());
    for (int i = 0; i < 20; ++i) CHECK(restored() == random());
    CHECK(restored.normal() == random.normal());
    CHECK(restored.permutation(9) == random.permutation(9));
    CHECK(restored.position() == random.position());
  }
}

TEST_CASE("a stream is as long as its position is wide", "[random]") {
  const std::uint64_t seed = 0x123456789abcdef0, stream = 0x0fedcba987654321;
  // The block's number outgrows 32 bits at position 2^34.
  for (const std::uint64_t block :
       {0xfffffffeULL, 0xffffffffULL, 0x100000000ULL, 0x3fffffff00000002ULL}) {
    const auto low = static_cast<std::uint32_t>(block);
    const auto high = static_cast<std::uint32_t>(block >> 32);
    const Block words = philox({low, high, 0x87654321, 0x0fedcba9}, {0x9abcdef0, 0x12345678});
    for (std::uint64_t i = 0; i < 4; ++i)
      CHECK(Random(seed, stream, 4 * block + i)() == words[static_cast<std::size_t>(i)]);
  }
  Random before(seed, stream, (std::uint64_t{1} << 34) - 1);
  (void)before();
  CHECK(before() == Random(seed, stream, std::uint64_t{1} << 34)());
}

TEST_CASE("numbers are uniform", "[random]") {
  Random random(1);
  constexpr int kDraws = 100'000, kBins = 10;
  std::array<int, kBins> reals{}, integers{};
  for (int i = 0; i < kDraws; ++i) {
    const double u = random.uniform();
    REQUIRE((u >= 0.0 && u < 1.0));
    ++reals[static_cast<std::size_t>(u * kBins)];
    const Index n = random.below(kBins);
    REQUIRE((n >= 0 && n < kBins));
    ++integers[static_cast<std::size_t>(n)];
  }
  // A bin's count has a standard deviation of 95.
  for (const int count : reals) CHECK(std::abs(count - kDraws / kBins) < 475);
  for (const int count : integers) CHECK(std::abs(count - kDraws / kBins) < 475);
  double sum = 0;
  for (int i = 0; i < kDraws / 10; ++i) {
    const double u = random.uniform(-3.0, 2.0);
    REQUIRE((u >= -3.0 && u < 2.0));
    REQUIRE(random.below(1) == 0);
    sum += u;
  }
  CHECK(10 * sum / kDraws == Approx(-0.5).margin(0.073));  // 5 standard errors
}

TEST_CASE("normal numbers have the moments of a standard normal", "[random]") {
  Random random(2);
  constexpr int kDraws = 100'000;
  double sum = 0, squares = 0, fourths = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double x = random.normal();
    sum += x;
    squares += x * x;
    fourths += x * x * x * x;
  }
  CHECK(sum / kDraws == Approx(0.0).margin(0.016));  // 5 standard errors
  CHECK(squares / kDraws == Approx(1.0).margin(0.023));
  CHECK(fourths / kDraws == Approx(3.0).margin(0.155));
}

TEST_CASE("seeds and streams are independent of one another", "[random]") {
  const auto correlation = [](Random a, Random b) {
    constexpr int kDraws = 20'000;
    double sum = 0;
    for (int i = 0; i < kDraws; ++i) sum += (a.uniform() - 0.5) * (b.uniform() - 0.5);
    return 12.0 * sum / kDraws;
  };
  constexpr double kLimit = 0.036;  // 5 standard errors
  for (std::uint64_t i = 1; i < 6; ++i) {
    CHECK(std::abs(correlation(Random(0, 0), Random(0, i))) < kLimit);
    CHECK(std::abs(correlation(Random(0, 0), Random(i, 0))) < kLimit);
    CHECK(std::abs(correlation(Random(0, 0, 0), Random(0, 0, i))) < kLimit);
  }
  std::set<std::uint32_t> first;
  for (std::uint64_t seed = 0; seed < 30; ++seed)
    for (std::uint64_t stream = 0; stream < 30; ++stream) first.insert(Random(seed, stream)());
  CHECK(first.size() == 900);
}

TEST_CASE("a permutation holds every number once, and each is as likely", "[random]") {
  Random random(3);
  CHECK(random.permutation(0).empty());
  for (const Index n : {1, 2, 17, 1000}) {
    std::vector<Index> order = random.permutation(n);
    std::sort(order.begin(), order.end());
    for (Index i = 0; i < n; ++i) CHECK(order[static_cast<std::size_t>(i)] == i);
  }
  std::array<int, 6> counts{};
  for (int i = 0; i < 60'000; ++i) {
    const std::vector<Index> order = random.permutation(3);
    ++counts[static_cast<std::size_t>(2 * order[0] + (order[1] > order[2] ? 1 : 0))];
  }
  for (const int count : counts) CHECK(std::abs(count - 10'000) < 460);  // 5 standard deviations
}
