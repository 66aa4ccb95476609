// The data path as one would first write it: loops over OUs, arrays, digits, bitlines, wordlines.
#pragma once

#include <algorithm>
#include <type_traits>
#include <vector>

#include "autoprune/mapping/ou_list.hpp"
#include "autoprune/simulation/activity.hpp"
#include "autoprune/simulation/encoding.hpp"
#include "autoprune/simulation/ou_data_path.hpp"
#include "autoprune/simulation/quantisation.hpp"

namespace autoprune::test {

struct NaiveResult {
  std::vector<double> y;  // [filter], one vector
  simulation::Activity activity;
};

struct IdealCells {};

/// One input vector x[input], rows of one weight matrix after those of another. conductance(row,
/// column, array of the encoding, level) is that of a cell. Index entries are fetched where the OUs
/// are `indexed`.
template <class Adc, class Conductance = IdealCells>
NaiveResult naive_multiply(const simulation::QuantisedWeights& weights, const mapping::OuList& ous,
                           const std::vector<std::int32_t>& x, const Adc& adc,
                           const simulation::DataPathConfig& config, const Geometry<>& geometry,
                           const Conductance& conductance = {}, bool indexed = true) {
  constexpr bool kReal = !std::is_same_v<Conductance, IdealCells>;
  const simulation::WeightEncoding encoding(config.weights, geometry.cell_bits);
  const auto arrays = static_cast<Index>(encoding.arrays().size());
  const bool apart = config.weights.layout == hardware::BitPlanes::apart;
  const Index physical = apart ? arrays : config.weights.sign_arrays();
  NaiveResult out{std::vector<double>(static_cast<std::size_t>(weights.cols), 0.0), {}};
  Index group = -1;
  for (Index i = 0; i < ous.size(); ++i) {
    const mapping::Ou ou = ous[i];
    const Index each = weights.cols / ous.shape().matrices;
    const auto input = [&](Index r) {
      return x[static_cast<std::size_t>(ou.columns.front() / each * weights.rows + r)];
    };
    const bool other = ou.input_set != group;
    group = ou.input_set;
    if (other) out.activity.input_fetches += ou.n_rows();
    if (indexed) {
      const mapping::OuShape& shape = ous.shape();
      out.activity.index_fetches += ou.n_cols() + (shape.granularity > 0 ? 1 : 0) +
                                    (other && !shape.neighbours() ? ou.n_rows() : 0);
    }
    for (Index first = 0; first < ou.n_rows(); first += geometry.ou_rows) {
      const auto rows = ou.rows.subspan(
          static_cast<std::size_t>(first),
          static_cast<std::size_t>(std::min(geometry.ou_rows, ou.n_rows() - first)));
      for (const int sign : {1, -1}) {
        if (sign < 0 && !config.input.negative) continue;
        for (Index t = 0; t < config.input.digits(); ++t) {
          const auto digit = [&](Index r) {
            return config.input.digit(std::max(0, sign * input(r)), t);
          };
          bool any = false;
          for (const Index r : rows) any = any || digit(r) != 0;
          (any ? out.activity.ou_activations : out.activity.skipped_activations) += physical;
          if (!any) continue;
          for (std::size_t a = 0; a < encoding.arrays().size(); ++a)
            for (const std::int32_t column : ou.columns) {
              const simulation::CellArray array = encoding.arrays()[a];
              std::int32_t sum = 0;
              float current = 0.0F;
              for (const Index r : rows) {
                const std::int32_t level = encoding.level(weights(r, column), array);
                sum += digit(r) * level;
                if constexpr (kReal)
                  current += static_cast<float>(digit(r)) * conductance(r, column, a, level);
              }
              ++out.activity.adc_conversions;
              const std::int32_t code = kReal ? adc.code(current) : adc.code(sum);
              const double place = sign * array.sign *
                                   static_cast<double>(Index{1} << array.shift) *
                                   static_cast<double>(Index{1} << (t * config.input.dac_bits));
              out.y[static_cast<std::size_t>(column)] += place * adc.lsb() * code;
            }
        }
      }
      for (const Index r : rows)
        for (const std::int32_t column : ou.columns)
          out.y[static_cast<std::size_t>(column)] -=
              static_cast<double>(encoding.offset()) * input(r);
    }
  }
  return out;
}

}  // namespace autoprune::test
