#include "autoprune/simulation/simulated_network.hpp"

#include <catch2/catch.hpp>
#include <memory>
#include <utility>

#include "autoprune/core/random.hpp"

using namespace autoprune;
using namespace autoprune::simulation;

namespace {

/// Every kind of matrix layer: strides, padding, one position, a residual sum, negative inputs.
nn::Network small_network() {
  nn::Network net({3, 9, 8});
  net.conv("first", {.out = 6, .kernel = 3, .stride = 2, .padding = 1});
  net.batch_norm("norm");
  const Index skip = net.relu("relu");
  net.conv("second", {.out = 6, .kernel = 3, .padding = 1});
  net.add("sum", {skip, net.size() - 1});
  net.flatten("flat");
  net.linear("classifier", 5);
  net.initialise(3);
  return net;
}

struct Setup {
  ThreadPool pool;
  nn::Network network = small_network();
  nn::Session session;
  std::vector<nn::Batch> batches;
  std::vector<PruneMask> masks;

  explicit Setup(Index threads = 1) : pool(threads), session(network, pool) {
    Random random(4);
    for (const Index images : {40, 7}) {
      nn::Batch batch{nn::Activation({3, 9, 8}, images), {}};
      batch.images.fill(0.0F);
      for (Index i = 0; i < images; ++i) {
        for (Index c = 0; c < 3; ++c)
          for (Index h = 0; h < 9; ++h)
            for (Index w = 0; w < 8; ++w)
              batch.images.at(i, c, h, w) = static_cast<float>(random.normal());
        batch.labels.push_back(static_cast<std::uint8_t>(random.below(5)));
      }
      batches.push_back(std::move(batch));
    }
    for (const Index i : network.matrix_layers()) {
      const MatrixView w = weight_matrix(network.node(i).weight);
      masks.emplace_back(w.cols(), w.rows(), 8);
      for (Index g = 0; g < masks.back().groups(); ++g)
        for (Index c = 0; c < w.rows(); ++c) masks.back().set(g, c, random.below(4) != 0);
    }
    session.set_masks(masks);
  }
  [[nodiscard]] std::vector<float> logits(hardware::Accelerator accelerator, const Draw& draw = {},
                                          std::vector<Activity>* activity = nullptr) {
    accelerator.geometry = PaperGeometry{};
    const auto ranges = calibrate(session, masks, batches, {RangeRule::maximum});
    auto simulated = SimulatedNetwork(session, accelerator, masks, ranges, draw);
    (void)simulated.evaluate(batches);
    if (activity != nullptr) *activity = simulated.activity();
    return values(session.output(network.size() - 1));
  }
  [[nodiscard]] static std::vector<float> values(const nn::Activation& a) {
    std::vector<float> out;
    for (Index i = 0; i < a.images(); ++i)
      for (Index c = 0; c < a.shape().channels; ++c) out.push_back(a.at(i, c, 0, 0));
    return out;
  }
};

}  // namespace

TEST_CASE("a quantised network is near the float one, and the session is as before afterwards") {
  Setup s;
  const std::vector<float> before =
      Setup::values(s.session.forward(s.batches.back().images, nn::Mode::inference));
  const std::vector<float> quantised = s.logits({});
  REQUIRE(Setup::values(s.session.forward(s.batches.back().images, nn::Mode::inference)) == before);
  double error = 0.0, size = 0.0;
  for (std::size_t i = 0; i < before.size(); ++i) {
    error += std::pow(static_cast<double>(quantised[i] - before[i]), 2);
    size += std::pow(static_cast<double>(before[i]), 2);
  }
  REQUIRE(error > 0.0);
  REQUIRE(std::sqrt(error / size) < 0.03);
}

TEST_CASE("visiting every bitline gives the same bits as adding up errors, on any threads") {
  for (const std::string& kind : hardware::adc_names())
    for (const Index bits : {3, 5}) {
      const hardware::Accelerator config{.adc = {kind, bits}};
      std::vector<Activity> short_cut, all;
      Setup one(1), two(2);
      const std::vector<float> expected = one.logits(config, {}, &short_cut);
      REQUIRE(two.logits(config) == expected);
      const std::vector<float> walked = two.logits(config, {.walk_all = true}, &all);
      REQUIRE(all == short_cut);
      if (kind == "ideal" || kind == "saturating") REQUIRE(walked == expected);
      for (std::size_t i = 0; i < walked.size(); ++i)
        REQUIRE(walked[i] == Approx(expected[i]).margin(1e-4));
    }
}

TEST_CASE("real cells: visiting every bitline gives the same as adding up errors, on any threads") {
  hardware::Accelerator config{.adc = {"saturating", 3}};
  config.devices.cells =
      hardware::CellKinds(hardware::StuckAt{0.01, 0.001}, hardware::Variation{0.2});
  for (const double noise : {0.0, 0.3}) {
    config.devices.read_noise = noise;
    Setup one(1), two(2);
    const std::vector<float> expected = one.logits(config);
    REQUIRE(two.logits(config) == expected);
    REQUIRE(two.logits(config, {.walk_all = true}) == expected);
  }
}

TEST_CASE("fewer bits, more variation: further from the quantised network") {
  Setup s;
  const std::vector<float> exact = s.logits({});
  const auto distance = [&](const hardware::Accelerator& config, std::uint64_t seed = 1) {
    const std::vector<float> logits = s.logits(config, {.seed = seed});
    double sum = 0.0;
    for (std::size_t i = 0; i < exact.size(); ++i)
      sum += std::pow(static_cast<double>(logits[i] - exact[i]), 2);
    return sum;
  };
  hardware::Accelerator config{.adc = {"saturating", 4}};
  double before = 0.0;
  for (const Index bits : {4, 3, 2, 1}) {
    config.adc.bits = bits;
    const double now = distance(config);
    REQUIRE(now >= before);
    before = now;
  }
  REQUIRE(before > 0.0);
  config = {};
  before = 0.0;
  for (const double sigma : {0.02, 0.1, 0.5}) {
    config.devices.cells.get<hardware::Variation>().sigma = sigma;
    double sum = 0.0;
    for (std::uint64_t seed = 1; seed <= 5; ++seed) sum += distance(config, seed);
    REQUIRE(sum >= before);
    before = sum;
  }
  REQUIRE(before > 0.0);
  config = {};
  before = 0.0;
  for (const double sigma : {0.2, 0.5, 2.0}) {
    config.devices.read_noise = sigma;
    const double now = distance(config);
    REQUIRE(now > before);
    before = now;
  }
}

TEST_CASE("gathered rows compute what a network of zeros for pruned weights computes") {
  Setup one(1), two(2), erased(1);
  Random random(5);
  const std::vector<Index> nodes = one.network.matrix_layers();
  for (std::size_t k = 0; k < nodes.size(); ++k) {
    MatrixView w = weight_matrix(erased.network.node(nodes[k]).weight);
    const std::vector<Index> rows = random.permutation(w.cols());
    PruneMask mask =
        std::move(one.masks[k])
            .in_order(std::make_shared<const std::vector<std::int32_t>>(rows.begin(), rows.end()));
    Index filter = 0, row = 0;  // of the largest weight, which fixes the integers' step
    (void)w.cwiseAbs().maxCoeff(&filter, &row);
    for (Index i = 0; i < mask.rows(); ++i) {
      if (mask.row(i) == row) mask.set(i / mask.granularity(), filter, true);
    }
    for (Index i = 0; i < mask.rows(); ++i)
      for (Index c = 0; c < mask.cols(); ++c)
        if (!mask.kept(i / mask.granularity(), c)) w(c, mask.row(i)) = 0.0F;
    erased.masks[k] = PruneMask(mask.rows(), mask.cols(), 8);
    one.masks[k] = two.masks[k] = mask;
  }
  for (Setup* s : {&one, &two, &erased}) {
    s->session.weights_changed();
    s->session.set_masks(s->masks);
  }
  hardware::Accelerator config;
  const std::vector<float> expected = erased.logits(config), found = one.logits(config);
  for (std::size_t i = 0; i < found.size(); ++i)
    REQUIRE(found[i] == Approx(expected[i]).margin(1e-4));
  config.adc.kind = "saturating";
  config.adc.bits = 6;
  REQUIRE(two.logits(config) == found);
  config.adc.bits = 2;
  const std::vector<float> lossy = one.logits(config);
  REQUIRE(lossy != found);
  REQUIRE(two.logits(config, {.walk_all = true}) == lossy);
}

TEST_CASE("a network can't be simulated before it is calibrated, nor with masks of another") {
  Setup s;
  std::vector<LayerRanges> none(s.masks.size());
  REQUIRE_THROWS_AS(SimulatedNetwork(s.session, {.geometry = PaperGeometry{}}, s.masks, none),
                    Error);
  REQUIRE_THROWS_AS(calibrate(s.session, s.masks, {}), Error);
  const auto ranges = calibrate(s.session, s.masks, s.batches);
  REQUIRE_THROWS_AS(SimulatedNetwork(s.session, {.geometry = PaperGeometry{}},
                                     std::span(s.masks).first(2), ranges),
                    Error);
}

TEST_CASE("ranges: a percentile is no larger than the maximum, negative inputs are seen") {
  Setup s;
  const auto largest = calibrate(s.session, s.masks, s.batches, {RangeRule::maximum});
  const auto most = calibrate(s.session, s.masks, s.batches, {RangeRule::percentile, 90.0});
  const auto running = calibrate(s.session, s.masks, s.batches, {RangeRule::running});
  REQUIRE(largest[0].input.negative);
  REQUIRE_FALSE(largest[1].input.negative);
  for (std::size_t k = 0; k < largest.size(); ++k) {
    REQUIRE(most[k].input.largest < largest[k].input.largest);
    REQUIRE(running[k].input.largest > 0.0);
    REQUIRE(running[k].output.largest == most[k].output.largest);
  }
  float expected = 0.0F;
  for (const nn::Batch& batch : s.batches)
    for (Index i = 0; i < batch.images.images(); ++i)
      for (Index c = 0; c < 3; ++c)
        for (Index h = 0; h < 9; ++h)
          for (Index w = 0; w < 8; ++w)
            expected = std::max(expected, std::abs(batch.images.at(i, c, h, w)));
  REQUIRE(largest[0].input.largest == Approx(static_cast<double>(expected)));
  REQUIRE_THROWS_AS(calibrate(s.session, s.masks, s.batches, {RangeRule::percentile, 0.0}), Error);
}
