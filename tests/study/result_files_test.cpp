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
  StudySpec s;
  s.options.granularity = 8;
  s.constraints = search::test::target(3.0);
  s.search.episodes = 4;
  s.held_out = 128;
  s.held_out_images = 64;
  s.calibration_images = 96;
  s.fine_tune.train.epochs = 1;
  s.fine_tune.train.batch = 32;
  return s;
}

}  // namespace

TEST_CASE("a study leaves its results in a directory") {
  const test::Directory directory;
  StudySpec s = short_spec();
  s.out = GENERATE(false, true) ? directory.path() / "." : fs::path();  // held by the study, or not
  ResultFiles files(directory.path(), {.network = "small"});
  std::ostringstream shown;
  ShowProgress progress({shown, false, -1});
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
  CHECK(report["seconds"]["total"].get<double>() >=
        record.search_seconds + record.training.seconds);
  for (const char* name : {"report.html", "mapping.json", "front/crossbars.svg"})
    CHECK(fs::file_size(directory.path() / name) > 0);
  for (const Index i : record.search.front)
    CHECK(fs::exists(directory.path() / "front" / concat(i, ".json")));
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
