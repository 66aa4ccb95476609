/// @file compressor.hpp
/// A method on its hardware, its type forgotten: one object that ranks, prunes, counts crossbars
/// and places, so that a program compiles the search once and not once a method.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/core/tensor.hpp"
#include "autoprune/hardware/accelerator.hpp"
#include "autoprune/mapping/placement.hpp"
#include "autoprune/methods/column_vectors.hpp"
#include "autoprune/methods/method.hpp"
#include "autoprune/nn/finite.hpp"
#include "autoprune/nn/network.hpp"

namespace autoprune::methods {

class Compressor {
 public:
  template <Method M>
  Compressor(const Setting& setting, M method)
      : name_(M::kName), geometry_(setting.geometry), options_(setting.options.mapping) {
    if constexpr (requires { method.granularity(); }) {
      row_groups_ = true;
      granularity_ = method.granularity();
      rows_ = setting.options.rows;
    }
    const auto shared = std::make_shared<const M>(std::move(method));
    if constexpr (requires(const nn::Node& node) { shared->rank(node); }) {
      rank_ = [shared](const nn::Node& node, const Tensor*) { return shared->rank(node); };
    } else {
      needs_gradients_ = true;
      rank_ = [shared](const nn::Node& node, const Tensor* gradient) {
        return shared->rank(node, *gradient);
      };
    }
    count_ = [shared](Index layer, const PruneMask& mask) {
      const auto& placer = shared->placer(layer);
      if constexpr (requires { placer.count(mask); })
        return placer.count(mask);
      else
        return mapping::count(placer, mask);
    };
    place_ = [shared](Index layer, const PruneMask& mask) {
      return mapping::place(shared->placer(layer), mask);
    };
  }

  /// Column-vectors as a pruner ranks them. Throws what ColumnVectors throws.
  ///
  ///   const Compressor compressor(PaperGeometry{}, prune::ColumnVectorPruner(32));
  template <prune::Pruner P>
  Compressor(const Geometry<>& geometry, P pruner, const hardware::WeightCode& options = {},
             OuSelection selection = OuSelection::best,
             prune::RowGrouping rows = prune::RowGrouping::neighbours)
      : Compressor(geometry, std::move(pruner), MethodOptions{options, 0, rows, selection}) {}

  /// As make_method() knows it.
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] const Geometry<>& geometry() const noexcept { return geometry_; }
  /// Of its masks; 1: element-wise.
  [[nodiscard]] Index granularity() const noexcept { return granularity_; }
  [[nodiscard]] prune::RowGrouping rows() const noexcept { return rows_; }
  /// Whether it prunes column-vectors of row groups; else single weights.
  [[nodiscard]] bool row_groups() const noexcept { return row_groups_; }
  [[nodiscard]] const hardware::WeightCode& options() const noexcept { return options_; }
  /// Physical arrays that hold the same tiles: bit planes times sign arrays.
  [[nodiscard]] Index arrays() const noexcept { return options_.arrays(geometry_.cell_bits); }
  /// Throws geometry_mismatch unless this is what the accelerator's crossbars hold.
  void require(const hardware::Accelerator& accelerator) const {
    if (accelerator.geometry != geometry_ || accelerator.weights != options_)
      fail(ErrorId::geometry_mismatch, "accelerator '", accelerator.name, "' has crossbars of ",
           accelerator.geometry.to_string(), " and weights of ", accelerator.weights.weight_bits,
           " bits, but the network is mapped to ", geometry_.to_string(), " and ",
           options_.weight_bits, " bits; make both of one accelerator");
  }
  /// Whether rank() needs dL/dw.
  [[nodiscard]] bool needs_gradients() const noexcept { return needs_gradients_; }

  /// Ranks the weights of every matrix layer of a network; `gradients` holds dL/dw of each, or
  /// nothing. Throws not_finite, naming the layer, for a parameter that has no rank: NaN or
  /// infinity; missing_value or shape_mismatch for gradients that are needed.
  [[nodiscard]] std::vector<Ranking> rank(const nn::Network& network,
                                          std::span<const Tensor> gradients = {}) const {
    const std::vector<Index> layers = nn::mapped_layers(network);
    if (needs_gradients_ && gradients.size() != layers.size())
      fail(ErrorId::missing_value, "weights are ranked by gradients, and there are ",
           gradients.size(), " for ", layers.size(),
           " layers; give images (nn::loss_gradients), or take another importance");
    std::vector<Ranking> all;
    for (const Index i : layers) {
      nn::check_parameters(network.node(i));
      all.push_back(rank_(network.node(i), needs_gradients_ ? &gradients[all.size()] : nullptr));
    }
    return all;
  }

  /// The masks of a network, one keep ratio in (0, 1] a matrix layer. Throws shape_mismatch.
  [[nodiscard]] static std::vector<PruneMask> masks(std::span<const Ranking> layers,
                                                    std::span<const double> keep_ratios) {
    if (keep_ratios.size() != layers.size())
      fail(ErrorId::shape_mismatch, keep_ratios.size(), " keep ratios for ", layers.size(),
           " layers with weights; one each is needed");
    std::vector<PruneMask> all;
    for (std::size_t k = 0; k < layers.size(); ++k) all.push_back(layers[k].mask(keep_ratios[k]));
    return all;
  }

  /// Of the matrix layer with that number, from 0.
  [[nodiscard]] mapping::LayerCount count(Index layer, const PruneMask& mask) const {
    return count_(layer, mask);
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
    for (const PruneMask& mask : masks)
      layers.push_back(place_(static_cast<Index>(layers.size()), mask));
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

  std::string name_;
  Geometry<> geometry_;
  hardware::WeightCode options_;
  bool row_groups_ = false;
  Index granularity_ = 1;
  prune::RowGrouping rows_ = prune::RowGrouping::neighbours;
  bool needs_gradients_ = false;
  std::function<Ranking(const nn::Node&, const Tensor* gradient)> rank_;
  std::function<mapping::LayerCount(Index layer, const PruneMask&)> count_;
  std::function<mapping::Placement(Index layer, const PruneMask&)> place_;
};

}  // namespace autoprune::methods
