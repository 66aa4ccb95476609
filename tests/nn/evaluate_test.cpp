#include "autoprune/nn/evaluate.hpp"

#include <catch2/catch.hpp>
#include <limits>

#include "reference.hpp"

using namespace autoprune;
using namespace autoprune::nn;
using namespace autoprune::nn::test;

namespace {

/// A network whose logits are its input.
Network identity(Index classes) {
  Network n({classes, 1, 1});
  n.flatten("f");
  return n;
}

Batch random_batch(Random& random, Index classes, Index images) {
  Batch batch{random_activation(random, {classes, 1, 1}, images), {}};
  for (Index i = 0; i < images; ++i)
    batch.labels.push_back(static_cast<std::uint8_t>(random.below(classes)));
  return batch;
}

}  // namespace

TEST_CASE("The rank of a label counts larger logits and earlier equal ones", "[nn]") {
  Activation logits({5, 1, 1}, 1);
  const std::array<float, 5> values{1.0F, 3.0F, 1.0F, 2.0F, 1.0F};
  for (Index c = 0; c < 5; ++c) logits.at(0, c, 0, 0) = values[static_cast<std::size_t>(c)];
  const std::array<Index, 5> ranks{2, 0, 3, 1, 4};
  for (Index c = 0; c < 5; ++c)
    CHECK(rank_of_label(logits, 0, c) == ranks[static_cast<std::size_t>(c)]);
}

TEST_CASE("Accuracy is that of sorted logits, over all batches", "[nn]") {
  Network network = identity(9);
  ThreadPool pool(2);
  Session session(network, pool);
  Random random(4);
  std::vector<Batch> batches;
  for (const Index images : {40, 1, 33}) batches.push_back(random_batch(random, 9, images));
  Index first = 0, five = 0;
  for (const Batch& batch : batches)
    for (Index i = 0; i < batch.images.images(); ++i) {
      std::vector<std::pair<float, Index>> order;
      for (Index c = 0; c < 9; ++c) order.emplace_back(-batch.images.at(i, c, 0, 0), c);
      std::sort(order.begin(), order.end());
      for (std::size_t k = 0; k < 5; ++k)
        if (order[k].second == batch.labels[static_cast<std::size_t>(i)]) {
          first += k == 0 ? 1 : 0;
          ++five;
        }
    }
  const Accuracy accuracy = evaluate(session, batches);
  CHECK(accuracy.top1 == Approx(100.0 * static_cast<double>(first) / 74.0));
  CHECK(accuracy.top5 == Approx(100.0 * static_cast<double>(five) / 74.0));
}

TEST_CASE("Accuracy refuses what it can't count", "[nn]") {
  Network network = identity(4);
  ThreadPool pool(1);
  Session session(network, pool);
  Random random(5);
  const auto id = [&](const std::vector<Batch>& batches) {
    return error_of([&] { static_cast<void>(evaluate(session, batches)); });
  };
  CHECK(id({}) == ErrorId::empty_data);

  std::vector<Batch> batches{random_batch(random, 4, 10)};
  batches[0].labels[3] = 4;
  CHECK(id(batches) == ErrorId::bad_label);
  batches[0].labels[3] = -1;
  CHECK(id(batches) == ErrorId::bad_label);

  batches[0].labels[3] = 0;
  batches[0].labels[7] = 1;
  batches[0].images.at(7, 3, 0, 0) = std::numeric_limits<float>::quiet_NaN();
  CHECK(id(batches) == ErrorId::not_finite);
}

TEST_CASE("Recalibration sets the mean of the batches' own statistics", "[nn]") {
  Network n({3, 6, 6});
  n.conv("c1", {.out = 5});
  n.batch_norm("b1");
  n.relu("r1");
  n.dropout("d", 0.5);  // not here
  n.conv("c2", {.out = 4, .kernel = {2, 3}});
  n.batch_norm("b2");
  n.linear("l", 3);
  randomise(n, 2);
  Random random(6);
  std::vector<PruneMask> masks = random_masks(random, n, 4);
  std::vector<Batch> batches;
  for (const Index images : {40, 33, 7})
    batches.push_back({random_activation(random, n.input_shape(), images), {}});

  Reference reference(n, Mode::statistics);
  const std::vector<Index> layers = n.matrix_layers();
  for (std::size_t m = 0; m < layers.size(); ++m) {
    Values& w = reference.parameters[static_cast<std::size_t>(layers[m])].weight;
    const PruneMask& mask = masks[m];
    for (Index k = 0; k < static_cast<Index>(w.size()); ++k)
      if (!mask.kept(k % mask.rows() / mask.granularity(), k / mask.rows()))
        w[static_cast<std::size_t>(k)] = 0.0;
  }
  std::map<Index, Values> means, variances;
  for (const Batch& batch : batches) {
    const Index images = batch.images.images();
    static_cast<void>(reference.forward(values_of(batch.images), images));
    for (const auto& [node, batch_mean] : reference.means) {
      const Shape3& s = n.node(node).shape;
      const auto count = static_cast<double>(images * s.height * s.width);
      means[node].resize(batch_mean.size());
      variances[node].resize(batch_mean.size());
      for (std::size_t c = 0; c < batch_mean.size(); ++c) {
        means[node][c] += batch_mean[c] / 3.0;
        variances[node][c] += reference.variances[node][c] * count / (count - 1.0) / 3.0;
      }
    }
  }

  ThreadPool pool(2);
  Session session(n, pool);
  session.set_masks(masks);
  recalibrate(session, batches);
  REQUIRE(means.size() == 2);
  for (const auto& [node, mean] : means) {
    CHECK(error_of(values_of(n.node(node).running_mean), mean) < 1e-5);
    CHECK(error_of(values_of(n.node(node).running_var), variances[node]) < 1e-5);
  }

  // A batch counts for a tenth again.
  static_cast<void>(reference.forward(values_of(batches[0].images), 40));
  session.forward(batches[0].images, Mode::statistics);
  for (auto& [node, mean] : means) {
    for (std::size_t c = 0; c < mean.size(); ++c)
      mean[c] = 0.9 * mean[c] + 0.1 * reference.means[node][c];
    CHECK(error_of(values_of(n.node(node).running_mean), mean) < 1e-5);
  }
}
