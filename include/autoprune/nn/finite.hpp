/// @file finite.hpp
/// Numbers that stop being numbers. ReLU and max-pool make a plain 0 of NaN or of minus infinity,
/// and nothing behind them could tell; so parameters are looked at when they are taken up, and
/// sums where they are made.
#pragma once

#include <algorithm>
#include <atomic>

#include "autoprune/core/thread_pool.hpp"
#include "autoprune/core/types.hpp"
#include "autoprune/nn/activation.hpp"
#include "autoprune/nn/microkernels.hpp"

namespace autoprune::nn::detail {

[[nodiscard]] inline bool all_finite(const float* values, Index count) {
  const Eigen::Map<const Eigen::ArrayXf> all(values, count);
  return (all - all).sum() == 0.0F;  // NaN - NaN and inf - inf are NaN
}

/// Whether rows of kLanes numbers were finite, image by image.
class FiniteRows {
 public:
  FiniteRows() {
    for (Packet& bad : bad_) bad = Eigen::internal::pset1<Packet>(0.0F);
  }
  void see(const float* row) {
    namespace ei = Eigen::internal;
    for (int j = 0; j < kParts; ++j) {
      const Packet values = ei::pload<Packet>(row + j * kPacket);
      bad_[j] = ei::por(bad_[j], ei::psub(values, values));  // 0, or NaN
    }
  }
  void see_all(const float* rows, Index size) {
    FiniteRows own = *this;  // stays in registers
    for (Index i = 0; i < size; i += kLanes) own.see(rows + i);
    *this = own;
  }
  /// Those of the first `lanes` images; the other lanes hold numbers that nobody reads.
  [[nodiscard]] bool finite(Index lanes) const {
    namespace ei = Eigen::internal;
    Packet all = bad_[0];
    for (int j = 1; j < kParts; ++j) all = ei::padd(all, bad_[j]);
    if (ei::predux(all) == 0.0F) return true;
    alignas(64) float bad[kLanes];
    for (int j = 0; j < kParts; ++j) ei::pstore(bad + j * kPacket, bad_[j]);
    return std::all_of(bad, bad + lanes, [](float b) { return b == 0.0F; });
  }

 private:
  static constexpr int kParts = static_cast<int>(kLanes) / kPacket;
  Packet bad_[kParts];
};

/// Calls f(block, rows seen) for every block of `like` on the pool's threads; whether all that f
/// has seen was finite.
template <class F>
[[nodiscard]] bool finite_blocks(const Activation& like, ThreadPool& pool, F&& f) {
  std::atomic<bool> finite = true;
  pool.for_each(like.blocks(), [&](Index b) {
    FiniteRows seen;
    f(b, seen);
    if (!seen.finite(like.lanes(b))) finite = false;
  });
  return finite;
}

}  // namespace autoprune::nn::detail
