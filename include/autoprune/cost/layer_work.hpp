/// @file layer_work.hpp
/// What a layer asks of the hardware: crossbars and index bits that are built, and what is done for
/// one image. Whoever fills a LayerWork (a dense layer, a mapping of ours, another pruning method,
/// a simulation) is billed by the same OuModel.
#pragma once

#include <algorithm>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/core/types.hpp"
#include "autoprune/hardware/accelerator.hpp"
#include "autoprune/hardware/geometry.hpp"
#include "autoprune/mapping/placement.hpp"
#include "autoprune/nn/network.hpp"

namespace autoprune::cost {

/// A layer, pruned or not.
struct LayerShape {
  Index rows = 0, filters = 0;  ///< the weight matrix, or several side by side
  Index positions = 1;          ///< outputs of one filter for one image
  Index inputs = 0;             ///< values of its input feature map
  Index buffered_inputs = 0;    ///< of them, what the input buffer holds: as many lines as the
                                ///< kernel is high
  Index matrices = 1;           ///< groups of a convolution

  /// Multiplications of the dense layer.
  [[nodiscard]] double macs() const noexcept {
    return static_cast<double>(rows) * static_cast<double>(filters) *
           static_cast<double>(positions);
  }
};

/// The layers of a network that have weights.
[[nodiscard]] inline std::vector<LayerShape> layer_shapes(const nn::Network& network) {
  std::vector<LayerShape> shapes;
  for (const Index i : network.matrix_layers()) {
    const nn::Node& node = network.node(i);
    const nn::Shape3& in = network.node(node.inputs.front()).shape;
    const bool conv = node.op.is<nn::Conv>();
    const nn::Size2 kernel = node.op.window().kernel;
    const Index lines = conv ? std::min(node.op.window().reach().h, in.height) : in.height;
    shapes.push_back({conv ? in.channels / node.matrices * kernel.h * kernel.w : in.size(),
                      node.filters(), conv ? node.shape.height * node.shape.width : 1, in.size(),
                      in.channels * lines * in.width, node.matrices});
  }
  return shapes;
}

/// What one crossbar does for one image, one thing after another.
struct CrossbarWork {
  double activations = 0.0;
  double input_fetches = 0.0;
  double accumulations = 0.0;
};

/// Actions are counted in all arrays (bit planes and signs) together. They are averages over images
/// where they were measured.
struct LayerWork {
  LayerShape shape;

  // What is built
  Index crossbars = 0;     ///< physical arrays, none of them shared with another layer
  Index index_bits = 0;    ///< of the index buffer, which all arrays share; 0: none is needed
  Index kept_weights = 0;  ///< weights that are stored
  Index weight_bits = 8;   ///< magnitude bits of each
  double filled = 0.0;     ///< share of the crossbars' cells that hold them

  // What is done for one image
  double activations = 0.0;    ///< of an OU of one array, with one digit of its inputs
  double wordlines = 0.0;      ///< driven by a DAC
  double bitlines = 0.0;       ///< converted by an ADC
  double cells = 0.0;          ///< read
  double input_fetches = 0.0;  ///< input values read from the buffer; they go to all arrays
  double index_fetches = 0.0;  ///< entries of the index buffer
  double index_reads = 0.0;    ///< bits of the index buffer
  double accumulations = 0.0;  ///< sums of a filter's weights in one OU, added to its output

  // The schedule
  CrossbarWork longest;  ///< the most of each that any one crossbar does
  Index step_cols = 0;   ///< bitlines that an activation makes room for
};

/// What components that are added (hardware/component.hpp) count by.
struct LayerUse {
  const LayerWork& work;
  const hardware::Accelerator& hardware;
  double sets;  ///< of crossbars that hold the same tiles
};

/// One operation unit as a crossbar of each array stores it. Any rows and any filters of the layer.
struct PlacedOu {
  Index rows = 0, filters = 0;
  Index crossbar = 0;   ///< its number in each array, from 0
  Index input_set = 0;  ///< names the inputs that it reads; OUs in a row that read the same ones
                        ///< get them by one fetch
};

/// Adds the OUs of one layer up. Holds a reference to the accelerator.
class WorkCounter {
 public:
  /// `step_rows` x `step_cols` cells are active at a time: the geometry's OU, or a whole crossbar.
  WorkCounter(const LayerShape& shape, const hardware::Accelerator& accelerator, Index step_rows,
              Index step_cols)
      : accelerator_(accelerator), step_rows_(step_rows) {
    work_.shape = shape;
    work_.weight_bits = accelerator.weights.weight_bits;
    work_.step_cols = step_cols;
  }
  WorkCounter(const LayerShape& shape, const hardware::Accelerator& accelerator)
      : WorkCounter(shape, accelerator, accelerator.geometry.ou_rows,
                    accelerator.geometry.ou_cols) {}

  /// An OU of more rows than can be active is activated step by step.
  void add(const PlacedOu& ou) {
    if (ou.rows < 1 || ou.filters < 1 || ou.crossbar < 0)
      fail(ErrorId::out_of_range, "an OU of ", ou.rows, 'x', ou.filters, " weights in crossbar ",
           ou.crossbar, "; needs at least 1x1, and crossbars from 0 on");
    const Index steps = ceil_div(ou.rows, step_rows_);
    const auto times = [&](Index count) {
      return static_cast<double>(count) * static_cast<double>(work_.shape.positions);
    };
    const Index each = accelerator_.digits() * accelerator_.arrays();
    const Index bitlines = ou.filters * accelerator_.bitlines_per_weight();
    work_.kept_weights += ou.rows * ou.filters;
    work_.activations += times(steps * each);
    work_.wordlines += times(ou.rows * each);
    work_.bitlines += times(bitlines * steps * each);
    work_.cells += times(ou.rows * bitlines * each);
    work_.accumulations += times(ou.filters * steps);
    if (ou.input_set != input_set_) work_.input_fetches += times(ou.rows);
    input_set_ = ou.input_set;

    if (ou.crossbar >= static_cast<Index>(crossbars_.size()))
      crossbars_.resize(static_cast<std::size_t>(ou.crossbar + 1));
    OneCrossbar& crossbar = crossbars_[static_cast<std::size_t>(ou.crossbar)];
    crossbar.work.activations += times(steps * accelerator_.digits());
    crossbar.work.accumulations += times(ou.filters * steps);
    if (ou.input_set != crossbar.input_set) crossbar.work.input_fetches += times(ou.rows);
    crossbar.input_set = ou.input_set;
  }

  /// The whole layer's work. For every output position the index buffer of `index_bits` bits and
  /// `index_entries` entries is read from one end to the other; a layer without OUs needs none.
  [[nodiscard]] LayerWork finish(Index index_bits, Index index_entries) const {
    LayerWork work = work_;
    if (crossbars_.empty()) return work;
    const auto positions = static_cast<double>(work.shape.positions);
    const auto sets = static_cast<Index>(crossbars_.size());
    work.crossbars = sets * accelerator_.arrays();
    const Geometry<>& g = accelerator_.geometry;
    work.filled = static_cast<double>(work.kept_weights * accelerator_.bitlines_per_weight()) /
                  static_cast<double>(sets * g.xbar_rows * g.xbar_cols);
    work.index_bits = index_bits;
    work.index_fetches = positions * static_cast<double>(index_entries);
    work.index_reads = positions * static_cast<double>(index_bits);
    CrossbarWork& most = work.longest;
    for (const auto& [one, input_set] : crossbars_) {
      most.activations = std::max(most.activations, one.activations);
      most.input_fetches = std::max(most.input_fetches, one.input_fetches);
      most.accumulations = std::max(most.accumulations, one.accumulations);
    }
    return work;
  }

 private:
  static constexpr Index kNoInputs = -1;
  struct OneCrossbar {
    CrossbarWork work;
    Index input_set = kNoInputs;
  };

  const hardware::Accelerator& accelerator_;
  Index step_rows_;
  LayerWork work_;
  Index input_set_ = kNoInputs;
  std::vector<OneCrossbar> crossbars_;
};

/// A layer as any method maps it.
[[nodiscard]] inline LayerWork mapped_work(const LayerShape& shape, const mapping::Placement& layer,
                                           const hardware::Accelerator& accelerator) {
  WorkCounter counter(shape, accelerator);
  for (Index i = 0; i < layer.ous.size(); ++i) {
    const mapping::Ou ou = layer.ous[i];
    counter.add({ou.n_rows(), ou.n_cols(), ou.place.crossbar, ou.input_set});
  }
  return counter.finish(layer.index_bits(), layer.index_entries);
}

/// The layer without pruning: rows packed, as CrossbarMapper::dense_crossbars counts them; no index
/// is needed. Filters of several weight matrices, which have other inputs, are never active at
/// once.
[[nodiscard]] inline LayerWork dense_work(const LayerShape& shape,
                                          const hardware::Accelerator& accelerator) {
  const Geometry<>& g = accelerator.geometry;
  const bool whole = accelerator.dense_read == hardware::DenseRead::crossbars;
  const Index step_rows = whole ? g.xbar_rows : g.ou_rows;
  const Index step_cols = whole ? g.xbar_cols : g.ou_cols;
  const Index filters_per_step = step_cols / accelerator.bitlines_per_weight();
  const Index filters_per_crossbar = g.xbar_cols / accelerator.bitlines_per_weight();
  const Index strips = ceil_div(shape.filters, filters_per_crossbar);
  const Index each = shape.filters / shape.matrices;
  WorkCounter counter(shape, accelerator, step_rows, step_cols);
  for (Index row = 0; row < shape.rows; row += step_rows)
    for (Index filter = 0, next = 0; filter < shape.filters; filter = next) {
      const Index matrix = filter / each, strip = filter / filters_per_crossbar;
      next = std::min(
          {filter + filters_per_step, (matrix + 1) * each, (strip + 1) * filters_per_crossbar});
      counter.add({std::min(step_rows, shape.rows - row), next - filter,
                   row / g.xbar_rows * strips + strip, row / step_rows * shape.matrices + matrix});
    }
  return counter.finish(0, 0);
}

/// What a simulation counted for one image, on average.
struct MeasuredWork {
  double activations = 0.0;  ///< without those that were skipped
  double bitlines = 0.0;
  double input_fetches = 0.0;
  double index_fetches = 0.0;
};

/// `work` with what was measured in the place of what a data path without skipping would do.
/// Wordlines, cells and each crossbar's activations aren't measured and are taken to be skipped
/// like the rest.
[[nodiscard]] inline LayerWork measured_work(LayerWork work, const MeasuredWork& measured) {
  const double active = work.activations > 0.0 ? measured.activations / work.activations : 0.0;
  work.wordlines *= active;
  work.cells *= active;
  work.longest.activations *= active;
  work.activations = measured.activations;
  work.bitlines = measured.bitlines;
  work.input_fetches = measured.input_fetches;
  work.index_fetches = measured.index_fetches;
  return work;
}

}  // namespace autoprune::cost
