/// @file torch_module.hpp
/// What the program and its module with LibTorch know of each other.
#pragma once

#include <autoprune/nn/backend.hpp>
#include <string>

namespace autoprune::cli {

inline constexpr const char* kTorchModule = "autoprune-torch.so";
inline constexpr const char* kTorchFunction = "autoprune_torch_backend";

/// Sets `make` to what runs networks on LibTorch's device of that name: cpu, cuda, cuda:N, with
/// +bf16 behind it or not. Throws what libtorch::options_of() throws, before any work is done.
using MakeTorchBackend = void (*)(const std::string& device, nn::MakeBackend& make);

}  // namespace autoprune::cli
