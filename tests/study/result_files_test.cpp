// What an observer leaves behind of a study: files that say what the record does.

#include "autoprune/study/result_files.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "../error_of.hpp"
#include "autoprune/study/auto_prune.hpp"
#include "autoprune/study/progress.hpp"
#include "helpers.hpp"

namespace autoprune::study {

namespace {

namespace fs = std::filesystem;
using search::test::everything;
using search::test::trained;
using test::chip;
using test::datasets;

StudySpec short_spec() {
  StudySpec s = test::small_spec();
  s.search.episodes = 4;
  s.fine_tune.train.epochs = 1;
  s.reconstruct = false;
  return s;
}

}  // namespace

TEST_CASE("a study leaves its results in a directory") {
  const test::Directory directory;
  StudySpec s = short_spec();
  s.out = GENERATE(false, true) ? directory.path() / "." : fs::path();  // held by the study, or not
  ResultFiles files(directory.path(), {.network = "small"});
  std::ostringstream shown;
  ShowProgress progress({shown, -1});
  const Record record = auto_prune(trained(), datasets(), chip(), s, progress, files);

  const PrunedNetwork stored = read_pruned(directory.path() / kPrunedFile);
  CHECK(everything(stored.network) == everything(record.network));
  CHECK(stored.as.granularity == 8);
  CHECK(stored.as.geometry == chip().geometry);
  CHECK(plan_of_file(stored.network, stored.as) == record.policy);
  const auto masks = io::Safetensors::read(directory.path() / kMasksFile);
  CHECK(io::read_masks(masks, stored.network, [](Index) { return 8; }) == record.masks);
  const std::string origin = "policy.json";
  CHECK(io::policy_from_json(io::read_json(directory.path() / origin), stored.network, origin) ==
        record.policy);

  // Nothing changes its line in a stream; milestones are a line each.
  const std::string text = shown.str();
  CHECK(std::count(text.begin(), text.end(), '\n') == 5);
  CHECK(text.find("search  ") == 0);
  CHECK(text.find("4/4 episodes  best reward") != std::string::npos);
  CHECK(text.find("fine-tune  epoch 1/1  loss") != std::string::npos);
  CHECK(text.find('\r') == std::string::npos);

  const io::Json report = io::read_json(directory.path() / "report.json");
  CHECK(report == files.report());
  CHECK(report["network"] == "small");
  CHECK(report["method"] == "column-vectors");
  CHECK(report["row_groups"] == "neighbours");
  CHECK(report["crossbars"]["pooled"] == record.placement.crossbars.pooled);
  CHECK(report["accuracy"]["pruned"]["top1"] == record.pruned.top1);
  CHECK(report["search"]["episodes"].size() == 4);
  CHECK(report["fine_tune"]["epochs"].size() == 1);
  CHECK(report["seconds"]["search"] == record.search_seconds);
  CHECK(report["seconds"]["fine_tune"] == record.training.seconds);
  CHECK(report["seconds"]["total"].get<double>() >  // measures as well
        record.search_seconds + record.training.seconds);
  for (const char* name : {"report.html", "mapping.json", "front/crossbars.svg"})
    CHECK(fs::file_size(directory.path() / name) > 0);
  for (const Index i : record.search.front)
    CHECK(fs::exists(directory.path() / "front" / concat(i, ".json")));
}

TEST_CASE("observers are of as many studies as one likes") {
  const test::Directory directory;
  StudySpec s = short_spec();
  s.search.episodes = 21;  // every second is a line, and the last
  std::ostringstream shown;
  ShowProgress progress({shown, -1});
  ResultFiles files(directory.path());
  /// Ends the line in the midst of it.
  struct Printing {
    ShowProgress& progress;
    void on_step(const TrainingPoint&) const { progress.finish(); }
  } printing{progress};
  for (int i = 0; i < 2; ++i) {
    (void)auto_prune(trained(), datasets(), chip(), s, progress, files, printing);
    s.out = directory.path();
  }
  const std::string text = shown.str();
  CHECK(std::count(text.begin(), text.end(), '\n') == 24);
  CHECK(text.rfind("search  ") > text.find("fine-tune  "));
}

TEST_CASE("a network's file remembers the bits of the accelerator's layers") {
  const test::Directory directory;
  hardware::Accelerator mixed = chip();
  mixed.inputs.bits = 7;
  mixed.layers.resize(4);
  mixed.layers[2].weight_bits = 5;
  ResultFiles files(directory.path());
  StudySpec s = short_spec();
  s.fine_tune.train.epochs = 0;
  s.plan.resize(4);
  s.plan[1].granularity = 4;
  const Record record = auto_prune(trained(), datasets(), mixed, s, files);
  REQUIRE(record.policy.size() == 4);
  CHECK(record.policy[1].hardware.weight_bits == std::nullopt);
  CHECK(record.policy[2].hardware.weight_bits == 5);
  CHECK(record.policy[3].hardware.input_bits == 7);
  const PrunedNetwork stored = read_pruned(directory.path() / kPrunedFile);
  CHECK(plan_of_file(stored.network, stored.as) == record.policy);
  const auto json = [&](const std::string& name) { return io::read_json(directory.path() / name); };
  CHECK(json("report.json")["layers"][2]["weight_bits"] == 5);
  CHECK(json("mapping.json")["layers"][1]["granularity"] == 4);
  REQUIRE_FALSE(record.search.front.empty());
  for (const Index i : record.search.front)
    CHECK(json(concat("front/", i, ".json"))["layers"][1]["granularity"] == 4);
  s.plan.resize(2);
  CHECK(error_of([&] { (void)auto_prune(trained(), datasets(), mixed, s); }) ==
        ErrorId::shape_mismatch);
}

TEST_CASE("the network that is written may end behind the study's") {
  const test::Directory directory;
  nn::Network network = trained();
  const Index logits = network.output();
  const Index softmax = network.append("softmax", nn::Softmax{}, logits);
  network.set_output(logits);
  ResultFiles files(directory.path(), {}, softmax);
  StudySpec s = short_spec();
  s.fine_tune.train.epochs = 0;
  (void)auto_prune(network, datasets(), chip(), s, files);
  CHECK(read_pruned(directory.path() / kPrunedFile).network.output() == softmax);
}

TEST_CASE("a mapping is written as the search decided it") {
  const test::Directory directory;
  StudySpec s = short_spec();
  s.search.space.granularity = {4};
  s.fine_tune.train.epochs = 0;
  ResultFiles files(directory.path());
  (void)auto_prune(trained(), datasets(), chip(), s, files);
  for (const io::Json& layer : io::read_json(directory.path() / "mapping.json")["layers"])
    CHECK(layer["granularity"] == 4);
}

TEST_CASE("a directory that results can't go to is told before the search") {
  const test::Directory directory;
  fs::create_directories(directory.path());
  std::ofstream(directory.path() / "front") << "a file";
  {
    ResultFiles files(directory.path());
    CHECK(error_of([&] { (void)auto_prune(trained(), datasets(), chip(), short_spec(), files); }) ==
          ErrorId::cannot_write);
  }
  fs::remove(directory.path() / "front");
  const io::DirectoryLock other(directory.path());
  ResultFiles held(directory.path());
  CHECK(error_of([&] { (void)auto_prune(trained(), datasets(), chip(), short_spec(), held); }) ==
        ErrorId::directory_in_use);
}

TEST_CASE("images that a network doesn't take are told before anything is done") {
  nn::Network other({3, 8, 8});
  other.flatten("flatten");
  other.linear("fc", 4);
  CHECK(error_of([&] { (void)auto_prune(other, datasets(), chip(), short_spec()); }) ==
        ErrorId::shape_mismatch);
}

}  // namespace autoprune::study
