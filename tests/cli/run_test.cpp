// The command `run`: logits of images in an array, in every kind of numbers.
#include <algorithm>
#include <array>
#include <cmath>

#include "../io/zip_writer.hpp"
#include "autoprune/io/dataset.hpp"
#include "autoprune/io/npy.hpp"
#include "autoprune/io/safetensors.hpp"
#include "autoprune/nn/image_source.hpp"
#include "helpers.hpp"

using namespace cli;  // NOLINT: a test's own helpers
using autoprune::io::Npy;

namespace {

/// The first test images of the bench as the network takes them, and their labels.
struct Samples {
  std::vector<float> numbers;
  std::vector<autoprune::nn::Label> labels;
};
Samples samples(Index images) {
  autoprune::ThreadPool pool(1);
  const auto data = autoprune::io::read_dataset(bench().data());
  autoprune::nn::Batch batch;
  data.test.load(autoprune::nn::range(0, images), nullptr, batch, pool);
  Samples all{{}, batch.labels};
  for (Index i = 0; i < images; ++i)
    for (Index c = 0; c < 3; ++c)
      for (Index h = 0; h < 32; ++h)
        for (Index w = 0; w < 32; ++w) all.numbers.push_back(batch.images.at(i, c, h, w));
  return all;
}

/// Writes them as an array.
std::string sample_file(Index images) {
  const std::string path = fresh("images") + ".npy";
  const std::vector<Index> shape = {images, 3, 32, 32};
  autoprune::io::write_file(path, autoprune::io::npy_bytes(shape, samples(images).numbers));
  return path;
}

/// The logits that the program makes of the images.
std::vector<float> logits_of(const std::string& input, const Words& more = {}) {
  const std::string output = fresh("logits") + ".npy";
  const Answer answer = run(
      Words{"run", "--network", trained(), "--input", input, "--output", output, "--quiet"} + more);
  INFO(answer.err);
  REQUIRE(answer.status == 0);
  const Npy array = autoprune::io::read_npy(output);
  REQUIRE(array.type == "f4");
  REQUIRE(array.shape.size() == 2);
  CHECK(array.shape[1] == 10);
  std::vector<float> logits(static_cast<std::size_t>(array.size()));
  array.copy(0, std::span(logits));
  return logits;
}

/// Images whose label has the largest logit, in percent.
double top1(const std::vector<float>& logits, const std::vector<autoprune::nn::Label>& labels) {
  double right = 0.0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto first = logits.begin() + static_cast<Index>(10 * i);
    right += std::max_element(first, first + 10) - first == labels[i] ? 1.0 : 0.0;
  }
  return 100.0 * right / static_cast<double>(labels.size());
}

}  // namespace

TEST_CASE("the logits that run writes have the accuracies that evaluate and simulate report") {
  const std::string input = sample_file(100);
  const auto labels = samples(100).labels;
  const Words data = {"--data", bench().data(), "--calibration-images", "64"};
  const Json real = run(Words{"evaluate"} + inputs() + Words{"--json", "-"}).json();
  CHECK(top1(logits_of(input), labels) == Approx(real["accuracy"]["dense"]["top1"].get<double>()));
  const Words chip = data + Words{"--adc", "saturating", "--adc-bits", "4", "--variation", "0.2"};
  const Json simulated =
      run(Words{"simulate", "--network", trained(), "--quiet", "--json", "-"} + chip).json();
  for (const auto& [numbers, key] :
       {std::pair{"quantised", "quantised"}, std::pair{"on-crossbar", "on_crossbar"}}) {
    INFO(numbers);
    const Words& more = numbers == std::string("quantised") ? data : chip;
    const auto logits = logits_of(input, more + Words{"--numbers", numbers});
    CHECK(top1(logits, labels) ==
          Approx(simulated["accuracy"][key]["top1"].get<double>()).margin(1e-6));
  }
}

TEST_CASE("logits don't depend on threads or on the images beside") {
  const std::string few = sample_file(37), many = sample_file(100);
  const Words data = {"--data", bench().data(), "--calibration-images", "64"};
  for (const Words& more :
       {Words{}, data + Words{"--numbers", "quantised"},
        data + Words{"--numbers", "on-crossbar", "--adc", "saturating", "--adc-bits", "5"}}) {
    const auto all = logits_of(many, more + Words{"--threads", "2"});
    const auto part = logits_of(few, more + Words{"--threads", "1"});
    REQUIRE(part.size() == 370);
    CHECK(std::equal(part.begin(), part.end(), all.begin()));
  }
}

TEST_CASE("run says what set the ranges of its integers") {
  const Words words = {"run",     "--network", trained(),  "--input",  sample_file(40),
                       "--quiet", "--output",  fresh("y"), "--numbers"};
  const auto says = [&](const Words& more, const char* what) {
    const Answer answer = run(words + more);
    INFO(answer.out << answer.err);
    CHECK(answer.status == 0);
    CHECK(has(answer.out, what));
  };
  says({"float"}, "in floating point: logits of 40 images");
  says({"quantised"}, "40 images of the input itself");
  says({"quantised", "--calibration-images", "16"}, "16 images of the input itself");
  says({"on-crossbar", "--data", bench().data(), "--calibration-images", "64"},
       "64 images of cifar10's training images");
  const Json json = run(words + Words{"quantised", "--json", "-"}).json();
  CHECK(json["schema"] == "autoprune.run/1");
  CHECK(json["shape"] == Json({40, 10}));
  CHECK(json["calibration"]["images"] == 40);
}

TEST_CASE(
    "bytes are pixels, normalised as the network's images were; real numbers are taken as they "
    "are") {
  const Index images = 20;
  const std::string file = read(bench() / "data/test_batch.bin");
  std::string bytes;
  for (std::size_t i = 0; i < static_cast<std::size_t>(images); ++i)
    bytes += file.substr(i * 3073 + 1, 3072);
  const std::string pixels = fresh("pixels") + ".npy";
  write(pixels, autoprune::io::test::npy("|u1", {images, 3, 32, 32}, bytes));
  const auto own = logits_of(pixels);
  CHECK(own == logits_of(sample_file(images)));
  const Words other = {"--mean", "0.1,0.2,0.3", "--deviation", "0.5,0.5,1"};
  CHECK(own != logits_of(pixels, other));
  std::vector<float> numbers;
  const std::array<float, 3> mean = {0.1F, 0.2F, 0.3F}, deviation = {0.5F, 0.5F, 1.0F};
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const std::size_t c = i / 1024 % 3;
    numbers.push_back((static_cast<float>(static_cast<std::uint8_t>(bytes[i])) / 255.0F - mean[c]) /
                      deviation[c]);
  }
  const std::string reals = fresh("reals") + ".npy";
  const std::vector<Index> shape = {images, 3, 32, 32};
  autoprune::io::write_file(reals, autoprune::io::npy_bytes(shape, numbers));
  CHECK(logits_of(pixels, other) == logits_of(reals));
  // They are of the data set then.
  CHECK(logits_of(reals, other + Words{"--data", bench().data()}) == logits_of(reals));

  const auto refuses = [&](const std::string& input, const std::string& network, const Words& more,
                           int status, const char* what) {
    const Answer answer = run(
        Words{"run", "--network", network, "--input", input, "--output", fresh("none") + ".npy"} +
        more);
    INFO(answer.err);
    CHECK(answer.status == status);
    CHECK(has(answer.err, what));
  };
  refuses(reals, trained(), other, 2, "as they are");
  const std::string whole = fresh("whole") + ".npy";
  write(whole, autoprune::io::test::npy("<i2", {1, 3, 32, 32}, std::string(2 * 3072, '\0')));
  refuses(whole, trained(), {}, 1, "format.304");
  // A network that has forgotten its images.
  const auto trained_file = autoprune::io::Safetensors::read(trained());
  std::vector<autoprune::Tensor> tensors;
  for (const auto& entry : trained_file.entries()) tensors.push_back(trained_file.tensor(entry));
  std::vector<autoprune::nn::ConstNamedTensor> named;
  for (std::size_t i = 0; i < tensors.size(); ++i)
    named.push_back({trained_file.entries()[i].name, &tensors[i]});
  const std::string bare = fresh("bare") + ".safetensors";
  autoprune::io::write_safetensors(bare, named);
  const Words weights = {"--weights", bare};
  refuses(pixels, bench() / "net.json", weights, 2, "--mean");
  const auto graph = [&](const Words& more) {
    const std::string output = fresh("logits") + ".npy";
    const Answer answer =
        run(Words{"run", "--network", bench() / "net.json", "--input", pixels, "--output", output} +
            weights + more);
    INFO(answer.err);
    CHECK(answer.status == 0);
    return read(output);
  };
  CHECK(graph({"--data", bench().data()}).size() == graph(other).size());
  CHECK(graph({"--data", bench().data()}) != graph(other));
}

TEST_CASE("options that would change nothing are refused") {
  const auto refuses = [](const Words& words, const std::string& option, const char* what) {
    const Answer answer = run(words);
    INFO(autoprune::join(words, " ") << '\n' << answer.err);
    CHECK(answer.status == 2);
    CHECK(has(answer.err, "config.104"));
    CHECK(has(answer.err, option + " would change nothing"));
    CHECK(has(answer.err, what));
  };
  const Words logits = {"run", "--network", trained(), "--input", "x.npy", "--output", "y.npy"};
  for (const Words& option :
       {Words{"--variation", "0.1"}, Words{"--adc-bits", "4"}, Words{"--read-noise", "1"},
        Words{"--stuck-at", "0.1:0"}, Words{"--dac-bits", "2"}}) {
    refuses(logits + option, option[0], "--numbers on-crossbar");
    refuses(logits + option + Words{"--numbers", "quantised"}, option[0], "exact integers");
  }
  for (const Words& option : {Words{"--calibration-images", "9"}, Words{"--percentile", "99"},
                              Words{"--input-bits", "4"}})
    refuses(logits + option, option[0], "--numbers quantised or on-crossbar");
  const Words search = Words{"search"} + inputs() + short_search() + Words{"--out", fresh("idle")};
  for (const Words& option : {Words{"--variation", "0.1"}, Words{"--seeds", "3"}})
    refuses(search + option, option[0], "--accuracy on-crossbar");
  refuses(search + Words{"--percentile", "99"}, "--percentile", "--accuracy quantised");
  refuses(search + Words{"--weight-bits", "4", "--variation", "0.1"}, "--variation",
          "exact integers");
  CHECK(run(search + Words{"--weight-bits", "4", "--percentile", "99"}).status == 0);
  refuses(Words{"simulate"} + inputs() + Words{"--seeds", "3"}, "--seeds", "--variation");
  const Words map = {"map", "--network", trained()};
  refuses(map + Words{"--heuristic", "lamp"}, "--heuristic", "--keep");
  for (const Words& option :
       {Words{"--keep", "0.5"}, Words{"--policy", "p.json"}, Words{"--masks", "dir"},
        Words{"--granularity", "8"}, Words{"--method", "sre"}, Words{"--adc-bits", "4"},
        Words{"--activity", "a.json"}})
    refuses(Words{"cost", "--network", trained(), "--model", "mnsim"} + option, option[0],
            "prices the dense network");
}

TEST_CASE("run alone applies a softmax at the end; the logits before it are trained and measured") {
  const auto network = [](const std::string& end) {
    const std::string file = fresh("ends") + ".json";
    write(file, R"({"input": [3, 32, 32], "nodes": [
      {"name": "pool", "op": "avg_pool", "kernel": 8},
      {"name": "conv", "op": "conv", "out": 32, "kernel": 3, "padding": 1},
      {"name": "relu", "op": "relu"},
      {"name": "fc", "op": "linear", "out": 10})" +
                    end + "]}");
    return file;
  };
  const std::string plain = network(""), shares = network(R"(, {"name": "s", "op": "softmax"})"),
                    logs = network(R"(, {"name": "s", "op": "softmax", "log": true})");
  const auto made = [](const std::string& file, const std::string& command, const Words& more) {
    const std::string out = fresh("ends");
    const Answer answer =
        run(Words{command, "--network", file, "--data", bench().data(), "--held-out", "80",
                  "--epochs", "1", "--quiet", "--json", "-", "--out", out} +
            more);
    INFO(answer.err);
    REQUIRE(answer.status == 0);
    return std::pair{out, answer};
  };
  const std::string input = sample_file(5);
  const auto out_of = [&](const std::string& file) {
    const std::string output = fresh("out") + ".npy";
    REQUIRE(run({"run", "--network", file, "--input", input, "--output", output}).status == 0);
    std::vector<float> numbers(50);
    autoprune::io::read_npy(output).copy(0, std::span(numbers));
    return numbers;
  };
  const auto [bare, report] = made(plain, "train", {});
  const auto logits = out_of(bare + "/trained.safetensors");
  for (const std::string& file : {shares, logs}) {
    const auto [out, answer] = made(file, "train", {});
    CHECK(has(answer.err, "ends in a softmax"));
    CHECK(answer.json()["accuracy"] == report.json()["accuracy"]);
    const std::string trained_file = out + "/trained.safetensors";
    const auto ends = out_of(trained_file);
    for (std::size_t i = 0; i < 5; ++i) {
      double sum = 0.0;
      for (std::size_t c = 0; c < 10; ++c) sum += std::exp(static_cast<double>(logits[10 * i + c]));
      for (std::size_t c = 0; c < 10; ++c) {
        const double share = std::exp(static_cast<double>(logits[10 * i + c])) / sum;
        CHECK(ends[10 * i + c] == Approx(file == logs ? std::log(share) : share).margin(1e-5));
      }
    }
    const auto [pruned, again] =
        made(trained_file, "prune",
             short_search() + Words{"--target-compression", "1.5", "--count", "pooled"});
    double sum = 0.0;
    for (const float share : out_of(pruned + "/pruned.safetensors"))
      sum += file == logs ? std::exp(share) : share;
    CHECK(sum == Approx(5.0));
  }
}

TEST_CASE("run refuses arrays that are no images of its network") {
  const auto refuses = [&](const std::string& bytes, const Words& words) {
    const std::string input = fresh("images") + ".npy", output = fresh("logits") + ".npy";
    write(input, bytes);
    const Answer answer =
        run({"run", "--network", trained(), "--input", input, "--output", output});
    CHECK(answer.status == 1);
    for (const std::string& word : words) {
      INFO(answer.err);
      CHECK(has(answer.err, word));
    }
    CHECK_FALSE(fs::exists(output));
  };
  const std::vector<float> numbers(2 * 3 * 32 * 32);
  const auto array = [&](const std::vector<Index>& shape) {
    Index size = 1;
    for (const Index extent : shape) size *= extent;
    return autoprune::io::npy_bytes(shape,
                                    std::span(numbers).first(static_cast<std::size_t>(size)));
  };
  refuses(array({2, 32, 32, 3}), {"shape.201", "2x32x32x3", "N x 3x32x32"});
  refuses(array({3, 32, 32}), {"shape.201"});
  refuses(array({0, 3, 32, 32}), {"shape.205"});
  refuses(array({2, 3, 32, 32}).substr(0, 500), {"format.301"});
  refuses("nonsense", {"format.302"});
  const Answer none = run({"run", "--network", trained(), "--input", "x.npy"});
  CHECK(none.status == 2);
  CHECK(has(none.err, "--output"));
}
