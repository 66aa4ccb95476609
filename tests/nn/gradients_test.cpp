#include "autoprune/nn/gradients.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "../error_of.hpp"
#include "autoprune/core/random.hpp"

using namespace autoprune;

namespace {

/// Without kinks, which finite differences would step over.
nn::Network gradients_network() {
  nn::Network n({2, 6, 5});
  n.conv("conv", {.out = 5, .kernel = 3, .padding = 1});
  n.flatten("flat");
  n.linear("linear", 4);
  n.initialise(3);
  return n;
}

nn::Batch random_batch(Random& random, Index images) {
  nn::Batch batch{nn::Activation({2, 6, 5}, images), {}};
  batch.images.fill(0.0F);
  for (Index i = 0; i < images; ++i) {
    for (Index c = 0; c < 2; ++c)
      for (Index h = 0; h < 6; ++h)
        for (Index w = 0; w < 5; ++w)
          batch.images.at(i, c, h, w) = static_cast<float>(random.normal());
    batch.labels.push_back(static_cast<std::uint8_t>(random.below(4)));
  }
  return batch;
}

double mean_loss(nn::Network network, std::span<const nn::Batch> batches, ThreadPool& pool) {
  nn::Session session(network, pool);
  double sum = 0.0, images = 0.0;
  nn::Activation unused;
  for (const nn::Batch& batch : batches) {
    session.forward(batch.images, nn::Mode::training);
    const auto n = static_cast<double>(batch.labels.size());
    sum += n * nn::loss(session.logits(), batch.labels, nullptr, {}, unused);
    images += n;
  }
  return sum / images;
}

}  // namespace

TEST_CASE("gradients of the mean loss over batches of any size are its finite differences") {
  Random random(7);
  ThreadPool pool(1);
  const nn::Network network = gradients_network();
  const std::vector<nn::Batch> batches = {random_batch(random, 40), random_batch(random, 7)};
  const std::vector<Tensor> gradients = nn::loss_gradients(network, batches, pool);
  const std::vector<Index> layers = network.matrix_layers();
  REQUIRE(gradients.size() == layers.size());
  for (std::size_t k = 0; k < layers.size(); ++k) {
    const auto size = static_cast<Index>(gradients[k].size());
    for (int trial = 0; trial < 12; ++trial) {
      const auto at = static_cast<std::size_t>(random.below(size));
      constexpr float kStep = 1e-2F;
      nn::Network up = network, down = network;
      up.node(layers[k]).weight.data()[at] += kStep;
      down.node(layers[k]).weight.data()[at] -= kStep;
      const double slope = (mean_loss(up, batches, pool) - mean_loss(down, batches, pool)) /
                           (2.0 * static_cast<double>(kStep));
      CHECK(static_cast<double>(gradients[k].data()[at]) == Approx(slope).margin(2e-4));
    }
  }
}

TEST_CASE("gradients of no image are refused, and the network is left as it was") {
  ThreadPool pool(1);
  Random random(8);
  const nn::Network network = gradients_network();
  CHECK(error_of([&] { (void)nn::loss_gradients(network, {}, pool); }) == ErrorId::empty_data);
  const std::vector<nn::Batch> batches = {random_batch(random, 8)};
  const std::vector<Tensor> once = nn::loss_gradients(network, batches, pool);
  CHECK(once == nn::loss_gradients(network, batches, pool));
}
