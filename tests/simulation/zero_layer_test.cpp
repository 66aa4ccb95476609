// Layers that put out nothing but zeros, or get nothing else: dead filters, silent inputs, masks
// that keep nothing.
#include <catch2/catch.hpp>
#include <cmath>

#include "../nn/helpers.hpp"
#include "autoprune/mapping/crossbar_mapper.hpp"
#include "autoprune/nn/evaluate.hpp"
#include "autoprune/simulation/measured_activity.hpp"
#include "autoprune/simulation/simulated_network.hpp"

using namespace autoprune;
using namespace autoprune::simulation;

namespace {

using SmallGeometry = Geometry<16, 16, 8, 4, 1>;
constexpr std::array kRules = {RangeRule::percentile, RangeRule::maximum, RangeRule::running};

/// How a layer comes to have nothing to do.
enum class Silence { weights, mask, inputs };

/// Three or four layers with weights, with batch-norm or biases between them.
nn::Network random_network(Random& random) {
  nn::Network n({1 + random.below(3), 6, 6});
  const bool norm = random.below(2) == 0;
  const auto conv = [&](const std::string& name, Index stride) {
    n.conv(
        name,
        {.out = 3 + random.below(6), .kernel = 3, .stride = stride, .padding = 1, .bias = !norm});
    if (norm) n.batch_norm(name + ".norm");
    n.relu(name + ".relu");
  };
  conv("a", 1);
  if (random.below(2) == 0) n.max_pool("pool", {.kernel = 2});
  conv("b", 1 + random.below(2));
  if (random.below(2) == 0) {
    n.linear("c", 4 + random.below(5));
    n.relu("c.relu");
  }
  n.linear("last", 5);
  nn::test::randomise(n, static_cast<std::uint64_t>(random.below(1 << 20)));
  return n;
}

struct SilentCase {
  nn::Network network;
  std::vector<PruneMask> masks;
  std::vector<nn::Batch> batches;
  std::size_t layer;  ///< the silent one

  /// Makes a random layer of a random network silent.
  explicit SilentCase(Random& random) : network(random_network(random)) {
    const std::vector<Index> nodes = network.matrix_layers();
    for (const Index node : nodes) {
      const MatrixView w = weight_matrix(network.node(node).weight);
      masks.emplace_back(w.cols(), w.rows(), 8);
    }
    layer = static_cast<std::size_t>(random.below(static_cast<Index>(nodes.size())));
    for (const Index images : {33, 3})
      batches.push_back({nn::test::random_activation(random, network.input_shape(), images),
                         std::vector<nn::Label>(static_cast<std::size_t>(images), 1)});
    switch (static_cast<Silence>(random.below(3))) {
      case Silence::weights:
        network.node(nodes[layer]).weight.fill(0.0F);
        break;
      case Silence::mask:
        masks[layer] = PruneMask(masks[layer].rows(), masks[layer].cols(), 8, false);
        break;
      case Silence::inputs:
        silence_inputs(layer, nodes);
    }
  }

  [[nodiscard]] Index node() const { return network.matrix_layers()[layer]; }

 private:
  /// What comes before a layer is below zero everywhere, and a ReLU follows it; or images are
  /// black.
  void silence_inputs(std::size_t k, const std::vector<Index>& nodes) {
    if (k == 0)
      for (nn::Batch& batch : batches) batch.images.fill(0.0F);
    else {
      nn::Node* before = &network.node(nodes[k - 1]);
      if (!before->has_bias()) before = &network.node(nodes[k - 1] + 1);
      before->bias.fill(-1000.0F);
    }
  }
};

/// The logits of all batches.
std::vector<double> logits(nn::Session& session, const std::vector<nn::Batch>& batches) {
  std::vector<double> all;
  for (const nn::Batch& batch : batches) {
    const auto values = nn::test::values_of(session.forward(batch.images, nn::Mode::inference));
    all.insert(all.end(), values.begin(), values.end());
  }
  return all;
}

/// What an output of a layer is when its product is 0.
bool puts_out_its_bias(const SilentCase& c, const nn::Session& session) {
  const nn::Network& n = c.network;
  const nn::Node& layer = n.node(c.node());
  Index last = c.node();
  std::vector<double> expected(static_cast<std::size_t>(layer.filters()), 0.0);
  for (std::size_t f = 0; f < expected.size(); ++f) {
    if (layer.has_bias()) expected[f] = layer.bias(f);
    if (!layer.has_bias()) {
      const nn::Node& norm = n.node(c.node() + 1);
      expected[f] = norm.bias(f) -
                    norm.weight(f) * norm.running_mean(f) / std::sqrt(norm.running_var(f) + 1e-5);
    }
  }
  last += layer.has_bias() ? 0 : 1;
  const bool relu = last + 1 < n.size() && n.node(last + 1).op.is<nn::Relu>();
  const nn::Activation& y = session.output(relu ? last + 1 : last);
  bool right = true;
  nn::test::for_values(y, [&](Index i, Index f, Index h, Index w) {
    const double bias = expected[static_cast<std::size_t>(f)];
    right = right && std::abs(y.at(i, f, h, w) - (relu ? std::max(0.0, bias) : bias)) <
                         1e-4 * (1.0 + std::abs(bias));
  });
  return right;
}

}  // namespace

TEST_CASE("a layer of zeros, or with zeros for inputs, puts out its bias on every hardware") {
  Random random(61);
  for (int trial = 0; trial < 40; ++trial) {
    SilentCase c(random);
    ThreadPool pool(1 + trial % 2);
    nn::Session session(c.network, pool);
    session.keep_maps();
    session.set_masks(c.masks);
    const std::vector<double> dense = logits(session, c.batches);
    for (const RangeRule rule : kRules) {
      const auto ranges = calibrate(session, c.masks, c.batches, {rule});
      for (const std::string& adc : hardware::adc_names()) {
        auto simulated = SimulatedNetwork(session, {.geometry = SmallGeometry{}, .adc = {adc}},
                                          c.masks, ranges, Draw{.walk_all = trial % 3 == 0});
        (void)simulated.evaluate(c.batches);
        CHECK(puts_out_its_bias(c, session));
        if (adc != "ideal" || rule != RangeRule::maximum) continue;
        // The other layers as they are: near the network in floating point.
        std::vector<double> found;
        for (const nn::Batch& batch : c.batches) {
          (void)simulated.evaluate(std::span(&batch, 1));
          const auto values = nn::test::values_of(session.logits());
          found.insert(found.end(), values.begin(), values.end());
        }
        CHECK(nn::test::error_of(found, dense) < 0.05);
      }
    }
  }
}

TEST_CASE("real cells and raised weights work on layers of zeros as well") {
  Random random(62);
  for (int trial = 0; trial < 20; ++trial) {
    SilentCase c(random);
    ThreadPool pool(1);
    nn::Session session(c.network, pool);
    session.keep_maps();
    session.set_masks(c.masks);
    const auto ranges = calibrate(session, c.masks, c.batches);
    hardware::Accelerator chip{.geometry = SmallGeometry{},
                               .weights = {.sign = hardware::SignEncoding::offset}};
    auto raised = SimulatedNetwork(session, chip, c.masks, ranges);
    (void)raised.evaluate(c.batches);
    CHECK(puts_out_its_bias(c, session));
    chip.weights = {};
    chip.devices = {hardware::CellKinds(hardware::OnOffRatio{20.0}, hardware::StuckAt{0.01, 0.01},
                                        hardware::Variation{0.1}),
                    0.1};
    auto real = SimulatedNetwork(session, chip, c.masks, ranges);
    const nn::Accuracy accuracy = real.evaluate(c.batches);
    CHECK((accuracy.top1 >= 0.0 && accuracy.top1 <= 100.0));
  }
}

TEST_CASE("zeros have no activity, and a range that isn't known is refused") {
  Random random(63);
  for (int trial = 0; trial < 20; ++trial) {
    SilentCase c(random);
    ThreadPool pool(1);
    nn::Session session(c.network, pool);
    session.keep_maps();
    session.set_masks(c.masks);
    std::vector<LayerRanges> ranges = calibrate(session, c.masks, c.batches);
    std::vector<mapping::Placement> layers;
    const mapping::CrossbarMapper<SmallGeometry> mapper;
    for (const PruneMask& mask : c.masks) layers.push_back(mapper.map(mask));
    const auto measure = [&] {
      return measured_activity(session, c.masks, layers, ranges, {.geometry = SmallGeometry{}},
                               c.batches);
    };
    const auto activity = measure();
    const bool silent = ranges[c.layer].input.largest == 0.0;
    const bool empty = c.masks[c.layer].kept_count() == 0;
    CHECK((activity[c.layer].ou_activations == 0) == (silent || empty));
    CHECK((activity[c.layer].skipped_activations == 0) == empty);

    CHECK(ranges[c.layer].input.calibrated);
    ranges[c.layer].input = {};
    CHECK(error_of(measure) == ErrorId::wrong_order);
    CHECK(error_of([&] {
            SimulatedNetwork(session, {.geometry = SmallGeometry{}}, c.masks, ranges);
          }) == ErrorId::wrong_order);
  }
}

TEST_CASE("inputs too small to be divided by are zeros") {
  for (const double largest : {0.0, 1e-45, 1e-40, 1e-37}) {
    ThreadPool pool(1);
    nn::Activation x({1, 1, 1}, 3), codes;
    x.fill(0.0F);
    x.at(0, 0, 0, 0) = static_cast<float>(largest);
    x.at(1, 0, 0, 0) = 0.25F;
    nn::InputRounding(codes_of({largest, true, true}, {8, 1, true})).encode(x, codes, pool);
    CHECK(codes.at(0, 0, 0, 0) == 0.0F);
    CHECK(codes.at(1, 0, 0, 0) == 64.0F);
    CHECK(codes.at(2, 0, 0, 0) == 0.0F);
  }
  CHECK(codes_of({1e-30, false, true}, {}).step() == Approx(1e-30 / 255.0));
}

TEST_CASE("numbers that stop being numbers are found in simulations, and named by their layer") {
  Random random(64);
  SilentCase c(random);
  c.network = random_network(random);
  c.masks.clear();
  for (const Index node : c.network.matrix_layers()) {
    const MatrixView w = weight_matrix(c.network.node(node).weight);
    c.masks.emplace_back(w.cols(), w.rows(), 8);
  }
  c.batches = {{nn::test::random_activation(random, c.network.input_shape(), 5),
                std::vector<nn::Label>(5, 1)}};
  ThreadPool pool(1);
  nn::Session session(c.network, pool);
  session.keep_maps();
  const auto ranges = calibrate(session, c.masks, c.batches);
  const auto simulate = [&] {
    (void)SimulatedNetwork(session, {.geometry = SmallGeometry{}}, c.masks, ranges)
        .evaluate(c.batches);
  };
  simulate();
  const nn::Network good = c.network;
  for (const Index node : good.matrix_layers())
    for (const float value : {std::nanf(""), 1e30F}) {
      c.network.node(node).weight.fill(value);
      if (value == 1e30F && node == good.matrix_layers().front())
        for (const Index other : good.matrix_layers()) c.network.node(other).weight.fill(value);
      session.weights_changed();
      const bool overflows = value == 1e30F && node == good.matrix_layers().front();
      if (value != 1e30F || overflows) {
        const std::string name =
            "'" + good.node(overflows ? good.matrix_layers()[1] : node).name + "'";
        CHECK_THROWS_WITH(calibrate(session, c.masks, c.batches), Catch::Contains(name));
        CHECK(error_of([&] { (void)calibrate(session, c.masks, c.batches); }) ==
              ErrorId::not_finite);
        if (!overflows) CHECK_THROWS_WITH(simulate(), Catch::Contains(name));
      }
      c.network = good;
      session.weights_changed();
    }
}
