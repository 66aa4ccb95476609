#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <span>
#include <vector>

#include "helpers.hpp"

using namespace autoprune;
using namespace autoprune::mapping;

namespace {

/// Of column-vectors, or of OUs with any rows and filters.
OuList random_list(Random& random, Index max_rows = 400, Index max_cols = 90) {
  PruneMask mask = test::random_mask(random, Index{4} << random.below(6), max_rows, max_cols);
  if (random.below(2) == 0) mask = test::in_groups(random, std::move(mask));
  const Index ou_cols = 1 + random.below(40);
  const Index kind = random.below(3);
  if (kind == 0) return test::ous_of(mask, ou_cols);
  if (kind == 1) return test::ous_of(test::shuffled(random, mask), ou_cols);
  const Index ou_rows = 1 + random.below(20);
  OuList list({mask.rows(), mask.cols(), ou_rows, ou_cols, 0, false, mask.matrices()});
  const auto some = [&](Index limit, Index most) {
    std::vector<std::int32_t> indices;
    Index next = random.below(limit);
    const Index gaps = 1 + random.below(4);
    for (Index n = 1 + random.below(most); n > 0 && next < limit; --n) {
      indices.push_back(static_cast<std::int32_t>(next));
      next += 1 + random.below(gaps);
    }
    return indices;
  };
  std::vector<std::int32_t> rows, columns;
  for (Index i = random.below(30); i > 0; --i) {
    if (rows.empty() || random.below(2) == 0) rows = some(mask.rows(), ou_rows);
    if (columns.empty() || random.below(4) > 0) {
      columns = some(mask.matrix_cols(), ou_cols);
      const Index first = random.below(mask.matrices()) * mask.matrix_cols();
      for (std::int32_t& column : columns) column += static_cast<std::int32_t>(first);
    }
    if (list.columns() + std::ssize(columns) > mask.rows() * mask.cols()) break;
    list.add({rows, columns});
  }
  return list;
}

/// Whether a list is one of its shape: rows and filters ascend within the layer, and of row groups
/// it is that of some mask.
bool valid(const OuList& list) {
  const OuShape& s = list.shape();
  const auto ascend = [](std::span<const std::int32_t> indices, Index limit) {
    return !indices.empty() && indices.front() >= 0 && indices.back() < limit &&
           std::ranges::adjacent_find(indices, std::ranges::greater_equal{}) == indices.end();
  };
  PruneMask mask =
      PruneMask(s.rows, s.cols, std::max<Index>(1, s.granularity), false).in_matrices(s.matrices);
  const Index each = s.cols / s.matrices;
  for (Index i = 0; i < list.size(); ++i) {
    const Ou ou = list[i];
    if (!ascend(ou.rows, s.rows) || !ascend(ou.columns, s.cols)) return false;
    if (ou.n_rows() > s.highest() || ou.n_cols() > s.ou_cols) return false;
    if (ou.columns.front() / each != ou.columns.back() / each) return false;
    if (s.granularity == 0) continue;
    if (ou.input_set < 0 || ou.input_set >= s.groups()) return false;
    if (ou.input_set / mask.groups() != ou.columns.front() / each) return false;
    for (const Index c : ou.columns) mask.set(ou.input_set % mask.groups(), c, true);
  }
  return !s.neighbours() || test::ous_of(mask, s.ou_cols).same_ous(list);
}

/// Bits of an ascending list, by its rule.
Index list_size(std::span<const std::int32_t> list, std::span<const std::int32_t> before,
                Index limit, Index longest) {
  if (std::ranges::equal(list, before)) return 2;
  Index widest = 0;
  for (std::size_t i = 1; i < list.size(); ++i)
    widest = std::max<Index>(widest, list[i] - list[i - 1] - 1);
  Index width = 0;
  while (widest >> width != 0) ++width;
  const Index head = 2 + bits_for(longest) + bits_for(limit);
  return widest == 0 ? head : head + 5 + width * (static_cast<Index>(list.size()) - 1);
}

/// Sizes by walking the vectors one at a time; delta by trying every field width.
IndexSizes reference_sizes(const OuList& list) {
  const OuShape& s = list.shape();
  const bool groups = s.granularity > 0;
  // Sets of rows: new where rows change, and where filters begin again or an OU isn't full.
  std::vector<Index> number;
  Index sets = 0;
  for (Index i = 0; i < list.size(); ++i) {
    const bool same = i > 0 && list[i].input_set == list[i - 1].input_set &&
                      list[i - 1].n_cols() == s.ou_cols &&
                      list[i].columns.front() > list[i - 1].columns.back();
    sets += same ? 0 : 1;
    number.push_back(groups ? list[i].input_set : sets - 1);
  }
  const Index number_bits = bits_for(s.rows * s.cols + 1);
  // Of row groups the filters of one matrix are numbered, else those of all.
  const Index cols = groups ? s.cols / s.matrices : s.cols;
  Index rows = 0, lists = number_bits;
  Index explicit_bits = groups ? bits_for(s.groups() * ceil_div(cols, s.ou_cols) + 1) : number_bits;
  std::vector<Index> positions;
  std::span<const std::int32_t> before_rows, before_columns, before_set;
  for (Index i = 0; i < list.size(); ++i) {
    const Ou ou = list[i];
    const bool first =
        i == 0 || number[static_cast<std::size_t>(i)] != number[static_cast<std::size_t>(i - 1)];
    explicit_bits += (groups ? bits_for(s.groups()) : 1) + bits_for(std::min(s.ou_cols, cols)) +
                     ou.n_cols() * bits_for(cols);
    for (const Index c : ou.columns)
      positions.push_back(number[static_cast<std::size_t>(i)] * cols + c % cols);
    lists += list_size(ou.columns, before_columns, s.cols, std::min(s.cols, s.ou_cols));
    if (groups) lists += bits_for(ceil_div(s.rows, s.granularity));
    if (!s.neighbours()) {
      const Index longest = std::min(s.rows, groups ? s.granularity : s.ou_rows);
      lists += list_size(ou.rows, before_rows, s.rows, longest);
      if (first) rows += list_size(ou.rows, before_set, s.rows, longest);
      if (first) before_set = ou.rows;
    }
    before_rows = ou.rows;
    before_columns = ou.columns;
  }
  const Index bitmap = (groups ? s.groups() : number_bits) + sets * cols;
  Index delta = 0;
  for (Index width = 1; width < 32; ++width) {
    Index bits = 5 + (s.neighbours() ? 0 : number_bits), previous = -1;
    for (const Index p : positions) {
      Index gap = p - previous - 1;
      for (; gap >= (Index{1} << width) - 1; gap -= (Index{1} << width) - 1) bits += width;
      bits += width;
      previous = p;
    }
    delta = width == 1 ? bits : std::min(delta, bits);
  }
  return {{explicit_bits + rows, bitmap + rows, delta + rows, lists}};
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
  for (int trial = 0; trial < 400; ++trial) {
    const OuList list = random_list(random);
    const IndexSizes sizes = index_sizes(list);
    REQUIRE(sizes == reference_sizes(list));
    for (const IndexCode code : kIndexCodes) {
      const IndexBuffer buffer(list, code);
      REQUIRE(buffer.decode(list.shape()).same_ous(list));
      REQUIRE(buffer.bits() == sizes[code]);
      REQUIRE(buffer.bits() >= sizes[sizes.smallest()]);
      REQUIRE(IndexBuffer(code, buffer.bits(), buffer.words()).decode(list.shape()).same_ous(list));
    }
  }
}

TEST_CASE("the least layers decode back too") {
  for (const Index cols : {1, 2, 33})
    for (const Index rows : {1, 4, 9})
      for (const bool keep : {true, false}) {
        const OuList list = test::ous_of(PruneMask(rows, cols, 4, keep), 1);
        for (const IndexCode code : kIndexCodes)
          REQUIRE(IndexBuffer(list, code).decode(list.shape()).same_ous(list));
      }
}

TEST_CASE("each code is the smallest somewhere") {
  Random random(43);
  const auto smallest = [&](Index stride, double density) {
    PruneMask mask(2304, 256, 32, false);
    for (Index g = 0; g < mask.groups(); g += stride)
      for (Index c = 0; c < mask.cols(); ++c) mask.set(g, c, random.uniform() < density);
    return index_sizes(test::ous_of(mask, 32)).smallest();
  };
  CHECK(smallest(3, 0.5) == IndexCode::bitmap);
  CHECK(smallest(1, 0.05) == IndexCode::delta);
  CHECK(smallest(1, 1.0) == IndexCode::lists);
  CHECK(index_sizes(test::ous_of(PruneMask(64, 1, 32), 1)).smallest() == IndexCode::explicit_index);
}

TEST_CASE("flipped bits are refused or decode to another list, and never crash") {
  Random random(44);
  Index refused = 0, other = 0;
  for (int trial = 0; trial < 8000; ++trial) {
    const OuList list = random_list(random, 150, 40);
    const IndexCode code = kIndexCodes[static_cast<std::size_t>(trial % 4)];
    const IndexBuffer buffer(list, code);
    std::vector<std::uint64_t> words = buffer.words();
    for (Index flips = 1 + random.below(4); flips > 0; --flips) {
      const Index bit = random.below(buffer.bits());
      words[static_cast<std::size_t>(bit / 64)] ^= std::uint64_t{1} << (bit % 64);
    }
    if (words == buffer.words()) continue;  // a bit was flipped back
    const IndexBuffer damaged(code, buffer.bits(), words);
    try {
      const OuList got = damaged.decode(list.shape());
      REQUIRE_FALSE(got.same_ous(list));
      REQUIRE(valid(got));
      REQUIRE(IndexBuffer(got, code) == damaged);
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
    const IndexCode code = kIndexCodes[static_cast<std::size_t>(trial % 4)];
    std::vector<std::uint64_t> words(static_cast<std::size_t>(random.below(20)));
    for (std::uint64_t& word : words) word = (std::uint64_t{random()} << 32) | random();
    const auto bits = static_cast<Index>(words.size()) * 64;
    bool sound = true;
    const ErrorId garbage =
        error_of([&] { sound = valid(IndexBuffer(code, bits, words).decode(list.shape())); });
    REQUIRE(sound);
    REQUIRE((garbage == ErrorId{} || garbage == ErrorId::corrupt_index));

    const IndexBuffer buffer(list, code);
    OuShape shape = list.shape();
    shape.rows = 1 + random.below(300);
    shape.cols = shape.matrices * (1 + random.below(ceil_div(90, shape.matrices)));
    const ErrorId wrong_shape = error_of([&] { sound = valid(buffer.decode(shape)); });
    REQUIRE(sound);
    REQUIRE((wrong_shape == ErrorId{} || wrong_shape == ErrorId::corrupt_index));

    const Index cut = random.below(buffer.bits());
    words = buffer.words();
    words.resize(static_cast<std::size_t>(ceil_div(cut, 64)));
    if (cut % 64 != 0) words.back() &= (std::uint64_t{1} << (cut % 64)) - 1;
    bool complete = false;
    const ErrorId truncated = error_of(
        [&] { complete = IndexBuffer(code, cut, words).decode(list.shape()).same_ous(list); });
    REQUIRE_FALSE(complete);
    // Delta fields have no end mark: cut between two of them, the buffer is that of fewer vectors.
    REQUIRE((truncated == ErrorId::corrupt_index || code == IndexCode::delta));
  }
}

TEST_CASE("words that don't hold the bits are refused") {
  for (const Index bits : {-1, 0, 65, 1000})
    CHECK(error_of([&] { IndexBuffer(IndexCode::delta, bits, {0}); }) == ErrorId::corrupt_index);
}

TEST_CASE("a list that holds a weight more often than once can't be coded") {
  OuList list({2, 2, 2, 2});
  const std::vector<std::int32_t> both{0, 1};
  for (int i = 0; i < 8; ++i) list.add({both, both});
  for (const IndexCode code : {IndexCode::lists, IndexCode::bitmap, IndexCode::explicit_index})
    CHECK(error_of([&] { IndexBuffer(list, code); }) == ErrorId::out_of_range);
}
