/// @file linear.hpp
/// Fully connected; reads its input flattened in PyTorch's order (c, h, w), which is a convolution
/// whose kernel covers the whole of it.
#pragma once

#include <string_view>
#include <vector>

#include "autoprune/nn/ops/filters.hpp"

namespace autoprune::nn {

struct Linear {
  static constexpr std::string_view kName = "linear";
  static constexpr Work kWork = Work::linear;

  Index out = 0;  ///< filters
  bool bias = true;

  void describe(AttributeVisitor& visit) {
    visit.required("out", out);
    visit("bias", bias);
  }
  [[nodiscard]] Shape3 shape(const OpInputs& in) const {
    detail::check_filters(in, out);
    return {out, 1, 1};
  }
  [[nodiscard]] std::vector<Parameter> parameters(const OpInputs& in) const {
    return detail::matrix_parameters({out, in.front().size()}, bias);
  }
  [[nodiscard]] MatrixForm matrix(const Shape3& in) const {
    return {{.kernel = {in.height, in.width}}, in.size()};
  }
};

}  // namespace autoprune::nn
