/// @file tensors.hpp
/// Our arrays as LibTorch's, and back.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "autoprune/core/prune_mask.hpp"
#include "autoprune/core/tensor.hpp"
#include "autoprune/nn/activation.hpp"
#include "autoprune/torch/shim.hpp"

namespace autoprune::libtorch {

/// A tensor on a host array, which has to outlive it.
[[nodiscard]] inline at::Tensor view_of(Tensor& tensor) {
  const std::vector<Index> shape = shape_of(tensor);
  return at::from_blob(tensor.data(), std::vector<std::int64_t>(shape.begin(), shape.end()),
                       at::kFloat);
}

/// A copy on the host.
[[nodiscard]] inline Tensor host_copy(const at::Tensor& tensor) {
  Tensor copy = make_tensor({tensor.sizes().begin(), tensor.sizes().end()});
  view_of(copy).copy_(tensor);
  return copy;
}

namespace detail {

/// On a device: a copy, for which nobody waits, or on the processor the same memory.
[[nodiscard]] inline at::Tensor sent_to(const at::Device& device, const at::Tensor& host) {
  return device.is_cpu() ? host : host.pin_memory().to(device, /*non_blocking=*/true);
}

/// Memory of feature maps, on any device, as [block][lane][channel][row][column].
[[nodiscard]] inline at::Tensor by_lanes(const at::Tensor& flat, const nn::Activation& like) {
  const auto& [channels, height, width] = like.shape();
  const Index row = width * channels * nn::kLanes;
  return flat
      .as_strided({like.blocks(), height, width, channels, nn::kLanes},
                  {like.block_stride(), row, channels * nn::kLanes, nn::kLanes, 1})
      .permute({0, 4, 3, 1, 2});
}
[[nodiscard]] inline at::Tensor flat_view(const nn::Activation& a) {
  auto* memory = const_cast<float*>(a.block(0));  // LibTorch has no tensor of constants
  return at::from_blob(memory, {a.blocks() * a.block_stride()}, at::kFloat);
}

}  // namespace detail

/// Feature maps as [image][channel][row][column], copied to a device.
[[nodiscard]] inline at::Tensor copy_to(const at::Device& device, const nn::Activation& a) {
  return detail::by_lanes(detail::sent_to(device, detail::flat_view(a)), a)
      .clone(at::MemoryFormat::Contiguous)
      .flatten(0, 1)
      .narrow(0, 0, a.images());
}

/// Feature maps [image][channel][row][column] of any device; lanes without an image are 0.
[[nodiscard]] inline nn::Activation host_maps(const at::Tensor& maps) {
  nn::Activation a({maps.size(1), maps.size(2), maps.size(3)}, maps.size(0));
  a.fill(0.0F);
  const at::Tensor lanes = detail::by_lanes(detail::flat_view(a), a);
  const at::Tensor host = maps.to(at::kCPU, at::kFloat);
  for (Index b = 0; b < a.blocks(); ++b)
    lanes.select(0, b).narrow(0, 0, a.lanes(b)).copy_(host.narrow(0, b * nn::kLanes, a.lanes(b)));
  return a;
}

/// Numbers of the host, copied to a device.
template <class Number>
[[nodiscard]] at::Tensor copy_to(const at::Device& device, std::span<const Number> numbers,
                                 at::ScalarType type) {
  auto* memory = const_cast<Number*>(numbers.data());
  const at::Tensor host = at::from_blob(memory, {static_cast<std::int64_t>(numbers.size())}, type);
  return device.is_cpu() ? host.clone() : detail::sent_to(device, host);
}

/// Which weights a mask keeps, in the weights' shape, as booleans on the host.
[[nodiscard]] inline at::Tensor kept_weights(const PruneMask& mask, at::IntArrayRef shape) {
  std::vector<std::uint8_t> kept(static_cast<std::size_t>(mask.rows() * mask.cols()), 0);
  for (Index g = 0; g < mask.groups(); ++g)
    for (const Index f : mask.kept_columns(g))
      mask.for_rows(g, [&](Index begin, Index end) {
        std::fill_n(kept.begin() + f * mask.rows() + begin, end - begin, std::uint8_t{1});
      });
  return copy_to(at::kCPU, std::span<const std::uint8_t>(kept), at::kByte)
      .view(shape)
      .to(at::kBool);
}

}  // namespace autoprune::libtorch
