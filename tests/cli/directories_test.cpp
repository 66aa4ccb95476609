// What a run does to --out: nobody else writes there meanwhile, and only its own files are touched.
#include <chrono>
#include <set>
#include <thread>

#include "helpers.hpp"

using namespace cli;  // NOLINT: a test's own helpers

namespace {

Words search(const std::string& out, const char* episodes = "5") {
  return Words{"search"} + inputs() + short_search() + Words{"--episodes", episodes, "--out", out};
}

std::set<std::string> files(const std::string& folder) {
  std::set<std::string> names;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder))
    names.insert(entry.path().filename().string());
  return names;
}

/// Waits for a file that another process writes.
void wait_for(const fs::path& file) {
  while (!fs::exists(file)) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

void kill(pid_t process) {
  ::kill(process, SIGKILL);
  int status = 0;
  ::waitpid(process, &status, 0);
}

}  // namespace

TEST_CASE("a directory belongs to one run at a time") {
  const std::string out = fresh("held");
  const pid_t first = start(search(out, "100000"));
  wait_for(out + "/search.checkpoint");
  const Words sweep = Words{"sweep"} + inputs() + Words{"--out", out};
  const Words reproduce = {"reproduce", "--networks", "lenet5", "--out", out};
  for (const Words& second : {search(out), search(out) + Words{"--resume"}, sweep, reproduce,
                              Words{"map", "--network", trained(), "--out", out},
                              Words{"cost", "--network", trained(), "--out", out},
                              Words{"inspect", "--network", trained(), "--out", out},
                              Words{"evaluate"} + inputs() + Words{"--out", out}}) {
    const Answer answer = run(second);
    INFO(autoprune::join(second, " ") << '\n' << answer.err);
    CHECK(answer.status == 1);
    CHECK(has(answer.err, "[autoprune.state.604]"));
    CHECK(has(answer.err, concat("process ", first)));
    CHECK(has(answer.err, out));
    CHECK(answer.out.empty());
  }
  CHECK(run({"map", "--network", trained(), "--out", fresh("free")}).status == 0);
  kill(first);
  CHECK(run(search(out) + Words{"--resume", "--episodes", "100000", "--target-compression", "2"})
            .status == 1);  // its checkpoint is there, and of another search
  REQUIRE(files(out) == std::set<std::string>{"search.checkpoint"});
  fs::remove(out + "/search.checkpoint");
  CHECK(run(search(out)).status == 0);
}

TEST_CASE("a run removes its own files alone, by their whole names") {
  const std::string out = fresh("own");
  fs::create_directories(out);
  const std::vector<std::string> own = {"search.checkpoint.4242.tmp", "fine_tune.checkpoint.1.tmp",
                                        "report.html.99999.tmp",      "report.json.7.tmp",
                                        "mapping.json.7.tmp",         "policy.json.123456.tmp",
                                        "pruned.safetensors.31.tmp"};
  const std::vector<std::string> foreign = {
      "search.checkpoint.backup", "search.checkpoint.old.tmp",
      "search.checkpoint2",       "fine_tune.checkpoint.1.tmp.gz",
      "report.json.tmp",          "notes.7.tmp",
      ".autoprune-probe",         "train.checkpoint",
      "pruned.safetensors.bak"};
  for (const std::string& name : own) write(fs::path(out) / name, "torn");
  for (const std::string& name : foreign) write(fs::path(out) / name, name);
  const Answer answer = run(Words{"prune"} + inputs() + short_search() + short_training() +
                            Words{"--resume", "--out", out});
  INFO(answer.err);
  REQUIRE(answer.status == 0);
  for (const std::string& name : foreign) CHECK(read(fs::path(out) / name) == name);
  std::set<std::string> expected(foreign.begin(), foreign.end());
  for (const char* result : {"front", "mapping.json", "masks.safetensors", "policy.json",
                             "pruned.safetensors", "report.html", "report.json"})
    expected.insert(result);
#ifdef AUTOPRUNE_ONNX
  expected.insert("pruned.onnx");
#endif
  CHECK(files(out) == expected);
}

TEST_CASE("what a run leaves that is killed while it writes goes away with the next one") {
  const std::string out = fresh("torn");
  const Words map = {"map", "--network", trained(), "--keep", "0.5", "--out", out};
  const pid_t writer = start(map, [] {  // a file that grows too large ends it in mid-write
    set_limit(RLIMIT_CORE, 0);
    set_limit(RLIMIT_FSIZE, 1000);
  });
  int status = 0;
  ::waitpid(writer, &status, 0);
  REQUIRE(WIFSIGNALED(status));
  CHECK(files(out) ==
        std::set<std::string>{".autoprune.lock", concat("mapping.json.", writer, ".tmp")});
  REQUIRE(run(map).status == 0);
  CHECK(files(out) == std::set<std::string>{"mapping.json", "report.html", "report.json"});
}

TEST_CASE("two runs that write reports to one directory don't meet") {
  const std::string folder = fresh("reports");
  const auto report = [&](const std::string& name) {
    return Words{"map", "--network", trained(), "--json", folder + "/" + name};
  };
  fs::create_directories(folder);
  write(folder + "/.autoprune-probe", "the user's");
  std::vector<pid_t> running;
  std::set<std::string> expected = {".autoprune-probe"};
  for (int i = 0; i < 6; ++i) {
    running.push_back(start(report(concat(i, ".json"))));
    expected.insert(concat(i, ".json"));
  }
  for (const pid_t process : running) {
    int status = 0;
    ::waitpid(process, &status, 0);
    CHECK(WEXITSTATUS(status) == 0);
  }
  CHECK(files(folder) == expected);
  CHECK(read(folder + "/.autoprune-probe") == "the user's");
}
