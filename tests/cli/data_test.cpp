// Data sets of one's own on the command line: archives of arrays, folders of pictures.
#include <array>

#include "../io/zip_writer.hpp"
#include "autoprune/io/safetensors.hpp"
#include "helpers.hpp"

using namespace cli;  // NOLINT: a test's own helpers
using autoprune::io::test::little_endian;

namespace {

std::string big_endian(std::uint64_t value) {
  std::string bytes = little_endian(value, 4);
  return {bytes.rbegin(), bytes.rend()};
}

/// A PNG file of red, green and blue bytes, which are stored instead of deflated.
std::string png_by_hand(Index height, Index width, const std::string& samples) {
  std::string rows;
  const auto row = static_cast<std::size_t>(3 * width);
  for (std::size_t h = 0; h < static_cast<std::size_t>(height); ++h)
    rows += '\0' + samples.substr(h * row, row);
  std::uint64_t low = 1, high = 0;  // of Adler-32
  for (const char byte : rows) {
    low = (low + static_cast<std::uint8_t>(byte)) % 65521;
    high = (high + low) % 65521;
  }
  const auto chunk = [](const std::string& name, const std::string& content) {
    return big_endian(content.size()) + name + content +
           big_endian(autoprune::io::detail::crc32(name + content));
  };
  return std::string("\x89PNG\r\n\x1a\n") +
         chunk("IHDR", big_endian(static_cast<std::uint64_t>(width)) +
                           big_endian(static_cast<std::uint64_t>(height)) +
                           std::string("\10\2\0\0\0", 5)) +
         chunk("IDAT", std::string("\x78\1\1", 3) + little_endian(rows.size(), 2) +
                           little_endian(~rows.size(), 2) + rows + big_endian((high << 16) + low)) +
         chunk("IEND", "");
}

/// Noise around a brightness of the class.
std::string samples(Index size, Index label, autoprune::Random& random) {
  std::string bytes;
  for (Index i = 0; i < size; ++i) bytes += static_cast<char>(40 + 60 * label + random.below(50));
  return bytes;
}

/// Folders of three classes: pictures of several sizes.
std::string picture_folder() {
  const std::string folder = fresh("pictures");
  autoprune::Random random(4);
  for (const auto& [part, count] : {std::pair{"train", 20}, {"val", 8}})
    for (Index label = 0; label < 3; ++label)
      for (Index i = 0; i < count; ++i) {
        const fs::path in = fs::path(folder) / part / concat("class", label);
        fs::create_directories(in);
        const Index height = 30 + random.below(20), width = 30 + random.below(20);
        write(in / concat(i, ".png"),
              png_by_hand(height, width, samples(3 * height * width, label, random)));
      }
  return folder;
}

/// The same kind of images as an archive.
std::string archive_file() {
  using autoprune::io::test::npy;
  autoprune::Random random(5);
  std::vector<autoprune::io::test::Member> members;
  for (const auto& [part, count] : {std::pair<const char*, Index>{"train", 60}, {"test", 30}}) {
    std::string images, labels;
    for (Index i = 0; i < count; ++i) {
      images += samples(3 * 32 * 32, i % 3, random);
      labels += static_cast<char>(i % 3);
    }
    members.push_back({concat("x_", part, ".npy"), npy("|u1", {count, 32, 32, 3}, images)});
    members.push_back({concat("y_", part, ".npy"), npy("|u1", {count}, labels)});
  }
  const std::string path = fresh("set") + ".npz";
  write(path, autoprune::io::test::zip(members));
  return path;
}

/// Trains on a data set; the report.
Json train_on(const std::string& data, const std::string& out, const Words& more = {}) {
  const Answer answer =
      run(Words{"train", "--network", bench() / "net.json", "--data", data, "--held-out", "12",
                "--epochs", "2", "--batch", "16", "--out", out, "--quiet", "--json", "-"} +
          more);
  INFO(answer.err);
  REQUIRE(answer.status == 0);
  return answer.json();
}

}  // namespace

TEST_CASE("an archive of arrays trains a network, which remembers their mean and deviation") {
  const std::string data = "npz:" + archive_file(), out = fresh("out");
  const Json report = train_on(data, out);
  CHECK(report["data"] == "npz");
  CHECK(report["accuracy"]["images"] == 30);
  REQUIRE(report["normalisation"]["mean"].size() == 3);
  const auto evaluated = [&](const Words& more) {
    const Answer answer = run(Words{"evaluate", "--network", out + "/trained.safetensors", "--data",
                                    data, "--quiet", "--json", "-"} +
                              more);
    INFO(answer.err);
    REQUIRE(answer.status == 0);
    return answer.json();
  };
  CHECK(evaluated({})["accuracy"]["dense"] == report["accuracy"]["dense"]);
  CHECK(evaluated({})["normalisation"] == report["normalisation"]);
  const Json other = evaluated({"--mean", "0.1,0.2,0.3", "--deviation", "1,1,2"});
  CHECK(other["normalisation"]["mean"][1].get<double>() == Approx(0.2));
  CHECK(other["normalisation"]["deviation"][2] == 2.0);
  const auto file = autoprune::io::Safetensors::read(out + "/trained.safetensors");
  CHECK(Json::parse(file.metadata().at("autoprune.mean")) == report["normalisation"]["mean"]);
}

TEST_CASE("of a small data set as many images are taken as it has, where no number is given") {
  const Words train = {"train",
                       "--network",
                       bench() / "net.json",
                       "--data",
                       "npz:" + archive_file(),
                       "--epochs",
                       "1",
                       "--batch",
                       "16",
                       "--quiet",
                       "--json",
                       "-"};
  const Answer fitted = run(train + Words{"--out", fresh("fitted")});
  INFO(fitted.err);
  REQUIRE(fitted.status == 0);
  CHECK(has(fitted.err, "npz has 60 training images, so it is --held-out 6, --held-out-images 6"));
  CHECK(fitted.json()["options"]["held-out"] == 6);
  const Answer own = run(train + Words{"--held-out", "12", "--out", fresh("own")});
  CHECK(own.json()["options"]["held-out"] == 12);
  CHECK_FALSE(has(own.err, "--held-out 6"));
  for (const Words& most : {Words{"--held-out", "5000"}, Words{"--held-out", "60"}}) {
    const Answer refused = run(train + most + Words{"--out", fresh("refused")});
    CHECK(refused.status == 2);
    CHECK(has(refused.err, "(--held-out)"));
  }
  const Words simulate = {"simulate",     "--network", trained(), "--data",
                          bench().data(), "--quiet",   "--json",  "-"};
  const Answer simulated = run(simulate);
  CHECK(simulated.json()["options"]["calibration-images"] == 400);
  CHECK(has(simulated.err, "--calibration-images 400"));
  CHECK(run(simulate + Words{"--calibration-images", "512"}).status == 2);
}

TEST_CASE("a mean that doesn't fit the images is refused") {
  const auto refuses = [&](const Words& words, const std::string& what, int status) {
    const Answer answer = run(Words{"evaluate"} + inputs() + words);
    INFO(answer.err);
    CHECK(answer.status == status);
    CHECK(has(answer.err, what));
  };
  refuses({"--mean", "0.5,0.5,0.5"}, "belong together", 2);
  refuses({"--mean", "0.5", "--deviation", "1"}, "images of 3", 2);
  refuses({"--mean", "0.5,0.5,0.5", "--deviation", "1,0,1"}, "--deviation", 2);
  const Answer alone =
      run({"map", "--network", trained(), "--mean", "0,0,0", "--deviation", "1,1,1"});
  CHECK(alone.status == 2);
  CHECK(has(alone.err, "--data"));
}

TEST_CASE("folders of pictures train a network, the same with any cache and threads") {
  const std::string folder = picture_folder(), data = "images:" + folder;
#ifndef AUTOPRUNE_IMAGES
  const Answer answer = run({"evaluate", "--network", trained(), "--data", data});
  CHECK(answer.status == 2);
  CHECK(has(answer.err, "config.106"));
  CHECK(has(answer.err, "libpng-dev"));
#else
  std::string weights;
  for (const Words& how :
       {Words{"--threads", "1", "--image-cache", "0"}, Words{"--threads", "2"}}) {
    const std::string out = fresh("out");
    const Json report = train_on(data, out, how);
    CHECK(report["data"] == "images");
    CHECK(report["accuracy"]["images"] == 24);
    const std::string file = read(fs::path(out) / "trained.safetensors");
    CHECK((weights.empty() || weights == file));
    weights = file;
  }
  write(fs::path(folder) / "val/class1/0.png", "\x89PNG damaged");
  const Answer answer = run({"evaluate", "--network", trained(), "--data", data, "--quiet"});
  CHECK(answer.status == 1);
  CHECK(has(answer.err, "val/class1/0.png"));
  const Answer wrong = run({"evaluate", "--network", trained(), "--data", "cifar10:" + folder});
  CHECK(has(wrong.err, "images:DIR"));
#endif
}
