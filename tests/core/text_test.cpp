#include "autoprune/core/text.hpp"

#include <catch2/catch.hpp>

#include "autoprune/core/random.hpp"

using namespace autoprune;

namespace {

/// The definition: the cheapest of replacing, removing and inserting a first character.
Index slow_distance(std::string_view a, std::string_view b) {
  if (a.empty() || b.empty()) return static_cast<Index>(std::max(a.size(), b.size()));
  if (a[0] == b[0]) return slow_distance(a.substr(1), b.substr(1));
  return 1 + std::min({slow_distance(a.substr(1), b.substr(1)), slow_distance(a.substr(1), b),
                       slow_distance(a, b.substr(1))});
}

std::string random_word(Random& random) {
  std::string word;
  for (Index length = random.below(7); length > 0; --length)
    word += static_cast<char>('a' + random.below(3));
  return word;
}

}  // namespace

TEST_CASE("a count of one stands before a singular", "[text]") {
  CHECK(plural(1, "weight") == "weight");
  for (const Index count : {0, 2, 21}) {
    CHECK(plural(count, "weight") == "weights");
    CHECK(plural(count, "class") == "classes");
  }
}

TEST_CASE("the edit distance is the shortest way from word to word", "[text]") {
  Random random(1);
  for (int round = 0; round < 500; ++round) {
    const std::string a = random_word(random), b = random_word(random);
    INFO(a << " to " << b);
    CHECK(edit_distance(a, b) == slow_distance(a, b));
  }
  CHECK(edit_distance("kitten", "sitting") == 3);
}

TEST_CASE("the nearest word is the one with the fewest edits", "[text]") {
  CHECK(nearest_word("--granularty", {"--geometry", "--granularity", "--seed"}) == "--granularity");
  CHECK(nearest_word("x", {"first", "x", "third"}) == "x");
  CHECK(nearest_word("ab", {"long", "ax", "ay"}) == "ax");  // the first of equals
  CHECK(nearest_word("x", {}).empty());
}

TEST_CASE("concat streams its parts and join puts a separator between", "[text]") {
  CHECK(concat("a", 1, 'b', 2.5) == "a1b2.5");
  CHECK(join({"a", "b", "c"}) == "a, b, c");
  CHECK(join({"a"}) == "a");
  CHECK(join({}).empty());
  CHECK(join({"a", "b"}, "|") == "a|b");
}
