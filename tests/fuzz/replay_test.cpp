// Every harness reads its corpus, and what small changes make of it, within the limits.
#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <string>
#include <vector>

#include "autoprune/core/random.hpp"
#include "autoprune/io/file.hpp"
#include "corpus.hpp"
#include "harness.hpp"
#include "limits.hpp"

using namespace autoprune;
using namespace autoprune::fuzz;

namespace {

#ifdef AUTOPRUNE_IMAGES
constexpr bool kImages = true;
#else
constexpr bool kImages = false;  // no harness of an optional component
#endif
#ifdef AUTOPRUNE_ONNX
constexpr bool kOnnx = true;
#else
constexpr bool kOnnx = false;
#endif

/// The bytes with up to eight changes: cut, a byte changed, a piece twice, a piece left out.
std::string damaged(std::string bytes, Random& random) {
  for (Index changes = 1 + random.below(8); changes > 0 && !bytes.empty(); --changes) {
    const auto size = static_cast<Index>(bytes.size());
    const auto at = static_cast<std::size_t>(random.below(size));
    const auto length = static_cast<std::size_t>(1 + random.below(16));
    switch (random.below(5)) {
      case 0:
        bytes.resize(at);
        break;
      case 1:
        bytes.insert(at, bytes.substr(at, length));
        break;
      case 2:
        bytes.erase(at, length);
        break;
      default:
        bytes[at] = static_cast<char>(random.below(3) == 0 ? random.below(256)
                                                           : bytes[at] ^ (1 << random.below(8)));
    }
  }
  return bytes;
}

/// Whether the harness took the bytes; the test fails when it doesn't keep to the limits.
bool run_limited(const Harness& harness, const std::string& bytes) {
  bool taken = false;
  CHECK(complaint([&] { taken = harness.run(bytes); }) == "");
  return taken;
}

}  // namespace

TEST_CASE("every harness reads its corpus") {
  CHECK(Harness::all().size() == 14 + (kImages ? 1 : 0) + (kOnnx ? 1 : 0));
  for (const Harness* harness : Harness::all()) {
    int taken = 0, refused = 0;
    for (const auto& file : files_of(harness->name())) {
      INFO(file);
      ++(run_limited(*harness, io::read_file(file)) ? taken : refused);
    }
    INFO(harness->name());
    CHECK(taken > 0);  // else nothing behind the first check is reached; see seeds_test.cpp
    CHECK(refused > 0);
  }
}

TEST_CASE("a corpus belongs to a harness and is small") {
  std::uintmax_t size = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(corpus_of("")))
    if (entry.is_regular_file()) size += entry.file_size();
  CHECK(size < 300'000);
  for (const auto& directory : std::filesystem::directory_iterator(corpus_of(""))) {
    INFO(directory.path());
    if (!kImages && directory.path().filename() == "pictures") continue;
    if (directory.path().filename() == "onnx" && !kOnnx) continue;
    const auto owns = [&](const Harness* h) { return h->name() == directory.path().filename(); };
    CHECK(std::any_of(Harness::all().begin(), Harness::all().end(), owns));
  }
}

TEST_CASE("damaged files are read within the limits") {
  for (const Harness* harness : Harness::all())
    for (const auto& file : files_of(harness->name())) {
      Random random(7);
      const std::string whole = io::read_file(file);
      for (int round = 0; round < 40; ++round) {
        const std::string bytes = damaged(whole, random);
        INFO(file << ", round " << round);
        run_limited(*harness, bytes);
      }
    }
}

TEST_CASE("hostile bytes are read within the limits") {
  const std::string brackets(100'000, '[');
  const std::string texts[] = {
      "",
      brackets + std::string(100'000, ']'),
      R"({"input":[3,32,)" + brackets + std::string(100'000, ']') + R"(],"nodes":[]})",
      R"({"schema":)" + brackets,
      std::string(1 << 20, '\0'),
      std::string(1 << 20, '\xFF'),
      std::string(1 << 20, '\n'),
      std::string(1 << 20, '9'),
      "1e" + std::string(1 << 16, '9'),
      '"' + std::string(1 << 20, 'x') + '"',
  };
  for (const Harness* harness : Harness::all())
    for (const std::string& text : texts) {
      INFO(harness->name() << ", " << text.substr(0, 20) << ", " << text.size() << " bytes");
      run_limited(*harness, text);
    }
}

TEST_CASE("a call that breaks the limits is found") {
  CHECK(complaint([] {}) == "");
  CHECK_THAT(complaint([] { require(false, "wrong"); }), Catch::Contains("'wrong'"));
  CHECK_THAT(complaint([] {}, std::chrono::milliseconds(0)), Catch::Contains("ms"));
#ifndef __SANITIZE_ADDRESS__  // which ends the program instead
  CHECK_THAT(complaint([] { std::vector<char>().reserve(std::size_t{3} << 30); }),
             Catch::Contains("alloc"));
#endif
  CHECK(complaint([] { std::vector<char>().reserve(std::size_t{1} << 30); }) == "");
}
