/// @file measured_activity.hpp
/// What any method's mapping of a whole network does for given images, zero inputs skipped.
#pragma once

#include <map>
#include <span>
#include <vector>

#include "autoprune/mapping/placement.hpp"
#include "autoprune/nn/batch.hpp"
#include "autoprune/nn/matrix_layer.hpp"
#include "autoprune/nn/product_guard.hpp"
#include "autoprune/nn/session.hpp"
#include "autoprune/simulation/active_ous.hpp"
#include "autoprune/simulation/input_codes.hpp"

namespace autoprune::simulation {

namespace detail {

/// A layer that computes in floating point and counts what its input codes ask for.
class CountingLayer {
 public:
  CountingLayer(const nn::Network& network, const nn::Node& node, const PruneMask& mask,
                const mapping::Placement& mapped, const Range& range,
                const hardware::Accelerator& accelerator, ThreadPool& pool)
      : layer_(network, node, mask),
        inputs_(codes_of(range, signed_as(range, accelerator.inputs))),
        ous_(mapped, accelerator, signed_as(range, accelerator.inputs)) {
    require_matrices(node, mapped.ous.shape());
    layer_.pack(node.weight, false, pool);
  }

  void product(const nn::Activation& x, nn::Activation& y, ThreadPool& pool) {
    layer_.forward(x, y, {}, pool);
    inputs_.encode(x, codes_, pool);
    const Index positions = layer_.shape().positions();
    std::vector<Activity> counts(static_cast<std::size_t>(x.blocks() * positions));
    pool.for_each(x.blocks() * positions, [&](Index item) {
      const Index block = item / positions;
      std::vector<std::int32_t> patch, one(static_cast<std::size_t>(layer_.shape().inputs()));
      gather_patch(layer_.shape(), codes_, block, item % positions, patch);
      for (Index lane = 0; lane < x.lanes(block); ++lane) {
        for (std::size_t r = 0; r < one.size(); ++r)
          one[r] = patch[r * static_cast<std::size_t>(nn::kLanes) + static_cast<std::size_t>(lane)];
        counts[static_cast<std::size_t>(item)] += ous_.count(one);
      }
    });
    for (const Activity& count : counts) activity_ += count;
  }

  [[nodiscard]] const Activity& activity() const noexcept { return activity_; }

 private:
  nn::MatrixLayer layer_;
  nn::InputRounding inputs_;
  ActiveOus ous_;
  nn::Activation codes_;
  Activity activity_;
};

}  // namespace detail

/// Of every matrix layer of the session's network under `masks`, over all images of the batches;
/// `layers` are its OUs, `ranges` as calibrate() finds them. Throws mask_mismatch, or wrong_order
/// when a layer's ranges are not known.
[[nodiscard]] inline std::vector<Activity> measured_activity(
    nn::Session& session, std::span<const PruneMask> masks,
    std::span<const mapping::Placement> layers, std::span<const LayerRanges> ranges,
    const hardware::Accelerator& accelerator, std::span<const nn::Batch> batches) {
  const nn::Network& network = session.network();
  const std::vector<Index> nodes = network.matrix_layers();
  if (masks.size() != nodes.size() || layers.size() != nodes.size() ||
      ranges.size() != nodes.size())
    fail(ErrorId::mask_mismatch, masks.size(), " masks, ", layers.size(), " layers' OUs and ",
         ranges.size(), " ranges for ", nodes.size(), " layers with weights; one each is needed");
  std::map<Index, detail::CountingLayer> counting;
  for (std::size_t k = 0; k < nodes.size(); ++k) {
    ranges[k].require(network.node(nodes[k]));
    counting.try_emplace(nodes[k], network, network.node(nodes[k]), masks[k], layers[k],
                         ranges[k].input, accelerator.layer(static_cast<Index>(k)), session.pool());
  }
  const nn::ProductGuard guard(session,
                               [&](Index node, const nn::Activation& x, nn::Activation& y) {
                                 counting.at(node).product(x, y, session.pool());
                               });
  for (const nn::Batch& batch : batches) session.logits_of(batch.images);
  std::vector<Activity> activity;
  for (const Index node : nodes) activity.push_back(counting.at(node).activity());
  return activity;
}

}  // namespace autoprune::simulation
