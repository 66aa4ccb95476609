/// @file options.hpp
/// Where LibTorch runs a network, and how.
#pragma once

#include <charconv>
#include <string>
#include <string_view>
#include <utility>

#include "autoprune/core/error.hpp"
#include "autoprune/core/types.hpp"
#include "autoprune/torch/shim.hpp"

namespace autoprune::libtorch {

struct Options {
  std::string device = "cpu";  ///< cpu, cuda (the first card), cuda:N
  bool bfloat16 = false;      ///< products in bfloat16; weights, their sums and the loss in float32
  bool channels_last = true;  ///< memory layout of maps and convolutions: [row][column][channel]
  /// A training set of bytes (nn::ByteImages) that takes no more than this lies on the device.
  Index resident_bytes = Index{4} << 30;
};

/// The device of that name. Throws unknown_name, and missing_component where LibTorch or the
/// machine has no such card.
[[nodiscard]] inline at::Device find_device(const std::string& name) {
  if (name == "cpu") return at::Device(at::kCPU);
  int card = 0;
  if (name != "cuda") {
    const std::string_view text = name;
    const bool prefixed = text.starts_with("cuda:");
    const char* end = text.data() + text.size();
    const char* begin = prefixed ? text.data() + 5 : end;
    const auto [stop, error] = std::from_chars(begin, end, card);
    if (!prefixed || error != std::errc{} || stop != end || card < 0 || card > 127)
      fail(ErrorId::unknown_name, "unknown device '", name,
           "'; take cpu, cuda or cuda:N, and +bf16 behind it for products in bfloat16");
  }
  if (!::torch::cuda::is_available())
    fail(ErrorId::missing_component, "device '", name, "': LibTorch ", TORCH_VERSION,
         " sees no GPU here; it needs an NVIDIA card, its driver, and a LibTorch that was built "
         "with CUDA (https://pytorch.org; Debian's is not). 'cpu' runs without");
  if (const auto cards = static_cast<int>(::torch::cuda::device_count()); card >= cards)
    fail(ErrorId::missing_component, "device '", name, "': there are ", cards,
         " GPUs, counted from 0; take one of them");
  return {at::kCUDA, static_cast<c10::DeviceIndex>(card)};
}

/// What a name stands for: a device, with +bf16 behind it for products in bfloat16. Throws what
/// find_device() throws.
[[nodiscard]] inline Options options_of(std::string name) {
  constexpr std::string_view kSuffix = "+bf16";
  const bool bfloat16 = name.ends_with(kSuffix);
  if (bfloat16) name.erase(name.size() - kSuffix.size());
  (void)find_device(name);
  return {.device = std::move(name), .bfloat16 = bfloat16};
}

}  // namespace autoprune::libtorch
