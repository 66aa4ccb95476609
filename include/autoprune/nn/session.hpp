/// @file session.hpp
/// Runs a network on batches: forward for inference and training, backward for all gradients. A
/// convolution is fused with the batch-norm and ReLU behind it.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "autoprune/core/prune_mask.hpp"
#include "autoprune/core/thread_pool.hpp"
#include "autoprune/nn/channel_sums.hpp"
#include "autoprune/nn/elementwise.hpp"
#include "autoprune/nn/finite.hpp"
#include "autoprune/nn/layer_codes.hpp"
#include "autoprune/nn/map_memory.hpp"
#include "autoprune/nn/matrix_layer.hpp"
#include "autoprune/nn/network.hpp"
#include "autoprune/nn/steps.hpp"

namespace autoprune::nn {

/// Computes y = W x of a matrix layer in the network's place, without its bias; resizes y.
using Product = std::function<void(Index node, const Activation& x, Activation& y)>;

/// Holds references: the network and the pool have to outlive the session.
class Session {
 public:
  Session(Network& network, ThreadPool& pool) : network_(network), pool_(pool) {
    const auto size = static_cast<std::size_t>(network.size());
    layers_.resize(size);
    kept_.resize(size);
    outputs_.resize(size);
    raw_.resize(size);
    grads_.resize(size);
    codes_.resize(size);
    coded_.resize(size);
    steps_ = detail::steps_of(network);
    // Sums show what the images hold; what only selects or moves them may hide it.
    for (const Step& step : steps_) {
      const Node& node = network.node(step.node);
      const bool reads = std::any_of(node.inputs.begin(), node.inputs.end(),
                                     [](Index input) { return input == 0; });
      looks_at_images_ |= reads && !node.has_matrix() && !step.norm;
    }
    set_masks({});
  }

  /// Executes under these masks, one a matrix layer in order; empty means dense. Throws
  /// mask_mismatch when they don't fit.
  void set_masks(std::span<const PruneMask> masks) {
    const std::vector<Index> matrices = network_.matrix_layers();
    if (!masks.empty() && masks.size() != matrices.size())
      fail(ErrorId::mask_mismatch, masks.size(), " masks for ", matrices.size(),
           " layers with weights; one each is needed");
    for (std::size_t i = 0; i < matrices.size(); ++i) {
      const Node& node = network_.node(matrices[i]);
      layers_[at(matrices[i])] =
          masks.empty() ? MatrixLayer(network_, node) : MatrixLayer(network_, node, masks[i]);
    }
    packed_ = Packed::no;
  }

  /// From now on products are those of rounded weights and inputs, one pair of codes a matrix layer
  /// in order; empty means real numbers. Gradients are those of what was rounded. Throws
  /// shape_mismatch, out_of_range or not_finite.
  void set_codes(std::span<const LayerCodes> codes) {
    require(codes, network_);
    const std::vector<Index> matrices = network_.matrix_layers();
    for (std::size_t k = 0; k < matrices.size(); ++k)
      codes_[at(matrices[k])] = codes.empty() ? LayerCodes{} : codes[k];
    packed_ = Packed::no;
  }

  /// Who computes the products of the matrix layers in inference, from what they read, not rounded;
  /// an empty function: the session.
  void set_product(Product product) { product_ = std::move(product); }

  /// Must be called after the network's weights were changed from outside.
  void weights_changed() { packed_ = Packed::no; }

  /// Weight of a batch in the running statistics, for mode statistics: in training it is that of
  /// each batch-norm.
  void set_momentum(double momentum) { momentum_ = momentum; }
  /// Names the zeros that dropout draws in the next training pass.
  void set_dropout_step(std::uint64_t seed, std::uint64_t step) {
    dropout_seed_ = seed;
    dropout_step_ = step;
  }

  /// Logits of a batch, what the network's output node puts out, valid until the next call. Throws
  /// shape_mismatch or empty_data, and not_finite, naming the layer, for a parameter or an output
  /// that isn't a finite number.
  /// `part`: of a batch that is shared with peers, which all call it, and backward() behind it.
  const Activation& forward(const Activation& input, Mode mode, const Part& part = {}) {
    keep_maps();
    return pass(input, mode, part);
  }

  /// The same logits, without what other nodes put out: unless the session keeps it, the memory of
  /// a map goes on to the next ones as soon as everybody has read it. Not for training.
  const Activation& logits_of(const Activation& input, Mode mode = Mode::inference) {
    if (mode == Mode::training)
      fail(ErrorId::wrong_order, "a training pass keeps its maps; call forward()");
    return pass(input, mode, {});
  }

  /// From now on every pass keeps what each node puts out, for output() and backward(). forward()
  /// does so by itself.
  void keep_maps() {
    if (!keeps_) free_->clear();
    keeps_ = true;
  }

  /// From now on maps and gradients that either session no longer needs leave their memory to both;
  /// they may not run at the same time.
  void share_memory(Session& other) { free_ = other.free_; }

  /// Throws not_finite, naming the layer, for a parameter that takes part and isn't a finite
  /// number, and for a variance below 0. forward() does it, too; `backward`: for a training pass.
  void check_parameters(bool backward = false) {
    for (const Node& node : network_.nodes()) detail::check_vectors(node);
    pack(backward);
  }

  /// Gradients of every parameter, from those of the logits of the last training pass, which have
  /// to be zero in lanes without an image.
  void backward(const Activation& dlogits) {
    if (!trained_)
      fail(ErrorId::wrong_order, "backward() needs a forward() in training mode first");
    if (dlogits.shape() != logits().shape() || dlogits.images() != logits().images())
      fail(ErrorId::shape_mismatch, "a gradient of ", dlogits.images(), " x ",
           shape_text(dlogits.shape()), " for logits of ", logits().images(), " x ",
           shape_text(logits().shape()));
    if (gradients_.empty())
      for (const Node& node : network_.nodes())
        gradients_.push_back(
            {make_tensor(shape_of(node.weight)), make_tensor(shape_of(node.bias))});
    for (auto& grad : grads_) grad.reset();
    grads_[at(network_.output())] = dlogits;
    for (auto step = steps_.rbegin(); step != steps_.rend(); ++step) run_backward(*step);
  }

  /// Of the last backward(); entries of pruned column-vectors mean nothing.
  [[nodiscard]] const Gradient& gradient(Index node) const { return gradients_[at(node)]; }
  [[nodiscard]] Network& network() noexcept { return network_; }
  [[nodiscard]] ThreadPool& pool() noexcept { return pool_; }
  /// Of the last pass.
  [[nodiscard]] const Activation& logits() const { return map(network_.output()); }
  /// What a node put out in the last pass; nodes that were fused into the next one have nothing.
  /// Throws wrong_order where maps aren't kept.
  [[nodiscard]] const Activation& output(Index node) const {
    if (!keeps_ && node != network_.output())
      fail(ErrorId::wrong_order, "what node '", network_.node(node).name,
           "' put out is gone; call keep_maps() before the pass");
    return map(node);
  }
  /// Weights that take part in the products: those of kept column-vectors.
  [[nodiscard]] Index kept_weights() const {
    Index kept = 0;
    for (const auto& layer : layers_) kept += layer ? layer->kept_weights() : 0;
    return kept;
  }

 private:
  enum class Packed { no, forward, both };

  using Step = detail::Step;

  static std::size_t at(Index i) { return static_cast<std::size_t>(i); }

  const Activation& pass(const Activation& input, Mode mode, const Part& part) {
    if (input.shape() != network_.input_shape())
      fail(ErrorId::shape_mismatch, "the network takes images of ",
           shape_text(network_.input_shape()), ", these are ", shape_text(input.shape()));
    if (input.images() < 1) fail(ErrorId::empty_data, "a batch without images");
    check_parameters(mode == Mode::training);
    input_ = &input, part_ = part.peers() != nullptr ? part : Part(input.images());
    if (looks_at_images_) check_images();
    for (const Step& step : steps_) {
      run(step, mode);
      if (!keeps_)
        for (const Index node : step.read_last) free_->release(outputs_[at(node)]);
    }
    trained_ = mode == Mode::training;
    return logits();
  }

  void pack(bool backward) {
    if (packed_ == Packed::both || (packed_ == Packed::forward && !backward)) return;
    Tensor rounded;
    for (const Index i : network_.matrix_layers()) {
      const Tensor* weight = &network_.node(i).weight;
      if (const LayerCodes& codes = codes_[at(i)]; codes.weights.rounds()) {
        nn::check_parameters(network_.node(i));  // a code is finite whatever it was made of
        round_weights(*weight, codes, rounded, pool_);
        weight = &rounded;
      }
      if (!layers_[at(i)]->pack(*weight, backward, pool_)) nn::check_parameters(network_.node(i));
    }
    packed_ = backward ? Packed::both : Packed::forward;
  }

  [[noreturn]] void fail_output(Index node) const {
    check_images();
    detail::fail_output(network_.node(node));
  }
  void check_images() const {
    if (!detail::finite_blocks(*input_, pool_, [&](Index b, detail::FiniteRows& seen) {
          seen.see_all(input_->block(b), input_->block_size());
        }))
      fail(ErrorId::not_finite,
           "the images hold NaN or infinity; check the data set and its scale");
  }

  /// Names what a node draws in this pass.
  [[nodiscard]] std::uint64_t draw(Index node) const {
    return dropout_step_ * at(network_.size()) + at(node);
  }

  [[nodiscard]] const Activation& map(Index node) const {
    return node == 0 ? *input_ : outputs_[at(node)];
  }
  [[nodiscard]] std::vector<const Activation*> inputs(const Node& node) const {
    std::vector<const Activation*> all;
    for (const Index input : node.inputs) all.push_back(&map(input));
    return all;
  }

  void run(const Step& step, Mode mode) {
    const Node& node = network_.node(step.node);
    Activation& y = outputs_[at(step.last)];
    if (!keeps_) free_->provide(y, network_.node(step.last).shape, input_->images());
    if (node.has_matrix()) {
      run_matrix(step, read(step.node, mode), y, mode);
      if (!keeps_ && coded_[at(step.node)].capacity() > 0) free_->release(coded_[at(step.node)]);
      return;
    }
    run_op(step.node, inputs(node), y, step.relu, mode);
  }

  /// What a matrix layer reads in a pass.
  const Activation& read(Index i, Mode mode) {
    const Activation& x = map(network_.node(i).inputs.front());
    const Codes& codes = codes_[at(i)].inputs;
    if (!codes.rounds() || (product_ && mode == Mode::inference)) return x;
    Activation& rounded = coded_[at(i)];
    if (!keeps_) free_->provide(rounded, x.shape(), x.images());
    InputRounding(codes).round(x, rounded, pool_);
    return rounded;
  }

  void run_op(Index i, const std::vector<const Activation*>& inputs, Activation& y, bool relu,
              Mode mode) {
    Node& node = network_.node(i);
    y.resize(node.shape, inputs.front()->images());
    if (!node.op.forward({node, inputs, y, mode, relu, momentum_, dropout_seed_, draw(i),
                          kept_[at(i)], pool_, part_}))
      fail_output(i);
  }

  void run_matrix(const Step& step, const Activation& x, Activation& y, Mode mode) {
    const MatrixLayer& layer = *layers_[at(step.node)];
    const Node& node = network_.node(step.node);
    if (step.norm && mode != Mode::inference) {
      const float* bias = node.has_bias() ? node.bias.data() : nullptr;
      Activation& raw = raw_[at(step.node)];
      if (!keeps_) free_->provide(raw, node.shape, x.images());
      if (!layer.forward(x, raw, {nullptr, bias, false}, pool_)) fail_output(step.node);
      run_op(*step.norm, {&raw}, y, step.relu, mode);
      if (!keeps_) free_->release(raw);
      return;
    }
    const Affine a = affine_after(step);
    if (product_ && mode == Mode::inference) {
      product_(step.node, x, y);
      const auto scale = [&](Index b, detail::FiniteRows& seen) {
        detail::affine(y.block(b), y.block(b), y.positions(), y.shape().channels, a.scale.data(),
                       a.shift.data(), step.relu, seen);
      };
      if (!detail::finite_blocks(y, pool_, scale)) fail_output(step.node);
    } else if (!layer.forward(x, y, {a.scale.data(), a.shift.data(), step.relu}, pool_)) {
      fail_output(step.node);
    }
  }

  /// Bias and batch-norm statistics as one scale and shift a filter.
  [[nodiscard]] Affine affine_after(const Step& step) const {
    const Node& node = network_.node(step.node);
    const auto filters = at(node.filters());
    Affine a;
    if (step.norm)
      a = network_.node(*step.norm).op.fold(network_.node(*step.norm));
    else
      a = {std::vector<float>(filters, 1.0F), std::vector<float>(filters, 0.0F)};
    for (std::size_t f = 0; node.has_bias() && f < filters; ++f)
      a.shift[f] += a.scale[f] * node.bias(f);
    return a;
  }

  void run_backward(const Step& step) {
    const Node& node = network_.node(step.node);
    if (!grads_[at(step.last)]) return;  // nobody reads this node
    Activation& dy = *grads_[at(step.last)];
    const Activation& y = outputs_[at(step.last)];
    const std::vector<const Activation*> xs = inputs(node);
    const auto pass = [&](Index i, std::span<const Activation* const> read) {
      return BackwardPass{network_.node(i), read,         y,     dy,   step.relu, dropout_seed_,
                          draw(i),          kept_[at(i)], pool_, part_};
    };
    const bool rounds = codes_[at(step.node)].inputs.rounds();
    if (node.has_matrix()) {
      const Activation* raw = &raw_[at(step.node)];
      if (step.norm)
        network_.node(*step.norm)
            .op.gradients(pass(*step.norm, {&raw, 1}), gradients_[at(*step.norm)]);
      else if (step.relu)
        pool_.for_each(dy.blocks(), [&](Index b) {
          detail::relu_backward(y.block(b), dy.block(b), dy.block_size());
        });
      weight_gradients(step.node, rounds ? coded_[at(step.node)] : *xs.front(), dy);
    } else {
      node.op.gradients(pass(step.node, xs), gradients_[at(step.node)]);
    }
    for (std::size_t k = 0; k < node.inputs.size(); ++k) {
      const Index input = node.inputs[k];
      if (input == 0) continue;
      Activation dx;
      free_->provide(dx, network_.node(input).shape, dy.images());
      dx.resize(network_.node(input).shape, dy.images());
      if (node.has_matrix())
        layers_[at(step.node)]->backward_input(dy, dx, pool_);
      else
        node.op.backward(pass(step.node, xs), static_cast<Index>(k), dx);
      if (rounds) InputRounding(codes_[at(step.node)].inputs).clip_gradient(*xs[k], dx, pool_);
      pass_down(input, std::move(dx));
    }
    if (step.last != network_.output()) free_->release(*grads_[at(step.last)]);
    grads_[at(step.last)].reset();
  }

  void weight_gradients(Index i, const Activation& x, const Activation& dy) {
    const Node& node = network_.node(i);
    Gradient& g = gradients_[at(i)];
    layers_[at(i)]->backward_weight(x, dy, part_, g.weight, scratch_, pool_);
    if (!node.has_bias()) return;
    const auto sums = channel_sums(dy, part_, pool_, [&](Index b, Index row, Index, float* lanes) {
      for (Index l = 0; l < kLanes; ++l) lanes[l] += dy.block(b)[row + l];
    });
    for (std::size_t c = 0; c < g.bias.size(); ++c) g.bias(c) = static_cast<float>(sums[2 * c]);
  }

  /// Adds a step's contribution to the gradient of one of its inputs.
  void pass_down(Index input, Activation dx) {
    auto& grad = grads_[at(input)];
    if (!grad) {
      grad = std::move(dx);
      return;
    }
    pool_.for_each(dx.blocks(),
                   [&](Index b) { detail::add(dx.block(b), grad->block(b), dx.block_size()); });
    free_->release(dx);
  }

  Network& network_;
  ThreadPool& pool_;
  std::vector<Step> steps_;
  std::vector<std::optional<MatrixLayer>> layers_;  // by node
  std::vector<LayerCodes> codes_;                   // by node
  std::vector<Activation> coded_;                   // by node: its inputs, rounded
  std::vector<std::vector<float>> kept_;            // by node: what its op needs to go back
  std::vector<Activation> outputs_, raw_;           // by node; raw: before a fused batch-norm
  std::vector<std::optional<Activation>> grads_;    // by node, during backward()
  // Of maps that are no longer read, and of gradients that are no longer needed.
  std::shared_ptr<detail::MapMemory> free_ = std::make_shared<detail::MapMemory>();
  std::vector<Gradient> gradients_;
  detail::GradientScratch scratch_;
  Product product_;
  const Activation* input_ = nullptr;
  Part part_;  // of the batch, in the last pass
  Packed packed_ = Packed::no;
  bool trained_ = false, looks_at_images_ = false;
  bool keeps_ = false;  // the maps of a pass
  double momentum_ = 0.1;
  std::uint64_t dropout_seed_ = 0, dropout_step_ = 0;
};

}  // namespace autoprune::nn
