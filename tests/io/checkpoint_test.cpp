#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>

#include "autoprune/io/checkpoint_file.hpp"
#include "autoprune/io/training_checkpoint.hpp"
#include "autoprune/nn/dataset.hpp"
#include "autoprune/search/fine_tune.hpp"
#include "helpers.hpp"

using namespace autoprune;

namespace {

/// Images of noise, each class a little brighter than the one before.
nn::Dataset noise(Index images) {
  nn::Dataset data;
  data.name = "noise";
  data.stored = {2, 8, 8};
  data.mean = {0.5F, 0.5F};
  data.stddev = {0.3F, 0.3F};
  Random random(3);
  for (Index i = 0; i < images; ++i) {
    data.labels.push_back(static_cast<std::uint8_t>(i % 10));
    for (Index p = 0; p < data.stored.size(); ++p)
      data.pixels.push_back(static_cast<std::uint8_t>(10 * (i % 10) + random.below(150)));
  }
  return data;
}

nn::Network network(Index filters = 12) {
  nn::Network net({2, 8, 8});
  net.conv("conv", {.out = filters, .kernel = 3, .padding = 1});
  net.batch_norm("norm");
  net.relu("relu");
  net.linear("last", 10);
  net.initialise(4);
  return net;
}

/// A fine-tuning run of a network that it owns.
struct Run {
  prune::RowGrouping rows = prune::RowGrouping::neighbours;
  nn::Dataset data = noise(96);
  ThreadPool pool{1};
  nn::Network dense = network(), net = network();
  search::FineTuner tuner{
      net,
      data,
      nn::range(0, 96),
      {0.5, 0.4},
      {},
      search::Compressor(Geometry<64, 64, 8, 8, 1>{}, prune::ColumnVectorPruner<8>{}, {},
                         search::OuSelection::best, rows),
      config(),
      pool,
      &dense};
  io::TrainingState state = {};

  static search::FineTuneConfig config() {
    search::FineTuneConfig config;
    config.train.epochs = 6;
    config.train.batch = 32;
    config.train.variants = 2;
    return config;
  }
  void epochs(Index count) {
    for (Index i = 0; i < count; ++i) {
      const nn::EpochReport report = tuner.run_epoch();
      state = {report.epoch, tuner.tightened(), tuner.masks(), std::move(state.history)};
      state.history.push_back(
          {report.epoch, report.loss, report.learning_rate, 0.5, 2.0, 60.0, 1.0});
    }
  }
  [[nodiscard]] std::string save() {
    std::string bytes;
    io::save_training(net, tuner.trainer(), state, [&](std::string_view b) { bytes += b; });
    return bytes;
  }
  void load(const std::string& bytes) {
    state = io::load_training(bytes, net, tuner.trainer());
    tuner.resume(state.epoch, state.masks, state.tightened);
  }
};

}  // namespace

TEST_CASE("a fine-tuning goes on from every epoch to the same bits") {
  const auto rows = GENERATE(prune::RowGrouping::neighbours, prune::RowGrouping::gathered);
  Run whole{.rows = rows};
  whole.epochs(6);
  for (Index stop = 1; stop < 6; ++stop) {
    Run first{.rows = rows}, second{.rows = rows};
    first.epochs(stop);
    second.load(first.save());
    CHECK(second.save() == first.save());
    second.epochs(6 - stop);
    CHECK(second.tuner.done());
    CHECK(second.save() == whole.save());
    CHECK(second.tuner.masks() == whole.tuner.masks());
  }
}

TEST_CASE("a checkpoint holds every figure of every epoch") {
  Run run;
  run.epochs(2);
  run.state.history = {{1, 0.5, 0.04, 0.9, 1.5, 60.0, 7.0}, {2, 0.25, 0.02, 0.4, 2.5, 70.0, 9.0}};
  Run other;
  other.load(run.save());
  REQUIRE(other.state.history.size() == 2);
  for (std::size_t i = 0; i < 2; ++i) {
    const io::EpochFigures &read = other.state.history[i], &written = run.state.history[i];
    CHECK(read.epoch == written.epoch);
    CHECK(read.loss == written.loss);
    CHECK(read.learning_rate == written.learning_rate);
    CHECK(read.keep_ratio == written.keep_ratio);
    CHECK(read.compression_pooled == written.compression_pooled);
    CHECK(read.held_out_top1 == written.held_out_top1);
    CHECK(read.seconds == written.seconds);
  }
}

TEST_CASE("a checkpoint that doesn't fit changes nothing") {
  Run run;
  run.epochs(2);
  const std::string bytes = run.save();
  Run other;
  const std::string before = other.save();
  for (std::size_t cut : {std::size_t{0}, std::size_t{5}, bytes.size() / 2, bytes.size() - 1})
    CHECK(io::test::error_id([&] { other.load(bytes.substr(0, cut)); }) == ErrorId::truncated_file);
  CHECK(io::test::error_id([&] { other.load(bytes + "x"); }) == ErrorId::checkpoint_mismatch);
  CHECK(other.save() == before);

  nn::Network wider = network(13);
  nn::Trainer trainer(wider, run.data, nn::range(0, 96), Run::config().train, run.pool);
  CHECK(io::test::error_id([&] { (void)io::load_training(bytes, wider, trainer); }) ==
        ErrorId::checkpoint_mismatch);
}

TEST_CASE("a checkpoint of numbers that make no sense is refused and changes nothing") {
  Run run{.rows = prune::RowGrouping::gathered};
  run.epochs(2);
  const std::string bytes = run.save();
  Run other{.rows = prune::RowGrouping::gathered};
  const std::string before = other.save();
  /// The checkpoint with another value in the place of the i-th of a name.
  const auto changed = [&](const std::string& name, auto value, std::size_t i = 0) {
    const std::uint64_t length = name.size();
    const std::string key = std::string(reinterpret_cast<const char*>(&length), 8) + name;
    const std::size_t at = bytes.find(key);
    REQUIRE(at != std::string::npos);
    std::string damaged = bytes;
    std::memcpy(damaged.data() + at + key.size() + 8 + i * sizeof value, &value, sizeof value);
    return damaged;
  };
  const auto refuse = [&](const std::string& damaged) {
    CHECK(io::test::error_id([&] { other.load(damaged); }) == ErrorId::checkpoint_mismatch);
    CHECK(other.save() == before);
  };
  for (const std::uint64_t wrong :
       {~std::uint64_t{0}, std::uint64_t{1} << 63, std::uint64_t{1} << 40})
    for (const std::string name :
         {"conv.granularity", "masked", "epoch", "tightened", "conv.ordered", "history.epoch"}) {
      INFO(name << ' ' << wrong);
      refuse(changed(name, wrong));
    }
  refuse(changed("tightened", std::uint64_t{2}));
  for (const double wrong : {-1.0, 0.5, 18.0, 1e300, -1e300, std::nan("")})
    refuse(changed("conv.rows", wrong, 3));
  double row = 0.0;
  const std::size_t rows = bytes.find("conv.rows") + 9 + 8;
  std::memcpy(&row, bytes.data() + rows, sizeof row);
  refuse(changed("conv.rows", row, 1));  // named twice
  refuse(changed("conv.mask", std::uint8_t{2}));
  other.load(bytes);
  CHECK(other.save() == bytes);
}

TEST_CASE("a checkpoint file comes back as it was, for its own run alone") {
  const io::test::TempDir directory;
  const std::filesystem::path path = directory / "run.checkpoint";
  io::write_checkpoint(path, {42, 1.5, "some bytes"});
  const io::Checkpoint read = io::read_checkpoint(path, 42);
  CHECK(read.run == 42);
  CHECK(read.seconds == 1.5);
  CHECK(read.bytes == "some bytes");

  CHECK(io::test::error_id([&] { (void)io::read_checkpoint(path, 43); }) ==
        ErrorId::checkpoint_mismatch);
  CHECK(io::test::error_id([&] { (void)io::read_checkpoint(directory / "none", 42); }) ==
        ErrorId::cannot_open);
}

TEST_CASE("a checkpoint file with any bit changed, missing or too many is refused") {
  const io::test::TempDir directory;
  const std::filesystem::path path = directory / "run.checkpoint";
  io::write_checkpoint(path, {42, 1.5, "some bytes"});
  const std::string whole = io::read_file(path);
  const auto refused = [&](const std::string& bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
    const ErrorId id = io::test::error_id([&] { (void)io::read_checkpoint(path, 42); });
    return id == ErrorId::bad_magic || id == ErrorId::truncated_file;
  };
  for (std::size_t size = 0; size < whole.size(); ++size) CHECK(refused(whole.substr(0, size)));
  for (const char* more : {"x", "\n", "some bytes"}) CHECK(refused(whole + more));
  for (std::size_t at = 0; at < whole.size(); ++at)
    for (int change = 1; change < 256; ++change) {
      std::string damaged = whole;
      damaged[at] = static_cast<char>(damaged[at] ^ change);
      if (!refused(damaged)) FAIL("byte " << at << " changed by " << change);
    }
  for (const double seconds :
       {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    io::write_checkpoint(path, {42, seconds, "some bytes"});
    CHECK(io::test::error_id([&] { (void)io::read_checkpoint(path, 42); }) ==
          ErrorId::truncated_file);
  }
}
