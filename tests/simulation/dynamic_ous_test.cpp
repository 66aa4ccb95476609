#include "autoprune/simulation/dynamic_ous.hpp"

#include <catch2/catch.hpp>
#include <vector>

#include "autoprune/core/random.hpp"
#include "autoprune/mapping/sre_mapper.hpp"

using namespace autoprune;
using namespace autoprune::simulation;

namespace {

/// Activations of one array, counted wordline by wordline: walks down each group of filters, starts
/// anew where a crossbar ends, and closes an OU whenever it has ou_rows active wordlines.
Index plain_activations(const PruneMask& mask, const GeometrySpec& g, const InputEncoding& input,
                        const std::vector<std::int32_t>& x) {
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
    const GeometrySpec g =
        random.below(2) == 0 ? GeometrySpec{16, 16, 4, 4, 1} : GeometrySpec{32, 8, 8, 8, 2};
    const mapping::MappingOptions options;
    const InputEncoding input{8, Index{1} << random.below(3), random.below(2) == 0};
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

    const mapping::SreMapper mapper{mapping::ArrayShape(g, options)};
    Index by_rows = 0;
    mapping::squeeze_rows(mask, g.ou_cols, [&](const auto& kept, const auto&) {
      by_rows += ceil_div(static_cast<Index>(kept.size()), g.ou_rows);
    });
    const mapping::RoutedLayer layer = route(mapper, mask);
    if (layer.size() != by_rows || by_rows == 0) continue;  // columns were squeezed
    const Activity found = DynamicOus(layer, g, options, input).count(x);
    const Index arrays = options.arrays(g.cell_bits);
    const Index passes = input.digits() * (input.negative ? 2 : 1);
    REQUIRE(found.ou_activations == plain_activations(mask, g, input, x) * arrays);
    REQUIRE(found.ou_activations + found.skipped_activations == layer.size() * passes * arrays);

    // All digits on: nothing can be skipped, OUs are the stored ones.
    if (input.negative) continue;
    std::fill(x.begin(), x.end(), 255);
    const Activity full = DynamicOus(layer, g, options, input).count(x);
    REQUIRE(full.skipped_activations == 0);
    std::fill(x.begin(), x.end(), 0);
    REQUIRE(DynamicOus(layer, g, options, input).count(x).ou_activations == 0);
  }
}
