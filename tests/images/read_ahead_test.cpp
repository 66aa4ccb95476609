// Reading in the background: what comes is what is read directly, and memory is bounded.
#include "autoprune/images/read_ahead.hpp"

#include <atomic>

#include "autoprune/core/thread_pool.hpp"
#include "files.hpp"

using namespace autoprune;
using namespace autoprune::images;
using namespace autoprune::images::test;

namespace {

constexpr std::size_t kSize = 16;

void read_item(Index item, std::span<std::uint8_t> to) {
  for (std::size_t i = 0; i < to.size(); ++i)
    to[i] = static_cast<std::uint8_t>(item * 31 + static_cast<Index>(i));
}
bool is_item(Index item, const std::uint8_t* bytes) {
  std::array<std::uint8_t, kSize> expected{};
  read_item(item, expected);
  return std::equal(expected.begin(), expected.end(), bytes);
}

}  // namespace

TEST_CASE("items are the same whatever is kept or expected, and memory is bounded") {
  for (const std::size_t keep : {0UL, 5UL, 1000UL})
    for (const std::size_t ahead : {1UL, 7UL, 1000UL})
      for (const Index threads : {1, 3}) {
        INFO(keep << ' ' << ahead << ' ' << threads);
        ReadAhead reader(read_item, 100, kSize, keep * kSize, ahead * kSize);
        ThreadPool pool(threads);
        Random random(keep + ahead);
        for (int round = 0; round < 6; ++round) {
          const std::vector<Index> order = random.permutation(100);
          std::atomic<bool> right = true;
          for (std::size_t first = 0; first < 100; first += 20) {
            const auto next = std::span(order).subspan(first, 20);
            if (round % 3 != 1) reader.expect(next);
            pool.for_each(20, [&](Index i) {
              std::array<std::uint8_t, kSize> room{};
              const Index item = next[static_cast<std::size_t>(i)];
              if (!is_item(item, reader.get(item, room))) right = false;
            });
            // One may be on its way into the memory of what is read ahead.
            CHECK(reader.held() <= static_cast<Index>(std::min(keep, 100UL) + ahead));
          }
          CHECK(right);
        }
      }
}

TEST_CASE("what is kept or was read ahead isn't read again") {
  std::atomic<int> reads = 0;
  ReadAhead reader(
      [&](Index item, std::span<std::uint8_t> to) {
        ++reads;
        read_item(item, to);
      },
      10, kSize, 4 * kSize);
  std::array<std::uint8_t, kSize> room{};
  const auto get = [&](Index item) { CHECK(is_item(item, reader.get(item, room))); };
  for (Index i = 0; i < 4; ++i) get(i);
  CHECK(reads == 4);
  for (Index i = 0; i < 4; ++i) get(i);
  CHECK(reads == 4);
  const std::vector<Index> next = {2, 7, 8};
  reader.expect(next);
  while (reads < 6) std::this_thread::yield();
  for (const Index i : next) get(i);
  CHECK(reads == 6);
  get(7);  // neither kept nor expected
  CHECK(reads == 7);
}

TEST_CASE("an item that can't be read is an error for whoever asks for it") {
  ReadAhead reader(
      [](Index item, std::span<std::uint8_t> to) {
        if (item == 3) fail(ErrorId::cannot_open, "no item 3");
        read_item(item, to);
      },
      10, kSize, 100 * kSize);
  const std::vector<Index> all = {1, 2, 3, 4};
  reader.expect(all);
  std::array<std::uint8_t, kSize> room{};
  for (int round = 0; round < 2; ++round) {
    for (const Index item : {1, 2, 4}) CHECK(is_item(item, reader.get(item, room)));
    check_error(error_of([&] { (void)reader.get(3, room); }), ErrorId::cannot_open, {"no item 3"});
  }
}
