// A pruning method of one's own, which counts, cost and search take like the library's;
// docs/extending.md walks through it. Run it in the repository's root.

#include <autoprune/autoprune.hpp>
#include <iostream>

using namespace autoprune;

// [extending]
/// Whole filters, by the sum of their magnitudes (Li et al., "Pruning filters for efficient
/// ConvNets", ICLR 2017); what is left lies shoulder to shoulder, as PIM-Prune's columns do.
struct WholeFilters : methods::MethodBase {
  static constexpr const char* kName = "whole-filters";
  using MethodBase::MethodBase;

  methods::PimMapper placer(Index) const { return methods::PimMapper(shape); }
  methods::Ranking rank(const nn::Node& node) const {
    const ConstMatrixView weights = weight_matrix(node.weight);  // filters x rows
    const prune::Scores sums = weights.cwiseAbs().rowwise().sum().transpose();
    return {sums, sums, [sums, rows = weights.cols()](double keep) {
              return prune::keep_best(sums, rows, /*granularity=*/rows, keep);
            }};
  }
};
// [extending]

int main() {
  nn::Network network = nn::lenet5();
  io::load_weights(network, "models/lenet5-mnist.safetensors");
  const methods::Setting setting{network, PaperGeometry{}};
  const cost::OuModel prices(network, cost::ou_preset("paper", setting.geometry));
  const double dense = prices.price_dense().totals.energy_nj;

  const methods::Compressor own(setting, WholeFilters(setting));
  for (const methods::Compressor& method : {own, methods::make_method("pim-prune", setting)}) {
    const std::vector<methods::Ranking> layers = method.rank(network);
    const auto masks = methods::Compressor::masks(layers, search::Policy(layers.size(), 0.25));
    const mapping::NetworkPlacement placed = method.map(masks);
    std::cout << method.name() << ": " << placed.crossbars.dense << " crossbars -> "
              << placed.crossbars.pooled << " pooled, energy "
              << io::format_number(dense / prices.price(placed.layers).totals.energy_nj, 1)
              << " times less\n";
  }
}
