// Networks that are trained for an accelerator of few bits: what they are stored as is what the
// data path reads, and what they were trained to be.
#include "autoprune/search/quantiser.hpp"

#include <catch2/catch.hpp>
#include <set>

#include "autoprune/search/fine_tune.hpp"
#include "autoprune/search/heuristics.hpp"
#include "autoprune/search/stored_accuracy.hpp"
#include "autoprune/simulation/simulated_network.hpp"
#include "helpers.hpp"

using namespace autoprune;
using namespace autoprune::search;

namespace {

hardware::Accelerator chip_of(Random& random, Index layers) {
  hardware::Accelerator chip{.geometry = test::SmallGeometry{}};
  chip.adcs = 16;
  chip.dacs = 16;
  chip.layers.resize(static_cast<std::size_t>(layers));
  for (hardware::LayerHardware& layer : chip.layers) {
    layer.weight_bits = 1 + random.below(8);
    layer.input_bits = 2 + random.below(7);
  }
  return chip;
}

std::vector<PruneMask> some_masks(const nn::Network& network, double keep) {
  const std::vector<Ranking> layers = test::small_compressor().rank(network);
  return Compressor::masks(layers, Policy(layers.size(), keep));
}

void erase(nn::Network& network, const std::vector<PruneMask>& masks) {
  for (std::size_t k = 0; const Index i : network.matrix_layers())
    prune::erase_pruned(weight_matrix(network.node(i).weight), masks[k++]);
}

}  // namespace

TEST_CASE("written codes are read back exactly by the data path") {
  Random random(3);
  ThreadPool pool(1);
  for (int t = 0; t < 12; ++t) {
    nn::Network network = test::trained();
    const auto masks = some_masks(network, random.uniform(0.05, 1.0));
    erase(network, masks);
    const hardware::Accelerator chip = chip_of(random, 4);
    const Quantiser quantiser(chip, test::environment_images(pool).calibration);
    quantiser.write_codes(network, masks, pool);
    const nn::Network once = network;
    for (std::size_t k = 0; const Index i : network.matrix_layers()) {
      const Tensor& weight = std::as_const(network).node(i).weight;
      const Index bits = *chip.layers[k].weight_bits;
      const auto codes = simulation::quantise(weight, masks[k++], bits);
      std::size_t n = 0;
      for (const float w : weight) {
        CHECK(static_cast<double>(w) == Approx(codes.codes[n] * codes.step).margin(1e-9));
        ++n;
      }
      CHECK(*std::max_element(codes.codes.begin(), codes.codes.end(),
                              [](auto a, auto b) { return std::abs(a) < std::abs(b); }) != 0);
    }
  }
}

TEST_CASE("a channel that batch-norm scales anyway has the same integers at any scale") {
  Random random(31);
  ThreadPool pool(1);
  nn::Network network({3, 6, 6});
  network.conv("c", {.out = 8, .kernel = 3, .bias = true});
  network.batch_norm("b");
  network.relu("r");
  network.linear("l", 4);
  nn::test::randomise(network, 2);
  hardware::Accelerator chip{.geometry = test::SmallGeometry{}};
  chip.weights.weight_bits = 4;
  const auto masks = some_masks(network, 0.5);
  erase(network, masks);
  nn::Network scaled = network;
  std::vector<std::vector<float>> scales(2);
  for (int c = 0; c < 8; ++c)
    scales[0].push_back(static_cast<float>(std::pow(2.0, random.uniform(-8.0, 8.0))));
  nn::equalise(scaled, scales);
  write_codes(network, masks, chip, pool);
  write_codes(scaled, masks, chip, pool);
  const auto codes = [&](const nn::Network& n) {
    return simulation::quantise(n.node(n.matrix_layers().front()).weight, masks.front(), 4).codes;
  };
  CHECK(codes(network) == codes(scaled));
  const nn::Network once = network;
  write_codes(network, masks, chip, pool);
  CHECK(codes(network) == codes(once));
  const auto ranges = nn::channel_ranges(network, masks);
  for (const float range : ranges.front()) CHECK(range == 1.0F);
}

TEST_CASE("a search reads the accuracy of what training would store") {
  Random random(12);
  ThreadPool pool(1);
  const EnvironmentImages images = test::environment_images(pool);
  const Compressor base = methods::make_method(
      "column-vectors", {test::trained(), test::SmallGeometry{}, {.granularity = 8}});
  for (int t = 0; t < 6; ++t) {
    hardware::Accelerator chip = cost::ou_preset("paper", test::SmallGeometry{});
    Policy policy;
    for (int k = 0; k < 4; ++k) {
      policy.emplace_back(random.uniform(0.2, 1.0));
      policy.back().hardware.weight_bits = t == 0 ? 8 : 2 + random.below(5);
      policy.back().hardware.input_bits = 8;
    }
    const Compressor planned = base.with(policy);
    const auto masks = Compressor::masks(planned.rank(test::trained()), policy);
    const auto inner = simulated_accuracy(base, chip, {});
    nn::Network network = test::trained(), stored = network;
    const auto backend = nn::cpu_backend(network, pool);
    backend->set_masks(masks);
    const std::vector<float> before = test::everything(network);
    const nn::Accuracy searched =
        stored_accuracy(chip, inner)(*backend, Candidate(masks, policy), images);
    CHECK(test::everything(network) == before);
    erase(stored, masks);
    if (t > 0)
      Quantiser(methods::planned(chip, policy), images.calibration)
          .write_codes(stored, masks, pool);
    const auto as_stored = nn::cpu_backend(stored, pool);
    as_stored->set_masks(masks);
    const nn::Accuracy after = inner(*as_stored, Candidate(masks, policy), images);
    CHECK(searched.top1 == after.top1);
    CHECK(searched.top5 == after.top5);
  }
}

TEST_CASE("codes lose no more than those of the whole range, and reach the largest one") {
  Random random(8);
  for (int t = 0; t < 40; ++t) {
    Tensor weight = make_tensor({6, 12});
    for (float& w : weight) w = static_cast<float>(std::pow(random.normal(), 3.0));
    const PruneMask mask = nn::test::random_mask(random, 12, 6, 4);
    const Index bits = 1 + random.below(6);
    const nn::Codes codes = simulation::least_squares_codes(weight, mask, bits);
    double largest = 0.0, lost = 0.0, lost_whole = 0.0;
    const auto each = [&](const auto& f) {
      for (Index c = 0; c < 6; ++c)
        for (Index g = 0; g < mask.groups(); ++g)
          if (mask.kept(g, c))
            mask.for_rows(g, [&](Index begin, Index end) {
              for (Index r = begin; r < end; ++r)
                f(static_cast<double>(
                    weight(static_cast<std::size_t>(c), static_cast<std::size_t>(r))));
            });
    };
    each([&](double w) { largest = std::max(largest, std::abs(w)); });
    const nn::Codes whole{bits, largest, true};
    each([&](double w) {
      const auto off = [w](const nn::Codes& c) {
        return std::pow(w - nn::to_code(w, c.step(), c.bits) * c.step(), 2.0);
      };
      lost += off(codes);
      lost_whole += off(whole);
    });
    CHECK(codes.largest <= largest * (1.0 + 1e-7));
    CHECK(codes.step() == static_cast<double>(static_cast<float>(codes.step())));
    CHECK(lost <= lost_whole * 1.000001 + 1e-12 * largest * largest);
  }
}

TEST_CASE("the accuracy of a training with codes is that of the simulated accelerator") {
  Random random(21);
  ThreadPool pool(2);
  const EnvironmentImages images = test::environment_images(pool);
  for (int t = 0; t < 6; ++t) {
    nn::Network network = test::trained();
    const auto masks = some_masks(network, 0.5);
    erase(network, masks);
    const hardware::Accelerator chip = chip_of(random, 4);
    const Quantiser quantiser(chip, images.calibration);
    quantiser.write_codes(network, masks, pool);
    nn::CpuBackend backend(network, pool);
    backend.set_masks(masks);
    quantiser.set_codes(backend);
    const nn::Accuracy trained = backend.evaluate(images.held_out);

    nn::Session session(network, pool);
    session.set_masks(masks);
    const auto ranges = simulation::calibrate(session, masks, images.calibration);
    simulation::SimulatedNetwork simulated(session, chip, masks, ranges);
    const nn::Accuracy stored = simulated.evaluate(images.held_out);
    CHECK(trained.top1 == stored.top1);
    CHECK(trained.top5 == stored.top5);
  }
}

TEST_CASE("training with few bits wins back what rounding lost, and no pruned weight returns") {
  ThreadPool pool(2);
  hardware::Accelerator chip{.geometry = test::SmallGeometry{}};
  chip.adcs = 16;
  chip.dacs = 16;
  chip.weights.weight_bits = 1;
  chip.inputs.bits = 3;
  CHECK(coarse(chip, 4));
  CHECK_FALSE(coarse(hardware::Accelerator{}, 4));
  const EnvironmentImages images = test::environment_images(pool);
  nn::Network network = test::trained(), teacher = test::trained();
  const Compressor compressor = test::small_compressor();
  FineTuneConfig config;
  config.train.epochs = 6;
  config.train.batch = 32;
  config.train.augment = false;
  const auto stored = [&](nn::Network of, const std::vector<PruneMask>& masks) {
    erase(of, masks);
    nn::Session session(of, pool);
    session.set_masks(masks);
    const auto ranges = simulation::calibrate(session, masks, images.calibration);
    return simulation::SimulatedNetwork(session, chip, masks, ranges)
        .evaluate(images.held_out)
        .top1;
  };
  FineTuner tuner(network, test::images(), nn::range(0, 256), Policy(4, 0.6), {}, compressor,
                  config, pool, &teacher);
  tuner.quantise(Quantiser(chip, images.calibration));
  while (!tuner.done()) tuner.run_epoch();
  const double in_training = tuner.trainer().backend().evaluate(images.held_out).top1;
  tuner.settle_weights();
  for (std::size_t k = 0; const Index i : network.matrix_layers()) {
    const ConstMatrixView w = weight_matrix(std::as_const(network).node(i).weight);
    const PruneMask& mask = tuner.masks()[k++];
    std::set<float> values;
    for (Index c = 0; c < mask.cols(); ++c)
      for (Index g = 0; g < mask.groups(); ++g)
        mask.for_rows(g, [&](Index begin, Index end) {
          for (Index r = begin; r < end; ++r) {
            values.insert(w(c, r));
            if (!mask.kept(g, c)) CHECK(w(c, r) == 0.0F);
          }
        });
    CHECK(values.size() <= 3);  // -1, 0, 1 times a step
  }
  const double with = stored(network, tuner.masks());
  CHECK(with == in_training);
  CHECK(with > stored(test::trained(), tuner.masks()) + 5.0);
}

TEST_CASE("a quantiser needs images") {
  CHECK(error_of([] { Quantiser({}, {}); }) == ErrorId::empty_data);
}
