#include "autoprune/simulation/measured_activity.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

#include "../error_of.hpp"
#include "autoprune/core/random.hpp"
#include "autoprune/mapping/crossbar_mapper.hpp"
#include "autoprune/methods/sre.hpp"

using namespace autoprune;
using namespace autoprune::simulation;

namespace {

/// Activations of one array, counted wordline by wordline: walks down each group of filters, starts
/// anew where a crossbar ends, and closes an OU whenever it has ou_rows active wordlines.
Index plain_activations(const PruneMask& mask, const Geometry<>& g,
                        const hardware::InputCode& input, const std::vector<std::int32_t>& x) {
  Index activations = 0;
  for (const std::int32_t sign : {1, -1}) {
    if (sign < 0 && !input.negative) continue;
    for (Index t = 0; t < input.digits(); ++t) {
      Index wordline = 0;  // over all strips
      for (Index c = 0; c < mask.cols(); c += g.ou_cols) {
        Index active = 0;
        const auto close = [&] {
          activations += active > 0 ? 1 : 0;
          active = 0;
        };
        Index rows = 0;
        for (Index r = 0; r < mask.rows(); ++r) {
          bool stored = false;
          for (Index j = c; j < std::min(mask.cols(), c + g.ou_cols); ++j)
            stored = stored || mask.kept(r, j);
          if (!stored) continue;
          if (wordline % g.xbar_rows == 0) close();
          const std::int32_t value = sign * x[static_cast<std::size_t>(r)];
          const bool on = value > 0 && input.digit(value, t) != 0;
          if (on && active == g.ou_rows) close();
          active += on ? 1 : 0;
          ++wordline;
          ++rows;
        }
        close();
        // The next group begins in a tile of its own.
        if (rows % g.ou_rows != 0) wordline += g.ou_rows - rows % g.ou_rows;
      }
    }
  }
  return activations;
}

}  // namespace

TEST_CASE("dynamic OUs are those that a plain walk down the wordlines forms") {
  Random random(91);
  for (int trial = 0; trial < 150; ++trial) {
    const Geometry<> geometries[] = {
        {16, 16, 4, 4, 1}, {32, 8, 8, 8, 2}, {24, 16, 3, 4, 1}, {24, 16, 8, 2, 1}};
    const Geometry<> g = geometries[random.below(4)];
    const hardware::WeightCode options;
    const hardware::InputCode input{8, Index{1} << random.below(3), random.below(2) == 0};
    const Index rows = 1 + random.below(90), cols = 1 + random.below(20);
    // Whole pieces of rows are pruned, so that rows are what is squeezed.
    PruneMask mask(rows, cols, 1, false);
    for (Index r = 0; r < rows; ++r)
      for (Index c = 0; c < cols; c += g.ou_cols)
        if (random.below(3) == 0)
          for (Index j = c; j < std::min(cols, c + g.ou_cols); ++j) mask.set(r, j, true);
    std::vector<std::int32_t> x;
    for (Index r = 0; r < rows; ++r)
      x.push_back(random.below(2) == 0 ? 0
                                       : static_cast<std::int32_t>(random.below(256)) *
                                             (input.negative && random.below(2) == 0 ? -1 : 1));

    const methods::SreMapper mapper{mapping::ArrayShape(g, options)};
    Index by_rows = 0;
    mapping::squeeze_rows(mask, g.ou_cols, [&](const auto& kept, const auto&) {
      by_rows += ceil_div(static_cast<Index>(kept.size()), g.ou_rows);
    });
    const mapping::Placement layer = mapping::place(mapper, mask);
    if (layer.ous.size() != by_rows || by_rows == 0) continue;  // columns were squeezed
    const ActiveOus dynamic(
        layer, {.geometry = g, .weights = options, .formation = hardware::OuFormation::dynamic},
        input);
    const Activity found = dynamic.count(x);
    const Index arrays = options.arrays(g.cell_bits);
    const Index passes = input.digits() * (input.negative ? 2 : 1);
    REQUIRE(found.ou_activations == plain_activations(mask, g, input, x) * arrays);
    REQUIRE(found.ou_activations + found.skipped_activations == layer.ous.size() * passes * arrays);

    // All digits on: nothing can be skipped, OUs are the stored ones.
    if (input.negative) continue;
    std::fill(x.begin(), x.end(), 255);
    const Activity full = dynamic.count(x);
    REQUIRE(full.skipped_activations == 0);
    std::fill(x.begin(), x.end(), 0);
    REQUIRE(dynamic.count(x).ou_activations == 0);
  }
}

TEST_CASE("dynamic OUs of column-vectors hold the wordlines of one vector that carry something") {
  Random random(93);
  for (int trial = 0; trial < 150; ++trial) {
    const Geometry<> g{32, 16, Index{2} << random.below(3), Index{2} << random.below(3), 1};
    const hardware::WeightCode options;
    const hardware::InputCode input{8, Index{1} << random.below(3), random.below(2) == 0};
    const Index arrays = options.arrays(g.cell_bits);
    const Index granularity = Index{4} << random.below(4);
    PruneMask mask(1 + random.below(90), 1 + random.below(20), granularity);
    for (Index group = 0; group < mask.groups(); ++group)
      for (Index c = 0; c < mask.cols(); ++c) mask.set(group, c, random.below(3) == 0);
    std::vector<std::int32_t> x;
    for (Index r = 0; r < mask.rows(); ++r)
      x.push_back(random.below(2) == 0 ? 0
                                       : static_cast<std::int32_t>(random.below(256)) *
                                             (input.negative && random.below(2) == 0 ? -1 : 1));

    // A vector's OUs: ceil(active wordlines / OuRows) of them, for every ceil(kept / OuCols).
    Activity plain;
    for (Index group = 0; group < mask.groups(); ++group) {
      Index kept = 0;
      for (Index c = 0; c < mask.cols(); ++c) kept += mask.kept(group, c) ? 1 : 0;
      if (kept == 0) continue;
      const Index height = mask.row_end(group) - mask.row_begin(group);
      for (const std::int32_t sign : {1, -1}) {
        if (sign < 0 && !input.negative) continue;
        for (Index t = 0; t < input.digits(); ++t) {
          Index active = 0;
          for (Index r = mask.row_begin(group); r < mask.row_end(group); ++r) {
            const std::int32_t value = sign * x[static_cast<std::size_t>(r)];
            active += value > 0 && input.digit(value, t) != 0 ? 1 : 0;
          }
          const Index steps = ceil_div(active, g.ou_rows), stored = ceil_div(height, g.ou_rows);
          plain.ou_activations += steps * ceil_div(kept, g.ou_cols) * arrays;
          plain.skipped_activations += (stored - steps) * ceil_div(kept, g.ou_cols) * arrays;
          plain.adc_conversions += steps * kept * arrays;
        }
      }
      plain.input_fetches += height;
    }
    mapping::Placement placement = mapping::CrossbarMapper(g, options).map(mask);
    placement.index_entries = 17;
    plain.index_fetches = 17;
    const ActiveOus dynamic(
        placement,
        {.geometry = g, .weights = options, .formation = hardware::OuFormation::dynamic_vectors},
        input);
    REQUIRE(dynamic.count(x) == plain);
  }
}

TEST_CASE("a network's activity is that of its layers' input vectors, one by one") {
  const Index groups = GENERATE(1, 2);
  nn::Network net({2, 5, 4});
  net.conv("conv", {.out = 6, .kernel = 3, .stride = 2, .padding = 1, .groups = groups});
  net.relu("relu");
  net.flatten("flat");
  net.linear("linear", 5);
  net.initialise(7);
  Random random(92);
  nn::Batch batch{nn::Activation({2, 5, 4}, 35), std::vector<nn::Label>(35, 0)};
  batch.images.fill(0.0F);
  for (Index i = 0; i < 35; ++i)
    for (Index c = 0; c < 2; ++c)
      for (Index h = 0; h < 5; ++h)
        for (Index w = 0; w < 4; ++w)
          batch.images.at(i, c, h, w) = static_cast<float>(random.normal());

  const Geometry<> g{16, 16, 4, 4, 1};
  const hardware::WeightCode options;
  const methods::SreMapper mapper{mapping::ArrayShape(g, options)};
  std::vector<PruneMask> masks;
  std::vector<mapping::Placement> layers;
  for (const Index i : net.matrix_layers()) {
    const MatrixView w = weight_matrix(net.node(i).weight);
    masks.push_back(PruneMask(w.cols(), w.rows(), 1).in_matrices(net.node(i).matrices));
    for (Index r = 0; r < w.cols(); ++r)
      if (random.below(2) == 0)
        for (Index c = 0; c < w.rows(); ++c) masks.back().set(r, c, false);
    layers.push_back(mapping::place(mapper, masks.back()));
  }
  std::vector<std::vector<std::vector<Activity>>> found;
  for (const Index threads : {1, 2}) {
    ThreadPool pool(threads);
    nn::Session session(net, pool);
    session.set_masks(masks);
    const std::span<const nn::Batch> batches(&batch, 1);
    const auto ranges = calibrate(session, masks, batches, {RangeRule::maximum});
    REQUIRE(ranges[0].input.negative);
    REQUIRE_FALSE(ranges[1].input.negative);
    const auto measure = [&](std::span<const PruneMask> of, hardware::OuFormation formation) {
      return measured_activity(session, of, layers, ranges,
                               {.geometry = g, .weights = options, .formation = formation},
                               batches);
    };
    found.push_back({measure(masks, hardware::OuFormation::stored),
                     measure(masks, hardware::OuFormation::dynamic),
                     measure(masks, hardware::OuFormation::dynamic_vectors)});
    REQUIRE(error_of([&] { (void)measure({}, hardware::OuFormation::stored); }) ==
            ErrorId::mask_mismatch);

    // Plainly: every output position's patch, read from the feature map itself.
    session.forward(batch.images, nn::Mode::inference);
    for (std::size_t k = 0; k < 2; ++k) {
      const nn::Node& node = net.node(net.matrix_layers()[k]);
      const nn::Activation& map = session.output(node.inputs.front());
      const bool conv = k == 0;
      const hardware::InputCode input{8, 1, conv};
      const ActiveOus stored(layers[k], {.geometry = g, .weights = options}, input);
      const ActiveOus dynamic(
          layers[k],
          {.geometry = g, .weights = options, .formation = hardware::OuFormation::dynamic}, input);
      const ActiveOus vectors(
          layers[k],
          {.geometry = g, .weights = options, .formation = hardware::OuFormation::dynamic_vectors},
          input);
      Activity of_stored, of_dynamic, of_vectors;
      for (Index i = 0; i < 35; ++i)
        for (Index oh = 0; oh < (conv ? node.shape.height : 1); ++oh)
          for (Index ow = 0; ow < (conv ? node.shape.width : 1); ++ow) {
            std::vector<std::int32_t> x;
            for (Index r = 0; r < masks[k].rows() * masks[k].matrices(); ++r) {
              const Index c = conv ? r / 9 : r;
              const Index h = conv ? 2 * oh - 1 + r % 9 / 3 : 0;
              const Index w = conv ? 2 * ow - 1 + r % 3 : 0;
              const bool inside =
                  h >= 0 && h < map.shape().height && w >= 0 && w < map.shape().width;
              const float value = inside ? map.at(i, c, h, w) : 0.0F;
              x.push_back(static_cast<std::int32_t>(
                  std::nearbyint(value * static_cast<float>(255.0 / ranges[k].input.largest))));
            }
            of_stored += stored.count(x);
            of_dynamic += dynamic.count(x);
            of_vectors += vectors.count(x);
          }
      REQUIRE(found.back()[0][k] == of_stored);
      REQUIRE(found.back()[1][k] == of_dynamic);
      REQUIRE(found.back()[2][k] == of_vectors);
      REQUIRE(of_vectors.index_fetches > 0);
      REQUIRE(of_stored.skipped_activations > 0);
      // A group's rows may all be in one OU.
      REQUIRE((of_dynamic.ou_activations < of_stored.ou_activations || groups > 1));
    }
  }
  REQUIRE(found[0] == found[1]);
}
