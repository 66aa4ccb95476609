/// @file shim.hpp
/// What of LibTorch the component includes, 1.13 or 2.x, and where the two differ.
#pragma once

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/autocast_mode.h>
#include <c10/util/Exception.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/cuda.h>
#include <torch/version.h>

#include <string_view>
#include <utility>

#include "autoprune/core/error.hpp"

namespace autoprune::libtorch::detail {

/// While it lives, products on a device are computed in bfloat16, and what needs more in float32.
class Autocast {
 public:
  Autocast(at::Device device, bool on) : type_(device.type()), before_(enabled()), on_(on) {
    if (!on_) return;
    use_bfloat16();
    enable(true);
  }
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;
  ~Autocast() {
    if (!on_) return;
    enable(before_);
    at::autocast::clear_cache();
  }

 private:
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 4)
  [[nodiscard]] bool enabled() const { return at::autocast::is_autocast_enabled(type_); }
  void enable(bool on) const { at::autocast::set_autocast_enabled(type_, on); }
  void use_bfloat16() const { at::autocast::set_autocast_dtype(type_, at::kBFloat16); }
#else
  [[nodiscard]] bool enabled() const {
    return type_ == at::kCPU ? at::autocast::is_cpu_enabled() : at::autocast::is_enabled();
  }
  void enable(bool on) const {
    type_ == at::kCPU ? at::autocast::set_cpu_enabled(on) : at::autocast::set_enabled(on);
  }
  void use_bfloat16() const {
    type_ == at::kCPU ? at::autocast::set_autocast_cpu_dtype(at::kBFloat16)
                      : at::autocast::set_autocast_gpu_dtype(at::kBFloat16);
  }
#endif

  at::DeviceType type_;
  bool before_, on_;
};

/// f(), LibTorch's errors as ours: out_of_memory, or unexpected without its trace.
template <class F>
decltype(auto) own_errors(F&& f) {
  try {
    return std::forward<F>(f)();
  } catch (const c10::Error& error) {
    const std::string_view what = error.what_without_backtrace();
    for (const char* sign : {"out of memory", "not enough memory", "can't allocate memory"})
      if (what.find(sign) != std::string_view::npos)
        fail(ErrorId::out_of_memory,
             "LibTorch has no memory left; take a smaller batch or fewer images: ", what);
    fail(ErrorId::unexpected, "LibTorch failed: ", what);
  }
}

}  // namespace autoprune::libtorch::detail
