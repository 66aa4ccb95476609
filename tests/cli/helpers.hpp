/// @file helpers.hpp
/// Runs the program `autoprune` on a small network and a small data set made here.
#pragma once

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>
#include <vector>

#include "autoprune/core/random.hpp"
#include "autoprune/core/text.hpp"
#include "autoprune/io/file.hpp"
#include "autoprune/io/json.hpp"

namespace cli {

namespace fs = std::filesystem;
using autoprune::concat;
using autoprune::Index;
using autoprune::io::Json;

inline std::string read(const fs::path& path) { return autoprune::io::read_file(path); }
inline Json read_json(const fs::path& path) {
  return autoprune::io::parse_json(read(path), path.string());
}
inline void write(const fs::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

/// Images of ten classes: a pattern of the class, and noise.
inline std::string cifar_file(Index images, std::uint64_t seed) {
  autoprune::Random random(seed);
  std::string bytes;
  for (Index i = 0; i < images; ++i) {
    const Index label = random.below(10);
    bytes += static_cast<char>(label);
    for (Index p = 0; p < 3 * 32 * 32; ++p) {
      const Index channel = p / 1024, row = p / 32 % 32;
      const Index signal = (row / 4 + channel * label) % 10 == label ? 120 : 40;
      bytes += static_cast<char>(signal + random.below(100));
    }
  }
  return bytes;
}

/// A folder with a data set, a graph and the trained network; made once, removed at exit.
class Bench {
 public:
  Bench() {
    std::string name = (fs::temp_directory_path() / "autoprune-cli-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    fs::create_directories(folder_ / "data");
    for (int i = 1; i <= 5; ++i)
      write(folder_ / "data" / concat("data_batch_", i, ".bin"),
            cifar_file(80, static_cast<std::uint64_t>(i)));
    write(folder_ / "data/test_batch.bin", cifar_file(100, 6));
    write(folder_ / "net.json", R"({"input": [3, 32, 32], "nodes": [
      {"name": "pool", "op": "avg_pool", "kernel": 4},
      {"name": "first", "op": "conv", "out": 40, "kernel": 3, "padding": 1},
      {"name": "norm1", "op": "batch_norm"},
      {"name": "relu1", "op": "relu"},
      {"name": "second", "op": "conv", "out": 72, "kernel": 3, "stride": 2, "padding": 1},
      {"name": "norm2", "op": "batch_norm"},
      {"name": "relu2", "op": "relu"},
      {"name": "flatten", "op": "flatten"},
      {"name": "last", "op": "linear", "out": 10}]})");
  }
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;
  ~Bench() {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }

  [[nodiscard]] fs::path operator/(const std::string& name) const { return folder_ / name; }
  [[nodiscard]] std::string data() const { return "cifar10:" + (folder_ / "data").string(); }

 private:
  fs::path folder_;
};

inline const Bench& bench() {
  static const Bench made;
  return made;
}

struct Answer {
  int status = 0;
  std::string out, err;
  [[nodiscard]] Json json() const { return autoprune::io::parse_json(out, "stdout"); }
};

/// What happens in the process of the program before it begins.
using Before = std::function<void()>;

template <class Resource>
void set_limit(Resource resource, Index limit) {
  rlimit now{};
  ::getrlimit(resource, &now);
  now.rlim_cur = static_cast<rlim_t>(limit);
  if (::setrlimit(resource, &now) != 0) ::_exit(126);
}

/// Starts the program with these words; its output goes to files.
inline pid_t start(std::vector<std::string> words, const Before& before = {}) {
  words.insert(words.begin(), AUTOPRUNE_CLI);
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  const std::string out = bench() / "stdout", err = bench() / "stderr";
  const pid_t child = ::fork();
  if (child != 0) return child;
  ::dup2(::open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0666), STDOUT_FILENO);
  ::dup2(::open(err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0666), STDERR_FILENO);
  if (before) before();
  ::execv(argv.front(), argv.data());
  ::_exit(127);
}

/// The same, to its end.
inline Answer run(const std::vector<std::string>& words, const Before& before = {}) {
  int status = 0;
  ::waitpid(start(words, before), &status, 0);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
          read(bench() / "stdout"), read(bench() / "stderr")};
}

using Words = std::vector<std::string>;

inline Words operator+(Words a, const Words& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

inline bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// The network of the bench, trained a little by the program itself.
inline const std::string& trained() {
  static const std::string file = [] {
    const std::string out = bench() / "trained";
    const Answer answer = run({"train", "--network", bench() / "net.json", "--data", bench().data(),
                               "--held-out", "80", "--epochs", "4", "--batch", "32", "--out", out,
                               "--quiet", "--json", bench() / "train.json"});
    INFO(answer.err);
    REQUIRE(answer.status == 0);
    return out + "/trained.safetensors";
  }();
  return file;
}

/// Options of every command on the trained network, and of short searches and fine-tunings.
inline Words inputs() { return {"--network", trained(), "--data", bench().data(), "--quiet"}; }
inline Words short_search() {
  return {"--held-out", "80", "--calibration-images", "64", "--episodes", "5"};
}
inline Words short_training() { return {"--epochs", "2", "--batch", "64"}; }

/// A new name in the bench's folder.
inline std::string fresh(const std::string& name) {
  static int count = 0;
  return bench() / concat(name, ++count);
}

}  // namespace cli
