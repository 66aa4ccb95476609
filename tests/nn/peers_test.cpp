// Peers that share the steps of a training end in the bits of a single process.
#include "autoprune/nn/peers.hpp"

#include <catch2/catch.hpp>
#include <mutex>
#include <set>

#include "helpers.hpp"
#include "thread_peers.hpp"

using namespace autoprune;
using namespace autoprune::nn;
using namespace autoprune::nn::test;

namespace {

/// Batch-norm, several weight gradients of each kind, dropout, and what sums over channels.
Network many_kinds(Shape3 images) {
  Network n(images);
  n.conv("c1", {.out = 16, .kernel = 3, .padding = 1});
  n.batch_norm("b1");
  n.append("p1", Prelu{});
  const Index before =
      n.conv("c2", {.out = 24, .kernel = 3, .stride = 2, .padding = 1, .bias = true});
  n.conv("depthwise", {.out = 24, .kernel = 3, .padding = 1, .groups = 24});
  n.batch_norm("b2");
  n.relu("r2");
  n.append("s2", Scale{.bias = true});
  const Index behind = n.append("n2", LayerNorm{});
  n.add("add", {before, behind});
  n.conv("c3", {.out = 40, .kernel = 1});
  n.append("gap", GlobalAvgPool{});
  n.flatten("f");
  n.dropout("d", 0.3);
  n.linear("l1", 70);
  n.relu("r3");
  n.linear("l2", 4);
  n.initialise(1);
  return n;
}

/// Few positions and many weights: no partial sums.
Network heavy() {
  Network n({1, 8, 8});
  n.conv("c1", {.out = 128, .kernel = 3, .stride = 2, .padding = 1});
  n.relu("r1");
  n.conv("c2", {.out = 520, .kernel = 3, .padding = 1});
  n.relu("r2");
  n.max_pool("m", {.kernel = 2});
  n.flatten("f");
  n.linear("l1", 150);
  n.relu("r3");
  n.linear("l2", 4);
  n.initialise(1);
  return n;
}

struct Result {
  std::vector<double> losses;
  std::vector<Tensor> parameters;

  bool operator==(const Result&) const = default;
};

struct Setting {
  Network network;
  const Dataset& data;
  Index batch;
  std::vector<PruneMask> masks = {};
  bool distils = false;
};

Result train(const Setting& setting, Peers* peers, Index threads = 1) {
  ThreadPool pool(threads);
  Network network = setting.network, teacher = setting.network;
  teacher.initialise(9);
  CpuBackend backend(network, pool);
  if (peers != nullptr) REQUIRE(backend.share(*peers));
  TrainConfig config;
  config.batch = setting.batch;
  config.variants = 1;
  backend.set_masks(setting.masks);
  backend.begin_training(setting.data, config, setting.distils ? &teacher : nullptr);
  Result result;
  const Augmentation shifts{2, true, 5, 0};
  for (std::uint64_t number = 0; number < 4; ++number) {
    const std::vector<Index> images = range(0, setting.batch);  // the teacher's are known later
    result.losses.push_back(backend.train_step({images, &shifts, 0.05, number}));
  }
  for (const NamedTensor& t : network.parameters()) result.parameters.push_back(*t.tensor);
  for (const NamedTensor& t : backend.momentum()) result.parameters.push_back(*t.tensor);
  return result;
}

void check(const Setting& setting, std::initializer_list<Index> counts) {
  const Result alone = train(setting, nullptr, 3);
  for (const Index count : counts) {
    std::mutex mutex;
    on_peers(count, [&](Peers& peers) {
      const Result shared = train(setting, &peers, 1 + peers.self() % 2);
      const std::lock_guard lock(mutex);
      INFO("peer " << peers.self() << " of " << count << ", batches of " << setting.batch);
      CHECK(shared.losses == alone.losses);
      CHECK(shared.parameters == alone.parameters);
    });
  }
}

}  // namespace

TEST_CASE("steps that peers share have the bits of one process") {
  const Dataset data = quarters(260, 1);
  for (const Index batch : {256, 256 + 3, 90}) {
    Setting setting{many_kinds({1, 8, 8}), data, batch};
    check(setting, {2, 3});
    setting.distils = true;
    Random random(static_cast<std::uint64_t>(batch));
    setting.masks = random_masks(random, setting.network, 8);
    check(setting, {3});
    if (batch >= 256) check(setting, {4, 8});
  }
}

TEST_CASE("so have those of layers whose weights outweigh their images") {
  const Dataset data = quarters(130, 1);
  Setting setting{heavy(), data, 128};
  check(setting, {2, 3, 4});
  Random random(2);
  setting.masks = random_masks(random, setting.network, 16);
  check(setting, {4});
}

TEST_CASE("what stops one peer, stops all") {
  on_peers(3, [&](Peers& peers) {
    for (Index unlucky = 0; unlucky < 3; ++unlucky) {
      std::string what;
      try {
        together(peers, [&] {
          std::vector<Index> all = {0, 0, 0};
          all[static_cast<std::size_t>(peers.self())] = peers.self();
          gather(peers, all.data(), std::vector<Index>{0, 1, 2, 3});
          if (all != std::vector<Index>{0, 1, 2}) std::terminate();
          if (peers.self() == unlucky) fail(ErrorId::not_finite, "peer ", unlucky);
          gather(peers, all.data(), std::vector<Index>{0, 1, 2, 3});
        });
      } catch (const Error& error) {
        what = error.what();
      }
      if (what != concat("[autoprune.numeric.501] peer ", unlucky)) std::terminate();
    }
  });
}
