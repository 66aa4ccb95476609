/// @file map_memory.hpp
/// Memory of feature maps and gradients that have been read, for the next ones.
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "autoprune/nn/activation.hpp"

namespace autoprune::nn::detail {

class MapMemory {
 public:
  void release(Activation& map) { free_.push_back(std::exchange(map, {})); }
  /// Memory for a map that has none: the smallest that suffices, else in the place of the largest.
  /// What is far too large is left to maps that need it: logits outlive their pass.
  void provide(Activation& map, const Shape3& shape, Index images) {
    if (map.capacity() > 0 || free_.empty()) return;
    const Index needed = Activation::floats(shape, images);
    const auto better = [&](const Activation& a, const Activation& b) {
      const bool fits_a = a.capacity() >= needed, fits_b = b.capacity() >= needed;
      if (fits_a != fits_b) return fits_a;
      return fits_a ? a.capacity() < b.capacity() : a.capacity() > b.capacity();
    };
    const auto best = std::min_element(free_.begin(), free_.end(), better);
    if (best->capacity() > kMostOver * needed) return;
    if (best->capacity() >= needed) map = std::move(*best);
    free_.erase(best);
  }
  void clear() { free_.clear(); }

 private:
  static constexpr Index kMostOver = 8;

  std::vector<Activation> free_;
};

}  // namespace autoprune::nn::detail
