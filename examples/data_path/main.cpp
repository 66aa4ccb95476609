// One tiny layer through the OU data path, with every number on the way; docs/data-path.md tells
// the story. 4 rows and 4 filters, row groups of 2, OUs of 2 x 2, weights and inputs of 2 bits.

#include <autoprune/autoprune.hpp>
#include <iostream>

using namespace autoprune;
using Tiny = Geometry<4, 4, 2, 2, 1>;
constexpr Index kRows = 4, kFilters = 4, kGroup = 2;

/// The outputs when bitline j is taken for filter j: an array without an index buffer.
std::vector<Index> without_index(const mapping::OuList& ous,
                                 const simulation::QuantisedWeights& weights,
                                 const std::vector<std::int32_t>& x) {
  std::vector<Index> y(kFilters, 0);
  Index bitline = 0, group = -1;
  for (Index i = 0; i < ous.size(); ++i) {
    const mapping::Ou ou = ous[i];
    if (ou.input_set != group) bitline = 0;
    group = ou.input_set;
    for (const std::int32_t column : ou.columns) {
      for (const std::int32_t r : ou.rows)
        y[static_cast<std::size_t>(bitline)] +=
            Index{weights(r, column)} * x[static_cast<std::size_t>(r)];
      ++bitline;
    }
  }
  return y;
}

int main() {
  // PyTorch's order: one line a filter, its weights for the four inputs.
  Tensor weight = make_tensor({kFilters, kRows});
  weight = xt::xarray<float>{{3, -1, 0, 0}, {0, 0, 2, 1}, {-2, 3, 0, 0}, {1, 2, -3, 2}};
  PruneMask mask(kRows, kFilters, kGroup);
  mask.set(1, 0, false);
  mask.set(0, 1, false);
  mask.set(1, 2, false);
  const std::vector<std::int32_t> x = {2, 3, 0, 1};

  std::cout << "mask (row groups x filters)\n";
  for (Index g = 0; g < mask.groups(); ++g) {
    std::cout << "  group " << g << ':';
    for (Index c = 0; c < kFilters; ++c) std::cout << ' ' << mask.kept(g, c);
    std::cout << '\n';
  }

  simulation::DataPathConfig config;
  config.weights.weight_bits = 2;
  config.input.bits = 2;
  const mapping::CrossbarMapper<Tiny> mapper(config.weights);
  const mapping::Placement layer = mapper.map(mask);
  std::cout << "OU list\n";
  for (Index i = 0; i < layer.ous.size(); ++i) {
    const mapping::Ou ou = layer.ous[i];
    std::cout << "  OU " << i << ": row group " << ou.input_set << ", filters";
    for (const std::int32_t c : ou.columns) std::cout << ' ' << c;
    std::cout << '\n';
  }
  std::cout << "index buffer: " << mapping::index_code_name(layer.index->code()) << ", "
            << layer.index_bits() << " bits (";
  for (const mapping::IndexCode code : mapping::kIndexCodes)
    std::cout << (code == mapping::kIndexCodes.front() ? "" : ", ")
              << mapping::index_code_name(code) << ' ' << layer.index_sizes[code];
  std::cout << ")\n";

  // The walk of one input vector through OU 0, array by array and digit by digit.
  const auto weights = simulation::quantise(weight, mask, 2);
  const simulation::WeightEncoding encoding(config.weights, Tiny::cell_bits);
  const mapping::Ou first = layer.ous[0];
  std::cout << "OU 0, inputs " << x[0] << ' ' << x[1] << '\n';
  for (const std::int32_t column : first.columns) {
    Index total = 0;
    for (const simulation::CellArray& array : encoding.arrays())
      for (Index t = 0; t < config.input.digits(); ++t) {
        Index sum = 0;
        for (const std::int32_t r : first.rows)
          sum += config.input.digit(x[static_cast<std::size_t>(r)], t) *
                 encoding.level(weights(r, column), array);
        const Index place = array.sign * (Index{1} << array.shift) * (Index{1} << t);
        total += place * sum;
        std::cout << "  filter " << column << ", array " << (array.sign > 0 ? '+' : '-')
                  << (1 << array.shift) << ", digit " << t << ": ADC reads " << sum << ", times "
                  << place << '\n';
      }
    std::cout << "  filter " << column << " gets " << total << '\n';
  }

  // The same by the library, for 32 input vectors at a time: this one is the first.
  const simulation::OUDataPath<Tiny> path({}, weights, layer, {}, config);
  std::vector<std::int32_t> lanes(static_cast<std::size_t>(kRows * path.kLanes), 0);
  for (Index r = 0; r < kRows; ++r)
    lanes[static_cast<std::size_t>(r * path.kLanes)] = x[static_cast<std::size_t>(r)];
  std::vector<double> y(static_cast<std::size_t>(kFilters * path.kLanes));
  simulation::Activity activity;
  path.multiply(lanes.data(), y.data(), 1, activity);
  std::cout << "outputs:";
  for (Index c = 0; c < kFilters; ++c)
    std::cout << ' ' << y[static_cast<std::size_t>(c * path.kLanes)];
  std::cout << "\nwithout the index:";
  for (const Index value : without_index(layer.ous, weights, x)) std::cout << ' ' << value;
  std::cout << "\nactivity: " << activity.ou_activations << " OU activations, "
            << activity.skipped_activations << " skipped, " << activity.adc_conversions
            << " conversions, " << activity.input_fetches << " inputs and "
            << activity.index_fetches << " index entries fetched\n";
}
