// The command `simulate`: its figures agree with one another and with those of other commands.
#include <algorithm>
#include <set>
#include <vector>

#include "autoprune/hardware/geometry.hpp"
#include "helpers.hpp"

using namespace cli;  // NOLINT: a test's own helpers

namespace {

constexpr const char* kCounts[] = {"ou_activations", "skipped_activations", "adc_conversions",
                                   "input_fetches", "index_fetches"};

/// The report of a simulation with `inputs`, and what else is asked for.
Json simulated(const Words& inputs, const Words& more) {
  const Answer answer =
      run(Words{"simulate"} + inputs + Words{"--calibration-images", "64", "--json", "-"} + more);
  INFO(answer.err);
  REQUIRE(answer.status == 0);
  return answer.json();
}
Json simulated(const Words& more) { return simulated(inputs(), more); }

bool same_accuracy(const Json& a, const Json& b) {
  return a["top1"] == b["top1"] && a["top5"] == b["top5"];
}

void check_totals(const Json& activity) {
  for (const char* count : kCounts) {
    INFO(count);
    Index sum = 0;
    for (const Json& layer : activity["layers"]) sum += layer[count].get<Index>();
    CHECK(sum > 0);
    CHECK(activity[count] == sum);
    CHECK(activity["total"][count] == sum);
  }
}

}  // namespace

TEST_CASE("simulate reports three accuracies and what the accelerator did") {
  const std::string out = fresh("simulate");
  const Json report = simulated({"--images", "40", "--out", out});
  CHECK(report["schema"] == "autoprune.report/1");
  CHECK(report["command"] == "simulate");
  CHECK(report["accuracy"]["images"] == 40);
  CHECK(report["accuracy"]["kind"] == "on-crossbar");
  for (const char* kind : {"float", "quantised", "on_crossbar"}) {
    const Json& accuracy = report["accuracy"][kind];
    CHECK(accuracy["top1"].get<double>() >= 0.0);
    CHECK(accuracy["top1"].get<double>() <= accuracy["top5"].get<double>());
    CHECK(accuracy["top5"].get<double>() <= 100.0);
  }
  CHECK(same_accuracy(report["accuracy"]["dense"], report["accuracy"]["on_crossbar"]));
  CHECK(report["activity"]["layers"].size() == report["layers"].size());
  for (std::size_t k = 0; k < report["layers"].size(); ++k)
    CHECK(report["activity"]["layers"][k]["name"] == report["layers"][k]["name"]);
  check_totals(report["activity"]);
  CHECK_FALSE(report.contains("sweep"));

  CHECK(read_json(out + "/report.json") == report);
  CHECK(has(read(out + "/report.html"), "on-crossbar"));
  CHECK_FALSE(fs::exists(out + "/sweep.svg"));
  const Answer evaluated = run({"evaluate", "--network", trained(), "--data", bench().data(),
                                "--images", "40", "--json", "-"});
  CHECK(evaluated.json()["accuracy"]["dense"] == report["accuracy"]["float"]);
}

TEST_CASE("any hardware that can exist is mapped, priced and simulated") {
  for (const char* geometry :
       {"64x64/16x16/2", "256x256/8x16/4", "100x100/20x25/3", "512x512/128x128/1"}) {
    INFO(geometry);
    // Without error, an ADC that loses nothing reads the quantised network whatever the hardware.
    const Json report = simulated({"--images", "40", "--geometry", geometry});
    CHECK(report["geometry"] == geometry);
    CHECK(same_accuracy(report["accuracy"]["on_crossbar"], report["accuracy"]["quantised"]));
    check_totals(report["activity"]);
    const Words options = {"--network", trained(), "--geometry", geometry, "--json", "-"};
    const Answer mapped = run(Words{"map"} + options), priced = run(Words{"cost"} + options);
    REQUIRE(mapped.status == 0);
    REQUIRE(priced.status == 0);
    const auto g = autoprune::Geometry<>::parse(geometry);
    const Index arrays = 2 * autoprune::ceil_div(8, g.cell_bits);  // eight bits, a pair of signs
    for (const Json& layer : mapped.json()["layers"])
      CHECK(layer["crossbars_dense"] ==
            autoprune::ceil_div(layer["rows"].get<Index>(), g.xbar_rows) *
                autoprune::ceil_div(layer["cols"].get<Index>(), g.xbar_cols) * arrays);
    CHECK(priced.json()["geometry"] == geometry);
  }
}

TEST_CASE("simulate prints its figures") {
  const Answer answer = run(Words{"simulate", "--network", trained(), "--data", bench().data(),
                                  "--calibration-images", "64", "--images", "8", "--variation",
                                  "0.1,0.2", "--seeds", "2"});
  REQUIRE(answer.status == 0);
  for (const char* part : {"8 test images", "float", "quantised", "on-crossbar", "variation 20.0 %",
                           " ± ", "2 drawn devices", "OU activations", "second", "total"})
    CHECK(has(answer.out, part));
  CHECK(has(answer.err, "7/7 evaluations"));
}

TEST_CASE("an ADC that reads every sum computes what the integers give") {
  const Json ideal = simulated({"--adc", "ideal"});
  CHECK(same_accuracy(ideal["accuracy"]["on_crossbar"], ideal["accuracy"]["quantised"]));
  const Words paper = {"--geometry", "128x128/32x32/1", "--adc", "saturating", "--adc-bits", "6"};
  const Json saturating = simulated(paper);
  CHECK(same_accuracy(saturating["accuracy"]["on_crossbar"], ideal["accuracy"]["quantised"]));
  CHECK(saturating["activity"] == ideal["activity"]);
  const Json offset = simulated(paper + Words{"--signs", "offset"});
  CHECK(same_accuracy(offset["accuracy"]["on_crossbar"], ideal["accuracy"]["quantised"]));
}

TEST_CASE("hardware that loses something shows in the on-crossbar accuracy alone") {
  const Json exact = simulated({"--adc", "ideal"})["accuracy"];
  for (const Words& lossy :
       {Words{"--adc", "rounding", "--adc-bits", "1"},
        Words{"--adc", "mnsim-fix", "--adc-bits", "2"}, Words{"--stuck-at", "0.3:0.3"},
        Words{"--on-off", "1.1", "--signs", "offset"}, Words{"--read-noise", "3"},
        Words{"--variation", "1.5", "--spread", "log-normal"}}) {
    INFO(autoprune::join(lossy, " "));
    const Json accuracy = simulated(lossy)["accuracy"];
    CHECK(accuracy["float"] == exact["float"]);
    CHECK(accuracy["quantised"] == exact["quantised"]);
    CHECK_FALSE(same_accuracy(accuracy["on_crossbar"], exact["on_crossbar"]));
  }
}

TEST_CASE("a sweep measures every variation on several devices") {
  const std::string out = fresh("sweep");
  const Json report =
      simulated({"--images", "32", "--variation", "0,0.1,0.5", "--seeds", "3", "--out", out});
  const Json& sweep = report["sweep"];
  REQUIRE(sweep.size() == 3);
  CHECK(sweep[1]["variation"] == 0.1);
  CHECK(same_accuracy(sweep[0], report["accuracy"]["on_crossbar"]));
  CHECK_FALSE(sweep[0].contains("top1_half_width"));  // ideal devices are all the same
  for (std::size_t i : {1, 2}) {
    CHECK(sweep[i]["seeds"] == 3);
    CHECK(sweep[i]["top1_half_width"].get<double>() >= 0.0);
    CHECK(sweep[i]["top5_half_width"].get<double>() >= 0.0);
  }
  const std::string picture = read(out + "/sweep.svg");
  CHECK(has(picture, "<svg"));
  CHECK(has(picture, "Acc5"));

  const Json one = simulated({"--images", "32", "--variation", "0.5", "--seeds", "3"});
  CHECK_FALSE(one.contains("sweep"));
  CHECK(same_accuracy(one["accuracy"]["on_crossbar"], sweep[2]));
  CHECK(one["accuracy"]["on_crossbar"]["top1_half_width"] == sweep[2]["top1_half_width"]);
}

TEST_CASE("a simulation on one thread or two: the same figures") {
  const Words options = {"--images", "40",          "--adc-bits", "4",       "--dac-bits",
                         "2",        "--variation", "0.1,0.3",    "--seeds", "2"};
  const Json one = simulated(options + Words{"--threads", "1"});
  const Json two = simulated(options + Words{"--threads", "2"});
  for (const char* part : {"accuracy", "activity", "sweep"}) CHECK(one[part] == two[part]);
}

TEST_CASE("simulate takes what prune wrote") {
  const std::string out = fresh("model");
  REQUIRE(run(Words{"prune"} + inputs() + short_search() + short_training() +
              Words{"--geometry", "64x64/32x32/1", "--granularity", "16", "--target-compression",
                    "3", "--out", out})
              .status == 0);
  const Json pruned = read_json(out + "/report.json");
  const Words data = {"--data", bench().data(), "--quiet"};
  const Json report = simulated(data + Words{"--model", out}, {});
  CHECK(report["geometry"] == "64x64/32x32/1");
  CHECK(report["granularity"] == 16);
  CHECK(report["layers"] == pruned["layers"]);
  CHECK(report["accuracy"]["float"] == pruned["accuracy"]["pruned"]);
  CHECK(same_accuracy(report["accuracy"]["pruned"], report["accuracy"]["on_crossbar"]));
  check_totals(report["activity"]);

  const Json dense = simulated({"--geometry", "64x64/32x32/1", "--granularity", "16"});
  for (const char* count : kCounts)
    if (count != std::string("skipped_activations"))
      CHECK(report["activity"][count].get<Index>() < dense["activity"][count].get<Index>());

  const Json named = simulated(inputs() + Words{"--model", out}, {});
  for (const char* part : {"geometry", "layers", "accuracy", "activity"})
    CHECK(named[part] == report[part]);
}

TEST_CASE("a search reads the accuracy that --accuracy names") {
  const auto searched = [](const std::string& kind, const Words& more) {
    const Answer answer = run(Words{"search"} + inputs() + short_search() +
                              Words{"--accuracy", kind, "--geometry", "128x128/32x32/1", "--json",
                                    "-", "--out", fresh("accuracy")} +
                              more);
    INFO(answer.err);
    REQUIRE(answer.status == 0);
    const Json search = answer.json()["search"];
    CHECK(has(search["objective"].get<std::string>(), kind + " top-1 accuracy"));
    std::vector<double> accuracies;
    for (const Json& episode : search["episodes"])
      accuracies.push_back(episode["accuracy"].get<double>());
    return accuracies;
  };
  const Words blind = {"--adc", "rounding", "--adc-bits", "1"};
  const auto quantised = searched("quantised", {});
  CHECK(searched("quantised", blind) == quantised);                  // the ADC is no part of it
  CHECK(searched("on-crossbar", {"--adc-bits", "6"}) == quantised);  // reads every sum
  CHECK(searched("on-crossbar", blind) != quantised);
  const Words varied = {"--stuck-at", "0.3:0.3"};
  const auto one = searched("on-crossbar", varied);
  CHECK(one != quantised);
  CHECK(searched("on-crossbar", varied + Words{"--threads", "1"}) == one);
  CHECK(searched("on-crossbar", varied + Words{"--seeds", "2"}) != one);
}

TEST_CASE("simulate runs a network of the zoo") {
  const std::string weights = AUTOPRUNE_SOURCE_DIR "/models/plain20-cifar10.safetensors";
  const Json report = simulated(
      {"--network", "plain20", "--weights", weights, "--data", bench().data()}, {"--images", "4"});
  CHECK(same_accuracy(report["accuracy"]["on_crossbar"], report["accuracy"]["quantised"]));
  CHECK(report["activity"]["layers"].size() == 20);
  check_totals(report["activity"]);
}

TEST_CASE("gathered row groups go through prune, simulate and cost, and files remember them") {
  const std::string out = fresh("gathered");
  const Answer answer =
      run(Words{"prune"} + inputs() + short_search() + short_training() +
          Words{"--row-groups", "gathered", "--target-compression", "3", "--count", "pooled",
                "--reconstruct", "--out", out, "--json", "-"});
  INFO(answer.err);
  REQUIRE(answer.status == 0);
  const Json pruned = answer.json();
  CHECK(pruned["options"]["row-groups"] == "gathered");

  const Json report = simulated({"--model", out, "--data", bench().data(), "--quiet"}, {});
  CHECK(report["compression"] == pruned["compression"]);
  CHECK(same_accuracy(report["accuracy"]["float"], pruned["accuracy"]["pruned"]));
  CHECK(same_accuracy(report["accuracy"]["quantised"], report["accuracy"]["on_crossbar"]));
  // The zeros tell which rows are kept together, not their order: what names them may be shorter.
  for (std::size_t k = 0; k < report["layers"].size(); ++k)
    CHECK(report["layers"][k]["index_bits"].get<double>() <=
          1.02 * pruned["layers"][k]["index_bits"].get<double>());

  const Json mapping = read_json(out + "/mapping.json");
  for (const Json& layer : mapping["layers"]) {
    std::set<Index> rows;
    std::size_t named = 0;
    for (const Json& group : layer["inputs"]) {
      for (const Json& row : group) rows.insert(row.get<Index>());
      named += group.size();
    }
    REQUIRE(rows.size() == named);  // no row is in two groups
  }
  const Answer cost = run({"cost", "--pruned", out, "--json", "-"});
  INFO(cost.err);
  REQUIRE(cost.status == 0);
  for (const char* gain : {"area", "energy"})
    CHECK(cost.json()["gains"][gain].get<double>() ==
          Approx(pruned["cost"]["gains"][gain].get<double>()).epsilon(0.01));
  const Answer refused = run(Words{"search"} + inputs() + Words{"--row-groups", "gatherd"});
  CHECK(has(refused.err, "did you mean 'gathered'?"));
}

TEST_CASE("bits of ADCs in a plan need ADCs that have some") {
  const Words simulate = {"simulate",     "--network", trained(),   "--data",
                          bench().data(), "--plan",    "adc-bits=3"};
  const Answer ideal = run(simulate + Words{"--adc", "ideal"});
  CHECK(ideal.status == 2);
  CHECK(has(ideal.err, "[autoprune.config.104] bits of ADCs in 'adc-bits=3' would change nothing"));
  CHECK(run(simulate).status == 0);
  CHECK(run({"cost", "--network", trained(), "--plan", "adc-bits=3"}).status == 0);
}
