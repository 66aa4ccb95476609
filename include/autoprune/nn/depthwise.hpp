/// @file depthwise.hpp
/// Convolutions whose filters read one channel each. There is too little to multiply for a product
/// of matrices: memory is what they wait for, so every row is read once a position.
#pragma once

#include <algorithm>
#include <array>
#include <vector>

#include "autoprune/core/tensor.hpp"
#include "autoprune/core/thread_pool.hpp"
#include "autoprune/nn/activation.hpp"
#include "autoprune/nn/matrix_plan.hpp"
#include "autoprune/nn/microkernels.hpp"

namespace autoprune::nn::detail {

class Depthwise {
 public:
  Depthwise(const MatrixShape& shape, const BorderClasses& classes)
      : shape_(shape), each_(shape.filters() / shape.in.channels) {
    for (const auto& runs : classes.runs) {
      auto& list = taps_.emplace_back();
      for (const auto& [begin, end] : runs)
        for (Index tap = begin; tap < end; ++tap) list.push_back({tap, shape.row_offset(tap)});
    }
  }

  /// Filters [first, end) at a position of this class: x is the first pixel of its window.
  /// `weights` are [filter][tap].
  void forward(std::size_t border, const float* weights, const float* x, Index first, Index end,
               float* y) const {
    namespace ei = Eigen::internal;
    for (Index f = first; f < end; ++f) {
      const float *in = x + f / each_ * kLanes, *own = weights + f * shape_.taps();
      Packet sums[kParts];
      for (Packet& sum : sums) sum = ei::pset1<Packet>(0.0F);
      for (const Tap& tap : taps_[border]) {
        const Packet w = ei::pset1<Packet>(own[tap.number]);
        for (int j = 0; j < kParts; ++j)
          sums[j] = ei::pmadd(w, ei::pload<Packet>(in + tap.offset + j * kPacket), sums[j]);
      }
      for (int j = 0; j < kParts; ++j) ei::pstore(y + f * kLanes + j * kPacket, sums[j]);
    }
  }

  /// Adds W^T dy of a position to dx, which is the first pixel of its window.
  void backward_input(std::size_t border, const float* weights, const float* dy, float* dx) const {
    namespace ei = Eigen::internal;
    for (Index f = 0; f < shape_.filters(); ++f, weights += shape_.taps(), dy += kLanes) {
      float* out = dx + f / each_ * kLanes;
      Packet g[kParts];
      for (int j = 0; j < kParts; ++j) g[j] = ei::pload<Packet>(dy + j * kPacket);
      for (const Tap& tap : taps_[border]) {
        const Packet w = ei::pset1<Packet>(weights[tap.number]);
        for (int j = 0; j < kParts; ++j) {
          float* to = out + tap.offset + j * kPacket;
          ei::pstore(to, ei::pmadd(w, g[j], ei::pload<Packet>(to)));
        }
      }
    }
  }

  /// Sets dw, [filter][tap], to the sums of dy x over positions and images.
  void backward_weight(const BorderClasses& classes, const Activation& x, const Activation& dy,
                       float* dw, ThreadPool& pool) const {
    pool.for_each(ceil_div(shape_.filters(), kItemFilters), [&](Index item) {
      const Index first = item * kItemFilters;
      const Index count = std::min(kItemFilters, shape_.filters() - first);
      std::vector<double> total(static_cast<std::size_t>(count * shape_.taps()), 0.0);
      for (Index b = 0; b < dy.blocks(); ++b) add_block(classes, x, dy, b, first, count, total);
      std::transform(total.begin(), total.end(), dw + first * shape_.taps(),
                     [](double sum) { return static_cast<float>(sum); });
    });
  }

 private:
  struct Tap {
    Index number, offset;
  };
  static constexpr int kParts = static_cast<int>(kLanes) / kPacket;
  static constexpr Index kItemFilters = 8;

  void add_block(const BorderClasses& classes, const Activation& x, const Activation& dy, Index b,
                 Index first, Index count, std::vector<double>& total) const {
    namespace ei = Eigen::internal;
    const Index taps = shape_.taps();
    std::vector<std::array<float, kPacket>> sums(total.size());  // over the lanes of a packet
    for (Index oh = 0; oh < shape_.out.height; ++oh)
      for (Index ow = 0; ow < shape_.out.width; ++ow) {
        const float* window = x.block(b) + shape_.window(oh, ow);
        const float* row = dy.block(b) + (oh * shape_.out.width + ow) * shape_.filters() * kLanes;
        for (Index f = 0; f < count; ++f) {
          const float* in = window + (first + f) / each_ * kLanes;
          const float* g = row + (first + f) * kLanes;
          for (const Tap& tap : taps_[classes.of(oh, ow)]) {
            float* to = sums[static_cast<std::size_t>(f * taps + tap.number)].data();
            Packet sum = ei::ploadu<Packet>(to);
            for (int j = 0; j < kParts; ++j)
              sum = ei::pmadd(ei::pload<Packet>(g + j * kPacket),
                              ei::pload<Packet>(in + tap.offset + j * kPacket), sum);
            ei::pstoreu(to, sum);
          }
        }
      }
    for (std::size_t i = 0; i < total.size(); ++i)
      for (const float sum : sums[i]) total[i] += sum;
  }

  MatrixShape shape_;
  Index each_;                          // filters of a channel
  std::vector<std::vector<Tap>> taps_;  // by border class: those inside of the input
};

}  // namespace autoprune::nn::detail
