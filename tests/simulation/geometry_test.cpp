#include "autoprune/hardware/geometry.hpp"

#include <catch2/catch.hpp>

#include "../foreign_locale.hpp"
#include "autoprune/core/random.hpp"

using namespace autoprune;

namespace {

ErrorId id_of(const std::string& text) {
  try {
    (void)Geometry<>::parse(text);
  } catch (const Error& error) {
    CHECK_THAT(error.what(), Catch::Contains(text));
    return error.id();
  }
  FAIL(text << " was accepted");
  return {};
}

}  // namespace

TEST_CASE("a geometry is what its text says", "[geometry]") {
  CHECK(Geometry<>::parse("128x128/32x32/1") == Geometry<>{});
  CHECK(Geometry<>::parse("256x64/16x8/2") == Geometry<>{256, 64, 16, 8, 2});
  CHECK(Geometry<>{256, 64, 16, 8, 2}.to_string() == "256x64/16x8/2");
  Random random(2);
  for (int round = 0; round < 200; ++round) {
    Geometry<> g{0, 0, 1 + random.below(64), 1 + random.below(64), 1 + random.below(8)};
    g.xbar_rows = g.ou_rows * (1 + random.below(16));
    g.xbar_cols = g.ou_cols * (1 + random.below(16));
    CHECK(Geometry<>::parse(g.to_string()) == g);
  }
}

TEST_CASE("an extent is fixed or not, and is read alike", "[geometry]") {
  STATIC_REQUIRE(PaperGeometry{} == Geometry<128, 128, 32, 32, 1>{});
  STATIC_REQUIRE(PaperGeometry::ou_rows == 32);
  STATIC_REQUIRE(std::is_empty_v<PaperGeometry>);
  STATIC_REQUIRE(GeometryType<Geometry<>>);
  STATIC_REQUIRE_FALSE(GeometryType<Index>);
  const Geometry<> any = PaperGeometry{};
  CHECK(any == PaperGeometry{});
  CHECK(PaperGeometry(any).to_string() == "128x128/32x32/1");
  const Geometry<kDynamic, kDynamic, 16, 8> some(256, 64, 16, 8, 2);
  CHECK(some.ou_cols == 8);
  CHECK(some.to_string() == "256x64/16x8/2");
  CHECK(Geometry<>(some) == Geometry<>(256, 64, 16, 8, 2));
  CHECK_THROWS_WITH((Geometry<kDynamic, kDynamic, 16, 8>(256, 64, 32, 8, 2)),
                    Catch::Contains("fixed at 16 can't be 32"));
  CHECK_THROWS_AS(PaperGeometry::parse("128x128/32x32/2"), Error);
}

TEST_CASE("a text that is no geometry is refused", "[geometry]") {
  for (const char* text : {"", "128", "128x128", "128x128/32x32", "128x128/32x32/",
                           "128x128/32x32/1/1", "128x128/32x32/1x", "128*128/32x32/1",
                           "x128/32x32/1", "128x128/32x32/one", "99999999999999999999x128/32x32/1"})
    CHECK(id_of(text) == ErrorId::bad_syntax);
}

TEST_CASE("hardware that can't exist is refused", "[geometry]") {
  CHECK(id_of("128x128/48x32/1") == ErrorId::geometry_mismatch);
  CHECK(id_of("128x128/32x48/1") == ErrorId::geometry_mismatch);
  CHECK(id_of("128x128/256x32/1") == ErrorId::geometry_mismatch);
  CHECK(id_of("0x128/32x32/1") == ErrorId::out_of_range);
  CHECK(id_of("128x128/32x0/1") == ErrorId::out_of_range);
  CHECK(id_of("128x-128/32x32/1") == ErrorId::out_of_range);
  CHECK(id_of("65537x128/1x32/1") == ErrorId::out_of_range);
  CHECK(id_of("128x9223372036854775807/32x1/1") == ErrorId::out_of_range);
  CHECK(id_of("128x128/32x32/0") == ErrorId::out_of_range);
  CHECK(id_of("128x128/32x32/9") == ErrorId::out_of_range);
  CHECK(id_of("65537x128/1x32/1") == ErrorId::out_of_range);
  CHECK(id_of("128x9223372036854775807/32x1/1") == ErrorId::out_of_range);
  CHECK(Geometry<>::parse("65536x65536/1x65536/1").xbar_rows == 65536);
}

TEST_CASE("a geometry is written and read alike under every locale", "[geometry][locale]") {
  const Geometry<> large{1024, 2048, 32, 32, 1};
  const ForeignLocale foreign;
  CHECK(large.to_string() == "1024x2048/32x32/1");
  CHECK(Geometry<>::parse("1024x2048/32x32/1") == large);
}
