// Figures that a sweep or a reproduction keeps: they come back as they were measured, or not at
// all.
#include "autoprune/study/kept_figures.hpp"

#include <catch2/catch.hpp>

#include "helpers.hpp"

namespace autoprune::study {

namespace {

using io::Json;
using search::Fingerprint;

Fingerprint run_of(double number) { return Fingerprint().add(number); }

}  // namespace

TEST_CASE("figures come back to the run that measured them") {
  const test::Directory directory;
  std::filesystem::create_directory(directory.path());
  const std::filesystem::path file = directory.path() / "figures.json";
  CHECK_FALSE(read_figures(file, run_of(1.0)));
  const Json none;
  const Json some = {{"top1", 91.27}, {"crossbars", 944}, {"third", 1.0 / 3.0}, {"whole", 1.0}};
  for (const Json& figures : {some, none}) {
    write_figures(file, run_of(1.0), figures);
    REQUIRE(read_figures(file, run_of(1.0)));
    CHECK(*read_figures(file, run_of(1.0)) == figures);
    CHECK_FALSE(read_figures(file, run_of(2.0)));
  }
}

TEST_CASE("a damaged file gives its figures or none, never other ones") {
  const test::Directory directory;
  std::filesystem::create_directory(directory.path());
  const std::filesystem::path file = directory.path() / "figures.json";
  const Json figures = {{"top1", 91.27}, {"crossbars", 944}, {"gain", 3.0625e-3}};
  write_figures(file, run_of(1.0), figures);
  const std::string whole = io::read_file(file);
  int refused = 0;
  const auto check = [&](const std::string& bytes) {
    io::write_file(file, bytes);
    const auto found = read_figures(file, run_of(1.0));
    if (found && *found != figures) FAIL(bytes);
    refused += found ? 0 : 1;
  };
  for (std::size_t size = 0; size < whole.size(); ++size) check(whole.substr(0, size));
  for (std::size_t at = 0; at < whole.size(); ++at)
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = whole;
      damaged[at] = static_cast<char>(damaged[at] ^ (1 << bit));
      check(damaged);
    }
  CHECK(refused > static_cast<int>(whole.size()) * 6);  // what is left are changed blanks
  for (const char* other :
       {"null", "[]", "{}", "{\"checksum\": 1}", "{\"figures\": {\"top1\": 1}}"}) {
    io::write_file(file, other);
    CHECK_FALSE(read_figures(file, run_of(1.0)));
  }
}

}  // namespace autoprune::study
