// Simulations, sweeps and comparisons as documents: what they say is what was found.

#include <algorithm>
#include <catch2/catch.hpp>
#include <stdexcept>

#include "autoprune/study/comparison_report.hpp"
#include "autoprune/study/pruned_file.hpp"
#include "autoprune/study/reproduce_report.hpp"
#include "autoprune/study/simulation_report.hpp"
#include "autoprune/study/sweep_report.hpp"
#include "helpers.hpp"

namespace autoprune::study {

namespace {

using Catch::Contains;

SweepCell sweep_cell(Index granularity, double compression, double top1) {
  return {PaperGeometry{},
          granularity,
          compression,
          {{"compression_per_layer", compression},
           {"crossbars", 100.0 / compression},
           {"index_percent_of_weights", 1.5},
           {"top1", top1}}};
}

ComparedRow compared_row(const char* option, double compression) {
  for (const Contender& method : contenders())
    if (method.option == option)
      return {method,
              32,
              compression,
              {{"compression_per_layer", compression},
               {"compression_pooled", compression},
               {"top1", 90.0},
               {"top5", 99.0},
               {"energy_efficiency_gain", 2.0 * compression},
               {"area_efficiency_gain", compression},
               {"index_kib", 3.0},
               {"index_percent_of_weights", 2.0}},
              0.5,
              0.1,
              true};
  throw std::logic_error(option);
}

}  // namespace

TEST_CASE("a simulation's report holds its accuracies and activity, and gives the latter back") {
  nn::Network network = search::test::trained();
  StudySpec spec;
  spec.calibration_images = 64;
  spec.images = 40;
  spec.devices = 2;
  const methods::Compressor compressor(test::chip().geometry, prune::ColumnVectorPruner(8));
  const search::Constraints none;
  ThreadPool pool(1);
  const Study study{network, test::datasets(), test::chip(), compressor, none, spec, pool};
  const std::vector<PruneMask> masks = dense_masks(network, compressor);
  std::vector<double> done;
  const std::vector<double> variations = {0.5};
  const Simulation found =
      simulate(study, network, masks, variations,
               [&](double share, const std::string&, bool) { done.push_back(share); });
  CHECK(std::is_sorted(done.begin(), done.end()));
  CHECK(done.back() == 1.0);
  CHECK(found.images == 40);
  CHECK(found.on_crossbar.seeds == 1);  // ideal devices are all the same
  CHECK(found.on_crossbar.top1.mean == found.quantised.top1);
  REQUIRE(found.sweep.size() == 1);
  CHECK(found.sweep.front().accuracy.seeds == 2);

  io::Json report;
  add_simulation(report, network, found, true);
  CHECK(report["accuracy"]["pruned"]["top1"] == found.on_crossbar.top1.mean);
  CHECK(report["accuracy"]["float"]["top1"] == found.real.top1);
  CHECK(report["sweep"][0]["variation"] == 0.5);
  const auto work = read_activity(report, "the report");
  REQUIRE(work.size() == found.activity.size());
  for (std::size_t k = 0; k < work.size(); ++k)
    CHECK(40.0 * work[k].bitlines == Approx(found.activity[k].adc_conversions));
  CHECK_THAT(simulated_accuracy_table(found), Contains("2 drawn devices"));
  CHECK_THAT(activity_table(network, found), Contains("total"));
  CHECK_THAT(variation_picture(found), Contains("variation 50.0 %"));
}

TEST_CASE("a sweep's documents hold every cell") {
  const SweepResult result{{sweep_cell(8, 2.0, 90.0), sweep_cell(16, 4.0, 60.0)}, {"why"}, 2};
  CHECK(sweep_csv(result) ==
        "geometry,granularity,target_compression,compression_per_layer,crossbars,"
        "index_percent_of_weights,top1\n"
        "128x128/32x32/1,8,2.0,2.0,50.0,1.5,90.0\n"
        "128x128/32x32/1,16,4.0,4.0,25.0,1.5,60.0\n");
  CHECK(cells_json(result)[1]["top1"] == 60.0);
  CHECK_THAT(sweep_table(result), Contains("skipped why"));
  CHECK_THAT(sweep_table(result), Contains("–"));  // costs that the cells don't have
  const auto over = [&](double drop) {
    return over_granularity(result, "compression_per_layer", "compression", drop);
  };
  CHECK_THAT(over(1.0), !Contains("G = 16"));  // 30 points below the best
  CHECK_THAT(over(30.0), Contains("G = 16"));
  CHECK_THAT(index_picture(result), Contains("compression 4"));
  CHECK_THAT(pareto_picture(result), Contains("Pareto front"));
}

TEST_CASE("a comparison's tables show the slides' figures beside ours") {
  ComparedNetwork of{"alexnet", "cifar10", {{"top1", 90.5}, {"top5", 99.1}}, {}, {}};
  of.rows = {compared_row("pim-prune", 4.0), compared_row("autoprune", 12.0)};
  const io::Json rows = rows_json(of);
  REQUIRE(rows.size() == 3);
  CHECK(rows[0]["method"] == "naive");
  CHECK(rows[2]["slides"]["compression"] == 14.3);
  CHECK(rows[2]["compression_difference"].get<double>() == Approx(-2.3));
  const io::Table table = compression_table(of), ratios = ratio_table(of);
  REQUIRE(table.size() == 4);
  CHECK(table[2][0] == "PIM-Prune");
  CHECK(table[3][7] == "14.3");
  REQUIRE(ratios.size() == 2);
  CHECK(ratios[1][2] == "3.00");
  CHECK(ratios[1][3] == "3.3");
  const std::vector<ComparedNetwork> all = {of};
  CHECK(index_table(all)[1][2] == "3.00");
  CHECK_THAT(io::markdown_table(ratios), Contains("|--|--:|"));
  CHECK(granularity_table(of.rows).size() == 3);
  CHECK_THAT(method_picture(all, contenders(), "energy",
                            [](const ComparedRow& row) { return row.compression(); }),
             Contains("alexnet-cifar10"));
  CHECK_THAT(granularity_picture(of.rows), Contains("G = 32"));
  CHECK_THAT(index_picture(all), Contains("2.0 %"));
  Reproduced results;
  results.networks = {of};
  CHECK(reproduced_gaps({}, results).empty());
  results.networks.front().rows.front().allowed = false;
  CHECK(compression_table(results.networks.front())[2][0] == "PIM-Prune *");
  CHECK_THAT(reproduced_gaps({}, results), Contains("beyond the loss allowed"));
  of.data = "mnist";
  CHECK_FALSE(rows_json(of)[2].contains("slides"));
}

TEST_CASE("a pruned network's file says how it was pruned, or nothing") {
  CHECK_FALSE(pruned_as({}).method);
  const PrunedAs as = pruned_as({{kMethodKey, "column-vectors"},
                                 {kGeometryKey, "64x64/16x16/2"},
                                 {kGranularityKey, "16"},
                                 {kRowGroupsKey, "gathered"}});
  CHECK(as.method == "column-vectors");
  CHECK(as.geometry == Geometry<>{64, 64, 16, 16, 2});
  CHECK(as.granularity == 16);
  CHECK(as.rows == prune::RowGrouping::gathered);
  CHECK_THROWS_WITH(pruned_as({{kGranularityKey, "many"}}), Contains("config.104"));
  CHECK_THROWS_WITH(pruned_as({{kGranularityKey, "0"}}), Contains("config.102"));
}

}  // namespace autoprune::study
