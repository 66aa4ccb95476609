#include "autoprune/core/reading.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "../message_of.hpp"
#include "autoprune/core/words.hpp"

using namespace autoprune;

namespace {

enum class Fruit { apple, pear, plum };

[[nodiscard]] constexpr auto words_of(Fruit) {
  using enum Fruit;
  return std::to_array<Word<Fruit>>({{apple, "apple"}, {pear, "pear"}});
}

}  // namespace

TEST_CASE("enumerators are written as their words, and read from them") {
  CHECK(std::string(word_of(Fruit::pear)) == "pear");
  CHECK(value_of<Fruit>("--fruit", "apple") == Fruit::apple);
  CHECK(message_of([] { (void)value_of<Fruit>("--fruit", "pears"); }) ==
        "[autoprune.config.101] unknown value of --fruit 'pears'; did you mean 'pear'? Known: "
        "apple, pear");
  CHECK(message_of([] { (void)word_of(Fruit::plum); }).find("config.102") != std::string::npos);
}

TEST_CASE("a number is the whole of its text, and within its limits") {
  const Interval<double> share{0.0, 1.0, /*open_low=*/true};
  CHECK(read_number("--keep", "0.5", share) == 0.5);
  CHECK(read_number("--keep", "1", share) == 1.0);
  for (const char* text : {"", "0.5x", "nan", "inf", " 1", "1 "}) {
    CAPTURE(text);
    CHECK(message_of([&] { (void)read_number("--keep", text, share); }).find("config.104") !=
          std::string::npos);
  }
  for (const char* text : {"0", "1.5", "-1"}) {
    CAPTURE(text);
    const std::string error =
        message_of([&] { (void)read_number("--keep", text, share, "; hint"); });
    CHECK(error.find("config.102") != std::string::npos);
    CHECK(error.find("(0, 1]; hint") != std::string::npos);
  }
}

TEST_CASE("intervals are open where they say so") {
  const Interval<double> below{0.0, 1.0, /*open_low=*/false, /*open_high=*/true};
  CHECK(below.text() == "[0, 1)");
  CHECK(below.holds(0.0));
  CHECK_FALSE(below.holds(1.0));
}

TEST_CASE("lists fall into their parts") {
  using Parts = std::vector<std::string>;
  CHECK(split_list("") == Parts{""});
  CHECK(split_list("a,,b,") == Parts{"a", "", "b", ""});
  CHECK(split_list("1:2", ':') == Parts{"1", "2"});
}

TEST_CASE("choices are a range or a list") {
  const Interval<Index> bits{1, 16};
  CHECK(read_choices("bits", "2..5", bits) == std::vector<Index>{2, 3, 4, 5});
  CHECK(read_choices("bits", "8+2", bits) == std::vector<Index>{8, 2});
  for (const char* text : {"5..2", "0..4", "2..17", "2+x", "", "..", "2..", "1+"}) {
    CAPTURE(text);
    CHECK_FALSE(message_of([&] { (void)read_choices("bits", text, bits); }).empty());
  }
  CHECK_FALSE(message_of([] { (void)read_choices("n", "1..2000", {1, 5000}); }).empty());
}
