#include "autoprune/search/archive.hpp"

#include <array>
#include <bit>
#include <catch2/catch.hpp>
#include <limits>
#include <vector>

#include "helpers.hpp"

using namespace autoprune;
using namespace autoprune::search;

namespace {

struct Content {
  std::vector<float> floats;
  std::array<double, 3> doubles{};
  std::uint64_t number = 0;
  double single = 0.0;

  template <class Archive>
  void visit(Archive& archive) {
    archive("floats", std::span<float>(floats));
    archive("doubles", std::span<double>(doubles));
    archive("number", number);
    archive("single", single);
  }
};

Content random_content(Random& random) {
  Content c;
  for (Index i = random.below(20); i > 0; --i)
    c.floats.push_back(std::bit_cast<float>(random()));  // any bits, NaN among them
  for (double& d : c.doubles) d = random.normal();
  c.number = std::uint64_t{random()} << 32 | random();
  c.single = std::numeric_limits<double>::denorm_min();
  return c;
}

std::string bytes_of(Content& content) {
  ArchiveWriter out;
  content.visit(out);
  return out.bytes();
}

void read(const std::string& bytes, Content& content) {
  ArchiveReader in(bytes);
  content.visit(in);
  in.finish();
}

}  // namespace

TEST_CASE("what is read is what was written, to the bit") {
  Random random(1);
  for (int trial = 0; trial < 100; ++trial) {
    Content written = random_content(random), found;
    found.floats.resize(written.floats.size());
    const std::string bytes = bytes_of(written);
    read(bytes, found);
    REQUIRE(bytes_of(found) == bytes);
  }
}

TEST_CASE("an archive that was cut anywhere is refused") {
  Random random(2);
  Content content = random_content(random);
  const std::string bytes = bytes_of(content);
  for (std::size_t size = 0; size < bytes.size(); ++size)
    REQUIRE(error_of([&] { read(bytes.substr(0, size), content); }) == ErrorId::truncated_file);
}

TEST_CASE("an archive of other names or sizes is refused") {
  Random random(3);
  Content content = random_content(random);
  const std::string bytes = bytes_of(content);
  REQUIRE(error_of([&] { read(bytes + '\0', content); }) == ErrorId::checkpoint_mismatch);
  std::string renamed = bytes;
  renamed[8] = 'F';  // the first name follows its length
  REQUIRE(error_of([&] { read(renamed, content); }) == ErrorId::checkpoint_mismatch);
  content.floats.push_back(0.0F);
  REQUIRE(error_of([&] { read(bytes, content); }) == ErrorId::checkpoint_mismatch);
}

TEST_CASE("no damaged byte makes a reader leave its memory") {
  Random random(4);
  Content content = random_content(random);
  const std::string bytes = bytes_of(content);
  Index refused = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x80);
    refused += error_of([&] { read(damaged, content); }) == ErrorId{} ? 0 : 1;
  }
  REQUIRE(refused > 4 * 2 * 8);  // at least the two sizes of each of the four entries
}

TEST_CASE("fingerprints tell contents and their order apart") {
  const auto of = [](std::initializer_list<double> values) {
    Fingerprint print;
    for (const double v : values) print.add(v);
    return print.value();
  };
  REQUIRE(of({1.0, 2.0}) == of({1.0, 2.0}));
  REQUIRE(of({1.0, 2.0}) != of({2.0, 1.0}));
  REQUIRE(of({1.0}) != of({1.0, 0.0}));
  REQUIRE(of({0.0}) != of({-0.0}));
  // The published value of FNV-1a for "foobar".
  const std::string word = "foobar";
  REQUIRE(Fingerprint{}.add(std::span<const char>(word)).value() == 0x85944171F73967E8ull);
}
