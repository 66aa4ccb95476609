// A whole network on the accelerator beside the plain loops of naive.hpp, layer by layer.
#include <catch2/catch.hpp>
#include <cmath>
#include <set>
#include <vector>

#include "../nn/helpers.hpp"
#include "autoprune/simulation/simulated_network.hpp"
#include "naive.hpp"

using namespace autoprune;
using namespace autoprune::simulation;

namespace {

/// Nothing in it is square.
using WideGeometry = Geometry<32, 24, 8, 6, 2>;

/// Convolutions whose heights and widths differ in everything, one in groups and one depthwise, and
/// a linear layer that reads a map.
/// Every product is a node's output as it is.
nn::Network rectangular() {
  nn::Network n({2, 6, 9});
  n.conv("wide", {.out = 5, .kernel = {2, 4}, .stride = {1, 2}, .padding = {1, 0}});
  n.max_pool("pool", {.kernel = {2, 1}, .stride = nn::Size2{2, 1}});
  n.conv(
      "high",
      {.out = 8, .kernel = {3, 2}, .stride = {2, 1}, .padding = {0, 1, 2, 0}, .dilation = {1, 2}});
  n.conv("groups", {.out = 6, .kernel = {2, 1}, .padding = {1, 0}, .groups = 2});
  n.conv("depthwise", {.out = 12, .kernel = {1, 2}, .padding = {0, 1}, .groups = 6});
  n.avg_pool("mean", {.kernel = {1, 2}});
  n.linear("last", 4, false);
  n.initialise(3);
  return n;
}

struct NetworkCase {
  nn::Network network = rectangular();
  ThreadPool pool{1};
  nn::Session session{network, pool};
  std::vector<PruneMask> masks;
  std::vector<nn::Batch> batches;
  hardware::Accelerator chip{.geometry = WideGeometry{}};

  NetworkCase(Random& random, const std::string& adc) {
    const Index granularity = Index{4} << random.below(3);  // half an OU high, one, or two
    masks = nn::test::random_masks(random, network, granularity);
    const std::vector<Index> nodes = network.matrix_layers();
    for (std::size_t k = 0; k < nodes.size(); ++k) {
      masks[k] = std::move(masks[k]).in_matrices(network.node(nodes[k]).matrices);
      masks[k].set(0, 0, true);
    }
    session.set_masks(masks);
    session.keep_maps();
    batches.push_back({nn::test::random_activation(random, network.input_shape(), 33), {}});
    batches[0].labels.assign(33, 1);
    chip.adc = {adc, 3 + random.below(4)};
    chip.weights.weight_bits = 3 + random.below(6);
    if (random.below(2) == 0) chip.weights.sign = hardware::SignEncoding::offset;
    chip.inputs.bits = 3 + random.below(6);
    chip.inputs.dac_bits = Index{1} << random.below(3);
  }
};

/// The converter of a layer, from its description alone.
template <class F>
void converter(const hardware::Accelerator& chip, Index granularity, Index groups, double in_step,
               double weight_step, double output_range, const F& f) {
  const auto largest = [](Index bits) { return static_cast<double>((1 << bits) - 1); };
  const double sum = static_cast<double>(std::min<Index>(granularity, 8)) * largest(2) *
                     largest(chip.inputs.dac_bits);
  const Index slices = chip.weights.slices(2), digits = chip.inputs.digits();
  const double highest = std::exp2((slices - 1) * 2 + (digits - 1) * chip.inputs.dac_bits);
  const auto& [kind, bits] = chip.adc;
  if (kind == "rounding") return f(hardware::RoundingAdc::over(sum, bits));
  if (kind == "mnsim-fix") return f(hardware::RoundingAdc::signed_over(sum, bits));
  if (kind == "mnsim-scale")
    return f(hardware::RoundingAdc::signed_to_outputs(output_range / (in_step * weight_step),
                                                      highest, groups, bits));
  if (kind == "saturating") return f(hardware::SaturatingAdc(bits));
  f(hardware::IdealAdc{});
}

/// Outputs and activity of layer `k`, position by position, from what the layer was given.
void check_layer(const NetworkCase& c, std::size_t k, const LayerRanges& ranges,
                 const Activity& activity) {
  const Index i = c.network.matrix_layers()[k];
  const nn::Node& node = c.network.node(i);
  const nn::Activation& x = c.session.output(node.inputs.front());
  const nn::Activation& y = c.session.output(i);
  const nn::Shape3 in = x.shape();
  const nn::Window window = node.op.window();
  const bool conv = node.op.is<nn::Conv>();
  const nn::Size2 kernel = conv ? node.op.window().kernel : nn::Size2{in.height, in.width};
  DataPathConfig path{c.chip.weights, c.chip.inputs};
  path.input.negative = ranges.input.negative;
  const QuantisedWeights weights = quantise(node.weight, c.masks[k], path.weights.weight_bits);
  const mapping::OuList ous =
      mapping::CrossbarMapper(WideGeometry{}, path.weights).map(c.masks[k]).ous;
  const double step = ranges.input.largest / ((1 << path.input.bits) - 1);
  Activity counted;
  converter(
      c.chip, c.masks[k].granularity(), c.masks[k].groups(), step, weights.step,
      ranges.output.largest, [&](const auto& adc) {
        std::vector<std::int32_t> codes;
        nn::test::Values found, expected;
        for (Index image = 0; image < x.images(); ++image)
          for (Index oh = 0; oh < node.shape.height; ++oh)
            for (Index ow = 0; ow < node.shape.width; ++ow) {
              codes.clear();
              for (Index ch = 0; ch < in.channels; ++ch)
                for (Index kh = 0; kh < kernel.h; ++kh)
                  for (Index kw = 0; kw < kernel.w; ++kw) {
                    const Index h =
                        oh * window.stride.h - window.padding.h + kh * window.dilation.h;
                    const Index w =
                        ow * window.stride.w - window.padding.w + kw * window.dilation.w;
                    const bool inside = h >= 0 && w >= 0 && h < in.height && w < in.width;
                    const float value = inside ? x.at(image, ch, h, w) : 0.0F;
                    codes.push_back(nn::to_code(static_cast<double>(value), step, path.input.bits));
                    if (!path.input.negative && codes.back() < 0) codes.back() = 0;
                  }
              const auto naive =
                  test::naive_multiply(weights, ous, codes, adc, path, WideGeometry{});
              counted += naive.activity;
              for (Index f = 0; f < node.shape.channels; ++f) {
                expected.push_back(naive.y[static_cast<std::size_t>(f)] * step * weights.step);
                found.push_back(static_cast<double>(y.at(image, f, oh, ow)));
              }
            }
        REQUIRE(nn::test::error_of(found, expected) < 1e-5);
      });
  REQUIRE(activity == counted);
}

}  // namespace

TEST_CASE("every layer of a network puts out and does what the plain loops say") {
  const std::size_t kind = GENERATE(range(0, 5));
  const std::string adc = hardware::adc_names().at(kind);
  Random random(7 + kind);
  for (int trial = 0; trial < 4; ++trial) {
    NetworkCase c(random, adc);
    auto ranges = calibrate(c.session, c.masks, c.batches, {RangeRule::percentile, 99.0});
    ranges[random.below(ranges.size())].input.negative = false;  // as if none had been seen
    auto simulated = SimulatedNetwork(c.session, c.chip, c.masks, ranges);
    (void)simulated.evaluate(c.batches);
    for (std::size_t k = 0; k < ranges.size(); ++k)
      check_layer(c, k, ranges[k], simulated.activity()[k]);
  }
}

TEST_CASE("cells of different layers vary on their own") {
  nn::Network n({6, 1, 1});
  const Index a = n.linear("a", 8, false, 0), b = n.linear("b", 8, false, 0);
  n.add("sum", {a, b});
  n.initialise(1);
  n.node(b).weight = n.node(a).weight;
  ThreadPool pool(1);
  nn::Session session(n, pool);
  session.keep_maps();
  const std::vector<PruneMask> masks(2, PruneMask(6, 8, 8));
  Random random(3);
  const std::vector<nn::Batch> batches = {
      {nn::test::random_activation(random, n.input_shape(), 4), {0, 1, 2, 3}}};
  const auto ranges = calibrate(session, masks, batches);
  const hardware::Accelerator chip{.geometry = WideGeometry{},
                                   .devices = {hardware::CellKinds(hardware::Variation{0.3})}};
  auto simulated = SimulatedNetwork(session, chip, masks, ranges);
  (void)simulated.evaluate(batches);
  CHECK(nn::test::values_of(session.output(a)) != nn::test::values_of(session.output(b)));
}

TEST_CASE("every read of a network has noise of its own") {
  // The same inputs in every place of every image.
  nn::Network n({8, 3, 5});
  const Index conv = n.conv("conv", {.out = 4, .kernel = 1});
  n.avg_pool("mean", {.kernel = {3, 5}});
  n.initialise(2);
  ThreadPool pool(2);
  nn::Session session(n, pool);
  session.keep_maps();
  const std::vector<PruneMask> masks(1, PruneMask(8, 4, 8));
  nn::Batch batch{nn::Activation(n.input_shape(), 40), std::vector<nn::Label>(40, 0)};
  batch.images.fill(1.0F);
  const std::span<const nn::Batch> batches(&batch, 1);
  const auto ranges = calibrate(session, masks, batches);
  const hardware::Accelerator chip{.geometry = WideGeometry{}, .devices = {.read_noise = 3.0}};
  auto simulated = SimulatedNetwork(session, chip, masks, ranges);
  std::set<std::vector<float>> seen;
  for (int pass = 0; pass < 2; ++pass) {
    (void)simulated.evaluate(batches);
    for (Index i = 0; i < 40; ++i)
      for (Index h = 0; h < 3; ++h)
        for (Index w = 0; w < 5; ++w) {
          std::vector<float> filters;
          for (Index f = 0; f < 4; ++f) filters.push_back(session.output(conv).at(i, f, h, w));
          seen.insert(filters);
        }
  }
  CHECK(seen.size() == 2 * 40 * 15);
}

TEST_CASE("hardware is noisy by its cells or by its reads, and ideal without either") {
  hardware::Accelerator chip;
  CHECK_FALSE(chip.noisy());
  chip.devices.read_noise = 0.1;
  CHECK(chip.noisy());
  chip.devices.cells.get<hardware::Variation>().sigma = 0.3;
  chip.adc.kind = "rounding";
  CHECK_FALSE(chip.ideal().noisy());
  CHECK(chip.ideal().adc.kind == "ideal");
  chip.devices.read_noise = 0.0;
  CHECK(chip.noisy());
}
