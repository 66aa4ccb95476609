// The C++ that the README shows is the code of examples/quickstart, which is compiled and run.

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

}  // namespace

TEST_CASE("the README shows the quickstart as it is") {
  const std::string marker = "// [README]\n",
                    program = project_file("examples/quickstart/main.cpp");
  const std::size_t begin = program.find(marker) + marker.size();
  const std::size_t end = program.find(marker, begin);
  REQUIRE(end != std::string::npos);
  const std::string code = program.substr(begin, end - begin);
  INFO(code);
  REQUIRE(project_file("README.md").find(code) != std::string::npos);
}
