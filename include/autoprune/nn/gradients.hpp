/// @file gradients.hpp
/// Gradients of the loss without training: what criteria of importance ask for.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "autoprune/core/tensor.hpp"
#include "autoprune/core/thread_pool.hpp"
#include "autoprune/nn/batch.hpp"
#include "autoprune/nn/loss.hpp"
#include "autoprune/nn/network.hpp"
#include "autoprune/nn/session.hpp"

namespace autoprune::nn {

/// dL/dw of every matrix layer, in order, of the mean cross-entropy over all images. The network is
/// copied; batch-norm takes the statistics of each batch, as in training. Throws empty_data, and
/// what forward() and loss() throw.
[[nodiscard]] inline std::vector<Tensor> loss_gradients(const Network& network,
                                                        std::span<const Batch> batches,
                                                        ThreadPool& pool) {
  Index images = 0;
  for (const Batch& batch : batches) images += batch.images.images();
  if (images == 0) fail(ErrorId::empty_data, "gradients of no image; give some");
  Network copy = network;
  Session session(copy, pool);
  std::vector<Tensor> sums;
  Activation dlogits;
  std::uint64_t step = 0;
  for (const Batch& batch : batches) {
    session.set_dropout_step(0, step++);
    session.forward(batch.images, Mode::training);
    (void)loss(session.logits(), batch.labels, nullptr, {}, dlogits);
    session.backward(dlogits);
    const float share = static_cast<float>(batch.images.images()) / static_cast<float>(images);
    std::size_t k = 0;
    for (const Index i : copy.matrix_layers()) {
      const Tensor& gradient = session.gradient(i).weight;
      if (step == 1)
        sums.push_back(gradient * share);
      else
        sums[k] += gradient * share;
      ++k;
    }
  }
  return sums;
}

}  // namespace autoprune::nn
