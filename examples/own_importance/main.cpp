// A pruning criterion of one's own; run it in the repository's root. Anything with a score()
// is one: of the weights of a column-vector, or of its weights and their gradients.

#include <autoprune/autoprune.hpp>
#include <cmath>
#include <iostream>

using namespace autoprune;

// [extending]
/// (mean of |w|^p)^(1/p): the mean at p = 1, nearly the largest weight at a high p. Scores must not
/// be negative, and must not grow with the vector's length, as the last row group may be short.
struct PowerMean {
  double p = 1.0;
  [[nodiscard]] float score(std::span<const float> weights) const {
    double sum = 0.0;
    for (const float w : weights) sum += std::pow(std::abs(double{w}), p);
    return static_cast<float>(std::pow(sum / static_cast<double>(weights.size()), 1.0 / p));
  }
};
// [extending]
static_assert(prune::WeightCriterion<PowerMean>);

using Pruner = prune::ColumnVectorPruner<32, PowerMean>;

/// Column-vectors that both masks keep.
Index common(const std::vector<PruneMask>& a, const std::vector<PruneMask>& b) {
  Index both = 0;
  for (std::size_t k = 0; k < a.size(); ++k)
    for (Index g = 0; g < a[k].groups(); ++g)
      for (Index c = 0; c < a[k].cols(); ++c) both += a[k].kept(g, c) && b[k].kept(g, c) ? 1 : 0;
  return both;
}

Index kept(const std::vector<PruneMask>& masks) { return common(masks, masks); }

int main() {
  nn::Network network = nn::lenet5();
  io::load_weights(network, "models/lenet5-mnist.safetensors");
  std::vector<PruneMask> mean;
  for (const double p : {1.0, 2.0, 8.0}) {
    // The compressor takes any pruner, and with it the search and the fine-tuning do.
    const auto hardware = search::Compressor(PaperGeometry{}, Pruner(PowerMean{p}));
    const std::vector<search::Ranking> layers = hardware.rank(network);
    const auto policy = search::heuristic(search::Origin::uniform, layers, 0.25).policy;
    const std::vector<PruneMask> masks = search::Compressor::masks(layers, policy);
    if (mean.empty()) mean = masks;
    std::cout << "p = " << p << ": " << kept(masks) << " column-vectors kept, "
              << common(masks, mean) << " of them also at p = 1; "
              << hardware.count(masks).crossbars.pooled << " crossbars\n";
  }
}
