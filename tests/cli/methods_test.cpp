#include <string>

#include "autoprune/methods/registry.hpp"
#include "helpers.hpp"

using namespace cli;

TEST_CASE("every method prunes, maps and is priced by the same commands") {
  for (const std::string& method : autoprune::methods::method_names()) {
    INFO(method);
    const std::string out = fresh("method-" + method);
    const Answer mapped = run({"map", "--network", trained(), "--method", method, "--keep", "0.3",
                               "--out", out, "--json", "-"});
    INFO(mapped.err);
    REQUIRE(mapped.status == 0);
    const Json report = mapped.json();
    CHECK(report["options"]["method"] == method);
    const bool indexed = method != "naive" && method != "magnitude";
    double kept = 0.0;  // of three layers
    for (const Json& layer : report["layers"]) {
      CHECK((layer["index_bits"].get<Index>() > 0) == indexed);
      kept += layer["keep_ratio"].get<double>();
    }
    CHECK((kept < 2.5) == (method != "naive"));
    const Json mapping = read_json(out + "/mapping.json");
    for (std::size_t k = 0; k < 3; ++k)
      CHECK(mapping["layers"][k]["tiles"].size() == report["layers"][k]["ous"].get<std::size_t>());
    CHECK(has(read(out + "/report.html"), "Crossbar occupancy"));

    const Answer priced = run({"cost", "--network", trained(), "--method", method, "--json", "-"});
    INFO(priced.err);
    REQUIRE(priced.status == 0);
    CHECK(priced.json()["gains"]["energy"].get<double>() > 0.0);
  }
}

TEST_CASE("a rival's network goes from prune to simulate and cost, and remembers its method") {
  for (const std::string method : {"sre", "pim-prune", "pattern-prune"}) {
    INFO(method);
    const std::string out = fresh("rival-" + method);
    const Answer pruned = run(Words{"prune"} + inputs() + short_search() + short_training() +
                              Words{"--method", method, "--count", "pooled", "--target-compression",
                                    "1.5", "--out", out, "--json", "-"});
    INFO(pruned.err);
    REQUIRE(pruned.status == 0);
    CHECK(pruned.json()["compression"]["pooled"].get<double>() >= 1.5);
    const Json again = run({"map", "--network", out + "/pruned.safetensors", "--json", "-"}).json();
    CHECK(again["compression"] == pruned.json()["compression"]);

    const Answer simulated = run({"simulate", "--model", out, "--data", bench().data(), "--images",
                                  "64", "--calibration-images", "64", "--quiet", "--json", "-"});
    INFO(simulated.err);
    REQUIRE(simulated.status == 0);
    const Json accuracy = simulated.json()["accuracy"];
    CHECK(accuracy["quantised"]["top1"] == accuracy["on_crossbar"]["top1"]);
    const Answer priced = run({"cost", "--pruned", out, "--json", "-"});
    INFO(priced.err);
    REQUIRE(priced.status == 0);
    CHECK(priced.json()["gains"]["area"].get<double>() > 1.0);
  }
}

TEST_CASE("column-vectors are ranked by gradients of training images") {
  const Words map = {"map", "--network", trained(), "--keep", "0.3", "--json", "-"};
  const Answer taylor = run(map + Words{"--importance", "taylor", "--data", bench().data()});
  INFO(taylor.err);
  REQUIRE(taylor.status == 0);
  CHECK(taylor.json()["layers"] != run(map).json()["layers"]);
  const Answer blind = run(map + Words{"--importance", "taylor"});
  CHECK(blind.status == 2);
  CHECK(has(blind.err, "--data"));

  const std::string out = fresh("taylor");
  const Answer pruned = run(Words{"prune"} + inputs() + short_search() + short_training() +
                            Words{"--importance", "taylor", "--count", "pooled",
                                  "--target-compression", "2", "--out", out, "--json", "-"});
  INFO(pruned.err);
  REQUIRE(pruned.status == 0);
  CHECK(pruned.json()["compression"]["pooled"].get<double>() >= 2.0);
}

TEST_CASE("what only column-vectors have is refused beside other methods") {
  const Words map = {"map", "--network", trained(), "--method", "sre"};
  for (const Words& option : {Words{"--granularity", "16"}, Words{"--row-groups", "gathered"},
                              Words{"--importance", "l2"}, Words{"--ou-selection", "refill"}}) {
    const Answer refused = run(map + option);
    INFO(refused.err);
    CHECK(refused.status == 2);
    CHECK(has(refused.err, option.front()));
  }
  const Answer unknown = run({"map", "--network", trained(), "--method", "pim-prun"});
  CHECK(has(unknown.err, "did you mean 'pim-prune'?"));
}

TEST_CASE("a sweep goes over any method's hardware") {
  const Answer swept =
      run({"sweep", "--network", trained(), "--method", "pim-prune", "--crossbar", "64,128",
           "--compression", "1.2", "--out", fresh("sweep-method"), "--json", "-"});
  INFO(swept.err);
  REQUIRE(swept.status == 0);
  CHECK(swept.json()["cells"].size() == 2);
}
