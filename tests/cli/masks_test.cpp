// Training elsewhere: prune writes masks, a framework trains under them and drops all metadata.
#include "autoprune/io/safetensors.hpp"
#include "helpers.hpp"

using namespace cli;  // NOLINT: a test's own helpers

namespace {

/// What a framework makes of a pruned network: kept weights move, a wrapper's prefix comes before
/// the names, metadata is gone. With `leak`, a pruned weight moves, too.
std::string trained_elsewhere(const std::string& pruned, bool leak) {
  using autoprune::io::Safetensors;
  const Safetensors file = Safetensors::read(pruned + "/pruned.safetensors");
  const Safetensors masks = Safetensors::read(pruned + "/masks.safetensors");
  std::vector<autoprune::Tensor> tensors;
  for (const auto& entry : file.entries()) {
    tensors.push_back(file.tensor(entry));
    const auto* masked = masks.find(entry.name);
    for (std::size_t i = 0; i < tensors.back().size(); ++i) {
      const bool kept = masked == nullptr || masks.bytes(*masked)[i] != 0;
      if (kept) tensors.back().data()[i] *= 1.01F;
      if (!kept && leak) tensors.back().data()[i] = 0.001F;
    }
  }
  std::vector<autoprune::nn::ConstNamedTensor> named;
  for (std::size_t i = 0; i < tensors.size(); ++i)
    named.push_back({"_orig_mod." + file.entries()[i].name, &tensors[i]});
  const std::string tuned = fresh("tuned") + ".safetensors";
  autoprune::io::write_safetensors(tuned, named);
  return tuned;
}

}  // namespace

TEST_CASE("masks go to another framework, and its weights come back under them") {
  for (const std::string rows : {"neighbours", "gathered"}) {
    INFO(rows);
    const std::string out = fresh("masked");
    const Answer pruned = run(Words{"prune"} + inputs() + short_search() +
                              Words{"--row-groups", rows, "--granularity", "8", "--geometry",
                                    "64x64/16x16/1", "--target-compression", "6", "--count",
                                    "pooled", "--epochs", "0", "--out", out, "--json", "-"});
    INFO(pruned.err);
    REQUIRE(pruned.status == 0);
    const Json report = pruned.json();
    CHECK_FALSE(report.contains("fine_tune"));
    CHECK(report["compression"]["pooled"].get<double>() >= 6.0);

    const Words back = {"--network", bench() / "net.json",          "--masks", out,
                        "--weights", trained_elsewhere(out, false), "--json",  "-"};
    const Answer mapped = run(Words{"map"} + back);
    INFO(mapped.err);
    REQUIRE(mapped.status == 0);
    CHECK(has(mapped.err, "without their '_orig_mod.'"));
    CHECK(mapped.json()["layers"] == report["layers"]);
    CHECK(mapped.json()["geometry"] == "64x64/16x16/1");
    const Json priced = run(Words{"cost"} + back).json();
    for (std::size_t k = 0; k < 3; ++k)
      CHECK(priced["layers"][k]["work"]["crossbars"] == report["layers"][k]["crossbars"]);
    const Words images = {"--data", bench().data(), "--quiet"};
    CHECK(run(Words{"evaluate"} + back + images).json()["accuracy"].contains("pruned"));
    const Answer simulated = run(Words{"simulate", "--calibration-images", "64"} + back + images);
    INFO(simulated.err);
    CHECK(simulated.json()["layers"].size() == 3);

    const Answer leaked =
        run({"map", "--network", bench() / "net.json", "--masks", out + "/masks.safetensors",
             "--weights", trained_elsewhere(out, true)});
    CHECK(leaked.status == 1);
    CHECK(has(leaked.err, "[autoprune.mapping.401]"));
    CHECK(has(leaked.err, "after every step"));
    const Answer two = run(Words{"map"} + back + Words{"--keep", "0.5"});
    CHECK(two.status == 2);
    CHECK(has(two.err, "--masks"));
    for (const Words& other :
         {Words{"--method", "naive"}, Words{"--granularity", "16"},
          Words{"--row-groups", rows == "gathered" ? "neighbours" : "gathered"},
          Words{"--importance", "l2"}, Words{"--heuristic", "uniform"}}) {
      const Answer refused = run(Words{"map"} + back + other);
      INFO(refused.err);
      CHECK(refused.status == 2);
      CHECK(has(refused.err, other[0]));
    }
    CHECK(run(Words{"map"} + back + Words{"--granularity", "8", "--row-groups", rows}).status == 0);
  }
}
