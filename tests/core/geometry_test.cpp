#include "autoprune/core/geometry.hpp"

#include <catch2/catch.hpp>

#include "../foreign_locale.hpp"
#include "autoprune/core/random.hpp"

using namespace autoprune;

namespace {

ErrorId id_of(const std::string& text) {
  try {
    (void)GeometrySpec::parse(text);
  } catch (const Error& error) {
    CHECK_THAT(error.what(), Catch::Contains(text));
    return error.id();
  }
  FAIL(text << " was accepted");
  return {};
}

}  // namespace

TEST_CASE("a geometry is what its text says", "[geometry]") {
  CHECK(GeometrySpec::parse("128x128/32x32/1") == GeometrySpec{});
  CHECK(GeometrySpec::parse("256x64/16x8/2") == GeometrySpec{256, 64, 16, 8, 2});
  CHECK(GeometrySpec{256, 64, 16, 8, 2}.to_string() == "256x64/16x8/2");
  Random random(2);
  for (int round = 0; round < 200; ++round) {
    GeometrySpec g{0, 0, 1 + random.below(64), 1 + random.below(64), 1 + random.below(8)};
    g.xbar_rows = g.ou_rows * (1 + random.below(16));
    g.xbar_cols = g.ou_cols * (1 + random.below(16));
    CHECK(GeometrySpec::parse(g.to_string()) == g);
  }
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
  CHECK(GeometrySpec::parse("65536x65536/1x65536/1").xbar_rows == 65536);
}

TEST_CASE("the compile-time geometry has the run-time one's values", "[geometry]") {
  static_assert(GeometryType<PaperGeometry>);
  static_assert(!GeometryType<GeometrySpec>);
  CHECK(PaperGeometry::spec() == GeometrySpec{});
  CHECK(Geometry<256, 64, 16, 8, 2>::spec() == GeometrySpec{256, 64, 16, 8, 2});
}

TEST_CASE("a geometry is written and read alike under every locale", "[geometry][locale]") {
  const GeometrySpec large{1024, 2048, 32, 32, 1};
  const ForeignLocale foreign;
  CHECK(large.to_string() == "1024x2048/32x32/1");
  CHECK(GeometrySpec::parse("1024x2048/32x32/1") == large);
}
