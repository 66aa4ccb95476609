// Sweeps and comparisons as calls of the library: what a cell is, what is kept, what is skipped.

#include "autoprune/study/sweep.hpp"

#include <catch2/catch.hpp>

#include "autoprune/study/compare.hpp"
#include "autoprune/study/reproduce_report.hpp"
#include "helpers.hpp"

namespace autoprune::study {

namespace {

using search::test::trained;
using test::chip;
using test::datasets;

/// A sweep over two geometries, one of which no 8 rows fit into, and two granularities.
struct Case {
  StudySpec spec;
  SweepSpec over{.geometries = {search::test::SmallGeometry{}, Geometry<>{16, 16, 4, 4, 1}},
                 .granularities = {4, 8, 12},
                 .compressions = {1.0, 2.0}};
  AcceleratorFor accelerator = [](const Geometry<>& g) { return cost::ou_preset("paper", g); };
  ThreadPool pool{1};

  SweepResult run(const io::Datasets* images) {
    const search::Constraints none;
    return run_sweep({trained(), images, accelerator, none, spec, over, pool});
  }
};

}  // namespace

TEST_CASE("a cell of a sweep is what its parts count and price") {
  Case c;
  const SweepResult result = c.run(nullptr);
  CHECK(result.measured == std::ssize(result.cells));
  CHECK(result.cells.size() == 8);  // 12 rows divide neither 4 nor 8, nor are a multiple of 8
  CHECK(result.skipped.size() >= 1);
  for (const SweepCell& cell : result.cells) {
    CHECK_FALSE(cell.has_accuracy());
    CHECK(cell["compression_per_layer"] >= cell.target);
    const methods::Compressor compressor(cell.geometry,
                                         prune::ColumnVectorPruner(cell.granularity));
    const auto rankings = compressor.rank(trained());
    search::LayerCounts counts(compressor, rankings);
    const auto policy = search::meet_constraints(
        search::heuristic(search::Origin::lamp, rankings, 1.0 / cell.target).policy,
        {.target_compression = cell.target}, counts);
    const auto placed = compressor.map(methods::Compressor::masks(rankings, policy));
    CHECK(cell["crossbars"] == static_cast<double>(placed.crossbars.per_layer));
    const cost::OuModel prices(trained(), cost::ou_preset("paper", cell.geometry));
    CHECK(cell["energy_nj"] == prices.price(placed.layers).totals.energy_nj);
  }
}

TEST_CASE("cells are kept, and measured anew when anything that decides them has changed") {
  Case c;
  const test::Directory directory;
  c.spec.out = directory.path();
  c.spec.held_out = c.spec.held_out_images = c.spec.calibration_images = 96;
  c.spec.fine_tune.train.batch = 64;
  c.over.granularities = {8};
  c.over.geometries.resize(1);
  c.over.epochs = 1;
  const SweepResult first = c.run(&datasets());
  CHECK(first.measured == 2);
  CHECK(first.cells.front().has_accuracy());
  const SweepResult again = c.run(&datasets());
  CHECK(again.measured == 0);
  for (std::size_t i = 0; i < 2; ++i) CHECK(again.cells[i].figures == first.cells[i].figures);
  c.over.compressions.push_back(3.0);
  CHECK(c.run(&datasets()).measured == 1);
  const auto anew = [&](const std::function<void(Case&)>& change) {
    Case other;
    other.spec = c.spec;
    other.over = c.over;
    change(other);
    return other.run(&datasets()).measured;
  };
  CHECK(anew([](Case& o) { o.spec.seed = 2; }) == 3);
  CHECK(anew([](Case& o) { o.over.epochs = 2; }) == 3);
  CHECK(anew([](Case& o) { o.over.heuristic = search::Origin::uniform; }) == 3);
  CHECK(anew([](Case& o) { o.spec.fine_tune.train.batch = 32; }) == 3);
  CHECK(anew([](Case& o) {
          o.accelerator = [](const Geometry<>& g) { return cost::ou_preset("isaac", g); };
        }) == 3);
}

TEST_CASE("a sweep in which nothing can be measured says why") {
  Case c;
  c.over.granularities = {12};
  c.over.geometries.resize(1);
  try {
    (void)c.run(nullptr);
    FAIL("measured");
  } catch (const Error& error) {
    CHECK(error.id() == ErrorId::infeasible_constraint);
    CHECK_THAT(error.what(), Catch::Contains("G = 12"));
  }
}

TEST_CASE("a comparison finds each method's best row within the loss, and keeps its cells") {
  const test::Directory directory;
  CompareSpec spec;
  spec.budget = {"test", 2, 64, 96, 1, 1, 1.0, 100, false};
  spec.counting = search::Counting::pooled;
  spec.granularity = 8;
  spec.out = directory.path();
  // The datasets' images are few: as many are held out as the spec of a study says.
  const nn::Dataset& images = search::test::images();
  nn::Dataset many = images;
  while (many.size() < 5600) {
    many.pixels.insert(many.pixels.end(), images.pixels.begin(), images.pixels.end());
    many.labels.insert(many.labels.end(), images.labels.begin(), images.labels.end());
  }
  const io::Datasets data{many, nn::test::quarters(100, 8)};
  ThreadPool pool(1);
  Watcher none;
  std::vector<std::string> shown;
  const auto compare = [&](const CompareSpec& with) {
    return Comparison("small", trained(), data, chip(), with, pool, none,
                      [&](const std::string& cell) { shown.push_back(cell); });
  };
  const auto named = [](const std::string& option) {
    const auto& all = contenders();
    return *std::find_if(all.begin(), all.end(),
                         [&](const Contender& c) { return c.option == option; });
  };
  Comparison first = compare(spec);
  CHECK(first.dense()["compression_pooled"] == 1.0);
  CHECK(first.dense()["energy_gain"].get<double>() == Approx(1.0));
  std::vector<io::Json> found;
  for (const char* option : {"pim-prune", "autoprune", "lamp"}) {
    INFO(option);
    const auto row = first.best(named(option), 8, 2.0);
    REQUIRE(row);
    CHECK(row->compression() >= row->target);
    CHECK(row->drop1 == first.dense()["top1"].get<double>() - (*row)["top1"]);
    CHECK(row->allowed == (row->drop1 <= 1.0));
    CHECK((*row)["energy_gain"] > 0.0);
    found.push_back(row->figures);
  }
  CHECK(named("autohet").reward == "autohet");  // any other clamps what saves little to nothing
  // Searches of more than keep ratios: each stage under what the last has found.
  for (const char* option : {"apq", "cim-aq", "autoprune-bits", "autohet"}) {
    INFO(option);
    const Contender method = named(option);
    const auto row = first.best(method, 8, 1.2);
    REQUIRE(row);
    if (method.compresses) CHECK(row->compression() >= row->target);
    CHECK((*row)["energy_gain"] > 0.0);
    CHECK((*row)["top1"] >= 25.0);
    const io::Safetensors file =
        io::Safetensors::read(directory.path() / "cells" /
                              concat("small-", option, method.ours ? "-G8" : "",
                                     method.compresses ? concat("-CR", row->target) : "") /
                              "pruned.safetensors");
    const methods::Policy policy =
        io::plan_from_json(io::parse_json(file.metadata().at(kPolicyKey), "policy"), trained(), "");
    const std::string sizes = "autohet", name = option;
    for (const methods::LayerPlan& plan : policy) {
      CHECK(plan.hardware.weight_bits.has_value() == (name != sizes));
      CHECK(plan.hardware.input_bits.has_value() == (name == "cim-aq"));
      CHECK(plan.hardware.geometry.has_value() == (name == sizes));
      if (!method.ours) CHECK(plan.keep == 1.0);
    }
  }
  // Read, not measured: a cell says how long it took.
  Comparison again = compare(spec);
  CHECK(again.dense() == first.dense());
  CHECK(again.best(named("autoprune"), 8, 2.0)->figures == found[1]);
  // Another seed is another comparison.
  CompareSpec other = spec;
  other.seed = 7;
  other.compression = 3.0;
  const auto fixed = compare(other).best(named("lamp"), 8);
  REQUIRE(fixed);
  CHECK(fixed->target == 3.0);
  CHECK(shown.front() == "small-dense");
  CHECK(std::count(shown.begin(), shown.end(), "small-lamp-G8-CR3") == 1);
}

TEST_CASE("reproductions that can't be") {
  ThreadPool pool(1);
  Watcher nobody;
  const auto error_with = [&](const ReproduceSpec& spec) {
    return error_of([&] { (void)reproduce(spec, pool, nobody); });
  };
  ReproduceSpec spec;
  spec.weights = spec.data = "no/such/directory";
  CHECK(error_with(spec) == ErrorId::cannot_open);
  spec.part = "tabel";
  CHECK(error_with(spec) == ErrorId::unknown_name);
}

TEST_CASE("what a reproduction shows is what was asked for") {
  ReproduceSpec spec;
  Reproduced results;
  results.networks.push_back({"plain20", "cifar10", {}, {}, {"LSR"}});
  results.skipped = {"vgg16: no weights"};
  const auto titles = [&](const char* part) {
    spec.part = part;
    std::vector<std::string> all;
    for (const auto& [title, table] : reproduced_tables(spec, results)) all.push_back(title);
    return all;
  };
  CHECK(titles("fig12") == std::vector<std::string>{"Fig. 12: index overhead at G = 32"});
  CHECK(spec.rows().size() == 1);
  CHECK(spec.rows().front().option == "autoprune");
  CHECK(titles("fig10").empty());
  const std::string gaps = reproduced_gaps(spec, results);
  CHECK(gaps.find("plain20-cifar10: LSR has found nothing") == 0);
  CHECK(gaps.find("skipped vgg16: no weights") != std::string::npos);
}

}  // namespace autoprune::study
