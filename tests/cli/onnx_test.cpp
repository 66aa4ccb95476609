// --network FILE.onnx, and pruned.onnx, where the program was built with ONNX.
#include "helpers.hpp"

using namespace cli;  // NOLINT: a test's own helpers

#ifdef AUTOPRUNE_ONNX

TEST_CASE("a pruned network goes on from its ONNX model as from its weights") {
  const std::string out = fresh("onnx");
  const Answer pruned =
      run(Words{"prune"} + inputs() + short_search() + short_training() + Words{"--out", out});
  INFO(pruned.err);
  REQUIRE(pruned.status == 0);
  const auto answer = [&](const std::string& command, const std::string& file, const Words& more) {
    const Answer a = run(Words{command, "--network", file, "--json", "-"} + more);
    INFO(a.err);
    REQUIRE(a.status == 0);
    return a.json();
  };
  const std::string model = out + "/pruned.onnx", weights = out + "/pruned.safetensors";
  const Words data = {"--data", bench().data()};
  CHECK(answer("evaluate", model, data)["accuracy"] ==
        answer("evaluate", weights, data)["accuracy"]);
  const Json mapped = answer("map", model, {}), beside = answer("map", weights, {});
  CHECK(mapped["crossbars"] == beside["crossbars"]);
  CHECK(mapped["layers"] == beside["layers"]);
  // Other weights under the same names.
  CHECK(answer("evaluate", model, data + Words{"--weights", trained()})["accuracy"] ==
        answer("evaluate", trained(), data)["accuracy"]);
  CHECK(answer("inspect", model, {"--output", "last"})["nodes"] ==
        answer("inspect", model, {})["nodes"]);
  const Answer unknown = run({"inspect", "--network", model, "--output", "head"});
  CHECK(unknown.status == 2);
  CHECK(has(unknown.err, "config.101"));
  const Answer damaged = run({"inspect", "--network", bench() / "net.onnx"});
  CHECK(damaged.status == 1);
}

#else

TEST_CASE("a program without ONNX says what to install") {
  const Answer answer = run({"inspect", "--network", "mine.onnx"});
  CHECK(answer.status == 2);
  CHECK(has(answer.err, "config.106"));
  CHECK(has(answer.err, "libonnx-dev"));
}

#endif

TEST_CASE("the output of any network can be named") {
  const Answer inner = run({"inspect", "--network", trained(), "--output", "relu1", "--json", "-"});
  INFO(inner.err);
  CHECK(inner.status == 0);
  const Answer unknown = run({"inspect", "--network", trained(), "--output", "relu7"});
  CHECK(unknown.status == 2);
  CHECK(has(unknown.err, "did you mean 'relu1'"));
}
