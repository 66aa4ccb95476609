/// @file metrics.hpp
/// What users compare accelerators by.
#pragma once

#include <algorithm>

#include "autoprune/cost/ou_model.hpp"

namespace autoprune::cost {

/// Operations are two a multiplication of the dense network, however many of them pruning saves:
/// efficiency is for the same task.
struct Metrics {
  double energy_nj = 0.0;     ///< an inference
  double images_per_s = 0.0;  ///< one image behind another: the slowest layer's pace
  double gops_per_w = 0.0;
  double gops_per_mm2 = 0.0;
  double index_kib = 0.0;
  double weight_kib = 0.0;   ///< of the weights that are kept, without their signs
  double index_share = 0.0;  ///< index_kib / weight_kib
};

[[nodiscard]] inline Metrics metrics(const OuCost& cost) {
  double macs = 0.0, slowest_ns = 0.0, weight_bits = 0.0;
  for (const OuLayerCost& layer : cost.layers) {
    macs += layer.work.shape.macs();
    slowest_ns = std::max(slowest_ns, layer.totals.latency_unpipelined_ns);
    weight_bits += static_cast<double>(layer.work.kept_weights * layer.work.weight_bits);
  }
  Metrics m;
  const auto ratio = [](double a, double b) { return b > 0.0 ? a / b : 0.0; };
  m.energy_nj = cost.totals.energy_nj;
  m.images_per_s = ratio(1e9, slowest_ns);
  m.gops_per_w = ratio(2.0 * macs, cost.totals.energy_nj);
  m.gops_per_mm2 = ratio(2.0 * macs * m.images_per_s * 1e-9, cost.totals.area_um2 * 1e-6);
  m.index_kib = cost.total(&LayerWork::index_bits) / 8192.0;
  m.weight_kib = weight_bits / 8192.0;
  m.index_share = ratio(m.index_kib, m.weight_kib);
  return m;
}

/// How many times better than the unpruned network on the same hardware.
struct Gains {
  double area = 1.0, energy = 1.0, latency = 1.0, images_per_s = 1.0;
  double gops_per_w = 1.0, gops_per_mm2 = 1.0;
};

[[nodiscard]] inline Gains gains(const OuCost& cost, const OuCost& dense) {
  const Metrics a = metrics(cost), b = metrics(dense);
  return {dense.totals.area_um2 / cost.totals.area_um2,
          dense.totals.energy_nj / cost.totals.energy_nj,
          dense.totals.latency_ns / cost.totals.latency_ns,
          a.images_per_s / b.images_per_s,
          a.gops_per_w / b.gops_per_w,
          a.gops_per_mm2 / b.gops_per_mm2};
}

}  // namespace autoprune::cost
