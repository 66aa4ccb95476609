// Passes that keep no maps: the same bits in a bounded memory, batch by batch.
#include <malloc.h>

#include <catch2/catch.hpp>

#include "helpers.hpp"

using namespace autoprune;
using namespace autoprune::nn;
using namespace autoprune::nn::test;

namespace {

/// Branches that are read late, twice and never; maps that grow and shrink; two heads.
Network branches() {
  Network n({3, 8, 8});
  const Index early = n.conv("early", {.out = 4, .kernel = 3, .padding = 1});
  n.conv("narrow", {.out = 2, .kernel = 1});
  n.batch_norm("b1");
  n.relu("r1");
  const Index wide = n.conv("wide", {.out = 40, .kernel = 1, .bias = true});
  n.max_pool("unread", {.kernel = 2});
  n.append("joined", Concat{}, {wide, early, wide});
  n.batch_norm("b2");
  n.conv("back", {.out = 4, .kernel = 3, .padding = 1});
  n.add("sum", {n.size() - 1, early});
  n.relu("r2");
  n.set_output(n.linear("logits", 7));
  n.linear("other", 3);
  randomise(n, 5);
  return n;
}

/// Bytes that are allocated now.
Index allocated() {
  const auto info = ::mallinfo2();
  return static_cast<Index>(info.uordblks + info.hblkhd);
}

}  // namespace

TEST_CASE("Logits alone are the bits of a pass that keeps its maps", "[nn]") {
  ThreadPool pool(2);
  Network keeping = branches(), alone = branches();
  Session keeper(keeping, pool), session(alone, pool);
  Random random(6);
  for (const Index images : {40, 3, 64, 100, 1}) {
    const Activation x = random_activation(random, {3, 8, 8}, images);
    for (const Mode mode : {Mode::inference, Mode::statistics}) {
      const Values expected = values_of(keeper.forward(x, mode));
      CHECK(values_of(session.logits_of(x, mode)) == expected);
      CHECK(values_of(keeper.logits_of(x)) == values_of(session.logits_of(x)));
    }
  }
  CHECK(everything(keeping) == everything(alone));
  const Activation x = random_activation(random, {3, 8, 8}, 33);
  CHECK(error_of([&] { session.logits_of(x, Mode::training); }) == ErrorId::wrong_order);
  // A session that trains keeps its maps, and may be asked for logits between its steps.
  const Values logits = values_of(session.forward(x, Mode::training));
  CHECK(logits == values_of(keeper.forward(x, Mode::training)));
  CHECK(values_of(session.logits_of(x)) == values_of(keeper.forward(x, Mode::inference)));
  CHECK(error_of([&] { session.backward(x); }) == ErrorId::wrong_order);
}

TEST_CASE("Logits alone take the memory of few maps, however deep the network is", "[nn]") {
  constexpr Index kLayers = 40, kChannels = 8;
  Network n({kChannels, 32, 32});
  for (Index i = 0; i < kLayers; ++i) {
    n.conv(concat("c", i), {.out = kChannels, .kernel = 3, .padding = 1});
    if (i % 2 == 1) n.add(concat("s", i), {n.size() - 1, n.size() - 2});
  }
  n.linear("l", 2);
  randomise(n, 1);
  ThreadPool pool(1);
  Session session(n, pool);
  Random random(2);
  const Activation x = random_activation(random, {kChannels, 32, 32}, 32);
  session.check_parameters();
  const Index before = allocated();
  session.logits_of(x);
  CHECK(error_of([&] { (void)session.output(3); }) == ErrorId::wrong_order);
  const Index map = kChannels * 32 * 32 * kLanes * 4;
  CHECK(allocated() - before < 5 * map);
  session.logits_of(x);
  CHECK(allocated() - before < 5 * map);
  session.logits_of(x, Mode::statistics);
  CHECK(allocated() - before < 6 * map);
  session.forward(x, Mode::inference);
  CHECK(allocated() - before > kLayers * map);
}

TEST_CASE("Batches that aren't trained on are small where images are large", "[nn]") {
  CHECK(batch_size({1, 28, 28}) == 256);
  CHECK(batch_size({3, 32, 32}) == 256);
  CHECK(batch_size({3, 64, 64}) == 64);
  CHECK(batch_size({3, 224, 224}) == kLanes);
  CHECK(batch_size({3, 2000, 2000}) == kLanes);
}

TEST_CASE("Batches come one by one, and the next one is announced", "[nn]") {
  struct Announced : Dataset {
    mutable std::vector<std::vector<Index>> told;
    void expect(std::span<const Index> indices) const override {
      told.emplace_back(indices.begin(), indices.end());
    }
  };
  Announced data;
  static_cast<Dataset&>(data) = quarters(70, 1);
  ThreadPool pool(1);
  const std::vector<Index> indices = range(5, 70);
  std::vector<Values> seen;
  for_each_batch(
      data, indices, pool, [&](const Batch& batch) { seen.push_back(values_of(batch.images)); },
      32);
  const std::vector<Batch> all = load_batches(data, indices, pool, 32);
  REQUIRE(seen.size() == 3);
  REQUIRE(all.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) CHECK(seen[i] == values_of(all[i].images));
  CHECK(data.told[0] == range(37, 69));
  CHECK(data.told[1] == range(69, 70));
  CHECK(data.told[2].empty());
}

TEST_CASE("Accuracy in parts is that of all", "[nn]") {
  Tally tally;
  CHECK(error_of([&] { (void)tally.accuracy(); }) == ErrorId::empty_data);
  tally.add({100.0 * 1.0 / 3.0, 100.0 * 2.0 / 3.0}, 3);
  tally.add({100.0 * 255.0 / 256.0, 100.0}, 256);
  CHECK(tally.accuracy().top1 == 100.0 / 259.0 * 256.0);
  CHECK(tally.accuracy().top5 == 100.0 / 259.0 * 258.0);
}

TEST_CASE("A mean and a deviation are measured on images, evenly", "[nn]") {
  const Dataset data = quarters(2000, 9, {3, 4, 4});
  double sum = 0.0;
  for (const std::uint8_t pixel : data.pixels) sum += pixel / 255.0;
  const Normalisation all = measured(data, 5000);
  REQUIRE(all.mean.size() == 3);
  CHECK((all.mean[0] + all.mean[1] + all.mean[2]) / 3.0 ==
        Approx(sum / static_cast<double>(data.pixels.size())));
  const Normalisation some = measured(data, 200);
  for (std::size_t c = 0; c < 3; ++c) {
    CHECK(some.mean[c] == Approx(all.mean[c]).epsilon(0.05));
    CHECK(some.stddev[c] == Approx(all.stddev[c]).epsilon(0.1));
  }
  Dataset flat = quarters(10, 1);
  flat.pixels.assign(flat.pixels.size(), 51);
  CHECK(measured(flat).mean == std::vector<float>{0.2F});
  CHECK(measured(flat).stddev == std::vector<float>{1.0F});
  CHECK(error_of([&] { Normalisation{{0.1F}, {0.0F}}.give(flat); }) == ErrorId::out_of_range);
  CHECK(error_of([&] {
          Normalisation{{0.1F, 0.2F}, {1.0F, 1.0F}}.give(flat);
        }) == ErrorId::out_of_range);
}
