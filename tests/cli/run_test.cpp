// The command `run`: logits of images in an array, in every kind of numbers.
#include <algorithm>

#include "autoprune/io/dataset.hpp"
#include "autoprune/io/npy.hpp"
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
    const auto logits = logits_of(input, chip + Words{"--numbers", numbers});
    CHECK(top1(logits, labels) ==
          Approx(simulated["accuracy"][key]["top1"].get<double>()).margin(1e-6));
  }
}

TEST_CASE("logits don't depend on threads or on the images beside") {
  const std::string few = sample_file(37), many = sample_file(100);
  for (const Words& numbers :
       {Words{}, Words{"--numbers", "quantised"},
        Words{"--numbers", "on-crossbar", "--adc", "saturating", "--adc-bits", "5"}}) {
    const Words more = numbers + Words{"--data", bench().data(), "--calibration-images", "64"};
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
