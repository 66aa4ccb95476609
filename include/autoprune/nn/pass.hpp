/// @file pass.hpp
/// A batch on its way through a node, and its gradient on the way back.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "autoprune/core/tensor.hpp"
#include "autoprune/core/thread_pool.hpp"
#include "autoprune/core/types.hpp"
#include "autoprune/nn/activation.hpp"
#include "autoprune/nn/finite.hpp"
#include "autoprune/nn/peers.hpp"

namespace autoprune::nn {

struct Node;
using detail::FiniteRows;

/// Gradients of one node's parameters, in their shapes.
struct Gradient {
  Tensor weight, bias;
};

enum class Mode {
  inference,   ///< running statistics, no dropout
  statistics,  ///< statistics of the batch, which update the running ones; no dropout
  training,    ///< statistics of the batch, dropout, and what backward() needs is kept
};

/// A batch on its way through a node.
struct ForwardPass {
  Node& node;
  std::span<const Activation* const> inputs;
  Activation& y;             ///< has its shape
  Mode mode;                 ///<
  bool relu;                 ///< whether a ReLU behind it is to be done as well: with fold() alone
  double momentum;           ///< weight of this batch in running statistics
  std::uint64_t seed, step;  ///< name what is drawn
  std::vector<float>& kept;  ///< for the backward pass
  ThreadPool& pool;
  const Part& part;  ///< of the batch, which the maps are

  [[nodiscard]] const Activation& x() const { return *inputs.front(); }

  /// Calls f(block, rows seen) for every block on the pool's threads. An output that may be NaN or
  /// infinite though the input isn't has to be seen; whether all that was is finite.
  template <class F>
  [[nodiscard]] bool blocks(F&& f) const {
    return detail::finite_blocks(y, pool, f);
  }
  /// y = f(x), number by number, all of them seen.
  template <class F>
  [[nodiscard]] bool each(F&& f) const {
    return blocks([&](Index b, FiniteRows& seen) {
      const float* in = x().block(b);
      float* out = y.block(b);
      for (Index i = 0; i < y.block_size(); ++i) out[i] = f(in[i]);
      seen.see_all(out, y.block_size());
    });
  }
};

/// Its gradient on the way back.
struct BackwardPass {
  const Node& node;
  std::span<const Activation* const> inputs;
  const Activation& y;
  Activation& dy;
  bool relu;
  std::uint64_t seed, step;
  const std::vector<float>& kept;
  ThreadPool& pool;
  const Part& part;

  [[nodiscard]] const Activation& x() const { return *inputs.front(); }

  /// Calls f(block) for every block on the pool's threads.
  template <class F>
  void blocks(F&& f) const {
    pool.for_each(dy.blocks(), f);
  }
  /// dx = slope(x) dy, number by number.
  template <class F>
  void each(Activation& dx, F&& slope) const {
    blocks([&](Index b) {
      const float *in = x().block(b), *g = dy.block(b);
      float* out = dx.block(b);
      for (Index i = 0; i < dx.block_size(); ++i) out[i] = slope(in[i]) * g[i];
    });
  }
};

}  // namespace autoprune::nn
