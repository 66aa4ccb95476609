// The C++ that documents show is the code of examples, which are compiled and run.

#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>
#include <string>

namespace {

std::string project_file(const std::string& path) {
  std::ifstream in(std::string(AUTOPRUNE_SOURCE_DIR) + "/" + path);
  REQUIRE(in);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

/// What stands between two lines `marker` of a program.
std::string marked_code(const std::string& path, const std::string& marker) {
  const std::string program = project_file(path);
  const std::size_t begin = program.find(marker) + marker.size();
  const std::size_t end = program.find(marker, begin);
  REQUIRE(end != std::string::npos);
  return program.substr(begin, end - begin);
}

}  // namespace

TEST_CASE("the README shows the quickstart as it is") {
  const std::string code = marked_code("examples/quickstart/main.cpp", "// [README]\n");
  INFO(code);
  REQUIRE(project_file("README.md").find(code) != std::string::npos);
}

TEST_CASE("what docs/extending.md adds is the examples', and short") {
  for (const std::string example :
       {"own_op", "own_adc", "own_component", "own_dataset", "own_device", "own_method",
        "own_importance", "own_reward", "own_searcher"}) {
    const std::string code = marked_code("examples/" + example + "/main.cpp", "// [extending]\n");
    INFO(code);
    CHECK(project_file("docs/extending.md").find("```cpp\n" + code + "```") != std::string::npos);
    CHECK(std::count(code.begin(), code.end(), '\n') < 30);
  }
}
