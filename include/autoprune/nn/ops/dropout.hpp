/// @file dropout.hpp
/// In training, multiplies by 0 with a probability, else by 1 / (1 - it).
#pragma once

#include <algorithm>
#include <array>
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

 private:
  /// The same pass draws the same zeros, forward and backward.
  template <class Pass>
  void drop(const Pass& pass, Index block, const float* x, float* y, Index size) const {
    const auto threshold = static_cast<std::uint32_t>(rate * 0x1p32);
    const auto scale = static_cast<float>(1.0 / (1.0 - rate));
    const std::array<std::uint32_t, 2> key{static_cast<std::uint32_t>(pass.seed),
                                           static_cast<std::uint32_t>(pass.seed >> 32)};
    for (Index i = 0; i < size; i += 4) {
      const auto random = philox({static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(block),
                                  static_cast<std::uint32_t>(pass.step), 0x0D20u},
                                 key);
      for (Index j = 0; j < 4; ++j)
        y[i + j] = random[static_cast<std::size_t>(j)] < threshold ? 0.0F : scale * x[i + j];
    }
  }
};

}  // namespace autoprune::nn
