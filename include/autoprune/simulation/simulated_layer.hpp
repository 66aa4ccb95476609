/// @file simulated_layer.hpp
/// One convolution or linear layer on the accelerator: inputs become integers, every output
/// position sends its patch through the data path, outputs become real numbers again.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "autoprune/core/thread_pool.hpp"
#include "autoprune/mapping/placement.hpp"
#include "autoprune/nn/activation.hpp"
#include "autoprune/nn/matrix_plan.hpp"
#include "autoprune/simulation/calibration.hpp"
#include "autoprune/simulation/exact_product.hpp"
#include "autoprune/simulation/input_codes.hpp"
#include "autoprune/simulation/ou_data_path.hpp"

namespace autoprune::simulation {

/// A layer as it is written into crossbars.
struct StoredLayer {
  const nn::Network& network;
  const nn::Node& node;
  const PruneMask& mask;
  const mapping::Placement& placement;
  QuantisedWeights weights;
  LayerRanges ranges;
};

class SimulatedLayer {
 public:
  /// Memory that the layers of a network share.
  struct Scratch {
    nn::Activation codes;
    std::vector<nn::Activation> sums;
  };

  /// `devices` draws the cells as `seed` says. With `walk_all` every bitline is visited even where
  /// its ADC can't err; outputs are the same bits. Throws wrong_order when the layer's ranges are
  /// not known, and what OUDataPath throws.
  template <hardware::AdcPolicy Adc, class Devices>
  static SimulatedLayer make(const StoredLayer& layer, const Geometry<>& geometry, const Adc& adc,
                             DataPathConfig config, const Devices& devices, std::uint64_t seed,
                             bool walk_all, ThreadPool& pool) {
    layer.ranges.require(layer.node);
    require_matrices(layer.node, layer.placement.ous.shape());
    config.input.negative = layer.ranges.input.negative;
    SimulatedLayer out(layer, config.input);
    // With an offset, what ADC steps of another size than 1 make of it can't be told apart.
    const bool splits =
        !walk_all && (adc.lsb() == 1.0 || config.weights.sign == hardware::SignEncoding::pair);
    const auto path = std::make_shared<const OUDataPath<Geometry<>, Adc>>(
        geometry, layer.weights, layer.placement, adc, config, splits ? Walk::errors : Walk::all,
        devices, seed);
    if (splits)
      out.exact_.emplace(layer.network, layer.node, layer.mask, layer.weights,
                         largest_code(config.input.bits), config.input.negative, pool);
    out.lsb_ = adc.lsb();
    out.bitlines_ = path->bitlines();
    out.multiply_ = [path](const std::int32_t* x, double* y, Index lanes, Activity& activity,
                           std::uint64_t read) { path->multiply(x, y, lanes, activity, read); };
    return out;
  }

  /// y = W x as the accelerator computes it. With `activity`, adds what it did. Resizes y.
  void product(const nn::Activation& x, nn::Activation& y, Activity* activity, Scratch& scratch,
               ThreadPool& pool) {
    nn::InputRounding(inputs_).encode(x, scratch.codes, pool);
    y.resize(shape_.out, x.images());
    scratch.sums.resize(exact_ ? static_cast<std::size_t>(exact_->parts()) : 0);
    for (Index part = 0; exact_ && part < exact_->parts(); ++part)
      exact_->forward(part, scratch.codes, scratch.sums[static_cast<std::size_t>(part)], pool);
    const bool visits = bitlines_ > 0 || !exact_ || activity != nullptr;
    const Index items = x.blocks() * shape_.positions();
    std::vector<Activity> counts(static_cast<std::size_t>(items));
    pool.for_each(items, [&](Index item) {
      const Index block = item / shape_.positions(), position = item % shape_.positions();
      thread_local std::vector<double> out;
      out.assign(static_cast<std::size_t>(shape_.filters() * nn::kLanes), 0.0);
      if (visits)
        visit(scratch.codes, block, position, x.lanes(block), out,
              counts[static_cast<std::size_t>(item)], reads_ + static_cast<std::uint64_t>(item));
      store(scratch.sums, block, position, out, y);
    });
    reads_ += static_cast<std::uint64_t>(items);
    if (activity != nullptr)
      for (const Activity& count : counts) *activity += count;
  }

  [[nodiscard]] const nn::detail::MatrixShape& shape() const noexcept { return shape_; }
  /// Output of integer 1.
  [[nodiscard]] double step() const noexcept { return inputs_.step() * weight_step_; }

 private:
  SimulatedLayer(const StoredLayer& layer, const hardware::InputCode& input)
      : shape_(layer.network, layer.node),
        inputs_(codes_of(layer.ranges.input, input)),
        weight_step_(layer.weights.step) {}

  /// Sends the patch of one output position through the data path.
  void visit(const nn::Activation& codes, Index block, Index position, Index lanes,
             std::vector<double>& out, Activity& activity, std::uint64_t read) const {
    thread_local std::vector<std::int32_t> patch;
    gather_patch(shape_, codes, block, position, patch);
    multiply_(patch.data(), out.data(), lanes, activity, read);
  }

  void store(const std::vector<nn::Activation>& sums, Index block, Index position,
             const std::vector<double>& out, nn::Activation& y) const {
    const Index first = position * shape_.filters() * nn::kLanes;
    float* to = y.block(block) + first;
    for (std::size_t i = 0; i < out.size(); ++i) {
      double sum = 0.0;
      for (const nn::Activation& part : sums)
        sum += static_cast<double>(part.block(block)[first + static_cast<Index>(i)]);
      to[i] = static_cast<float>(step() * (lsb_ * sum + out[i]));
    }
  }

  nn::detail::MatrixShape shape_;
  nn::Codes inputs_;
  double weight_step_, lsb_ = 1.0;
  Index bitlines_ = 0;
  std::optional<ExactProduct> exact_;
  std::function<void(const std::int32_t*, double*, Index, Activity&, std::uint64_t read)> multiply_;
  std::uint64_t reads_ = 0;  // so far: every read has noise of its own
};

}  // namespace autoprune::simulation
