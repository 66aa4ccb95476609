#include "autoprune/mnsim/simulated_layer.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "../error_of.hpp"
#include "autoprune/core/random.hpp"
#include "autoprune/hardware/adcs.hpp"

using namespace autoprune;
using namespace autoprune::mnsim;

namespace {

using Integers = std::vector<std::int32_t>;

Integers random_integers(Random& random, Index n, std::int32_t low, std::int32_t high) {
  Integers values(static_cast<std::size_t>(n));
  for (auto& v : values) v = low + static_cast<std::int32_t>(random.below(high - low + 1));
  return values;
}

/// A random small layer with its inputs.
struct Trial {
  AnalogConfig config;
  Shape shape;
  Scales scales;
  Integers weights, inputs;
  Index images = 0;

  explicit Trial(Random& random) {
    config.cell_bits = 1 + random.below(8);
    config.dac_bits = 1 + random.below(8);
    config.adc_bits = 2 + random.below(9);
    config.dac_num = 1 + random.below(80);
    config.adc_action = random.below(2) == 0 ? AdcAction::scale : AdcAction::fix;
    if (random.below(3) == 0) {
      const Index features = 1 + random.below(200);
      shape = Shape::linear(features, 1 + random.below(9));
    } else {
      shape = {.in = {1 + random.below(20), 1 + random.below(8), 1 + random.below(8)},
               .filters = 1 + random.below(9),
               .stride = {1 + random.below(3), 1 + random.below(3)},
               .padding = {random.below(3), random.below(3)}};
      shape.kernel = {1 + random.below(std::min<Index>(5, shape.in.height + 2 * shape.padding.h)),
                      1 + random.below(std::min<Index>(5, shape.in.width + 2 * shape.padding.w))};
    }
    config.xbar_rows = shape.taps() + random.below(128);
    images = 1 + random.below(4);
    scales = {random.uniform(0.001, 0.01), random.uniform(0.0005, 0.005), random.uniform(1.0, 9.0)};
    weights = random_integers(random, shape.filters * shape.rows(), -255, 255);
    inputs = random_integers(random, images * shape.in.size(), -255, 255);
  }

  SimulatedLayer layer() const { return {config, shape, scales, weights}; }
};

std::int32_t rounded(double share) {
  return static_cast<std::int32_t>(std::clamp(std::nearbyint(share * 255), -255.0, 255.0));
}

/// The outputs without rounding, as shares of the output range: the published formulas taken
/// literally, one output, sublayer and pair of digits after another.
struct Reference {
  const Trial& t;
  std::vector<double> quantised, on_crossbar;

  explicit Reference(const Trial& trial) : t(trial) {
    const nn::Shape3 out = t.shape.out();
    for (Index n = 0; n < t.images; ++n)
      for (Index f = 0; f < out.channels; ++f)
        for (Index h = 0; h < out.height; ++h)
          for (Index w = 0; w < out.width; ++w) output(n, f, h, w);
  }

  /// Calls visit(channel, input, weight) for what output (n, f, h, w) sums over.
  template <class Visit>
  void window(Index n, Index f, Index h, Index w, const Visit& visit) const {
    const auto& [in, filters, kernel, stride, padding, is_linear] = t.shape;
    for (Index c = 0; c < in.channels; ++c)
      for (Index kh = 0; kh < kernel.h; ++kh)
        for (Index kw = 0; kw < kernel.w; ++kw) {
          const Index y = h * stride.h + kh - padding.h, x = w * stride.w + kw - padding.w;
          if (y < 0 || y >= in.height || x < 0 || x >= in.width) continue;
          const Index input = ((n * in.channels + c) * in.height + y) * in.width + x;
          const Index weight = ((f * in.channels + c) * kernel.h + kh) * kernel.w + kw;
          visit(c, t.inputs[static_cast<std::size_t>(input)],
                t.weights[static_cast<std::size_t>(weight)]);
        }
  }

  void output(Index n, Index f, Index h, Index w) {
    const double unit = t.scales.input_step * t.scales.weight_step / t.scales.output_range;
    double exact = 0.0;
    window(n, f, h, w, [&](Index, int x, int weight) { exact += x * weight; });
    quantised.push_back(exact * unit);

    const Index b = t.config.cell_bits, d = t.config.dac_bits, rows = t.config.xbar_rows;
    const Index q = rows / (t.shape.kernel.h * t.shape.kernel.w);
    const Index sublayers = (t.shape.in.channels + q - 1) / q;
    const Index ni = (8 + d - 1) / d, nw = (8 + b - 1) / b;
    const auto driven =
        static_cast<double>(t.shape.is_linear ? std::min(t.shape.in.channels, rows)
                                              : q * t.shape.kernel.h * t.shape.kernel.w);
    const double ext =
        std::max(0.0, std::ceil(std::log2(driven / static_cast<double>(t.config.dac_num))));
    const double bits = static_cast<double>(t.config.adc_bits) + ext;
    const double limit = std::pow(2.0, bits - 1) - 1;
    double sum = 0.0;
    for (Index s = 0; s < sublayers; ++s)
      for (Index i = 0; i < ni; ++i)
        for (Index j = 0; j < nw; ++j) {
          double analog = 0.0;
          window(n, f, h, w, [&](Index c, int x, int weight) {
            if (c / q == s) analog += digit(x, i, d) * digit(weight, j, b);
          });
          const auto top = static_cast<double>((ni - 1) * d + (nw - 1) * b);
          double y = 0.0;
          if (t.config.adc_action == AdcAction::scale) {
            const double shift =
                std::floor(-2 + 0.5 * std::log2(static_cast<double>(sublayers))) + bits - 1;
            const double code =
                std::nearbyint(analog * unit * std::pow(2.0, top) * std::pow(2.0, shift));
            y = std::clamp(code, -limit, limit) / std::pow(2.0, shift);
          } else {
            const auto full = static_cast<double>(((1 << d) - 1) * ((1 << b) - 1) * rows);
            const double code = std::nearbyint(analog / full * std::pow(2.0, bits - 1));
            y = std::clamp(code, -limit, limit) * full / std::pow(2.0, bits - 1) * unit *
                std::pow(2.0, top);
          }
          sum += y / std::pow(2.0, top - static_cast<double>(i * d + j * b));
        }
    on_crossbar.push_back(sum);
  }

  static int digit(int value, Index place, Index bits) {
    const int base = 1 << bits;
    int magnitude = std::abs(value);
    for (Index p = 0; p < place; ++p) magnitude /= base;
    return magnitude % base * (value < 0 ? -1 : 1);
  }
};

}  // namespace

TEST_CASE("layers recorded from MNSIM-2.0 itself are met integer by integer", "[mnsim]") {
  // Recorded from thu-nics/MNSIM-2.0 at ca39ccb; one layer a row, both ADC actions.
  std::ifstream file(AUTOPRUNE_SOURCE_DIR "/tests/mnsim/data/layers.json");
  const auto recorded = nlohmann::json::parse(file);
  REQUIRE(recorded.size() == 3);
  for (const auto& r : recorded) {
    const std::vector<Index> in = r["input_shape"], weight = r["weight_shape"];
    const bool conv = r["type"] == "conv";
    const Shape shape = conv ? Shape{.in = {in[1], in[2], in[3]},
                                     .filters = weight[0],
                                     .kernel = {weight[2], weight[3]},
                                     .padding = 1}
                             : Shape::linear(in[1], weight[0]);
    const Scales scales{r["in_step"], r["w_step"], r["last_value"]};
    const Integers input = r["input"];
    for (const bool fix : {false, true}) {
      INFO(r["type"] << " on " << r["xbar"] << " rows, " << (fix ? "FIX" : "SCALE"));
      const AnalogConfig config{r["xbar"],     r["bits_per_cell"],
                                r["dac_bits"], r["adc_bits"],
                                r["dac_num"],  fix ? AdcAction::fix : AdcAction::scale};
      const SimulatedLayer layer(config, shape, scales, r["weight"].get<Integers>());
      CHECK(layer.sublayers().count == r["sublayers"]);
      CHECK(layer.sublayers().adc_bits == config.adc_bits + Index{r["ext_ADC_bits"]});
      CHECK(layer.quantised(input) == r["fix_train"].get<Integers>());
      CHECK(layer.on_crossbar(input) == r[fix ? "pim_fix" : "pim_scale"].get<Integers>());
    }
  }
}

TEST_CASE("random layers equal the formulas taken literally", "[mnsim]") {
  Random random(1);
  for (int trial = 0; trial < 400; ++trial) {
    const Trial t(random);
    const SimulatedLayer layer = t.layer();
    const Reference reference(t);
    Integers quantised, on_crossbar;
    for (const double y : reference.quantised) quantised.push_back(rounded(y));
    for (const double y : reference.on_crossbar) on_crossbar.push_back(rounded(y));
    INFO("trial " << trial);
    REQUIRE(layer.quantised(t.inputs) == quantised);
    REQUIRE(layer.on_crossbar(t.inputs) == on_crossbar);
  }
}

TEST_CASE("a FIX conversion is off by one step at most, and enough bits lose nothing", "[mnsim]") {
  Random random(2);
  for (int trial = 0; trial < 200; ++trial) {
    Trial t(random);
    t.config.adc_action = AdcAction::fix;
    t.config.adc_bits = 2 + random.below(15);
    const SimulatedLayer layer = t.layer();
    const Sublayers sublayers = layer.sublayers();
    // Half a step from rounding, and another half where the largest sum has no code of its own.
    const double step = static_cast<double>(t.config.full_scale()) *
                        std::pow(2.0, 1 - static_cast<int>(sublayers.adc_bits));
    double shifts = 0.0;
    for (Index i = 0; i < t.config.input_digits(); ++i)
      for (Index j = 0; j < t.config.weight_digits(); ++j)
        shifts += std::pow(2.0, i * t.config.dac_bits + j * t.config.cell_bits);
    const double error = step * shifts * static_cast<double>(sublayers.count) * t.scales.unit();
    const Integers exact = layer.quantised(t.inputs), read = layer.on_crossbar(t.inputs);
    for (std::size_t i = 0; i < exact.size(); ++i)
      REQUIRE(std::abs(read[i] - exact[i]) <= error * 255 + 1);
  }
  for (int trial = 0; trial < 50; ++trial) {
    Trial t(random);
    // A row stays idle (5 taps) and a step is 1/8 of the smallest sum: every sum has its code.
    t.shape = {.in = {1 + random.below(60), 1, 5 + random.below(4)},
               .filters = 1 + random.below(9),
               .kernel = {1, 5}};
    t.config = {.xbar_rows = Index{1} << (3 + random.below(5)),
                .dac_num = 128,
                .adc_action = AdcAction::fix};
    t.config.adc_bits = bits_for(t.config.xbar_rows) + 4;
    t.weights = random_integers(random, t.shape.filters * t.shape.rows(), -255, 255);
    t.inputs = random_integers(random, 3 * t.shape.in.size(), -255, 255);
    const SimulatedLayer layer = t.layer();
    REQUIRE(layer.on_crossbar(t.inputs) == layer.quantised(t.inputs));
  }
}

TEST_CASE("negated inputs negate the outputs", "[mnsim]") {
  Random random(3);
  for (int trial = 0; trial < 100; ++trial) {
    const Trial t(random);
    const SimulatedLayer layer = t.layer();
    Integers inputs = t.inputs, expected = layer.on_crossbar(t.inputs);
    for (auto& x : inputs) x = -x;
    for (auto& y : expected) y = -y;
    REQUIRE(layer.on_crossbar(inputs) == expected);
  }
}

TEST_CASE("an image's outputs don't depend on its batch", "[mnsim]") {
  Random random(4);
  const Index images = 30;  // of 64 windows each: many more than are worked on at once
  Trial t(random);
  t.shape = {.in = {5, 8, 8}, .filters = 6, .kernel = 3, .padding = 1};
  t.config.xbar_rows = 20;
  t.weights = random_integers(random, t.shape.filters * t.shape.rows(), -255, 255);
  t.inputs = random_integers(random, images * t.shape.in.size(), -255, 255);
  const SimulatedLayer layer = t.layer();
  Integers one_by_one;
  for (Index n = 0; n < images; ++n) {
    const auto image = layer.on_crossbar(std::span<const std::int32_t>(t.inputs).subspan(
        static_cast<std::size_t>(n * t.shape.in.size()),
        static_cast<std::size_t>(t.shape.in.size())));
    one_by_one.insert(one_by_one.end(), image.begin(), image.end());
  }
  CHECK(layer.on_crossbar(t.inputs) == one_by_one);
  CHECK(layer.on_crossbar({}).empty());
}

TEST_CASE("the digits of an integer sum up to it", "[mnsim]") {
  for (Index bits = 1; bits <= 8; ++bits)
    for (std::int32_t value = -255; value <= 255; ++value) {
      std::int32_t sum = 0;
      for (Index place = 0; place < ceil_div(8, bits); ++place) {
        const std::int32_t digit = signed_digit(value, place, bits);
        REQUIRE(std::abs(digit) < (1 << bits));
        REQUIRE(digit * value >= 0);
        sum += digit * (1 << (place * bits));
      }
      REQUIRE(sum == value);
    }
}

TEST_CASE("the device sees every array once, and what it returns is what is read", "[mnsim]") {
  Random random(5);
  for (int trial = 0; trial < 30; ++trial) {
    const Trial t(random);
    const Index top = (Index{1} << t.config.cell_bits) - 1;
    Index arrays = 0;
    std::size_t cells = 0;
    const auto look = [&](std::span<float> levels) {
      ++arrays;
      cells += levels.size();
      for (const float v : levels)
        if (v < 0.0F || v > static_cast<float>(top) || v != std::floor(v)) FAIL("level " << v);
    };
    const SimulatedLayer looked_at(t.config, t.shape, t.scales, t.weights, look);
    CHECK(arrays == 2 * looked_at.sublayers().count * t.config.weight_digits());
    CHECK(cells == 2 * t.weights.size() * static_cast<std::size_t>(t.config.weight_digits()));
    CHECK(looked_at.on_crossbar(t.inputs) == t.layer().on_crossbar(t.inputs));

    const auto erase = [](std::span<float> levels) { std::fill(levels.begin(), levels.end(), 0); };
    const SimulatedLayer erased(t.config, t.shape, t.scales, t.weights, erase);
    const Integers outputs = erased.on_crossbar(t.inputs);
    CHECK(std::count(outputs.begin(), outputs.end(), 0) ==
          static_cast<std::ptrdiff_t>(outputs.size()));
    CHECK(erased.quantised(t.inputs) == t.layer().quantised(t.inputs));
  }
}

TEST_CASE("an output has as many rows and columns as windows fit", "[mnsim]") {
  const Shape shape{
      .in = {2, 9, 7}, .filters = 4, .kernel = {3, 2}, .stride = {2, 3}, .padding = {1, 0}};
  CHECK(shape.out() == nn::Shape3{4, 5, 2});
}

TEST_CASE("layers that can't be simulated are refused", "[mnsim]") {
  const Shape shape{.in = {4, 6, 6}, .filters = 2, .kernel = 3, .padding = 1};
  const Integers weights(72, 1);
  const auto build = [&](const AnalogConfig& config, const Shape& s = {},
                         const Scales& scales = {}) {
    return error_of([&] {
      static_cast<void>(SimulatedLayer(config, s.filters == 0 ? shape : s, scales, weights));
    });
  };
  CHECK(build({}) == ErrorId{});
  CHECK(build({.xbar_rows = 9}) == ErrorId{});

  CHECK(build({.xbar_rows = 8}) == ErrorId::geometry_mismatch);
  CHECK(build({.xbar_rows = 0}) == ErrorId::out_of_range);
  CHECK(build({.xbar_rows = 259, .cell_bits = 8, .dac_bits = 8}) == ErrorId::out_of_range);
  CHECK(build({.cell_bits = 0}) == ErrorId::out_of_range);
  CHECK(build({.cell_bits = 9}) == ErrorId::out_of_range);
  CHECK(build({.dac_bits = 0}) == ErrorId::out_of_range);
  CHECK(build({.dac_bits = 9}) == ErrorId::out_of_range);
  for (const Index adc_bits : {-1, 0, 1, 17})
    CHECK(build({.adc_bits = adc_bits}) == ErrorId::out_of_range);
  CHECK(build({.dac_num = 0}) == ErrorId::out_of_range);

  CHECK(build({}, {.in = {4, 2, 6}, .filters = 2, .kernel = 3}) == ErrorId::shape_mismatch);
  CHECK(build({}, {.in = {4, 6, 6}, .filters = 2, .kernel = 2}) == ErrorId::shape_mismatch);
  CHECK(build({}, {.in = {0, 6, 6}, .filters = 2}) == ErrorId::out_of_range);
  CHECK(build({}, {.in = {4, 6, 6}, .filters = 2, .kernel = 3, .stride = 0}) ==
        ErrorId::out_of_range);
  CHECK(build({}, {.in = {4, 6, 6}, .filters = 2, .kernel = 3, .padding = -1}) ==
        ErrorId::out_of_range);

  constexpr Index most = std::numeric_limits<Index>::max();  // products of it are nothing
  for (const Shape& s :
       {Shape{.in = {most, 6, 6}, .filters = 2}, Shape{.in = {4, most, most}, .filters = 2},
        Shape{.in = {1 << 20, 1 << 20, 1 << 20}, .filters = 2},
        Shape{.in = {4, 6, 6}, .filters = most},
        Shape{.in = {4, 6, 6}, .filters = 2, .kernel = most},
        Shape{.in = {4, 6, 6}, .filters = 2, .stride = most},
        Shape{.in = {4, 6, 6}, .filters = 2, .padding = most},
        Shape{.in = {1 << 20, 1, 1}, .filters = 1 << 20}})
    CHECK(build({}, s) == ErrorId::out_of_range);

  CHECK(build({}, {}, {.input_step = 0.0}) == ErrorId::out_of_range);
  CHECK(build({}, {}, {.weight_step = -1.0}) == ErrorId::out_of_range);
  CHECK(build({}, {}, {.output_range = std::nan("")}) == ErrorId::not_finite);

  CHECK(error_of([&] { SimulatedLayer({}, shape, {}, Integers(72, 256)); }) ==
        ErrorId::out_of_range);
  const SimulatedLayer layer({}, shape, {}, weights);
  CHECK(error_of([&] { static_cast<void>(layer.on_crossbar(Integers(143))); }) ==
        ErrorId::shape_mismatch);
  CHECK(error_of([&] { static_cast<void>(layer.quantised(Integers(144, -256))); }) ==
        ErrorId::out_of_range);
}

TEST_CASE("our signed converters have the steps and codes of MNSIM-2.0's", "[mnsim]") {
  Random random(6);
  for (int trial = 0; trial < 200; ++trial) {
    AnalogConfig config;
    config.cell_bits = 1 + random.below(4);
    config.dac_bits = 1 + random.below(4);
    config.adc_bits = 3 + random.below(8);
    config.xbar_rows = 20 + random.below(100);
    config.dac_num = config.xbar_rows;
    const Shape shape{.in = {1 + random.below(200), 4, 4}, .filters = 3, .kernel = {3, 2}};
    const Sublayers sublayers(config, shape);
    const double unit = random.uniform(1e-4, 1e-3);  // of an integer, as a share of the range
    for (const bool scale : {true, false}) {
      config.adc_action = scale ? AdcAction::scale : AdcAction::fix;
      const Adc theirs(config, sublayers, unit);
      const Index top = (config.input_digits() - 1) * config.dac_bits +
                        (config.weight_digits() - 1) * config.cell_bits;
      const hardware::RoundingAdc ours =
          scale ? hardware::RoundingAdc::signed_to_outputs(1.0 / unit,
                                                           std::exp2(static_cast<double>(top)),
                                                           sublayers.count, config.adc_bits)
                : hardware::RoundingAdc::signed_over(static_cast<double>(config.full_scale()),
                                                     config.adc_bits);
      REQUIRE(ours.lsb() == Approx(theirs.lsb));
      REQUIRE(ours.code(1e9F) == static_cast<std::int32_t>(theirs.limit));
    }
  }
}
