// Trainings over ranks end in the bits of one without, whatever happens in between.
#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>

#include "../study/helpers.hpp"
#include "autoprune/study/auto_prune.hpp"
#include "world.hpp"

using namespace autoprune;
using mpi::test::variable;
using mpi::test::world;
namespace fs = std::filesystem;

namespace {

study::StudySpec spec_of(search::Team* team) {
  study::StudySpec s;
  s.options.granularity = 8;
  s.constraints = search::test::target(3.0);
  s.search.episodes = 4;
  s.held_out = 128;
  s.held_out_images = 100;
  s.calibration_images = 96;
  s.fine_tune.train.epochs = 3;
  s.fine_tune.train.batch = 128;
  s.fine_tune.train.variants = 2;
  s.reconstruct = true;
  s.team = team;
  return s;
}

/// Dies or hangs while it loads training images, once there is a checkpoint to go on from.
struct Faulty : nn::Dataset {
  std::string fault;
  fs::path checkpoint;

  Faulty(nn::Dataset images, std::string how, fs::path when)
      : nn::Dataset(std::move(images)), fault(std::move(how)), checkpoint(std::move(when)) {}

  void load(std::span<const Index> indices, const nn::Augmentation* augmentation, nn::Batch& batch,
            ThreadPool& pool) const override {
    if (augmentation != nullptr && !world->leads() && fs::exists(checkpoint)) {
      if (fault == "dies") std::raise(SIGKILL);
      if (fault == "hangs") std::raise(SIGSTOP);
      if (fault == "fails") fail(ErrorId::cannot_open, "no picture [3]");
    }
    nn::Dataset::load(indices, augmentation, batch, pool);
  }
};

study::Record pruned(search::Team* team, const io::Datasets& images = study::test::datasets(),
                     const fs::path& out = {}) {
  study::StudySpec spec = spec_of(team);
  spec.out = out;
  spec.resume = true;
  return study::auto_prune(search::test::trained(), images, study::test::chip(), spec);
}

}  // namespace

TEST_CASE("peers get what is for them, whatever its size, and what stops one, stops all") {
  const auto peers = world->peers(world->members());
  const auto count = static_cast<std::size_t>(peers->count());
  const auto sent = [](std::size_t from, std::size_t to, std::size_t round) {
    const std::size_t size = round * (from + 2 * to + 1) * (round > 2 ? 100'000 : 7);
    return std::vector<std::byte>(size, static_cast<std::byte>(10 * from + to + round));
  };
  const auto me = static_cast<std::size_t>(peers->self());
  for (std::size_t round = 0; round < 4; ++round)
    for (std::size_t unlucky = 0; unlucky <= count; ++unlucky) {
      std::vector<std::vector<std::byte>> to, from;
      std::string what = "nothing";
      try {
        nn::together(*peers, [&] {
          if (me == unlucky) fail(ErrorId::not_finite, "of [", me, ']');
          for (std::size_t p = 0; p < count; ++p) {
            to.push_back(sent(me, p, round));
            from.emplace_back(sent(p, me, round).size());
          }
          peers->exchange(std::vector<nn::Peers::Bytes>(to.begin(), to.end()),
                          std::vector<nn::Peers::Room>(from.begin(), from.end()));
        });
      } catch (const Error& error) {
        what = error.what();
      }
      if (unlucky == count) {
        CHECK(what == "nothing");
        for (std::size_t p = 0; p < count; ++p)
          if (p != me) CHECK(from[p] == sent(p, me, round));
      } else {
        CHECK(what == concat("[autoprune.numeric.501] of [", unlucky, ']'));
      }
    }
}

TEST_CASE("a study whose training ranks share has the bits of one process") {
  const study::Record shared = pruned(world);
  if (!world->leads()) return;
  const study::Record alone = pruned(nullptr);
  CHECK(nn::test::everything(shared.network) == nn::test::everything(alone.network));
  CHECK(shared.masks == alone.masks);
  REQUIRE(shared.training.epochs.size() == 3);
  for (std::size_t e = 0; e < 3; ++e) {
    CHECK(shared.training.epochs[e].loss == alone.training.epochs[e].loss);
    CHECK(shared.training.epochs[e].held_out_top1 == alone.training.epochs[e].held_out_top1);
  }
}

TEST_CASE("ranks train for few bits to the bits of one process") {
  const auto run = [](search::Team* team) {
    study::StudySpec spec = spec_of(team);
    spec.plan.resize(4);
    for (methods::LayerPlan& layer : spec.plan) layer.hardware = {{}, 2, 4, {}};
    return study::auto_prune(search::test::trained(), study::test::datasets(), study::test::chip(),
                             spec);
  };
  const study::Record shared = run(world);
  if (!world->leads()) return;
  const study::Record alone = run(nullptr);
  CHECK(nn::test::everything(shared.network) == nn::test::everything(alone.network));
  CHECK(shared.quantised->top1 == alone.quantised->top1);
}

TEST_CASE("where a rank can't load its images, the leader says so, and another study is whole") {
  const io::Datasets images{Faulty(search::test::images(), "fails", "/"),
                            nn::test::quarters(100, 8)};
  if (world->leads() && world->members() > 1)
    CHECK_THROWS_WITH(pruned(world, images), "[autoprune.io.701] no picture [3]");
  else if (world->members() > 1)
    pruned(world, images);
  const study::Record shared = pruned(world);
  if (world->leads())
    CHECK(nn::test::everything(shared.network) == nn::test::everything(pruned(nullptr).network));
}

TEST_CASE("a leader that fails before the search begins lets its helpers go") {
  if (world->leads())
    CHECK_THROWS_AS(pruned(world, study::test::datasets(), "/proc/nowhere"), Error);
  else
    pruned(world);
  CHECK(true);
}

TEST_CASE("members that train with other options are found out") {
  study::StudySpec spec = spec_of(world);
  spec.search.episodes = 1;
  spec.fine_tune.train.epochs = world->leads() ? 1 : 2;
  const auto run = [&] {
    return study::auto_prune(search::test::trained(), study::test::datasets(), study::test::chip(),
                             spec);
  };
  if (world->leads() && world->members() > 1)
    CHECK_THROWS_WITH(run(), Catch::Contains("trains with other weights"));
  else
    CHECK_NOTHROW(run());
}

// For faults.sh: a study that keeps checkpoints and its end, and of which a rank dies or hangs.
TEST_CASE("a training", "[.training]") {
  const fs::path out = variable("RUN_CHECKPOINT");
  const std::string fault = variable("RUN_FAULT");
  world->set_time_limit(fault == "hangs" ? 2.0 : 0.0);
  const io::Datasets images{Faulty(search::test::images(), fault, out / "fine_tune.checkpoint"),
                            nn::test::quarters(100, 8)};
  try {
    const study::Record record = pruned(world, images, out);
    if (!world->leads()) return;
    std::ofstream end(out / "end");
    for (const double value : nn::test::everything(record.network)) end << value << '\n';
  } catch (const Error& error) {
    FAIL(error.what());
  }
}
