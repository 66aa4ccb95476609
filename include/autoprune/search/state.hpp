/// @file state.hpp
/// What the agent sees of a layer: the twelve features of the slides.
#pragma once

#include <algorithm>
#include <array>
#include <vector>

#include "autoprune/mapping/counts.hpp"
#include "autoprune/nn/network.hpp"

namespace autoprune::search {

/// (k, t, inc, outc, ks, h, w, s, xb, xb_saved, xb_rest, a_{k-1}), each in [0, 1].
using State = std::array<float, 12>;

/// The features of every layer. The first nine are min-max scaled over the layers; crossbars saved
/// so far (xb_saved) and those of later layers (xb_rest) are fractions of the dense total.
class StateTable {
 public:
  /// `dense` holds the counts of the unpruned network.
  StateTable(const nn::Network& network, const mapping::NetworkCount& dense) {
    total_ = static_cast<double>(dense.crossbars.dense);
    double rest = total_;
    const std::vector<Index> layers = network.matrix_layers();
    for (std::size_t k = 0; k < layers.size(); ++k) {
      const nn::Node& node = network.node(layers[k]);
      const nn::Shape3 in = network.node(node.inputs.front()).shape;
      const bool conv = node.op.is<nn::Conv>();
      const auto [kernel, stride, padding, dilation] = node.op.window();
      const auto crossbars = static_cast<double>(dense.layers[k].crossbars_dense);
      rest -= crossbars;
      rows_.push_back(
          {static_cast<double>(k), conv ? 1.0 : 0.0,
           static_cast<double>(conv ? in.channels / node.matrices : in.size()),
           static_cast<double>(node.filters()), static_cast<double>(kernel.h * kernel.w),
           static_cast<double>(conv ? in.height : 1), static_cast<double>(conv ? in.width : 1),
           static_cast<double>(conv ? stride.h : 0), crossbars});
      rest_.push_back(rest / total_);
    }
    scale();
  }

  [[nodiscard]] Index layers() const noexcept { return static_cast<Index>(rows_.size()); }

  /// State of layer k, `saved` crossbars less than dense before it, and layer k-1 at
  /// `previous_keep` (1 for the first layer).
  [[nodiscard]] State at(Index k, double saved, double previous_keep) const {
    const auto i = static_cast<std::size_t>(k);
    State state{};
    std::transform(rows_[i].begin(), rows_[i].end(), state.begin(),
                   [](double v) { return static_cast<float>(v); });
    state[9] = static_cast<float>(saved / total_);
    state[10] = static_cast<float>(rest_[i]);
    state[11] = static_cast<float>(previous_keep);
    return state;
  }

 private:
  static constexpr std::size_t kStatic = 9;

  void scale() {
    for (std::size_t c = 0; c < kStatic; ++c) {
      double low = rows_.front()[c], high = low;
      for (const auto& row : rows_) {
        low = std::min(low, row[c]);
        high = std::max(high, row[c]);
      }
      for (auto& row : rows_) row[c] = high > low ? (row[c] - low) / (high - low) : 0.0;
    }
  }

  std::vector<std::array<double, kStatic>> rows_;
  std::vector<double> rest_;
  double total_ = 1.0;
};

}  // namespace autoprune::search
