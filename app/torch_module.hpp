/// @file torch_module.hpp
/// What the program and its module with LibTorch know of each other.
#pragma once

#include <autoprune/nn/backend.hpp>
#include <string>

namespace autoprune::cli {

inline constexpr const char* kTorchModule = "autoprune-torch.so";
inline constexpr const char* kTorchFunction = "autoprune_torch_backend";

/// Sets `make` to what runs networks on LibTorch's device of that name: cpu, cuda, cuda:N. Throws
/// what libtorch::find_device() throws.
using MakeTorchBackend = void (*)(const std::string& device, nn::MakeBackend& make);

}  // namespace autoprune::cli
