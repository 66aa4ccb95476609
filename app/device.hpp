/// @file device.hpp
/// Where networks run: --device.
#pragma once

#include <autoprune/nn/backend.hpp>
#include <string>

namespace autoprune::cli {

/// cpu, or torch, cuda or cuda:N, with +bf16 behind it for products in bfloat16. All but the first
/// are LibTorch's, which is in a module of its own (torch_module.cpp) and loaded when it is asked
/// for: it is large, and optional. Throws unknown_name, or missing_component where there is no
/// module, no LibTorch or no GPU.
[[nodiscard]] nn::MakeBackend backend_on(const std::string& device);

}  // namespace autoprune::cli
