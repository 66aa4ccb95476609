// --network FILE.onnx, and pruned.onnx, where the program was built with ONNX.
#include "autoprune/io/npy.hpp"
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

TEST_CASE("a model that leaves the size of its images open is told it") {
  const std::string graph = bench() / "open.json";
  write(graph, R"({"input": [3, 32, 32], "nodes": [
    {"name": "conv", "op": "conv", "out": 32, "kernel": 3, "padding": 1},
    {"name": "relu", "op": "relu"},
    {"name": "mean", "op": "global_avg_pool"},
    {"name": "fc", "op": "linear", "out": 10}]})");
  const std::string dense = fresh("open"), out = fresh("open");
  const Words data = {"--data", bench().data(), "--quiet"};
  REQUIRE(
      run(Words{"train", "--network", graph, "--held-out", "80", "--epochs", "1", "--out", dense} +
          data)
          .status == 0);
  REQUIRE(run(Words{"prune", "--network", dense + "/trained.safetensors", "--target-compression",
                    "1.5", "--count", "pooled", "--epochs", "0", "--out", out} +
              data + short_search())
              .status == 0);
  // Height and width 32, as protobuf writes them, become names.
  std::string bytes = read(out + "/pruned.onnx");
  const std::string fixed("\n\2\10 \n\2\10 "), open("\n\2\22\0\n\2\22\0", 8);
  const std::size_t at = bytes.find(fixed);
  REQUIRE(at != std::string::npos);
  bytes.replace(at, 8, open);
  const std::string model = out + "/open.onnx";
  write(model, bytes);

  const auto shape_of = [&](const Words& more) {
    const Answer answer = run(Words{"inspect", "--network", model, "--json", "-"} + more);
    INFO(answer.err);
    REQUIRE(answer.status == 0);
    return answer.json()["nodes"][0]["output"];
  };
  const Answer none = run({"inspect", "--network", model});
  CHECK(none.status == 2);
  CHECK(has(none.err, "--input-size"));
  CHECK(shape_of({"--input-size", "48"}) == Json({3, 48, 48}));
  CHECK(shape_of({"--input-size", "48x40"}) == Json({3, 48, 40}));
  CHECK(shape_of(data) == Json({3, 32, 32}));
  const Answer fixed_size =
      run({"inspect", "--network", out + "/pruned.onnx", "--input-size", "48"});
  CHECK(fixed_size.status == 1);
  CHECK(has(fixed_size.err, "3x32x32"));
  CHECK(run({"inspect", "--network", "resnet20", "--input-size", "64", "--json", "-"})
            .json()["nodes"][0]["output"] == Json({3, 64, 64}));
  // run goes by its array.
  for (const Index size : {32, 20}) {
    const std::vector<Index> shape = {2, 3, size, size};
    const std::vector<float> numbers(static_cast<std::size_t>(6 * size * size), 0.5F);
    const std::string input = fresh("x") + ".npy";
    autoprune::io::write_file(input, autoprune::io::npy_bytes(shape, numbers));
    const Answer answer =
        run({"run", "--network", model, "--input", input, "--output", fresh("y")});
    INFO(answer.err);
    CHECK(answer.status == 0);
  }
}

TEST_CASE(
    "crossbars of gathered row groups come back from a model, a layer that keeps all among them") {
  const std::string out = fresh("gathered");
  const Answer pruned =
      run(Words{"prune"} + inputs() + short_search() +
          Words{"--row-groups", "gathered", "--granularity", "8", "--geometry", "64x64/16x16/1",
                "--freeze", "second", "--target-compression", "3", "--count", "pooled", "--epochs",
                "0", "--out", out, "--json", "-"});
  INFO(pruned.err);
  REQUIRE(pruned.status == 0);
  const Json before = pruned.json();
  for (const char* file : {"/pruned.onnx", "/pruned.safetensors"}) {
    const Json after = run({"map", "--network", out + file, "--json", "-"}).json();
    CHECK(after["crossbars"] == before["crossbars"]);
    for (std::size_t k = 0; k < before["layers"].size(); ++k)
      for (const char* count : {"ous", "crossbars", "kept"}) {
        INFO(count);
        CHECK(after["layers"][k][count] == before["layers"][k][count]);
      }
  }
}

TEST_CASE("a network of few bits goes on from the integers of its model") {
  const std::string out = fresh("few_bits");
  const Answer pruned = run(Words{"prune"} + inputs() + short_search() + short_training() +
                            Words{"--plan", "weight-bits=3", "--out", out});
  INFO(pruned.err);
  REQUIRE(pruned.status == 0);
  const std::string model = out + "/pruned.onnx";
  CHECK(has(read(model), "DequantizeLinear"));
  const auto simulated = [&](const Words& more) {
    const Answer answer = run(Words{"simulate", "--network", model, "--data", bench().data(),
                                    "--images", "40", "--json", "-"} +
                              more);
    INFO(answer.err);
    REQUIRE(answer.status == 0);
    return answer.json();
  };
  const Json own = simulated({}), stored = simulated({"--weights", out + "/pruned.safetensors"});
  CHECK(own["accuracy"] == stored["accuracy"]);
  CHECK(own["activity"] == stored["activity"]);
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
