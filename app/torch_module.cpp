// The program's module with LibTorch, the only source that includes it.
#include "torch_module.hpp"

#include <autoprune/torch/backend.hpp>

extern "C" void autoprune_torch_backend(const std::string& device,
                                        autoprune::nn::MakeBackend& make) {
  using namespace autoprune;
  const libtorch::Options options{.device = device};
  (void)libtorch::find_device(device);  // before any work is done
  make = libtorch::backend(options);
}
