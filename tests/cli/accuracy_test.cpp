// The repository's trained networks on their whole test sets, which `./run test` fetches into
// data/.

#include "helpers.hpp"

namespace {

using namespace cli;

struct Trained {
  std::string network, weights, data;
  double top1, top5;  // per cent, models/README.md
};

}  // namespace

TEST_CASE("the trained networks have the accuracies that stand in models/README.md") {
  const std::string root = AUTOPRUNE_SOURCE_DIR "/";
  for (const Trained& t : {Trained{"lenet5", "lenet5-mnist", "mnist", 99.33, 100.00},
                           Trained{"plain20", "plain20-cifar10", "cifar10", 91.27, 99.48},
                           Trained{"plain20", "plain20-mnist", "mnist", 99.68, 100.00}}) {
    const std::string data = root + "data/" + t.data;
    if (!fs::exists(data)) {
      WARN("skipped " << t.weights << ": no " << data);
      continue;
    }
    const Answer answer = run({"evaluate", "--network", t.network, "--weights",
                               root + "models/" + t.weights + ".safetensors", "--data",
                               t.data + ":" + data, "--json", "-"});
    INFO(t.weights << '\n' << answer.err);
    REQUIRE(answer.status == 0);
    const Json accuracy = answer.json()["accuracy"]["dense"];
    CHECK(accuracy["top1"].get<double>() == Approx(t.top1).margin(0.1));
    CHECK(accuracy["top5"].get<double>() == Approx(t.top5).margin(0.1));
  }
}
