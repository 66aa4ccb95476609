/// @file dropout.hpp
/// In training, multiplies by 0 with a probability, else by 1 / (1 - it).
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "autoprune/core/random.hpp"
#include "autoprune/nn/op.hpp"

namespace autoprune::nn {

struct Dropout {
  static constexpr std::string_view kName = "dropout";

  double rate = 0.0;  ///< probability of zero

  void describe(AttributeVisitor& visit) { visit.required("rate", rate); }
  [[nodiscard]] Shape3 shape(const OpInputs& in) const {
    if (!(rate >= 0.0 && rate < 1.0))
      in.fail(ErrorId::out_of_range, "rate ", rate, " is not in [0, 1)");
    return in.front();
  }

  [[nodiscard]] bool forward(const ForwardPass& pass) const {
    return pass.blocks([&](Index b, FiniteRows& seen) {
      const float* x = pass.x().block(b);
      float* y = pass.y.block(b);
      const Index size = pass.y.block_size();
      if (pass.mode != Mode::training) return static_cast<void>(std::copy_n(x, size, y));
      drop(pass, b, x, y, size);
      seen.see_all(y, size);
    });
  }
  void backward(const BackwardPass& pass, Index, Activation& dx) const {
    pass.blocks([&](Index b) { drop(pass, b, pass.dy.block(b), dx.block(b), dx.block_size()); });
  }

  /// Whether each of the lanes from `first` of a block is kept, a bit each. Forward and backward,
  /// and on any device, the same (seed, step) keeps the same.
  [[nodiscard]] std::uint32_t kept(std::uint64_t seed, std::uint64_t step, Index block,
                                   Index first) const {
    const auto threshold = static_cast<std::uint32_t>(rate * 0x1p32);
    std::uint32_t bits = 0;
    for (Index i = 0; i < kLanes; i += 4) {
      const auto random =
          philox({static_cast<std::uint32_t>(first + i), static_cast<std::uint32_t>(block),
                  static_cast<std::uint32_t>(step), 0x0D20u},
                 {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)});
      for (Index j = 0; j < 4; ++j)
        bits |= std::uint32_t{random[static_cast<std::size_t>(j)] >= threshold} << (i + j);
    }
    return bits;
  }
  /// What is kept is multiplied by it.
  [[nodiscard]] double scale() const { return 1.0 / (1.0 - rate); }

 private:
  template <class Pass>
  void drop(const Pass& pass, Index block, const float* x, float* y, Index size) const {
    const auto factor = static_cast<float>(scale());
    for (Index i = 0; i < size; i += kLanes) {
      const std::uint32_t bits = kept(pass.seed, pass.step, pass.part.first_block() + block, i);
      for (Index l = 0; l < kLanes; ++l)
        y[i + l] = (bits >> l & 1u) != 0 ? factor * x[i + l] : 0.0F;
    }
  }
};

}  // namespace autoprune::nn
