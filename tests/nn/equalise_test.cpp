// Channels of one range: the network computes what it did, and few bits lose less.
#include "autoprune/nn/equalise.hpp"

#include <catch2/catch.hpp>

#include "autoprune/nn/evaluate.hpp"
#include "autoprune/nn/session.hpp"
#include "helpers.hpp"

using namespace autoprune;
using namespace autoprune::nn;
using namespace autoprune::nn::test;

namespace {

/// Layers with a batch-norm, one without affine, one behind a group; and those that have none to
/// themselves: one whose batch-norm another node reads past, one with ReLU, the last one.
Network some_network(std::uint64_t seed) {
  Network n({3, 6, 6});
  n.conv("c1", {.out = 8, .kernel = 3, .padding = 1, .bias = true});
  n.batch_norm("b1");
  n.relu("r1");
  n.conv("c2", {.out = 12, .kernel = 3, .groups = 4});
  n.append("b2", BatchNorm{.eps = 0.3, .affine = false});
  const Index both = n.conv("c3", {.out = 6, .kernel = 1});
  n.batch_norm("b3");
  n.add("sum", {both, n.size() - 1});
  n.conv("c4", {.out = 6, .kernel = 2});
  n.relu("r4");
  n.linear("l", 5);
  randomise(n, seed);
  return n;
}

std::vector<PruneMask> all_kept(const Network& network) {
  std::vector<PruneMask> masks;
  for (const Index i : network.matrix_layers()) {
    const ConstMatrixView w = weight_matrix(network.node(i).weight);
    masks.emplace_back(w.cols(), w.rows(), w.cols());
  }
  return masks;
}

}  // namespace

TEST_CASE(
    "equalised channels reach as far as the layer's largest, and the network is what it was") {
  Random random(3);
  ThreadPool pool(2);
  for (int t = 0; t < 20; ++t) {
    const Network before = some_network(random.below(1000));
    std::vector<PruneMask> masks = random_masks(random, before, 4);
    masks[1] = std::move(masks[1]).in_matrices(4);
    Network after = before;
    const auto ranges = channel_ranges(before, masks);
    REQUIRE(ranges.size() == 5);
    CHECK(ranges[0].size() == 8);
    CHECK(ranges[1].size() == 12);
    for (const std::size_t none : {2U, 3U, 4U}) CHECK(ranges[none].empty());
    equalise(after, ranges);
    for (const std::size_t k : {0U, 1U}) {
      const auto kept = [&](const Network& n, Index c) {
        return nn::detail::largest_kept(weight_matrix(n.node(n.matrix_layers()[k]).weight),
                                        masks[k], c);
      };
      float most = 0.0F;
      const Index channels = std::ssize(ranges[k]);
      for (Index c = 0; c < channels; ++c) most = std::max(most, kept(before, c));
      for (Index c = 0; c < channels; ++c)
        CHECK(kept(after, c) ==
              (kept(before, c) == 0.0F ? Approx(0.0F) : Approx(most).epsilon(1e-6)));
    }
    Network a = before, b = after;
    Session one(a, pool), other(b, pool);
    one.set_masks(masks);
    other.set_masks(masks);
    const Activation images = random_activation(random, {3, 6, 6}, 9);
    CHECK(error_of(values_of(other.logits_of(images)), values_of(one.logits_of(images))) < 1e-5);
  }
}

TEST_CASE("a channel of next to nothing stays finite") {
  Network n = some_network(1);
  const std::vector<PruneMask> masks = all_kept(n);
  Node& layer = n.node(*n.find("c1"));
  weight_matrix(layer.weight).row(0).setConstant(1e-30F);
  weight_matrix(layer.weight).row(1).setZero();
  n.node(*n.find("b2")).running_var(3) = 0.2F;  // its eps is 0.3
  const auto ranges = channel_ranges(n, masks);
  CHECK(ranges[0][0] == 1e-6F);
  CHECK(ranges[0][1] == 1.0F);
  CHECK(ranges[1][3] == 1.0F);
  equalise(n, ranges);
  for (const NamedTensor& p : n.parameters())
    for (const float v : *p.tensor) CHECK(std::isfinite(v));
}

TEST_CASE("statistics that are measured anew say the same, where variances are above eps") {
  Random random(8);
  ThreadPool pool(1);
  Network before = some_network(5);
  weight_matrix(before.node(*before.find("c1")).weight).row(2) *= 1e-4F;  // far below
  const std::vector<PruneMask> masks = all_kept(before);
  Network once = before;
  const Activation images = random_activation(random, {3, 6, 6}, 32);
  const auto measured = [&](Network& network) {
    Session session(network, pool);
    const std::vector<Batch> batches = {{images, std::vector<Label>(32, 0)}};
    recalibrate(session, batches);
    return values_of(session.logits_of(images));
  };
  (void)measured(once);
  Network again = once, equal = once;
  equalise(equal, channel_ranges(equal, masks));
  CHECK(error_of(measured(equal), measured(again)) < 0.2);
}

TEST_CASE("ranges and masks that aren't the network's") {
  Network n = some_network(2);
  const std::vector<PruneMask> masks = all_kept(n);
  CHECK(error_of([&] { (void)channel_ranges(n, {}); }) == ErrorId::mask_mismatch);
  std::vector<std::vector<float>> ranges = channel_ranges(n, masks);
  ranges[2].assign(6, 0.5F);  // no batch-norm of its own
  CHECK(error_of([&] { equalise(n, ranges); }) == ErrorId::shape_mismatch);
  ranges[2].clear();
  ranges[0].pop_back();
  CHECK(error_of([&] { equalise(n, ranges); }) == ErrorId::shape_mismatch);
  CHECK(error_of([&] { equalise(n, {}); }) == ErrorId::shape_mismatch);
}
