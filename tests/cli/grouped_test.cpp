// A network with depthwise and grouped convolutions, described by a file, through every command.
#include "autoprune/methods/registry.hpp"
#include "helpers.hpp"

using namespace cli;  // NOLINT: a test's own helpers

namespace {

/// Trained a little by the program itself.
const std::string& grouped() {
  static const std::string file = [] {
    const std::string graph = bench() / "grouped.json", out = fresh("grouped");
    write(graph, R"({"input": [3, 32, 32], "nodes": [
      {"name": "pool", "op": "avg_pool", "kernel": 4},
      {"name": "first", "op": "conv", "out": 24, "kernel": 3, "padding": 1},
      {"name": "norm1", "op": "batch_norm"},
      {"name": "relu1", "op": "clip"},
      {"name": "depthwise", "op": "conv", "out": 24, "kernel": 3, "padding": 1, "groups": 24},
      {"name": "norm2", "op": "batch_norm"},
      {"name": "relu2", "op": "clip"},
      {"name": "point", "op": "conv", "out": 40, "kernel": 1},
      {"name": "groups", "op": "conv", "out": 32, "kernel": 3, "stride": 2, "groups": 4},
      {"name": "relu3", "op": "relu"},
      {"name": "last", "op": "linear", "out": 10}]})");
    const Answer answer = run({"train", "--network", graph, "--data", bench().data(), "--held-out",
                               "80", "--epochs", "2", "--batch", "32", "--out", out, "--quiet"});
    INFO(answer.err);
    REQUIRE(answer.status == 0);
    return out + "/trained.safetensors";
  }();
  return file;
}

Answer done(const Words& words) {
  const Answer answer = run(words);
  INFO(answer.err);
  REQUIRE(answer.status == 0);
  return answer;
}

const char* const kSentence = "convolutions in groups, 2 of 5 layers, take ";

}  // namespace

TEST_CASE("groups are mapped and priced, and the reports say what they take") {
  const std::string out = fresh("groups-map");
  const Answer mapped = done({"map", "--network", grouped(), "--keep", "0.3", "--out", out});
  CHECK(has(mapped.out, kSentence));
  CHECK(has(mapped.out, "24 of 9x1"));
  CHECK(has(mapped.out, "4 of 90x8"));
  CHECK(has(read(out + "/report.html"), kSentence));
  const Json report = read_json(out + "/report.json"), mapping = read_json(out + "/mapping.json");
  CHECK_FALSE(report["layers"][0].contains("groups"));
  CHECK(report["layers"][1]["groups"] == 24);
  CHECK(report["layers"][3]["groups"] == 4);
  CHECK(mapping["layers"][3]["groups"] == 4);
  for (const Json& layer : report["layers"]) {
    CHECK(layer["filled"].get<double>() > 0.0);
    CHECK(layer["filled"].get<double>() <= 1.0);
  }
  CHECK(has(done({"cost", "--network", grouped(), "--keep", "0.3"}).out, kSentence));
  CHECK(has(done({"cost", "--network", grouped()}).out, kSentence));
  CHECK(has(done({"inspect", "--network", grouped()}).out, "24 of 9x1"));
  CHECK_FALSE(has(done({"map", "--network", trained(), "--keep", "0.3"}).out, "groups"));
  // MNSIM-2.0 maps depthwise layers as if they were dense.
  CHECK(has(done({"cost", "--network", grouped(), "--model", "mnsim"}).out, "depthwise"));
}

TEST_CASE("every method takes groups, on other crossbars as well") {
  for (const std::string& method : autoprune::methods::method_names()) {
    INFO(method);
    const Words words = {"--network", grouped(), "--method", method, "--keep", "0.3"};
    done(Words{"map"} + words);
    done(Words{"cost"} + words);
    done(Words{"map"} + words + Words{"--geometry", "64x64/16x16/2"});
  }
}

TEST_CASE("groups are pruned, to the same bits each time, and simulated") {
  const Words hardware = {"--geometry", "32x32/8x8/1", "--granularity", "8"};
  const Words prune = Words{"prune", "--network", grouped(), "--data", bench().data()} + hardware +
                      Words{"--count", "pooled", "--target-compression", "3", "--reconstruct"} +
                      short_search() + short_training() + Words{"--quiet"};
  const std::string out = fresh("groups-prune"), again = fresh("groups-prune");
  const Json pruned = done(prune + Words{"--out", out, "--json", "-"}).json();
  CHECK(pruned["compression"]["pooled"].get<double>() >= 3.0);
  done(prune + Words{"--out", again});
  CHECK(read(out + "/pruned.safetensors") == read(again + "/pruned.safetensors"));
  const Words words = Words{"--json", "-"} + hardware;
  CHECK(
      done(Words{"map", "--network", out + "/pruned.safetensors"} + words).json()["compression"] ==
      pruned["compression"]);
  const Json simulated = done(Words{"simulate", "--model", out, "--data", bench().data(),
                                    "--images", "64", "--calibration-images", "64", "--quiet"} +
                              words)
                             .json();
  CHECK(simulated["accuracy"]["quantised"]["top1"] == simulated["accuracy"]["on_crossbar"]["top1"]);
  CHECK(done(Words{"cost", "--pruned", out} + words).json()["gains"]["area"].get<double>() > 1.0);
}
