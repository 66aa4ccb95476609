#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>

#include "autoprune/core/error.hpp"

using namespace autoprune;

namespace {

std::string text_of(const std::string& path) {
  std::ifstream in(std::string(AUTOPRUNE_SOURCE_DIR) + '/' + path);
  REQUIRE(in.good());
  return {std::istreambuf_iterator<char>(in), {}};
}

/// The first two groups of every match.
std::vector<std::pair<std::string, std::string>> matches(const std::string& text,
                                                         const std::string& pattern) {
  const std::regex regex(pattern);
  std::vector<std::pair<std::string, std::string>> found;
  for (auto it = std::sregex_iterator(text.begin(), text.end(), regex);
       it != std::sregex_iterator(); ++it)
    found.emplace_back((*it)[1], (*it)[2]);
  return found;
}

}  // namespace

TEST_CASE("no two ids are alike, and the list holds all of them", "[errors]") {
  std::set<int> listed;
  for (const ErrorId id : kErrorIds) listed.insert(static_cast<int>(id));
  CHECK(listed.size() == kErrorIds.size());
  std::set<int> declared;
  for (const auto& [name, number] :
       matches(text_of("include/autoprune/core/error.hpp"), R"(\n  ([a-z_]+) = (\d+),)"))
    declared.insert(std::stoi(number));
  CHECK(declared == listed);
}

TEST_CASE("every id has one row in the documentation, and every row an id", "[errors]") {
  std::map<std::string, std::string> names;  // by number
  for (const auto& [name, number] :
       matches(text_of("include/autoprune/core/error.hpp"), R"(\n  ([a-z_]+) = (\d+),)"))
    names[number] = name;
  std::map<std::string, std::string> expected;  // by code
  for (const ErrorId id : kErrorIds)
    expected[error_code(id)] = names[std::to_string(static_cast<int>(id))];

  const auto rows =
      matches(text_of("docs/errors.md"), R"(\n\| `([a-z]+\.\d+)` \| `([a-z_]+)` \| .+ \| .+ \|)");
  CHECK(rows.size() == kErrorIds.size());
  CHECK(std::map<std::string, std::string>(rows.begin(), rows.end()) == expected);
}

TEST_CASE("a message begins with its code", "[errors]") {
  try {
    fail(ErrorId::out_of_range, "batch = ", 0, "; needs at least ", 1);
  } catch (const Error& error) {
    CHECK(error.id() == ErrorId::out_of_range);
    CHECK(std::string(error.what()) == "[autoprune.config.102] batch = 0; needs at least 1");
    CHECK(error.message() == "batch = 0; needs at least 1");
  }
}

TEST_CASE("an unknown word comes with the nearest known one", "[errors]") {
  CHECK_THROWS_WITH(fail_unknown("layer", "featurs.0", {"classifier.0", "features.0"}),
                    "[autoprune.config.101] unknown layer 'featurs.0'; did you mean 'features.0'? "
                    "Known: classifier.0, features.0");
}
