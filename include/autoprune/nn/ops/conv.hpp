/// @file conv.hpp
/// 2-D convolution.
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

  void describe(AttributeVisitor& visit) {
    visit.required("out", out);
    visit.required("kernel", kernel);
    visit("stride", stride);
    visit("padding", padding);
    visit("bias", bias);
    visit.rare("dilation", dilation, Size2(1));
  }
  [[nodiscard]] Window window() const { return {kernel, stride, padding, dilation}; }
  [[nodiscard]] Shape3 shape(const OpInputs& in) const {
    Shape3 shape = detail::windowed(in, window());
    detail::check_filters(in, shape.channels = out);
    return shape;
  }
  [[nodiscard]] std::vector<Parameter> parameters(const OpInputs& in) const {
    return detail::matrix_parameters({out, in.front().channels, kernel.h, kernel.w}, bias);
  }
  [[nodiscard]] MatrixForm matrix(const Shape3&) const {
    return {window(), out * kernel.h * kernel.w};
  }
};

}  // namespace autoprune::nn
