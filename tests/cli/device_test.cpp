// --device: networks on LibTorch, where the program has a module with it.
#include <chrono>
#include <thread>

#include "helpers.hpp"

using namespace cli;  // NOLINT: a test's own helpers

namespace {

/// Whether the program's folder holds the module.
bool has_torch() {
  return fs::exists(fs::path(AUTOPRUNE_CLI).parent_path() / "autoprune-torch.so");
}

Answer evaluated_on(const std::string& device) {
  return run(Words{"evaluate"} + inputs() + Words{"--device", device, "--json", "-"});
}

}  // namespace

TEST_CASE("a device that isn't there is an error that says what to install") {
  const Answer unknown = evaluated_on("gpu");
  CHECK(unknown.status == 2);
  CHECK(has(unknown.err, "[autoprune.config.101] unknown device 'gpu'"));
  for (const char* wrong : {"cpu+bf16", "torch+fp16", "cuda+", "+bf16"}) {
    INFO(wrong);
    CHECK(has(evaluated_on(wrong).err, concat("[autoprune.config.101] unknown device '", wrong)));
    CHECK(has(evaluated_on(wrong).err, "torch+bf16"));
  }
  CHECK(has(evaluated_on("cuda:0+fp16").err, has_torch() ? "config.101" : "config.106"));
  const Answer beyond = evaluated_on("cuda:100");  // without LibTorch, a GPU, or so many
  CHECK(beyond.status == 2);
  CHECK(has(beyond.err, "[autoprune.config.106]"));
  if (has_torch()) return;
  const Answer none = evaluated_on("torch");
  CHECK(none.status == 2);
  CHECK(has(none.err, "[autoprune.config.106]"));
  CHECK(has(none.err, "libtorch-dev"));
}

TEST_CASE("a network has the same accuracy on LibTorch, and a killed pruning goes on there") {
  if (!has_torch()) return;
  const Answer cpu = evaluated_on("cpu"), torch = evaluated_on("torch");
  INFO(torch.err);
  REQUIRE(torch.status == 0);
  for (const char* top : {"top1", "top5"})
    CHECK(torch.json()["accuracy"]["dense"][top].get<double>() ==
          Approx(cpu.json()["accuracy"]["dense"][top].get<double>()).margin(1.0));

  const Answer halved = evaluated_on("torch+bf16");
  REQUIRE(halved.status == 0);
  CHECK(halved.json()["accuracy"]["dense"]["top1"].get<double>() ==
        Approx(torch.json()["accuracy"]["dense"]["top1"].get<double>()).margin(5.0));

  const Words command =
      Words{"prune"} + inputs() + short_search() +
      Words{"--epochs", "6",         "--batch", "64",      "--target-compression", "3", "--device",
            "torch",    "--threads", "1",       "--resume"};
  const std::string whole = fresh("whole"), out = fresh("killed");
  REQUIRE(run(command + Words{"--out", whole}).status == 0);
  const pid_t child = start(command + Words{"--out", out});
  int status = 0;
  while (!fs::exists(out + "/fine_tune.checkpoint") && ::waitpid(child, &status, WNOHANG) == 0)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  ::kill(child, SIGKILL);
  ::waitpid(child, &status, 0);
  CHECK(fs::exists(out + "/fine_tune.checkpoint"));
  REQUIRE(run(command + Words{"--out", out}).status == 0);
  CHECK(read(out + "/policy.json") == read(whole + "/policy.json"));
  CHECK(read(out + "/pruned.safetensors") == read(whole + "/pruned.safetensors"));
}
