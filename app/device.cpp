#include "device.hpp"

#include <dlfcn.h>

#include <autoprune/nn/cpu_backend.hpp>
#include <cstdlib>
#include <filesystem>

#include "torch_module.hpp"

namespace autoprune::cli {

namespace {

namespace fs = std::filesystem;

/// The module, which is beside the program where it is built, and in a folder of libraries where it
/// is installed.
fs::path find_module() {
  const fs::path folder = fs::read_symlink("/proc/self/exe").parent_path();
  std::error_code ignored;
  for (const fs::path& in : {folder, folder / AUTOPRUNE_MODULES})
    if (fs::exists(in / kTorchModule, ignored)) return in / kTorchModule;
  return {};
}

MakeTorchBackend load_module(const std::string& device) {
  const fs::path file = find_module();
  if (file.empty())
    fail(ErrorId::missing_component, "--device ", device,
         ": this autoprune was built without LibTorch; install it (Debian: apt-get install "
         "libtorch-dev), then configure with -D AUTOPRUNE_TORCH=ON and build again");
  // Its threads wait for one another asleep: on processors that others use as well, waiting awake
  // makes all of them several times slower.
  setenv("OMP_WAIT_POLICY", "passive", /*overwrite=*/0);
  void* module = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  void* function = module != nullptr ? dlsym(module, kTorchFunction) : nullptr;
  if (function == nullptr)
    fail(ErrorId::missing_component, "--device ", device, ": ", dlerror(),
         "; install the LibTorch that autoprune was built with, or build it again");
  return reinterpret_cast<MakeTorchBackend>(function);
}

}  // namespace

nn::MakeBackend backend_on(const std::string& device) {
  if (device == "cpu") return nn::cpu_backend;
  const std::string_view suffix = device.ends_with("+bf16") ? "+bf16" : "";
  const std::string where = device.substr(0, device.size() - suffix.size());
  if (where != "torch" && where != "cuda" && !where.starts_with("cuda:"))
    fail_unknown("device", device,
                 {"cpu", "torch", "torch+bf16", "cuda", "cuda+bf16", "cuda:N", "cuda:N+bf16"});
  nn::MakeBackend make;
  load_module(device)(concat(where == "torch" ? "cpu" : where, suffix), make);
  return make;
}

}  // namespace autoprune::cli
