/// @file reconstruction.hpp
/// Kept weights that make up for pruned ones: a layer's weights are fitted, by least squares on
/// calibration images, to the outputs that the layer had before it was pruned. Without training, a
/// network keeps its accuracy to a higher compression, and policies can be told apart there.
#pragma once

#include <Eigen/Cholesky>
#include <algorithm>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "autoprune/core/number.hpp"
#include "autoprune/core/prune_mask.hpp"
#include "autoprune/core/random.hpp"
#include "autoprune/core/tensor.hpp"
#include "autoprune/nn/backend.hpp"
#include "autoprune/nn/batch.hpp"
#include "autoprune/nn/matrix_plan.hpp"
#include "autoprune/search/exchanged_parameters.hpp"
#include "autoprune/search/oracle.hpp"

namespace autoprune::search {

struct ReconstructionConfig {
  Index samples = 4;    ///< input vectors of a layer, times its rows
  double ridge = 1e-3;  ///< added to the diagonal, times its mean

  void validate() const {
    require_range(samples, "number of samples a row", 1, 1'000'000);
    if (!(ridge > 0.0 && ridge <= 1e6))
      fail(ErrorId::out_of_range, "ridge ", ridge, " of a reconstruction is not in (0, 1e6]");
  }
};

/// The unpruned layers of a network and what their inputs have in common, measured once. `Scalar`
/// is what the equations are solved in.
template <class Scalar>
class BasicReconstruction {
 public:
  /// Of the unpruned network on calibration images. Throws out_of_range, empty_data or not_finite.
  BasicReconstruction(nn::Backend& backend, std::span<const nn::Batch> images,
                      const ReconstructionConfig& config = {}) {
    config.validate();
    if (images.empty()) fail(ErrorId::empty_data, "reconstruction without calibration images");
    backend.set_masks({});
    const nn::Network& network = backend.network();
    nodes_ = network.matrix_layers();
    std::vector<MatrixOf<Scalar>> inputs;  // samples x rows
    std::vector<Index> filled(nodes_.size(), 0);
    for (const Index i : nodes_) {
      const nn::detail::MatrixShape shape(network, network.node(i));
      inputs.emplace_back(config.samples * shape.rows(), shape.inputs());
    }
    Random random(1, 0x4EC0);
    for (std::size_t b = 0; b < images.size(); ++b) {
      backend.inputs_of_layers(images[b], [&](Index layer, const nn::Activation& x) {
        const std::size_t k = at(layer);
        const nn::detail::MatrixShape shape(network, network.node(nodes_[k]));
        const Index end =
            inputs[k].rows() * static_cast<Index>(b + 1) / static_cast<Index>(images.size());
        for (; filled[k] < end; ++filled[k]) sample(x, shape, random, inputs[k].row(filled[k]));
      });
    }
    for (std::size_t k = 0; k < nodes_.size(); ++k) {
      const nn::Node& node = network.node(nodes_[k]);
      const Matrix weights = weight_matrix(node.weight);
      Layer layer{node.name, weights, {}, MatrixOf<Scalar>(weights.rows(), weights.cols())};
      const Index rows = weights.cols(), each = weights.rows() / node.matrices;
      for (Index m = 0; m < node.matrices; ++m) {
        layer.grams.push_back(gram_of(inputs[k].middleCols(m * rows, rows), config.ridge));
        layer.targets.middleRows(m * each, each) =
            weights.middleRows(m * each, each).template cast<Scalar>() * layer.grams.back();
        if (!layer.grams.back().allFinite() ||
            !layer.targets.middleRows(m * each, each).allFinite())
          fail(ErrorId::not_finite, "layer '", node.name, "': squares of its inputs are more than ",
               "float32 holds; use smaller weights before it");
      }
      layers_.push_back(std::move(layer));
    }
  }

  /// Weights of every layer, fitted under its mask; pruned ones are 0. Throws mask_mismatch, or
  /// not_finite for a layer whose equations have no solution in float32.
  [[nodiscard]] std::vector<Matrix> fit(std::span<const PruneMask> masks, ThreadPool& pool) const {
    if (masks.size() != nodes_.size())
      fail(ErrorId::mask_mismatch, masks.size(), " masks for ", nodes_.size(),
           " layers with weights; one each is needed");
    std::vector<Matrix> fitted;
    for (std::size_t k = 0; k < nodes_.size(); ++k)
      fitted.push_back(fit_layer(layers_[k], masks[k], pool));
    return fitted;
  }

  /// Puts the fitted weights into a copy of the network. Throws mask_mismatch.
  void apply(nn::Network& network, std::span<const PruneMask> masks, ThreadPool& pool) const {
    const std::vector<Matrix> fitted = fit(masks, pool);
    for (std::size_t k = 0; k < nodes_.size(); ++k)
      weight_matrix(network.node(nodes_[k]).weight) = fitted[k];
  }

 private:
  /// With inputs X of a weight matrix: gram X'X, targets W X'X. Weights w of a filter on kept rows
  /// solve gram(rows, rows) w = targets(filter, rows).
  struct Layer {
    std::string name;
    Matrix weights;
    std::vector<MatrixOf<Scalar>> grams;  // one a matrix
    MatrixOf<Scalar> targets;
  };

  template <class Inputs>
  [[nodiscard]] static MatrixOf<Scalar> gram_of(const Inputs& x, double ridge) {
    MatrixOf<Scalar> gram = MatrixOf<Scalar>::Zero(x.cols(), x.cols());
    gram.template selfadjointView<Eigen::Lower>().rankUpdate(x.transpose());
    gram = gram.template selfadjointView<Eigen::Lower>();
    gram.diagonal().array() += static_cast<Scalar>(ridge) * (gram.diagonal().mean() + Scalar(1e-9));
    return gram;
  }

  static std::size_t at(Index i) { return static_cast<std::size_t>(i); }

  /// The patch of one output position of one image, both drawn at random.
  template <class Row>
  static void sample(const nn::Activation& x, const nn::detail::MatrixShape& s, Random& random,
                     Row&& row) {
    const Index image = random.below(x.images());
    const Index top = random.below(s.out.height) * s.stride.h - s.padding.h;
    const Index left = random.below(s.out.width) * s.stride.w - s.padding.w;
    Index r = 0;
    for (Index c = 0; c < s.in.channels; ++c)
      for (Index kh = 0; kh < s.kernel.h; ++kh)
        for (Index kw = 0; kw < s.kernel.w; ++kw) {
          const Index h = top + kh * s.dilation.h, w = left + kw * s.dilation.w;
          const bool inside = h >= 0 && h < s.in.height && w >= 0 && w < s.in.width;
          row(r++) = inside ? x.at(image, c, h, w) : Scalar{0};
        }
  }

  /// Filters of one matrix with the same row groups left share one factorisation.
  [[nodiscard]] static Matrix fit_layer(const Layer& layer, const PruneMask& mask,
                                        ThreadPool& pool) {
    const Index each = mask.cols() / std::ssize(layer.grams);
    std::map<std::pair<Index, std::vector<Index>>, std::vector<Index>> alike;  // filters
    for (Index c = 0; c < mask.cols(); ++c) {
      std::vector<Index> kept;
      for (Index g = 0; g < mask.groups(); ++g)
        if (mask.kept(g, c)) kept.push_back(g);
      alike[{c / each, std::move(kept)}].push_back(c);
    }
    const std::vector<std::pair<std::pair<Index, std::vector<Index>>, std::vector<Index>>> sets(
        alike.begin(), alike.end());
    Matrix fitted = Matrix::Zero(layer.weights.rows(), layer.weights.cols());
    pool.for_each(std::ssize(sets), [&](Index i) {
      const auto& [kept, filters] = sets[at(i)];
      const auto& [matrix, groups] = kept;
      if (static_cast<Index>(groups.size()) == mask.groups())
        for (const Index c : filters) fitted.row(c) = layer.weights.row(c);
      else if (!groups.empty())
        fit_filters(layer, layer.grams[at(matrix)], mask, groups, filters, fitted);
    });
    return fitted;
  }

  static void fit_filters(const Layer& layer, const MatrixOf<Scalar>& whole, const PruneMask& mask,
                          const std::vector<Index>& groups, const std::vector<Index>& filters,
                          Matrix& fitted) {
    std::vector<std::pair<Index, Index>> runs;  // of neighbouring rows
    for (const Index g : groups)
      mask.for_rows(g, [&](Index begin, Index end) {
        if (!runs.empty() && runs.back().second == begin)
          runs.back().second = end;
        else
          runs.emplace_back(begin, end);
      });
    std::vector<Index> starts = {0};  // of the runs in the system of equations
    for (const auto& [begin, end] : runs) starts.push_back(starts.back() + end - begin);
    const auto rows = [&](std::size_t run) { return starts[run + 1] - starts[run]; };
    const auto row = [&](std::size_t run) { return runs[run].first; };
    // Eigen factorises column-major matrices several times as fast.
    Eigen::MatrixX<Scalar> gram(starts.back(), starts.back());
    Eigen::MatrixX<Scalar> solution(starts.back(), static_cast<Index>(filters.size()));
    for (std::size_t a = 0; a < runs.size(); ++a) {
      for (std::size_t b = 0; b <= a; ++b)  // the lower half is all that is read
        gram.block(starts[a], starts[b], rows(a), rows(b)) =
            whole.block(row(a), row(b), rows(a), rows(b));
      solution.middleRows(starts[a], rows(a)) =
          layer.targets(filters, Eigen::seqN(row(a), rows(a))).transpose();
    }
    const Eigen::LLT<Eigen::Ref<Eigen::MatrixX<Scalar>>, Eigen::Lower> solver(gram);
    if (solver.info() == Eigen::Success) solver.solveInPlace(solution);
    if (solver.info() != Eigen::Success || !solution.allFinite())
      fail(ErrorId::not_finite, "layer '", layer.name,
           "': no weights could be fitted to its outputs; take a larger ridge, or more samples");
    for (std::size_t a = 0; a < runs.size(); ++a)
      fitted(filters, Eigen::seqN(row(a), rows(a))) =
          solution.middleRows(starts[a], rows(a)).transpose().template cast<float>();
  }

  std::vector<Index> nodes_;
  std::vector<Layer> layers_;
};

using Reconstruction = BasicReconstruction<float>;

/// Accuracy after reconstruction: the backend's weights are exchanged for the fitted ones while
/// `inner` measures.
template <class Scalar>
[[nodiscard]] AccuracyOracle reconstructed_accuracy(
    std::shared_ptr<const BasicReconstruction<Scalar>> reconstruction,
    AccuracyOracle inner = float_accuracy()) {
  return [reconstruction, inner](nn::Backend& backend, const Candidate& candidate,
                                 const EnvironmentImages& images) {
    nn::Network fitted = backend.network();  // its statistics are measured anew
    reconstruction->apply(fitted, candidate.masks, backend.pool());
    const ExchangedParameters exchanged(backend, std::move(fitted));
    backend.recalibrate(images.calibration);
    return inner(backend, candidate, images);
  };
}

}  // namespace autoprune::search
