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
#include "autoprune/nn/peers.hpp"

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
                       const Part& part, float* dw, ThreadPool& pool) const {
    const Index items = ceil_div(shape_.filters(), kItemFilters);
    const Index each = shape_.filters() * shape_.taps();
    std::vector<Sums> shared;  // [block of the batch][filter][tap]
    if (part.peers() != nullptr) {
      shared.resize(static_cast<std::size_t>(part.blocks() * each));
      pool.for_each(dy.blocks() * items, [&](Index i) {
        const Index b = i / items, first = i % items * kItemFilters;
        sum_block(classes, x, dy, b, first, filters_from(first),
                  shared.data() + (part.first_block() + b) * each + first * shape_.taps());
      });
      part.gather(shared.data(), each);
    }
    pool.for_each(items, [&](Index item) {
      const Index first = item * kItemFilters, count = filters_from(first);
      std::vector<double> total(static_cast<std::size_t>(count * shape_.taps()), 0.0);
      std::vector<Sums> own(total.size());
      for (Index b = 0; b < part.blocks(); ++b) {
        const Sums* sums = own.data();
        if (part.peers() != nullptr)
          sums = shared.data() + b * each + first * shape_.taps();
        else
          sum_block(classes, x, dy, b, first, count, own.data());
        for (double& sum : total)
          for (const float lane : *sums++) sum += lane;
      }
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
  using Sums = std::array<float, kPacket>;  // over packets of images

  [[nodiscard]] Index filters_from(Index first) const {
    return std::min(kItemFilters, shape_.filters() - first);
  }

  /// Sets sums, [filter][tap], to those over a block.
  void sum_block(const BorderClasses& classes, const Activation& x, const Activation& dy, Index b,
                 Index first, Index count, Sums* sums) const {
    namespace ei = Eigen::internal;
    const Index taps = shape_.taps();
    std::fill_n(sums, count * taps, Sums{});
    for (Index oh = 0; oh < shape_.out.height; ++oh)
      for (Index ow = 0; ow < shape_.out.width; ++ow) {
        const float* window = x.block(b) + shape_.window(oh, ow);
        const float* row = dy.block(b) + (oh * shape_.out.width + ow) * shape_.filters() * kLanes;
        for (Index f = 0; f < count; ++f) {
          const float* in = window + (first + f) / each_ * kLanes;
          const float* g = row + (first + f) * kLanes;
          for (const Tap& tap : taps_[classes.of(oh, ow)]) {
            float* to = sums[f * taps + tap.number].data();
            Packet sum = ei::ploadu<Packet>(to);
            for (int j = 0; j < kParts; ++j)
              sum = ei::pmadd(ei::pload<Packet>(g + j * kPacket),
                              ei::pload<Packet>(in + tap.offset + j * kPacket), sum);
            ei::pstoreu(to, sum);
          }
        }
      }
  }

  MatrixShape shape_;
  Index each_;                          // filters of a channel
  std::vector<std::vector<Tap>> taps_;  // by border class: those inside of the input
};

}  // namespace autoprune::nn::detail
