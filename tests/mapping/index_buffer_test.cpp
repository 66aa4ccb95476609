#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <vector>

#include "helpers.hpp"

using namespace autoprune;
using namespace autoprune::mapping;

namespace {

constexpr std::array kEncodings = {IndexEncoding::explicit_index, IndexEncoding::bitmap,
                                   IndexEncoding::delta};

OuList random_list(Random& random) {
  const PruneMask mask = test::random_mask(random, Index{4} << random.below(6));
  return {mask, 1 + random.below(40)};
}

OuList decode_as(const IndexBuffer& buffer, const OuList& shape) {
  return buffer.decode(shape.rows(), shape.cols(), shape.granularity(), shape.ou_cols());
}

Index size_in(const IndexSizes& sizes, IndexEncoding encoding) {
  switch (encoding) {
    case IndexEncoding::explicit_index:
      return sizes.explicit_bits;
    case IndexEncoding::bitmap:
      return sizes.bitmap_bits;
    default:
      return sizes.delta_bits;
  }
}

/// Whether a list is that of some mask.
bool valid(const OuList& list) {
  PruneMask mask(list.rows(), list.cols(), list.granularity(), false);
  for (Index i = 0; i < list.size(); ++i)
    for (const Index c : list[i].columns) {
      if (list[i].row_group >= list.groups() || c >= list.cols()) return false;
      mask.set(list[i].row_group, c, true);
    }
  return OuList(mask, list.ou_cols()) == list;
}

/// Sizes by walking the vectors one at a time; delta by trying every field width.
IndexSizes reference_sizes(const OuList& list) {
  IndexSizes sizes;
  std::vector<Index> positions;
  std::vector<bool> filled(static_cast<std::size_t>(list.groups()), false);
  const Index max_ous = list.groups() * ceil_div(list.cols(), list.ou_cols());
  sizes.explicit_bits = bits_for(max_ous + 1);
  for (Index i = 0; i < list.size(); ++i) {
    filled[static_cast<std::size_t>(list[i].row_group)] = true;
    sizes.explicit_bits +=
        bits_for(list.groups()) + bits_for(std::min(list.ou_cols(), list.cols()));
    for (const Index c : list[i].columns) {
      positions.push_back(list[i].row_group * list.cols() + c);
      sizes.explicit_bits += bits_for(list.cols());
    }
  }
  for (const bool any : filled) sizes.bitmap_bits += any ? 1 + list.cols() : 1;
  for (Index width = 1; width < 32; ++width) {
    Index bits = 5, previous = -1;
    for (const Index p : positions) {
      Index gap = p - previous - 1;
      for (; gap >= (Index{1} << width) - 1; gap -= (Index{1} << width) - 1) bits += width;
      bits += width;
      previous = p;
    }
    sizes.delta_bits = width == 1 ? bits : std::min(sizes.delta_bits, bits);
  }
  return sizes;
}

}  // namespace

TEST_CASE("fields of any width come back as they were written") {
  Random random(41);
  for (int trial = 0; trial < 50; ++trial) {
    BitWriter out;
    std::vector<std::pair<std::uint64_t, Index>> fields;
    Index bits = 0;
    for (Index i = random.below(200); i > 0; --i) {
      const Index width = random.below(33);
      const std::uint64_t value = random() & ((std::uint64_t{1} << width) - 1);
      fields.emplace_back(value, width);
      out.put(value, width);
      bits += width;
    }
    REQUIRE(out.bits() == bits);
    const std::vector<std::uint64_t> words = out.take_words();
    REQUIRE(static_cast<Index>(words.size()) == ceil_div(bits, 64));
    BitReader in(words, bits);
    for (const auto& [value, width] : fields) REQUIRE(in.get(width) == static_cast<Index>(value));
    REQUIRE(in.remaining() == 0);
    REQUIRE(error_of([&] { (void)in.get(1); }) == ErrorId::corrupt_index);
  }
}

TEST_CASE("index buffers decode back exactly, at the size that was promised") {
  Random random(42);
  for (int trial = 0; trial < 300; ++trial) {
    const OuList list = random_list(random);
    const IndexSizes sizes = index_sizes(list);
    REQUIRE(sizes == reference_sizes(list));
    for (const IndexEncoding encoding : kEncodings) {
      const IndexBuffer buffer(list, encoding);
      REQUIRE(decode_as(buffer, list) == list);
      REQUIRE(buffer.bits() == size_in(sizes, encoding));
      REQUIRE(buffer.bits() >= size_in(sizes, sizes.smallest()));
      REQUIRE(decode_as(IndexBuffer(encoding, buffer.bits(), buffer.words()), list) == list);
    }
  }
}

TEST_CASE("the least layers decode back too") {
  for (const Index cols : {1, 2, 33}) {
    for (const Index rows : {1, 4, 9}) {
      for (const bool keep : {true, false}) {
        const OuList list(PruneMask(rows, cols, 4, keep), 1);
        for (const IndexEncoding encoding : kEncodings)
          REQUIRE(decode_as(IndexBuffer(list, encoding), list) == list);
      }
    }
  }
}

TEST_CASE("each encoding is the smallest somewhere") {
  Random random(43);
  const auto smallest = [&](Index stride, double density) {
    PruneMask mask(2304, 256, 32, false);
    for (Index g = 0; g < mask.groups(); g += stride)
      for (Index c = 0; c < mask.cols(); ++c) mask.set(g, c, random.uniform() < density);
    return index_sizes(OuList(mask, 32)).smallest();
  };
  CHECK(smallest(3, 0.5) == IndexEncoding::bitmap);
  CHECK(smallest(1, 0.05) == IndexEncoding::delta);
  CHECK(index_sizes(OuList(PruneMask(64, 1, 32), 1)).smallest() == IndexEncoding::explicit_index);
}

TEST_CASE("flipped bits are refused or decode to another list, and never crash") {
  Random random(44);
  Index refused = 0, other = 0;
  for (int trial = 0; trial < 6000; ++trial) {
    const PruneMask mask = test::random_mask(random, 16, 150, 40);
    const OuList list(mask, 1 + random.below(17));
    const IndexEncoding encoding = kEncodings[static_cast<std::size_t>(trial % 3)];
    const IndexBuffer buffer(list, encoding);
    std::vector<std::uint64_t> words = buffer.words();
    for (Index flips = 1 + random.below(4); flips > 0; --flips) {
      const Index bit = random.below(buffer.bits());
      words[static_cast<std::size_t>(bit / 64)] ^= std::uint64_t{1} << (bit % 64);
    }
    if (words == buffer.words()) continue;  // a bit was flipped back
    const IndexBuffer damaged(encoding, buffer.bits(), words);
    try {
      const OuList got = decode_as(damaged, list);
      REQUIRE_FALSE(got == list);
      REQUIRE(valid(got));
      REQUIRE(IndexBuffer(got, encoding) == damaged);
      ++other;
    } catch (const Error& e) {
      REQUIRE(e.id() == ErrorId::corrupt_index);
      ++refused;
    }
  }
  CHECK(refused > 500);
  CHECK(other > 500);
}

TEST_CASE("garbage, truncation and a wrong shape are refused or harmless") {
  Random random(45);
  for (int trial = 0; trial < 3000; ++trial) {
    const OuList list = random_list(random);
    const IndexEncoding encoding = kEncodings[static_cast<std::size_t>(trial % 3)];
    std::vector<std::uint64_t> words(static_cast<std::size_t>(random.below(20)));
    for (std::uint64_t& word : words) word = (std::uint64_t{random()} << 32) | random();
    const auto bits = static_cast<Index>(words.size()) * 64;
    bool sound = true;
    const ErrorId garbage =
        error_of([&] { sound = valid(decode_as(IndexBuffer(encoding, bits, words), list)); });
    REQUIRE(sound);
    REQUIRE((garbage == ErrorId{} || garbage == ErrorId::corrupt_index));

    const IndexBuffer buffer(list, encoding);
    const Index rows = 1 + random.below(300), cols = 1 + random.below(90);
    const ErrorId wrong_shape =
        error_of([&] { sound = valid(buffer.decode(rows, cols, 8, list.ou_cols())); });
    REQUIRE(sound);
    REQUIRE((wrong_shape == ErrorId{} || wrong_shape == ErrorId::corrupt_index));

    const Index cut = random.below(buffer.bits());
    words = buffer.words();
    words.resize(static_cast<std::size_t>(ceil_div(cut, 64)));
    if (cut % 64 != 0) words.back() &= (std::uint64_t{1} << (cut % 64)) - 1;
    bool complete = false;
    const ErrorId truncated = error_of(
        [&] { complete = decode_as(IndexBuffer(encoding, cut, words), list) == list; });
    REQUIRE_FALSE(complete);
    // Delta fields have no end mark: cut between two of them, the buffer is that of fewer vectors.
    REQUIRE((truncated == ErrorId::corrupt_index || encoding == IndexEncoding::delta));
  }
}

TEST_CASE("words that don't hold the bits are refused") {
  for (const Index bits : {-1, 0, 65, 1000})
    CHECK(error_of([&] { IndexBuffer(IndexEncoding::delta, bits, {0}); }) ==
          ErrorId::corrupt_index);
}
