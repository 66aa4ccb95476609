// The command `reproduce`: every method on one network, cells that are kept, bad input.
#include <chrono>

#include "helpers.hpp"

namespace {

using namespace cli;

const std::string kRoot = AUTOPRUNE_SOURCE_DIR "/";

/// The options of a reproduction of LeNet-5 on MNIST.
Words lenet5(const std::string& out) {
  return {"reproduce", "table",     "--networks",     "lenet5", "--budget",
          "quick",     "--weights", kRoot + "models", "--data", kRoot + "data",
          "--out",     out,         "--quiet",        "--json", "-"};
}

void refuse(const Words& words, const std::string& id, const std::string& part) {
  const Answer answer = run(words + Words{"--out", fresh("refused"), "--quiet"});
  INFO(answer.err);
  CHECK(answer.status != 0);
  CHECK(has(answer.err, "[autoprune." + id + "]"));
  CHECK(has(answer.err, part));
}

}  // namespace

TEST_CASE("reproduce measures every method on LeNet-5, once") {
  if (!fs::exists(kRoot + "data/mnist")) {
    WARN("skipped: no " << kRoot << "data/mnist");
    return;
  }
  const std::string out = fresh("reproduce");
  const auto began = std::chrono::steady_clock::now();
  const Answer answer = run(lenet5(out));
  INFO(answer.err);
  REQUIRE(answer.status == 0);
  CHECK(std::chrono::steady_clock::now() - began < std::chrono::minutes(3));

  const Json report = answer.json();
  std::vector<std::string> methods;
  for (const Json& row : report["rows"]) {
    methods.push_back(row["method"]);
    INFO(methods.back());
    CHECK(row["network"] == "lenet5");
    CHECK(row["data"] == "mnist");
    CHECK(row["compression_per_layer"].get<double>() <= row["compression_pooled"].get<double>());
    CHECK(row["energy_gain"].get<double>() > 0.0);
    CHECK(row["top1"].get<double>() <= row["top5"].get<double>());
    if (methods.back() == "naive") {
      CHECK(row["compression_per_layer"] == 1.0);
      CHECK(row["energy_efficiency_gain"] == Approx(1.0));
      CHECK(row["top1"].get<double>() == Approx(99.33).margin(0.1));
    } else {
      if (methods.back() != "autohet")  // which has crossbars of other sizes, and no target
        CHECK(row["compression_pooled"].get<double>() >= row["target_compression"].get<double>());
      CHECK(row["drop_top1"].get<double>() ==
            Approx(report["rows"][0]["top1"].get<double>() - row["top1"].get<double>()));
    }
  }
  CHECK(methods.front() == "naive");
  const std::vector<std::string> ours = {"autoprune", "autoprune-gathered", "autoprune-dynamic"};
  CHECK(std::search(methods.begin(), methods.end(), ours.begin(), ours.end()) != methods.end());
  CHECK(report["rows"].back()["top1"].get<double>() > 97.0);
  CHECK(has(read(out + "/reproduce.md"), "| PIM-Prune |"));
  CHECK(has(read(out + "/compression.svg"), "<svg"));

  const Answer fixed =
      run(lenet5(fresh("fixed")) + Words{"--methods", "lamp", "--compression", "3"});
  INFO(fixed.err);
  REQUIRE(fixed.status == 0);
  CHECK(fixed.json()["rows"].size() == 2);
  CHECK(fixed.json()["rows"][1]["target_compression"] == 3.0);

  // Nothing is measured again, and the answer is the same.
  const auto again = std::chrono::steady_clock::now();
  CHECK(run(lenet5(out)).out == answer.out);
  CHECK(std::chrono::steady_clock::now() - again < (again - began) / 2 + std::chrono::seconds(1));
}

TEST_CASE("reproductions that can't be") {
  refuse({"reproduce", "tables"}, "config.101", "did you mean 'table'?");
  refuse({"reproduce", "--networks", "lenet"}, "config.101", "lenet5");
  refuse({"reproduce", "--methods", "pim"}, "config.101", "pim-prune");
  refuse({"reproduce", "--budget", "quik"}, "config.101", "did you mean 'quick'?");
  refuse({"reproduce", "--networks", "lenet5", "--weights", "nowhere"}, "io.701", "nowhere");
  refuse({"reproduce", "--networks", "lenet5", "--weights", kRoot + "models", "--data", "nowhere"},
         "io.701", "nowhere");
}
