// The program's module with LibTorch, the only source that includes it.
#include "torch_module.hpp"

#include <autoprune/torch/backend.hpp>

extern "C" void autoprune_torch_backend(const std::string& device,
                                        autoprune::nn::MakeBackend& make) {
  make = autoprune::libtorch::backend(autoprune::libtorch::options_of(device));
}
