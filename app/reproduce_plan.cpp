#include "reproduce_plan.hpp"

namespace autoprune::cli {

std::optional<SlidesRow> slides_row(const std::string& network, const std::string& data,
                                    const std::string& method) {
  struct SlidesEntry {
    const char *network, *method;
    SlidesRow figures;
  };
  static const std::vector<SlidesEntry> rows = {
      {"alexnet", "naive", {1.0, 99.36, 0.0}},
      {"alexnet", "pim-prune", {4.3, 98.81, 0.55}},
      {"alexnet", "pattern-prune", {1.1, 96.48, 2.88}},
      {"alexnet", "autoprune", {14.3, 99.10, 0.26}},
      {"vgg16", "naive", {1.0, 99.29, 0.0}},
      {"vgg16", "pim-prune", {6.1, 98.62, 0.67}},
      {"vgg16", "pattern-prune", {2.6, 98.43, 0.86}},
      {"vgg16", "autoprune", {11.9, 98.62, 0.67}},
      {"plain20", "naive", {1.0, 98.14, 0.0}},
      {"plain20", "pim-prune", {7.3, 98.19, -0.05}},
      {"plain20", "pattern-prune", {1.2, 98.24, -0.10}},
      {"plain20", "autoprune", {10.3, 98.29, -0.15}},
  };
  for (const SlidesEntry& row : rows)
    if (data == "cifar10" && row.network == network && row.method == method) return row.figures;
  return {};
}

const std::vector<SlidesRatios>& slides_ratios() {
  // Energy: 2.3 on one slide, 3.3 in the conclusions; area: the labels of one slide are swapped
  // (docs/deviations.md).
  static const std::vector<SlidesRatios> ratios = {{"pim-prune", 3.3, 3.3, 3.1},
                                                   {"pattern-prune", 13.0, 12.2, 9.6}};
  return ratios;
}

}  // namespace autoprune::cli
