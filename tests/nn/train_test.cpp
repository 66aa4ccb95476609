#include "autoprune/nn/train.hpp"

#include <catch2/catch.hpp>
#include <limits>
#include <set>

#include "helpers.hpp"

using namespace autoprune;
using namespace autoprune::nn;
using namespace autoprune::nn::test;

namespace {

Network small_network(std::uint64_t seed) {
  Network n({1, 8, 8});
  n.conv("c1", {.out = 8, .kernel = 3, .padding = 1});
  n.batch_norm("b1");
  n.relu("r1");
  n.max_pool("m1", {.kernel = 2});
  n.conv("c2", {.out = 8, .kernel = 3, .padding = 1, .bias = true});
  n.relu("r2");
  n.flatten("f");
  n.dropout("d", 0.2);
  n.linear("l", 4);
  n.initialise(seed);
  return n;
}

/// Masks that get tighter, and that depend on the progress alone.
std::optional<std::vector<PruneMask>> tightening(const Network& network, double progress) {
  Random random(static_cast<std::uint64_t>(progress * 64.0));
  std::vector<PruneMask> masks;
  for (const Index i : network.matrix_layers()) {
    const ConstMatrixView w = weight_matrix(network.node(i).weight);
    masks.emplace_back(w.cols(), w.rows(), 4);
    for (Index g = 0; g < masks.back().groups(); ++g)
      for (Index c = 0; c < w.rows(); ++c)
        masks.back().set(g, c, random.uniform() > 0.5 * progress);
  }
  return masks;
}

TrainConfig short_config() {
  TrainConfig config;
  config.epochs = 4;
  config.batch = 40;
  config.variants = 2;
  return config;
}

}  // namespace

TEST_CASE("SGD follows PyTorch's rule and leaves pruned vectors alone", "[nn]") {
  const Dataset data = quarters(20, 1);
  ThreadPool pool(2);
  Network network = small_network(2);
  Session session(network, pool);
  Random random(3);
  std::vector<PruneMask> masks = random_masks(random, network, 4);
  session.set_masks(masks);
  Sgd sgd(network, {0.9, 0.01});
  Batch batch;
  data.load(range(0, 20), nullptr, batch, pool);

  std::vector<std::pair<std::string, std::pair<Values, Values>>> state;  // weights, velocity
  for (const auto& [name, tensor] : network.parameters())
    state.emplace_back(name, std::pair{values_of(*tensor), Values(tensor->size(), 0.0)});
  for (int step = 0; step < 3; ++step) {
    Activation dlogits;
    loss(session.forward(batch.images, Mode::training), batch.labels, nullptr, {}, dlogits);
    session.backward(dlogits);
    const double rate = 0.1 / (1 + step);
    std::size_t matrix = 0;
    for (Index i = 0; i < network.size(); ++i) {
      const Node& node = network.node(i);
      const PruneMask* mask = node.has_matrix() ? &masks[matrix++] : nullptr;
      for (auto& [name, values] : state) {
        const bool weight = name == node.name + ".weight";
        if (!weight && name != node.name + ".bias") continue;
        const Tensor& g = weight ? session.gradient(i).weight : session.gradient(i).bias;
        auto& [w, v] = values;
        for (std::size_t k = 0; k < w.size(); ++k) {
          const auto at = static_cast<Index>(k);
          if (weight && mask != nullptr &&
              !mask->kept(at % mask->rows() / mask->granularity(), at / mask->rows()))
            continue;
          const double d = g.flat(k) + 0.01 * w[k];
          v[k] = 0.9 * v[k] + d;
          w[k] -= rate * (d + 0.9 * v[k]);
        }
      }
    }
    sgd.step(session, rate, masks);
  }
  for (const auto& [name, tensor] : network.parameters())
    for (const auto& [other, values] : state)
      if (name == other && name.find("running") == std::string::npos) {
        INFO(name);
        CHECK(error_of(values_of(*tensor), values.first) < 1e-6);
      }
  for (const auto& [name, tensor] : sgd.state())
    for (const auto& [other, values] : state)
      if (name == other + ".velocity") CHECK(error_of(values_of(*tensor), values.second) < 1e-6);
}

namespace {

/// Losses of the epochs when the weights stay where they are.
Values still_losses(Network network, const Dataset& data, std::vector<Index> images,
                    TrainConfig config) {
  config.learning_rate = 1e-30;
  ThreadPool pool(1);
  Trainer trainer(network, data, std::move(images), config, pool);
  Values losses;
  while (!trainer.done()) losses.push_back(trainer.run_epoch().loss);
  return losses;
}

/// Without dropout or batch-norm: an image's loss is its own.
Network plain_network() {
  Network n({1, 8, 8});
  n.conv("c", {.out = 4, .kernel = {3, 5}, .stride = 2, .bias = true});
  n.relu("r");
  n.linear("l", 4);
  randomise(n, 3);
  return n;
}

}  // namespace

TEST_CASE("Every epoch takes the images in an order of its own", "[nn]") {
  const Dataset data = quarters(70, 5);
  TrainConfig config = short_config();
  config.augment = false;
  const auto losses = [&](Index batch, std::uint64_t seed) {
    config.batch = batch;
    config.seed = seed;
    return still_losses(plain_network(), data, range(0, 70), config);
  };
  // All batches together hold each image once.
  const Values whole = losses(10, 1);
  for (const double loss : whole) CHECK(loss == Approx(whole[0]));
  CHECK(losses(70, 1)[0] == Approx(whole[0]));
  // Which images are left out of an epoch's only batch depends on their order.
  const Values some = losses(60, 1), others = losses(60, 2);
  std::set<double> different(some.begin(), some.end());
  different.insert(others.begin(), others.end());
  CHECK(different.size() == 8);
}

TEST_CASE("Only the images that it was given train a network", "[nn]") {
  Dataset data = quarters(130, 4);
  for (const Index other : {0, 1, 2, 3, 4, 127, 128, 129})
    data.labels[static_cast<std::size_t>(other)] = 9;  // no class of the network
  ThreadPool pool(1);
  Network network = small_network(1);
  Trainer trainer(network, data, range(5, 127), short_config(), pool);
  while (!trainer.done()) CHECK_NOTHROW(trainer.run_epoch());
}

TEST_CASE("An image is augmented anew until its variants are used up", "[nn]") {
  const Dataset data = quarters(40, 6);
  TrainConfig config = short_config();
  const auto losses = [&](Index variants, std::uint64_t seed) {
    config.variants = variants;
    config.seed = seed;
    return still_losses(plain_network(), data, range(0, 40), config);
  };
  const Values two = losses(2, 1), always = losses(0, 1), other = losses(0, 2);
  CHECK(two[2] == Approx(two[0]));
  CHECK(two[3] == Approx(two[1]));
  CHECK(two[1] != Approx(two[0]));
  for (std::size_t e = 0; e < 4; ++e) {
    for (std::size_t f = 0; f < e; ++f) CHECK(always[e] != Approx(always[f]));
    CHECK(other[e] != Approx(always[e]));
  }
}

TEST_CASE("Dropout draws anew in every step of every epoch", "[nn]") {
  Dataset data = quarters(40, 7);
  std::fill(data.pixels.begin(), data.pixels.end(), std::uint8_t{255});
  TrainConfig config = short_config();
  config.batch = 20;
  config.augment = false;
  std::set<Values> draws;
  for (config.seed = 1; config.seed <= 2; ++config.seed) {
    Network network({1, 8, 8});
    const Index dropout = network.dropout("d", 0.5);
    network.linear("l", 4);
    network.initialise(1);
    ThreadPool pool(1);
    Trainer trainer(network, data, range(0, 40), config, pool);
    const Session& session = dynamic_cast<CpuBackend&>(trainer.backend()).session();
    while (!trainer.done())
      trainer.run_epoch({},
                        [&](Index, Index) { draws.insert(values_of(session.output(dropout))); });
  }
  CHECK(draws.size() == 2 * 4 * 2);
}

TEST_CASE("A tiny network learns to tell the quarters apart", "[nn]") {
  const Dataset data = quarters(200, 1), test = quarters(200, 2);
  ThreadPool pool(2);
  Network network = small_network(1);
  TrainConfig config = short_config();
  config.epochs = 8;
  config.augment = false;
  Trainer trainer(network, data, range(0, 200), config, pool);
  double first = 0.0, last = 0.0;
  while (!trainer.done()) {
    const EpochReport report = trainer.run_epoch();
    (report.epoch == 1 ? first : last) = report.loss;
  }
  CHECK(last < 0.2 * first);
  CHECK(evaluate(trainer.backend(), test, range(0, 200)).top1 == 100.0);
}

TEST_CASE("A data set whose mirror images change their class is not mirrored", "[nn]") {
  // Stripes that rise or fall; shifted they stay what they are, mirrored they are the other.
  Dataset data = quarters(200, 1, {1, 16, 16});
  data.classes = 2;
  Random random(2);
  for (Index i = 0; i < data.size(); ++i) {
    const Index label = i % 2, phase = random.below(4);
    data.labels[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(label);
    for (Index h = 0; h < 16; ++h)
      for (Index w = 0; w < 16; ++w)
        data.pixels[static_cast<std::size_t>(256 * i + 16 * h + w)] =
            ((label == 0 ? w + h : w + 16 - h) + phase) % 4 < 2 ? 255 : 0;
  }
  data.mirrors = GENERATE(false, true);
  ThreadPool pool(2);
  Network network({1, 16, 16});
  network.conv("c", {.out = 8, .kernel = 3});
  network.relu("r");
  network.avg_pool("p", {.kernel = 14});
  network.flatten("f");
  network.linear("l", 2);
  network.initialise(1);
  TrainConfig config = short_config();
  config.epochs = 12;
  config.learning_rate = 0.05;
  Trainer trainer(network, data, range(0, 200), config, pool);
  double loss = 0.0;
  while (!trainer.done()) loss = trainer.run_epoch().loss;
  if (data.mirrors)
    CHECK(loss > 0.6);  // log 2 is a guess
  else
    CHECK(loss < 0.1);
}

TEST_CASE("A run that stops and goes on ends in the same bits", "[nn]") {
  const Dataset data = quarters(130, 4);
  const bool augment = GENERATE(true, false), taught = GENERATE(true, false);
  const Index threads = GENERATE(1, 3);
  ThreadPool pool(threads);
  Network teacher = small_network(9);
  TrainConfig config = short_config();
  config.augment = augment;
  const auto make = [&](Network& network) {
    return Trainer(network, data, range(5, 130), config, pool, taught ? &teacher : nullptr);
  };
  const auto run = [](Trainer& trainer, Network& network, Index epochs) {
    for (Index e = 0; e < epochs; ++e)
      trainer.run_epoch([&](double progress) { return tightening(network, progress); });
  };

  Network whole = small_network(1);
  Trainer uninterrupted = make(whole);
  run(uninterrupted, whole, 4);

  // Every epoch by a trainer of its own: nothing but what a checkpoint holds goes over, and the
  // second epoch of each variant has no teacher's logits in memory.
  Network network = small_network(1), saved = network;
  std::vector<PruneMask> masks;
  std::vector<Tensor> momentum;
  for (Index epoch = 0; epoch < 4; ++epoch) {
    Network fresh = saved;
    Trainer trainer = make(fresh);
    if (epoch > 0) {
      auto state = trainer.state();
      for (std::size_t i = 0; i < state.size(); ++i) *state[i].tensor = momentum[i];
      trainer.resume(epoch, masks);
    }
    run(trainer, fresh, 1);
    CHECK(trainer.epoch() == epoch + 1);
    saved = fresh;
    masks = trainer.masks();
    momentum.clear();
    for (const auto& [name, tensor] : trainer.state()) momentum.push_back(*tensor);
  }
  CHECK(everything(saved) == everything(whole));
  CHECK(uninterrupted.masks() == masks);
}

TEST_CASE("A run ends in the same bits on any number of threads", "[nn]") {
  const Dataset data = quarters(130, 4);
  const auto outcome = [&](Index threads) {
    ThreadPool pool(threads);
    Network network = small_network(1), teacher = small_network(9);
    Trainer trainer(network, data, range(0, 130), short_config(), pool, &teacher);
    for (int e = 0; e < 3; ++e) trainer.run_epoch();
    return everything(network);
  };
  const Values one = outcome(1);
  CHECK(outcome(2) == one);
  CHECK(outcome(3) == one);
}

TEST_CASE("Masks are asked for as often as the settings say, and taken", "[nn]") {
  const Dataset data = quarters(320, 4);
  Network network = small_network(6);
  ThreadPool pool(2);
  TrainConfig config = short_config();  // eight steps an epoch
  config.mask_updates = 2;
  Trainer trainer(network, data, range(0, 320), config, pool);
  std::vector<double> asked;
  std::vector<PruneMask> given;
  trainer.run_epoch([&](double progress) {
    asked.push_back(progress * 32.0);
    given = *tightening(network, progress);
    return std::optional(given);
  });
  CHECK(asked == std::vector<double>{0.0, 4.0});
  CHECK(trainer.masks() == given);
  const std::vector<PruneMask> other = *tightening(network, 0.7);
  REQUIRE(other != given);
  trainer.resume(1, other);
  CHECK(trainer.masks() == other);
}

TEST_CASE("The learning rate falls along a half cosine, step by step", "[nn]") {
  const Dataset data = quarters(130, 4);
  ThreadPool pool(1);
  Network network = small_network(1);
  Trainer trainer(network, data, range(0, 130), short_config(), pool);
  CHECK(trainer.steps() == 3);
  Index calls = 0;
  std::vector<double> progress;
  for (Index e = 0; e < 4; ++e) {
    const EpochReport report = trainer.run_epoch(
        [&](double p) -> std::optional<std::vector<PruneMask>> {
          progress.push_back(p);
          return {};
        },
        [&](Index done, Index steps) { calls += done <= steps ? 1 : 0; });
    const double at = (static_cast<double>(3 * e) + 2.0) / 12.0;
    CHECK(report.learning_rate == Approx(0.025 * (1.0 + std::cos(std::numbers::pi * at))));
  }
  CHECK(calls == 12);
  REQUIRE(progress.size() == 12);
  for (std::size_t i = 0; i < 12; ++i) CHECK(progress[i] == Approx(static_cast<double>(i) / 12.0));
  CHECK(trainer.done());
}

TEST_CASE("A trainer refuses what it can't train", "[nn]") {
  const Dataset data = quarters(50, 1);
  ThreadPool pool(1);
  Network network = small_network(1);
  const auto id = [&](TrainConfig config, Index images = 50) {
    return error_of([&] { Trainer(network, data, range(0, images), config, pool).run_epoch(); });
  };
  CHECK(id({.batch = 51}) == ErrorId::empty_data);
  CHECK(id({.batch = 32}, 0) == ErrorId::empty_data);
  CHECK(id({.epochs = 0}) == ErrorId::out_of_range);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const double rate : {nan, 0.0, -0.1, 1e39, std::numeric_limits<double>::infinity()})
    CHECK(id({.learning_rate = rate}) == ErrorId::out_of_range);
  for (const Index count : {Index{-1}, Index{1'000'001}, std::numeric_limits<Index>::max()}) {
    CHECK(id({.epochs = count}) == ErrorId::out_of_range);
    CHECK(id({.batch = count}) == ErrorId::out_of_range);
    CHECK(id({.variants = count}) == ErrorId::out_of_range);
    CHECK(id({.mask_updates = count}) == ErrorId::out_of_range);
  }
  for (const double share : {nan, -0.1, 1.1}) {
    CHECK(id({.sgd = {.momentum = share}}) == ErrorId::out_of_range);
    CHECK(id({.sgd = {.weight_decay = share}}) == ErrorId::out_of_range);
    CHECK(id({.distillation = {.weight = share}}) == ErrorId::out_of_range);
  }
  for (const double temperature : {nan, 0.0, 1e300})
    CHECK(id({.distillation = {.temperature = temperature}}) == ErrorId::out_of_range);
  CHECK(id({.batch = 10, .learning_rate = 1e30}) == ErrorId::diverged);
  network = small_network(1);
  network.node(network.size() - 1).bias.fill(9.0F);  // decays in the last step, to infinity
  CHECK(id({.batch = 50, .learning_rate = 1e38, .sgd = {.weight_decay = 1.0}}) ==
        ErrorId::diverged);

  Network large({1, 9, 9});
  large.linear("l", 4);
  CHECK(error_of([&] { Trainer(large, data, range(0, 50), {.batch = 10}, pool); }) ==
        ErrorId::shape_mismatch);
  Network few({1, 8, 8});
  few.linear("l", 3);
  CHECK(error_of([&] { Trainer(few, data, range(0, 50), {.batch = 50}, pool).run_epoch(); }) ==
        ErrorId::bad_label);
}
