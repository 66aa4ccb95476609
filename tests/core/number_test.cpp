#include "autoprune/core/number.hpp"

#include <catch2/catch.hpp>
#include <limits>

#include "../foreign_locale.hpp"

using namespace autoprune;

TEST_CASE("a text is a number as a whole or not at all", "[number]") {
  CHECK(parse_number<double>("-0.5") == -0.5);
  CHECK(parse_number<double>("1e-3") == 1e-3);
  CHECK(parse_number<Index>("9223372036854775807") == std::numeric_limits<Index>::max());
  for (const char* text : {"", " 1", "1 ", "1x", "0x10", "+1", "1,5", "nan", "-inf", "1e999"})
    CHECK_FALSE(parse_number<double>(text));
  for (const char* text : {"", "5.5", "1e3", "9223372036854775808", "99999999999999999999"})
    CHECK_FALSE(parse_number<Index>(text));
}

TEST_CASE("every locale reads and writes the same numbers", "[number][locale]") {
  const std::string written = concat(Index{1234567}, ' ', 0.5);
  const ForeignLocale foreign;
  CHECK(std::to_string(Index{1}) == "1");
  CHECK(concat(Index{1234567}, ' ', 0.5) == written);
  CHECK(parse_number<double>("1234.5") == 1234.5);
}

TEST_CASE("only whole numbers inside the bounds become integers", "[number]") {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  for (const double value : {0.0, -0.0, 1.0, 9007199254740992.0})
    CHECK(whole_number(value, 0) == static_cast<Index>(value));
  CHECK(whole_number(-3.0) == -3);
  CHECK(whole_number(5.0, 5, 5) == 5);
  for (const double value : {0.5, 32.9, 4.0, 6.0, 1e300, -1e300, 9223372036854775808.0, kInfinity,
                             -kInfinity, std::numeric_limits<double>::quiet_NaN()})
    CHECK_FALSE(whole_number(value, 5, 5));
}

TEST_CASE("a number that is refused is named with its bounds", "[number]") {
  CHECK(to_index(32.0, "granularity", 1, 64) == 32);
  CHECK_THROWS_WITH(to_index(32.9, "granularity", 1, 64),
                    Catch::Contains("config.102") && Catch::Contains("granularity is 32.9") &&
                        Catch::Contains("from 1 to 64"));
  CHECK_NOTHROW(require_range(0.5, "share", 0, 1));
  CHECK_THROWS_WITH(require_range(std::numeric_limits<double>::quiet_NaN(), "share", 0, 1),
                    Catch::Contains("share is nan"));
  CHECK_THROWS_WITH(require_range(Index{3}, "bits", 4, 8), Catch::Contains("bits is 3"));
}
