/// @file compressor.hpp
/// A method on its hardware, its type forgotten: one object that ranks, prunes, counts crossbars
/// and places, so that a program compiles the search once and not once a method. Layers may differ
/// in their hardware and granularity.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/core/tensor.hpp"
#include "autoprune/hardware/accelerator.hpp"
#include "autoprune/mapping/placement.hpp"
#include "autoprune/methods/column_vectors.hpp"
#include "autoprune/methods/layer_plan.hpp"
#include "autoprune/methods/method.hpp"
#include "autoprune/methods/variants.hpp"
#include "autoprune/nn/finite.hpp"
#include "autoprune/nn/network.hpp"

namespace autoprune::methods {

class Compressor {
 public:
  template <Method M>
  Compressor(const Setting& setting, M method)
      : name_(M::kName),
        rows_(setting.options.rows),
        row_groups_(requires { method.granularity(); }),
        needs_gradients_(!requires(const nn::Node& node) { method.rank(node); }),
        variants_(std::make_shared<detail::Variants>(std::move(method))),
        base_(variants_->of({setting.geometry, setting.options.mapping, {}})) {}

  /// Column-vectors as a pruner ranks them. Throws what ColumnVectors throws.
  ///
  ///   const Compressor compressor(PaperGeometry{}, prune::ColumnVectorPruner(32));
  template <prune::Pruner P>
  Compressor(const Geometry<>& geometry, P pruner, const hardware::WeightCode& options = {},
             OuSelection selection = OuSelection::best,
             prune::RowGrouping rows = prune::RowGrouping::neighbours)
      : Compressor(geometry, std::move(pruner), MethodOptions{options, 0, rows, selection}) {}

  /// The same where plans decide of more than keep ratios. Throws shape_mismatch for plans of
  /// another number of layers, out_of_range for a granularity where the method has none, and what
  /// the method throws on such hardware.
  [[nodiscard]] Compressor with(std::span<const LayerPlan> plans) const {
    if (keeps_only(plans)) return *this;
    Compressor same = *this;
    if (layers_.empty()) same.layers_.assign(plans.size(), base_);
    if (same.layers_.size() != plans.size())
      fail(ErrorId::shape_mismatch, plans.size(), " plans for ", layers_.size(),
           " layers with weights; one each is needed");
    for (std::size_t k = 0; k < plans.size(); ++k)
      same.layers_[k] = planned(static_cast<Index>(k), plans[k]);
    return same;
  }

  /// The same under masks that stay, of a network that is pruned already: whatever a policy keeps,
  /// its masks are these.
  [[nodiscard]] Compressor holding(std::vector<PruneMask> masks) const {
    Compressor same = *this;
    same.needs_gradients_ = false;
    same.held_ = std::make_shared<const std::vector<PruneMask>>(std::move(masks));
    return same;
  }
  /// Those masks; none where it ranks.
  [[nodiscard]] std::span<const PruneMask> held() const noexcept {
    return held_ ? std::span<const PruneMask>(*held_) : std::span<const PruneMask>();
  }

  /// As make_method() knows it.
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] prune::RowGrouping rows() const noexcept {
    return row_groups_ ? rows_ : prune::RowGrouping::neighbours;
  }
  /// Whether it prunes column-vectors of row groups; else single weights.
  [[nodiscard]] bool row_groups() const noexcept { return row_groups_; }
  /// Whether rank() needs dL/dw.
  [[nodiscard]] bool needs_gradients() const noexcept { return needs_gradients_; }

  // Of the accelerator, where a layer's plan says nothing else
  [[nodiscard]] const Geometry<>& geometry() const noexcept { return base_->kind.geometry; }
  /// Of its masks; 1: element-wise.
  [[nodiscard]] Index granularity() const noexcept { return base_->granularity; }
  [[nodiscard]] const hardware::WeightCode& options() const noexcept { return base_->kind.weights; }
  /// Physical arrays that hold the same tiles: bit planes times sign arrays.
  [[nodiscard]] Index arrays() const noexcept { return base_->arrays(); }

  // Of a matrix layer, by its number from 0
  [[nodiscard]] const Geometry<>& geometry(Index layer) const { return at(layer).kind.geometry; }
  [[nodiscard]] Index granularity(Index layer) const { return at(layer).granularity; }
  [[nodiscard]] const hardware::WeightCode& options(Index layer) const {
    return at(layer).kind.weights;
  }
  [[nodiscard]] Index arrays(Index layer) const { return at(layer).arrays(); }

  /// Throws geometry_mismatch unless this is what the accelerator's crossbars hold.
  void require(const hardware::Accelerator& accelerator) const {
    require(accelerator, *base_);
    const auto layers = static_cast<Index>(std::max(layers_.size(), accelerator.layers.size()));
    for (Index k = 0; k < layers; ++k) require(accelerator.layer(k), at(k));
  }

  /// Ranks the weights of every matrix layer of a network; `gradients` holds dL/dw of each, or
  /// nothing. Throws not_finite, naming the layer, for a parameter that has no rank: NaN or
  /// infinity; missing_value or shape_mismatch for gradients that are needed.
  [[nodiscard]] std::vector<Ranking> rank(const nn::Network& network,
                                          std::span<const Tensor> gradients = {}) const {
    const std::vector<Index> layers = network.matrix_layers();
    if (needs_gradients_ && gradients.size() != layers.size())
      fail(ErrorId::missing_value, "weights are ranked by gradients, and there are ",
           gradients.size(), " for ", layers.size(),
           " layers; give images (nn::loss_gradients), or take another importance");
    std::vector<Ranking> all;
    for (std::size_t k = 0; k < layers.size(); ++k)
      all.push_back(rank(static_cast<Index>(k), {}, network.node(layers[k]),
                         needs_gradients_ ? &gradients[k] : nullptr));
    return all;
  }
  /// One matrix layer under a plan; `gradient` may be null where none is needed.
  [[nodiscard]] Ranking rank(Index layer, const LayerPlan& plan, const nn::Node& node,
                             const Tensor* gradient) const {
    nn::check_parameters(node);
    const auto method = planned(layer, plan);
    if (!held_) return method->rank(node, gradient);
    const prune::Scores one = prune::Scores::Ones(1, 1);
    return {one, one, [mask = held_->at(static_cast<std::size_t>(layer))](double) { return mask; }};
  }

  /// The masks of a network, one keep ratio in (0, 1] a matrix layer; `layers` are ranked by this
  /// compressor, or by what with() makes of it for the policy. Throws shape_mismatch.
  [[nodiscard]] static std::vector<PruneMask> masks(std::span<const Ranking> layers,
                                                    std::span<const LayerPlan> policy) {
    if (policy.size() != layers.size())
      fail(ErrorId::shape_mismatch, policy.size(), " keep ratios for ", layers.size(),
           " layers with weights; one each is needed");
    std::vector<PruneMask> all;
    for (std::size_t k = 0; k < layers.size(); ++k) all.push_back(layers[k].mask(policy[k].keep));
    return all;
  }

  /// Of a matrix layer. Compression compares with the dense layer on the accelerator's own
  /// crossbars, whatever the plan.
  [[nodiscard]] mapping::LayerCount count(Index layer, const LayerPlan& plan,
                                          const PruneMask& mask) const {
    return beside_dense(planned(layer, plan)->count(layer, mask));
  }
  [[nodiscard]] mapping::LayerCount count(Index layer, const PruneMask& mask) const {
    return beside_dense(at(layer).count(layer, mask));
  }
  [[nodiscard]] mapping::NetworkCount count(std::span<const PruneMask> masks) const {
    std::vector<mapping::LayerCount> layers;
    for (const PruneMask& mask : masks)
      layers.push_back(count(static_cast<Index>(layers.size()), mask));
    return mapping::sum_counts(std::move(layers));
  }
  /// OUs, places and index buffers of every layer. Throws mask_mismatch.
  [[nodiscard]] mapping::NetworkPlacement map(std::span<const PruneMask> masks) const {
    std::vector<mapping::Placement> layers;
    for (const PruneMask& mask : masks) {
      const auto k = static_cast<Index>(layers.size());
      layers.push_back(at(k).place(k, mask));
      layers.back().count = beside_dense(layers.back().count);
    }
    return mapping::network_placement(std::move(layers));
  }

 private:
  template <prune::Pruner P>
  Compressor(const Geometry<>& geometry, P pruner, const MethodOptions& options)
      : Compressor(Setting{no_network(), geometry, options},
                   ColumnVectors<P>({no_network(), geometry, options}, pruner)) {}

  /// Column-vectors ask nothing of it.
  static const nn::Network& no_network() {
    static const nn::Network none({1, 1, 1});
    return none;
  }

  /// Throws shape_mismatch for a layer that has no plan.
  [[nodiscard]] const detail::Variant& at(Index layer) const {
    if (layers_.empty()) return *base_;
    if (layer < 0 || layer >= std::ssize(layers_))
      fail(ErrorId::shape_mismatch, "plans of ", layers_.size(),
           " layers for a network with more; ", "one each is needed");
    return *layers_[static_cast<std::size_t>(layer)];
  }
  [[nodiscard]] std::shared_ptr<const detail::Variant> planned(Index layer,
                                                               const LayerPlan& plan) const {
    const detail::Variant& now = at(layer);
    detail::VariantKind kind = now.kind;
    if (plan.hardware.geometry) kind.geometry = *plan.hardware.geometry;
    if (plan.hardware.weight_bits) kind.weights.weight_bits = *plan.hardware.weight_bits;
    if (plan.granularity) kind.granularity = plan.granularity;
    if (held_ && plan.granularity.value_or(now.granularity) != now.granularity)
      fail(ErrorId::out_of_range, "column-vectors of ", *plan.granularity, " rows for masks of ",
           now.granularity, ", which stay; leave the granularity out, or search keep as well");
    try {
      return variants_->of(kind);
    } catch (const Error& error) {
      fail(error.id(), "plan of layer ", layer + 1, ": ", error.message());
    }
  }
  [[nodiscard]] mapping::LayerCount beside_dense(mapping::LayerCount count) const {
    if (count.array != base_->shape)
      count.crossbars_dense = base_->shape.dense_crossbars(count.rows, count.cols);
    return count;
  }

  static void require(const hardware::Accelerator& accelerator, const detail::Variant& own) {
    const auto& [geometry, weights, granularity] = own.kind;
    if (accelerator.geometry != geometry || accelerator.weights != weights)
      fail(ErrorId::geometry_mismatch, "accelerator '", accelerator.name, "' has crossbars of ",
           accelerator.geometry.to_string(), " and weights of ", accelerator.weights.weight_bits,
           " bits, but the network is mapped to ", geometry.to_string(), " and ",
           weights.weight_bits, " bits; make both of one accelerator");
  }

  std::string name_;
  prune::RowGrouping rows_;
  bool row_groups_;
  bool needs_gradients_;
  std::shared_ptr<detail::Variants> variants_;
  std::shared_ptr<const detail::Variant> base_;
  std::vector<std::shared_ptr<const detail::Variant>> layers_;  // none: all are alike
  std::shared_ptr<const std::vector<PruneMask>> held_;          // none: it ranks
};

}  // namespace autoprune::methods
