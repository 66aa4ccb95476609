// Work that is killed, or runs out of disk, goes on to the same bits.
#include <chrono>
#include <thread>

#include "helpers.hpp"

using namespace cli;  // NOLINT: a test's own helpers

namespace {

/// Starts the command and kills it when its first checkpoint is there.
void kill_at_first(const Words& words, const fs::path& checkpoint) {
  const pid_t child = start(words);
  while (!fs::exists(checkpoint)) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  ::kill(child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);
}

/// Runs the command, killing it again and again: first at its first checkpoint, when the run is
/// sure to be unfinished, then after random times; returns how often a checkpoint was left behind.
int run_killed(const Words& words, const fs::path& checkpoint, int kills,
               autoprune::Random& random) {
  using namespace std::chrono_literals;
  int left = 0;
  for (int k = 0; k < kills; ++k) {
    const pid_t child = start(words);
    int status = 0;
    while (!fs::exists(checkpoint) && ::waitpid(child, &status, WNOHANG) == 0)
      std::this_thread::sleep_for(1ms);
    if (k > 0) std::this_thread::sleep_for(std::chrono::milliseconds(random.below(120)));
    ::kill(child, SIGKILL);
    ::waitpid(child, &status, 0);
    left += fs::exists(checkpoint) ? 1 : 0;
  }
  CHECK(run(words).status == 0);
  return left;
}

/// The history of a training, without what no two runs agree on.
Json timeless(Json training) {
  for (Json& epoch : training["epochs"]) epoch.erase("seconds");
  return training;
}

}  // namespace

TEST_CASE("a search killed at random moments ends with the same policy") {
  const Words command =
      Words{"search"} + inputs() + short_search() + Words{"--episodes", "20", "--resume"};
  const std::string whole = fresh("whole");
  REQUIRE(run(command + Words{"--out", whole}).status == 0);
  autoprune::Random random(static_cast<std::uint64_t>(::getpid()));
  int left = 0;
  for (int trial = 0; trial < 3; ++trial) {
    const std::string out = fresh("killed");
    left += run_killed(command + Words{"--out", out}, out + "/search.checkpoint", 3, random);
    CHECK(read(out + "/policy.json") == read(whole + "/policy.json"));
    CHECK(read_json(out + "/report.json")["search"] == read_json(whole + "/report.json")["search"]);
  }
  CHECK(left > 0);
}

TEST_CASE("a fine-tuning killed at random moments ends with the same weights") {
  const Words command =
      Words{"prune"} + inputs() + short_search() +
      Words{"--epochs", "8", "--batch", "64", "--target-compression", "3", "--resume"};
  const std::string whole = fresh("whole");
  REQUIRE(run(command + Words{"--out", whole}).status == 0);
  autoprune::Random random(static_cast<std::uint64_t>(::getpid()), 1);
  const std::string out = fresh("killed");
  CHECK(run_killed(command + Words{"--out", out}, out + "/fine_tune.checkpoint", 4, random) > 0);
  CHECK(read(out + "/policy.json") == read(whole + "/policy.json"));
  CHECK(read(out + "/pruned.safetensors") == read(whole + "/pruned.safetensors"));
  const Json a = read_json(out + "/report.json"), b = read_json(whole + "/report.json");
  CHECK(a["accuracy"] == b["accuracy"]);
  CHECK(a["layers"] == b["layers"]);
  CHECK(timeless(a["fine_tune"]) == timeless(b["fine_tune"]));
  const Json& epochs = a["fine_tune"]["epochs"];
  REQUIRE(epochs.size() == 8);
  for (std::size_t i = 0; i < epochs.size(); ++i) CHECK(epochs[i]["epoch"] == i + 1);
}

TEST_CASE("a training killed at random moments ends with the same network and history") {
  const Words command = Words{"train",   "--network",    bench() / "net.json",
                              "--data",  bench().data(), "--held-out",
                              "80",      "--epochs",     "6",
                              "--batch", "64",           "--quiet",
                              "--resume"};
  const std::string whole = fresh("whole"), out = fresh("killed");
  REQUIRE(run(command + Words{"--out", whole}).status == 0);
  autoprune::Random random(static_cast<std::uint64_t>(::getpid()), 2);
  CHECK(run_killed(command + Words{"--out", out}, out + "/train.checkpoint", 3, random) > 0);
  CHECK(read(out + "/trained.safetensors") == read(whole + "/trained.safetensors"));
  const Json a = read_json(out + "/report.json"), b = read_json(whole + "/report.json");
  CHECK(timeless(a["training"]) == timeless(b["training"]));
  CHECK(a["training"]["epochs"].back()["epoch"] == 6);
}

TEST_CASE("a full disk costs nothing that was saved") {
  const std::string out = fresh("full"), whole = fresh("whole");
  const auto search = [](const std::string& folder, const char* episodes) {
    return Words{"search"} + inputs() + short_search() +
           Words{"--episodes", episodes, "--resume", "--out", folder};
  };
  REQUIRE(run(search(whole, "12")).status == 0);

  // A killed run leaves a checkpoint; after that, no file may grow beyond it.
  const fs::path checkpoint = out + "/search.checkpoint";
  kill_at_first(search(out, "12"), checkpoint);
  const std::string saved = read(checkpoint);
  const Answer full = run(search(out, "12"), [&] {  // as on a full disk
    ::signal(SIGXFSZ, SIG_IGN);
    set_limit(RLIMIT_FSIZE, static_cast<Index>(saved.size()));
  });
  INFO(full.err);
  CHECK(full.status == 1);
  CHECK(has(full.err, "[autoprune.io.702]"));
  CHECK(read(checkpoint) == saved);
  const fs::directory_iterator left(out);
  CHECK(left->path() == checkpoint);
  CHECK(std::next(left) == fs::directory_iterator());

  REQUIRE(run(search(out, "12")).status == 0);
  CHECK(read(out + "/policy.json") == read(whole + "/policy.json"));
}

TEST_CASE("a checkpoint is of one run") {
  const std::string out = fresh("checkpoint");
  const Words search = Words{"search"} + inputs() + short_search() +
                       Words{"--out", out, "--target-compression", "2"};
  const fs::path checkpoint = out + "/search.checkpoint";
  kill_at_first(search + Words{"--episodes", "1000"}, checkpoint);
  const std::string saved = read(checkpoint);

  const auto refuses = [&](const Words& words, const std::string& code, const std::string& part) {
    const Answer answer = run(words);
    INFO(answer.err);
    CHECK(answer.status == 1);
    CHECK(has(answer.err, "[autoprune." + code + "]"));
    CHECK(has(answer.err, part));
  };
  refuses(search, "state.602", "--resume");
  for (const Words& other :
       {Words{"--seed", "2"}, Words{"--alpha", "0.5"}, Words{"--freeze", "first"},
        Words{"--granularity", "16"}, Words{"--metric", "top5"}, Words{"--no-warm-start"},
        Words{"--searcher", "random"}, Words{"--held-out-images", "70"}})
    refuses(search + Words{"--resume"} + other, "state.602", "another run");
  CHECK(read(checkpoint) == saved);

  std::string damaged = saved;
  damaged[damaged.size() / 2] = static_cast<char>(damaged[damaged.size() / 2] ^ 1);
  write(checkpoint, damaged);
  refuses(search + Words{"--resume"}, "format.301", "damaged");
  write(checkpoint, saved.substr(0, saved.size() / 2));
  refuses(search + Words{"--resume"}, "format.301", "damaged");
  write(checkpoint, "nonsense");
  refuses(search + Words{"--resume"}, "format.302", "search.checkpoint");

  write(checkpoint, saved);
  CHECK(run(search + Words{"--resume", "--episodes", "30"}).status == 0);
  CHECK_FALSE(fs::exists(checkpoint));
}
