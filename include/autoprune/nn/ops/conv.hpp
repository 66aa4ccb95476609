/// @file conv.hpp
/// 2-D convolution, in groups if wanted. Weights are [out][in / groups][kh][kw], as in PyTorch.
#pragma once

#include <string_view>
#include <vector>

#include "autoprune/nn/ops/filters.hpp"
#include "autoprune/nn/ops/window.hpp"

namespace autoprune::nn {

struct Conv {
  static constexpr std::string_view kName = "conv";
  static constexpr Work kWork = Work::conv;

  Index out = 0;  ///< filters
  Size2 kernel{3}, stride{1};
  Padding padding{0};
  bool bias = false;
  Size2 dilation{1};
  Index groups = 1;  ///< filters read the channels of their own group

  void describe(AttributeVisitor& visit) {
    visit.required("out", out);
    visit.required("kernel", kernel);
    visit("stride", stride);
    visit("padding", padding);
    visit("bias", bias);
    visit.rare("dilation", dilation, Size2(1));
    visit.rare("groups", groups, Index{1});
  }
  [[nodiscard]] Window window() const { return {kernel, stride, padding, dilation}; }
  [[nodiscard]] Shape3 shape(const OpInputs& in) const {
    Shape3 shape = detail::windowed(in, window());
    detail::check_filters(in, shape.channels = out);
    if (groups < 1 || in.front().channels % groups != 0 || out % groups != 0)
      in.fail(ErrorId::out_of_range, in.front().channels, " channels and ", out, " filters aren't ",
              groups, " groups of equal size");
    return shape;
  }
  [[nodiscard]] std::vector<Parameter> parameters(const OpInputs& in) const {
    return detail::matrix_parameters({out, in.front().channels / groups, kernel.h, kernel.w}, bias);
  }
  [[nodiscard]] MatrixForm matrix(const Shape3&) const {
    return {window(), out / groups * kernel.h * kernel.w, groups};
  }
};

}  // namespace autoprune::nn
