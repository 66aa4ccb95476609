#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdio>
#include <limits>
#include <string>

#include "autoprune/core/random.hpp"
#include "autoprune/io/format.hpp"

namespace ap = autoprune;
using ap::Index;
using namespace ap::io;

TEST_CASE("numbers are printf's with their thousands apart", "[format]") {
  ap::Random random(1, 1);
  for (int round = 0; round < 5000; ++round) {
    const double value = (random.uniform() - 0.5) * std::pow(10.0, 12.0 * random.uniform());
    const int decimals = static_cast<int>(random.below(5));
    std::string text = format_number(value, decimals);
    const std::size_t point = std::min(text.find('.'), text.size());
    for (std::size_t at = text.find(','); at != std::string::npos; at = text.find(',', at + 1))
      CHECK((point - at) % 4 == 0);
    CHECK(text.find_first_of("0123456789") + 3 >= std::min(text.find(','), point));
    text.erase(std::remove(text.begin(), text.end(), ','), text.end());
    char expected[64];
    std::snprintf(expected, sizeof expected, "%.*f", decimals, value);
    if (std::stod(expected) == 0.0 && expected[0] == '-')
      CHECK(text == expected + 1);  // no "-0.00"
    else
      CHECK(text == expected);
  }
  CHECK(format_number(Index{23280}) == "23,280");
  CHECK(format_number(std::numeric_limits<double>::quiet_NaN(), 2) == "–");
  CHECK(format_number(-std::numeric_limits<double>::infinity()) == "–");
}

TEST_CASE("sizes take the largest unit that leaves one", "[format]") {
  CHECK(format_bits(0) == "0 bits");
  CHECK(format_bits(8191) == "8,191 bits");
  CHECK(format_bits(8192) == "1.00 KiB");
  CHECK(format_bits(8192.0 * 1010.0) == "1,010.00 KiB");
  CHECK(format_bits(8192.0 * 1024.0 * 1.5) == "1.50 MiB");
}

TEST_CASE("no time is too long to be told", "[format]") {
  CHECK(format_seconds(93.06) == "93.1 s");
  CHECK(format_seconds(413.0) == "6 min 53 s");
  CHECK(format_seconds(1000.0) == "17 min");
  CHECK(format_seconds(7500.0) == "2 h 5 min");
  CHECK(format_seconds(1e16) == "10,000,000,000,000,000.0 s");
  CHECK(format_seconds(1e300).size() > 300);
  CHECK(format_seconds(std::numeric_limits<double>::infinity()) == "– s");
  CHECK(format_seconds(std::numeric_limits<double>::quiet_NaN()) == "– s");
}

TEST_CASE("a text is shortened to whole characters, and keeps its end", "[format]") {
  CHECK(text_length("größe…") == 6);
  CHECK(shorten("größe", 5) == "größe");
  CHECK(shorten("größe", 4) == "…öße");
  CHECK(shorten("module.layer1.conv1", 6) == "…conv1");
  ap::Random random(2, 1);
  for (int round = 0; round < 500; ++round) {
    std::string text;
    for (Index i = random.below(30); i > 0; --i) text += random.below(2) == 0 ? "x" : "漢";
    const Index limit = 1 + random.below(30);
    const std::string cut = shorten(text, limit);
    CHECK(text_length(cut) == std::min(limit, text_length(text)));
    const std::string kept = cut == text ? cut : cut.substr(std::string("…").size());
    CHECK(text.substr(text.size() - kept.size()) == kept);
  }
}

TEST_CASE("escaped text holds nothing that XML reserves", "[format]") {
  CHECK(escape_xml("<a href='x'>\"&\x01\n") == "&lt;a href=&#39;x&#39;&gt;&quot;&amp; \n");
  CHECK(escape_xml("größe") == "größe");
}

TEST_CASE("numbers with four significant digits", "[format]") {
  CHECK(format_significant(0.0) == "0");
  CHECK(format_significant(1234567.0) == "1,234,567");
  CHECK(format_significant(12.3456) == "12.35");
  CHECK(format_significant(0.00123456) == "0.001235");
  CHECK(format_significant(-5.0) == "-5.000");
  CHECK(format_significant(std::numeric_limits<double>::infinity()) == "–");
}
