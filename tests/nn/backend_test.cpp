#include "autoprune/nn/backend.hpp"

#include <catch2/catch.hpp>

#include "helpers.hpp"
#include "remote_backend.hpp"
#include "small_classifier.hpp"

using namespace autoprune;
using namespace autoprune::nn;
using namespace autoprune::nn::test;

TEST_CASE("A backend says what a session says", "[nn]") {
  ThreadPool pool(2);
  const Dataset data = quarters(90, 1);
  const std::vector<Batch> batches = load_batches(data, range(0, 90), pool, 40);
  Network network = small_classifier(1), other = small_classifier(1);
  Random random(2);
  const std::vector<PruneMask> masks = random_masks(random, network, 4);
  Session session(network, pool);
  for (const MakeBackend& make : {MakeBackend(cpu_backend), MakeBackend(remote_backend)}) {
    const std::unique_ptr<Backend> backend = make(other, pool);
    session.set_masks(masks);
    backend->set_masks(masks);
    recalibrate(session, batches);
    backend->recalibrate(batches);
    CHECK(everything(network) == everything(other));
    const Accuracy one = evaluate(session, batches), two = evaluate(*backend, data, range(0, 90));
    CHECK(one.top1 == two.top1);
    CHECK(one.top5 == two.top5);
    const std::vector<Tensor> gradients = loss_gradients(network, batches, pool);
    CHECK(backend->loss_gradients(batches) == gradients);

    session.forward(batches[1].images, Mode::inference);
    std::vector<Index> seen;
    backend->inputs_of_layers(batches[1], [&](Index layer, const Activation& x) {
      const Index node = network.matrix_layers()[static_cast<std::size_t>(layer)];
      CHECK(values_of(x) == values_of(session.output(network.node(node).inputs.front())));
      seen.push_back(layer);
    });
    CHECK(seen == std::vector<Index>{0, 1});
  }
}

TEST_CASE("A training ends in the same bits wherever the weights are meanwhile", "[nn]") {
  const Dataset data = quarters(130, 4);
  ThreadPool pool(1);
  Network teacher = small_classifier(9);
  TrainConfig config;
  config.epochs = 3;
  config.batch = 40;
  const auto train = [&](const MakeBackend& make, bool stops) {
    Network network = small_classifier(1);
    const auto masks = [&](double progress) {  // of the weights of the moment
      const double least = 0.05 * progress;
      std::vector<PruneMask> all;
      for (const Index i : network.matrix_layers()) {
        const ConstMatrixView w = weight_matrix(std::as_const(network).node(i).weight);
        all.emplace_back(w.cols(), w.rows(), 1);
        for (Index r = 0; r < w.cols(); ++r)
          for (Index c = 0; c < w.rows(); ++c) all.back().set(r, c, std::abs(w(c, r)) > least);
      }
      return std::optional(all);
    };
    auto trainer =
        std::make_unique<Trainer>(network, data, range(0, 130), config, pool, &teacher, make);
    double loss = 0.0;
    while (!trainer->done()) {
      loss = trainer->run_epoch(masks).loss;
      if (!stops) continue;
      std::vector<Tensor> momentum;
      for (const NamedTensor& t : trainer->state()) momentum.push_back(*t.tensor);
      const Index epoch = trainer->epoch();
      const std::vector<PruneMask> reached = trainer->masks();
      trainer =
          std::make_unique<Trainer>(network, data, range(0, 130), config, pool, &teacher, make);
      for (std::size_t k = 0; k < momentum.size(); ++k) *trainer->state()[k].tensor = momentum[k];
      trainer->resume(epoch, reached);
    }
    Values all = everything(network);
    all.push_back(loss);
    all.push_back(evaluate(trainer->backend(), data, range(0, 130)).top1);
    return all;
  };
  const Values expected = train(cpu_backend, false);
  CHECK(train(remote_backend, false) == expected);
  CHECK(train(remote_backend, true) == expected);
  CHECK(train(cpu_backend, true) == expected);
}

TEST_CASE("Masks that don't fit are refused, and a step needs a training", "[nn]") {
  ThreadPool pool(1);
  Network network = small_classifier(1);
  CpuBackend backend(network, pool);
  CHECK(error_of([&] { backend.set_masks({PruneMask(9, 8, 1)}); }) == ErrorId::mask_mismatch);
  CHECK(backend.masks().empty());
  CHECK(error_of([&] { backend.train_step({}); }) == ErrorId::wrong_order);
}
