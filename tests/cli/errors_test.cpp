// Bad input: an id, the offending value and a fix; status 2 for the command line, 1 for the rest.
#include <cstring>
#include <limits>

#include "helpers.hpp"

using namespace cli;  // NOLINT: a test's own helpers

namespace {

void refuses(const Words& words, int status, const std::string& code, const std::string& part) {
  const Answer answer = run(words);
  INFO("autoprune " << autoprune::join(words, " ") << "\n" << answer.err);
  CHECK(answer.status == status);
  CHECK(has(answer.err, "[autoprune." + code + "]"));
  CHECK(has(answer.err, part));
  CHECK(answer.out.empty());
}

std::string made(const std::string& name, const std::string& content) {
  const std::string path = bench() / name;
  write(path, content);
  return path;
}

/// The bench's data with the test file replaced.
std::string data_with(const std::string& test_batch) {
  const std::string folder = fresh("data");
  fs::copy(bench() / "data", folder);
  write(folder + "/test_batch.bin", test_batch);
  return "cifar10:" + folder;
}

}  // namespace

TEST_CASE("searches of variables that there aren't") {
  const auto space = [](const std::string& text, const std::string& code, const std::string& part) {
    refuses(Words{"search"} + inputs() + Words{"--out", fresh("space"), "--search", text}, 2, code,
            part);
  };
  space("keep,weight-bit=2..8", "config.101", "did you mean 'weight-bits'?");
  space("keep,weight-bits=0..8", "config.102", "[1, 16]");
  space("adc-bits=20", "config.102", "[1, 16]");
  space("adc-bits=8..4", "config.102", "range of nothing");
  space("weight-bits=4+4", "config.102", "there already");
  space("keep,keep", "config.104", "twice");
  space("keep,weight-bits=", "config.105", "write weight-bits=2..8");
  space("input-bits=9..12", "config.102", "[1, 8]");
  space("keep,granularity", "config.105", "=8+16+32");
  space("geometry=60x64/16x16/1", "config.103", "don't divide");
  space("keep=2..8", "config.104", "--bounds");
  space("input-bits=2..x", "config.104", "2..8");
}

TEST_CASE("command lines that make no sense") {
  refuses({"prun"}, 2, "config.101", "did you mean 'prune'?");
  refuses({"--treads", "2"}, 2, "config.104", "where the command belongs");
  refuses({}, 2, "config.105", "--help");
  refuses({"map", "--network", "vgg-16"}, 2, "config.101", "did you mean 'vgg16'?");
  refuses({"map", "--network", "vgg16", "--granulrity", "8"}, 2, "config.101",
          "did you mean '--granularity'?");
  refuses({"map", "--network", "vgg16", "--granulrity=8"}, 2, "config.101", "'--granulrity';");
  refuses({"map", "--network", "vgg16", "stray"}, 2, "config.104", "'stray'");
  refuses({"map"}, 2, "config.105", "--network");
  refuses({"map", "--network"}, 2, "config.105", "--network");
  refuses({"map", "--network", "vgg16", "--seed", "x"}, 2, "config.104", "seed");
  refuses({"map", "--network", "vgg16", "--keep", "0.5"}, 2, "config.105", "--weights");
  refuses({"evaluate", "--network", "vgg16", "--data", bench().data()}, 2, "config.105",
          "--weights");
  refuses({"map", "--network", "lenet5", "--bit-planes", "apar"}, 2, "config.101",
          "did you mean 'apart'?");
  refuses({"evaluate", "--network", "vgg16"}, 2, "config.105", "--data");
  refuses({"prune", "--network", "vgg16", "--data", "cifar10:x"}, 2, "config.105", "--out");
  refuses({"fine-tune", "--network", "vgg16", "--data", bench().data(), "--out", "x"}, 2,
          "config.105", "--weights");
  refuses({"evaluate", "--network", "vgg16", "--data", "cifar"}, 2, "config.104", "images:DIR");
  refuses({"evaluate", "--network", "vgg16", "--data", "cifar1:x"}, 2, "config.101", "cifar10");
  refuses({"inspect", "--network", "lenet5", "--threads", "-1"}, 2, "config.102", "threads");
}

TEST_CASE("hardware that can't be") {
  const auto refuse = [](const Words& words, const std::string& code, const std::string& part) {
    refuses(Words{"inspect", "--network", "lenet5"} + words, code[0] == 'c' ? 2 : 1, code, part);
  };
  refuse({"--geometry", "128x128/33x32/1"}, "config.103", "take a divisor");
  refuse({"--geometry", "128x128"}, "config.104", "128x128/32x32/1");
  refuse({"--geometry", "128x128/32x32/9"}, "config.102", "1 to 8");
  refuse({"--granularity", "5"}, "mapping.401", "5 doesn't divide the 128 rows");
  refuse({"--geometry", "100x100/20x25/3", "--granularity", "32"}, "mapping.401", "a divisor");
  refuse({"--geometry", "64x64/32x32/1", "--granularity", "128"}, "mapping.401", "64");
  refuse({"--weight-bits", "0"}, "config.102", "--weight-bits");
}

TEST_CASE("damaged networks") {
  const auto refuse = [](const std::string& network, const std::string& code,
                         const std::string& part) {
    refuses({"map", "--network", network}, 1, code, part);
  };
  const std::string good = read(trained());
  refuse(made("cut.safetensors", good.substr(0, good.size() - 100)), "format.301", "cut off");
  refuse(made("header.safetensors", good.substr(0, 50)), "format.301", "header");
  refuse(made("garbage.safetensors", std::string(1000, 'x')), "format.302", "safetensors");
  refuse(made("empty.safetensors", ""), "format.301", "0 bytes");
  refuse(made("garbage.json", "{\"input\": [3, 32"), "format.305", "garbage.json");
  refuse(made("wrong.json", R"({"input": [3, 32, 32], "nodes": [{"name": "a", "op": "conv"}]})"),
         "format.305", "'out'");
  refuse(bench() / "none.safetensors", "io.701", "none.safetensors");
  refuse(bench() / "data", "io.701", "data");

  const float nan = std::numeric_limits<float>::quiet_NaN();
  std::string poisoned = good;
  std::memcpy(poisoned.data() + poisoned.size() - sizeof nan, &nan, sizeof nan);
  refuse(made("nan.safetensors", poisoned), "numeric.501", "nan");

  const std::string graph = R"({"input": [3, 32, 32], "nodes": [
      {"name": "flatten", "op": "flatten"}]})";
  refuse(made("none.json", graph), "shape.202", "no layer with weights");
  refuses({"map", "--network", "plain20", "--weights", trained()}, 1, "shape.203", "features.0");
  refuses({"map", "--network", "plain20", "--weights",
           AUTOPRUNE_SOURCE_DIR "/models/plain20-mnist.safetensors"},
          1, "shape.201", "16x1x3x3");
}

TEST_CASE("damaged data") {
  const auto refuse = [](const std::string& data, const std::string& code,
                         const std::string& part) {
    refuses({"evaluate", "--network", trained(), "--data", data}, 1, code, part);
  };
  const std::string test = read(bench() / "data/test_batch.bin");
  refuse(data_with(test.substr(0, 5000)), "format.301", "test_batch.bin");
  std::string mislabelled = test;
  mislabelled[3073] = 10;
  refuse(data_with(mislabelled), "format.306", "label 10");
  refuse("cifar10:" + (bench() / "nowhere").string(), "io.701", "examples/data/fetch");
  refuse("mnist:" + (bench() / "data").string(), "io.701", "examples/data/fetch mnist");

  const std::string narrow = made("narrow.json", R"({"input": [1, 32, 32], "nodes": [
      {"name": "fc", "op": "linear", "out": 10}]})");
  const std::string few = made("few.json", R"({"input": [3, 32, 32], "nodes": [
      {"name": "fc", "op": "linear", "out": 9}]})");
  for (const auto& [network, why] : {std::pair{narrow, "1x32x32"}, std::pair{few, "9 outputs"}})
    refuses({"train", "--network", network, "--data", bench().data(), "--out", fresh("x")}, 1,
            "shape.201", why);
  refuses({"evaluate", "--network", trained(), "--data", bench().data(), "--images", "101"}, 2,
          "config.102", "101");
}

TEST_CASE("policies and constraints that can't be") {
  const auto policy = [](const std::string& text, int status, const std::string& code,
                         const std::string& part) {
    refuses({"map", "--network", trained(), "--policy", made("policy.json", text)}, status, code,
            part);
  };
  policy("nonsense", 1, "format.305", "policy.json");
  policy("{}", 1, "format.305", "schema");
  const std::string head = R"({"schema": "autoprune.policy/1", "layers": [)";
  policy(head + R"({"name": "frist", "keep_ratio": 1}]})", 2, "config.101",
         "did you mean 'first'?");
  policy(head + R"({"name": "first", "keep_ratio": 1.5}]})", 2, "config.102", "1.5");
  policy(head + R"({"name": "first", "keep_ratio": 1}]})", 2, "config.105", "'second'");
  policy(head + R"({"name": "first", "keep_ratio": 1}, {"name": "first", "keep_ratio": 1}]})", 1,
         "format.305", "twice");
  refuses({"map", "--network", trained(), "--keep", "0"}, 2, "config.102", "--keep");

  const Words search = Words{"search"} + inputs() + short_search() + Words{"--out", fresh("s")};
  refuses(search + Words{"--freeze", "frist"}, 2, "config.101", "did you mean 'first'?");
  for (const char* bounds : {"first", "first:0.1", "first:a:1", "first:0.1:0.2x", "first::1", ":"})
    refuses(search + Words{"--bounds", bounds}, 2, "config.104", "LAYER:MIN:MAX");
  refuses(search + Words{"--bounds", "first:0.5:0.2"}, 2, "config.102", "min <= max");
  refuses(search + Words{"--target-compression", "0.5"}, 2, "config.102", "[1, 1e+06]");
  refuses(search + Words{"--target-compression", "1000"}, 1, "state.603", "can't be reached");
  refuses(search + Words{"--alpha", "-1"}, 2, "config.102", "alpha");
  refuses(search + Words{"--calibration-images", "0"}, 2, "config.102", "--calibration-images");
  refuses(search + Words{"--held-out-images", "0"}, 2, "config.102", "--held-out-images");
  refuses(search + Words{"--held-out", "400"}, 2, "config.102", "held-out");
  refuses(search + Words{"--episodes", "0"}, 2, "config.102", "episodes");
  refuses(search + Words{"--searcher", "agent"}, 2, "config.101", "guided");
  refuses(search + Words{"--warm-start", "--no-warm-start"}, 2, "config.104", "--no-warm-start");

  const Words prune = Words{"prune"} + inputs() + short_search() + Words{"--out", fresh("p")};
  refuses(prune + Words{"--epochs", "-1"}, 2, "config.102", "epochs");
  refuses(prune + Words{"--batch", "1000"}, 1, "shape.205", "--batch");
  refuses(prune + Words{"--ramp", "2"}, 2, "config.102", "ramp");
  refuses(prune + Words{"--distillation", "2"}, 2, "config.102", "--distillation");
  refuses(prune + Words{"--learning-rate", "0"}, 2, "config.102", "--learning-rate");
}

TEST_CASE("simulations that can't be") {
  const auto refuse = [](const Words& words, const std::string& code, const std::string& part) {
    refuses(Words{"simulate"} + inputs() + Words{"--calibration-images", "32"} + words,
            code[0] == 'c' ? 2 : 1, code, part);
  };
  refuse({"--adc", "saturatin"}, "config.101", "did you mean 'saturating'?");
  refuse({"--calibration", "max"}, "config.101", "maximum");
  refuse({"--spread", "uniform"}, "config.101", "log-normal");
  refuse({"--adc-bits", "0"}, "config.102", "--adc-bits");
  refuse({"--dac-bits", "3"}, "config.102", "DAC of 3 bits");
  refuse({"--input-bits", "9"}, "config.102", "--input-bits");
  refuse({"--weight-bits", "9"}, "config.102", "9 magnitude bits");
  refuse({"--percentile", "0"}, "config.102", "percentile");
  refuse({"--calibration-images", "401"}, "config.102", "--calibration-images");
  refuse({"--seeds", "0"}, "config.102", "--seeds");
  refuse({"--read-noise", "-1"}, "config.102", "--read-noise");
  refuse({"--granularity", "48"}, "mapping.401", "48");
  refuse({"--on-off", "1"}, "config.102", "--on-off");
  for (const char* shares : {"garbage", "0.1", "0.1:", ":", "0.1:0.1:0.1", "0.1,0.1"})
    refuse({"--stuck-at", shares}, "config.104", "LOW:HIGH");
  refuse({"--stuck-at", "0.6:0.6"}, "config.102", "stuck");
  for (const char* variation : {"garbage", "0.1,", "0.1,,0.2", "0.1:0.2", "5%", "nan"})
    refuse({"--variation", variation}, "config.104", "with commas");
  for (const char* variation : {"-0.1", "0.1,5"})
    refuse({"--variation", variation}, "config.102", "variation");

  const Words search = Words{"search"} + inputs() + Words{"--out", fresh("refused")};
  refuses(search + Words{"--accuracy", "crossbar"}, 2, "config.101", "on-crossbar");
  refuses(search + Words{"--variation", "0.1,0.2"}, 2, "config.102", "sweeps");
  refuses(search + Words{"--accuracy", "on-crossbar", "--adc-bits", "0"}, 2, "config.102",
          "--adc-bits");

  const Words data = {"simulate", "--data", bench().data()};
  refuses(data, 2, "config.105", "--network");
  refuses(data + Words{"--model", bench() / "data"}, 1, "io.701", "no pruned.safetensors");
  refuses(data + Words{"--model", bench() / "nowhere"}, 1, "io.701", "nowhere");
  refuses(data + Words{"--model", "x", "--weights", "y"}, 2, "config.104", "exclude each other");
}

TEST_CASE("an output that is full is an error, not silence") {
  for (const Words& words : {Words{"--help"}, Words{"map", "--help"}, Words{"--version"},
                             Words{"inspect", "--network", "lenet5"},
                             Words{"inspect", "--network", "lenet5", "--json", "-"}}) {
    const Answer answer = run(words, [] { ::dup2(::open("/dev/full", O_WRONLY), STDOUT_FILENO); });
    INFO(autoprune::join(words, " ") << '\n' << answer.err);
    CHECK(answer.status == 1);
    CHECK(has(answer.err, "[autoprune.io.702]"));
  }
}

TEST_CASE("places that can't be written are found before the work begins") {
  const std::string file = made("a-file", "kept");
  const Words search = Words{"search"} + inputs() + Words{"--episodes", "1000000"};
  refuses(search + Words{"--out", file}, 1, "io.702", "a-file");
  refuses(search + Words{"--out", file + "/below"}, 1, "io.702", "a-file");
  refuses(search + Words{"--out", fresh("ok"), "--json", file + "/x.json"}, 1, "io.702", "a-file");
  CHECK(read(file) == "kept");
}
