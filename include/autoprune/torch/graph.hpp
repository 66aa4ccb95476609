/// @file graph.hpp
/// A network on a device: its parameters as LibTorch's tensors, its masks, and its forward pass.
#pragma once

#include <algorithm>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/nn/layer_codes.hpp"
#include "autoprune/nn/network.hpp"
#include "autoprune/torch/ops.hpp"
#include "autoprune/torch/options.hpp"

namespace autoprune::libtorch {

/// How a batch runs.
struct Run {
  nn::Mode mode = nn::Mode::inference;
  double momentum = 0.1;             ///< of mode statistics: weight of the batch
  bool keeps_statistics = true;      ///< false: those of the batch leave no trace
  bool masked = true;                ///< false: pruned weights take part, and nothing is rounded
  std::uint64_t seed = 0, step = 0;  ///< name what dropout draws
};

/// Called with a node, what it reads and what it puts out.
using Watch =
    std::function<void(Index node, std::span<const at::Tensor> inputs, const at::Tensor& y)>;

/// The network has to outlive it. Weights of convolutions lie as the options say.
class Graph {
 public:
  /// A parameter that SGD changes.
  struct Trained {
    Index node;
    std::size_t parameter;  ///< of Node::parameters
  };

  Graph(nn::Network& network, const Options& options, ThreadPool& pool)
      : network_(network),
        pool_(pool),
        expressions_(expressions_of(network)),
        device_(find_device(options.device)),
        bfloat16_(options.bfloat16),
        layout_(options.channels_last ? at::MemoryFormat::ChannelsLast
                                      : at::MemoryFormat::Contiguous) {
    parameters_.resize(static_cast<std::size_t>(network.size()));
    kept_.resize(parameters_.size());
    codes_.resize(parameters_.size());
    ranges_.resize(parameters_.size());
    bounded_.assign(parameters_.size(), false);
    readers_.assign(parameters_.size(), 0);
    ++readers_[at(network.output())];
    for (Index i = 0; i < network.size(); ++i) {
      const nn::Node& node = network.node(i);
      for (const Index input : node.inputs) ++readers_[at(input)];
      for (const nn::Parameter& p : node.parameters) {
        if (is_trained(p)) trained_.push_back({i, parameters_[at(i)].size()});
        const std::vector<std::int64_t> shape(p.shape.begin(), p.shape.end());
        at::Tensor room = at::empty(shape, at::TensorOptions(device_).dtype(at::kFloat));
        parameters_[at(i)].push_back(in_layout(room).set_requires_grad(is_trained(p)));
      }
    }
    find_bounded();
    upload();
  }

  [[nodiscard]] nn::Network& network() const noexcept { return network_; }
  [[nodiscard]] const at::Device& device() const noexcept { return device_; }

  /// The network's parameters, to the device.
  void upload() {
    const at::NoGradGuard guard;
    each([](const nn::Parameter&, at::Tensor& here, Tensor& there) { here.copy_(view_of(there)); });
    checked_ = judged_ = false;
  }
  /// The device's parameters, or batch-norm's statistics alone, to the network.
  void download(bool statistics_alone = false) const {
    const at::NoGradGuard guard;
    each([&](const nn::Parameter& p, const at::Tensor& here, Tensor& there) {
      if (!statistics_alone || !is_trained(p)) view_of(there).copy_(here);
    });
  }

  /// Throws mask_mismatch when they don't fit.
  void set_masks(std::span<const PruneMask> masks) {
    const std::vector<Index> matrices = network_.matrix_layers();
    if (!masks.empty() && masks.size() != matrices.size())
      fail(ErrorId::mask_mismatch, masks.size(), " masks for ", matrices.size(),
           " layers with weights; one each is needed");
    std::vector<at::Tensor> kept(kept_.size());
    for (std::size_t k = 0; k < masks.size(); ++k) {
      const nn::Node& node = network_.node(matrices[k]);
      const ConstMatrixView w = weight_matrix(std::as_const(node.weight));
      if (masks[k].rows() != w.cols() || masks[k].cols() != w.rows())
        fail(ErrorId::mask_mismatch, node.op.name(), " '", node.name, "': a mask of ",
             masks[k].rows(), 'x', masks[k].cols(), " for weights of ", w.cols(), 'x', w.rows());
      if (masks[k].kept_count() == masks[k].vectors()) continue;
      const at::Tensor& weight = parameters_[at(matrices[k])][weight_of(matrices[k])];
      kept[at(matrices[k])] = in_layout(kept_weights(masks[k], weight.sizes()).to(device_));
    }
    kept_ = std::move(kept);
    checked_ = false;
  }

  /// As Session::set_codes().
  void set_codes(std::span<const nn::LayerCodes> codes) {
    nn::require(codes, network_);
    const std::vector<Index> matrices = network_.matrix_layers();
    for (std::size_t k = 0; k < matrices.size(); ++k) {
      const auto i = at(matrices[k]);
      codes_[i] = codes.empty() ? nn::LayerCodes{} : codes[k];
      const std::vector<float>& ranges = codes_[i].ranges;
      std::vector<std::int64_t> sizes(
          static_cast<std::size_t>(parameters_[i][weight_of(matrices[k])].dim()), 1);
      sizes.front() = network_.node(matrices[k]).filters();
      ranges_[i] = ranges.empty() ? at::Tensor() : at::tensor(ranges).reshape(sizes).to(device_);
    }
  }

  /// Parameters that SGD changes, in the network's order, and which of their numbers it may change:
  /// undefined for all.
  [[nodiscard]] const std::vector<Trained>& trained() const noexcept { return trained_; }
  [[nodiscard]] at::Tensor& tensor(const Trained& p) {
    return parameters_[at(p.node)][p.parameter];
  }
  [[nodiscard]] const nn::Parameter& parameter(const Trained& p) const {
    return network_.node(p.node).parameters[p.parameter];
  }
  [[nodiscard]] at::Tensor kept(const Trained& p) const {
    return parameter(p).tensor == &nn::Node::weight ? kept_[at(p.node)] : at::Tensor();
  }

  /// Logits [image][class] of images [image][channel][row][column] on the device. Throws
  /// shape_mismatch or empty_data.
  at::Tensor forward(const at::Tensor& images, const Run& run, const Watch& watch = {}) {
    const nn::Shape3& in = network_.input_shape();
    if (images.size(0) < 1) fail(ErrorId::empty_data, "a batch without images");
    if (images.sizes().slice(1) != at::IntArrayRef({in.channels, in.height, in.width}))
      fail(ErrorId::shape_mismatch, "the network takes images of ", shape_text(in), ", these are ",
           shape_text({images.size(1), images.size(2), images.size(3)}));
    const detail::Autocast autocast(device_, bfloat16_);
    std::vector<at::Tensor> outputs(parameters_.size());
    std::vector<Index> readers = readers_;
    outputs.front() = images.contiguous(layout_);
    lowest_.clear();
    for (Index i = 1; i < network_.size(); ++i) {
      const nn::Node& node = network_.node(i);
      std::vector<at::Tensor> inputs;
      for (const Index input : node.inputs) {
        inputs.push_back(outputs[at(input)]);
        if (--readers[at(input)] == 0) outputs[at(input)].reset();
      }
      outputs[at(i)] = run_node(i, inputs, run);
      if (watch) watch(i, inputs, outputs[at(i)]);
    }
    const at::Tensor& last = outputs[at(network_.output())];
    const at::Tensor logits = last.select(3, 0).select(2, 0).to(at::kFloat);
    lowest_.push_back(logits.detach().abs().max());
    if (run.mode != nn::Mode::inference && !scales_.empty())
      lowest_.push_back(at::stack(at::_foreach_norm(scales_)).max() * kRoom);
    return logits;
  }
  /// Whether the outputs of the last pass were finite, as a boolean on the device. False may be a
  /// false alarm: find_fault() tells.
  [[nodiscard]] at::Tensor finite() const { return at::stack(lowest_).isfinite().all(); }

  /// Throws not_finite, naming the node, for what isn't finite in a batch: the images or an output;
  /// returns where all is.
  void find_fault(const at::Tensor& images, Run run) {
    const at::NoGradGuard guard;
    if (!all_finite(images))
      fail(ErrorId::not_finite,
           "the images hold NaN or infinity; check the data set and its scale");
    run.keeps_statistics = false;
    (void)forward(images, run, [&](Index i, std::span<const at::Tensor>, const at::Tensor& y) {
      if (!all_finite(y)) nn::detail::fail_output(network_.node(i));
    });
  }

  /// Throws not_finite, naming the node, for a parameter in use that isn't finite or that its op
  /// can't have.
  void check_parameters() {
    if (!judged_)
      for (const nn::Node& node : network_.nodes()) node.op.check(node);
    judged_ = true;
    std::vector<at::Tensor> finite;
    for (Index i = 0; i < network_.size(); ++i)
      for (std::size_t k = 0; k < parameters_[at(i)].size(); ++k)
        finite.push_back(effective(i, k, true).detach().isfinite().all());
    if (!finite.empty() && !at::stack(finite).all().item<bool>()) {
      download();
      std::size_t next = 0;
      for (const nn::Node& node : network_.nodes())
        for (const nn::Parameter& p : node.parameters)
          if (!finite[next++].item<bool>()) nn::detail::check_parameter(node, p);
    }
    checked_ = true;
  }
  /// The same, unless nothing came from outside since it was done last.
  void check_new_parameters() {
    if (!checked_) check_parameters();
  }

 private:
  static std::size_t at(Index i) { return static_cast<std::size_t>(i); }
  static bool is_trained(const nn::Parameter& p) {
    return p.tensor == &nn::Node::weight || p.tensor == &nn::Node::bias;
  }
  static bool all_finite(const at::Tensor& t) { return t.isfinite().all().item<bool>(); }

  /// Whether an op may make a finite number of infinity; NaN reaches the logits by itself.
  static bool hides(const nn::Op& op) {
    return op.is<nn::Relu>() || op.is<nn::MaxPool>() || op.is<nn::Clip>() || op.is<nn::Sigmoid>() ||
           op.is<nn::HardSigmoid>() || op.is<nn::Tanh>() || op.is<nn::Softmax>();
  }
  /// With statistics of n numbers a batch-norm puts out at most sqrt(n) weights and a bias: what
  /// reads it needn't be looked at as long as these, times kRoom, are finite. That leaves room for
  /// n and for sums of such maps.
  static constexpr double kRoom = 1e13;
  void find_bounded() {
    for (Index i = 1; i < network_.size(); ++i) {
      const nn::Node& node = network_.node(i);
      const nn::Op& op = node.op;
      const bool normal = op.is<nn::BatchNorm>();
      const bool passes = op.is<nn::Relu>() || op.is<nn::Clip>() || op.is<nn::Identity>() ||
                          op.is<nn::MaxPool>() || op.is<nn::AvgPool>() ||
                          op.is<nn::GlobalAvgPool>() || op.is<nn::Add>() || op.is<nn::Concat>();
      bounded_[at(i)] =
          normal || (passes && std::all_of(node.inputs.begin(), node.inputs.end(),
                                           [&](Index input) { return bounded_[at(input)]; }));
      for (std::size_t k = 0; normal && k < node.parameters.size(); ++k)
        if (is_trained(node.parameters[k])) scales_.push_back(parameters_[at(i)][k].detach());
    }
  }
  [[nodiscard]] at::Tensor in_layout(const at::Tensor& t) const {
    return t.dim() == 4 ? t.contiguous(layout_) : t;
  }
  [[nodiscard]] std::size_t weight_of(Index i) const {
    std::size_t k = 0;
    while (network_.node(i).parameters[k].tensor != &nn::Node::weight) ++k;
    return k;
  }
  /// f(parameter, the device's tensor, the network's)
  template <class F>
  void each(F&& f) const {
    for (Index i = 0; i < network_.size(); ++i) {
      nn::Node& node = network_.node(i);
      for (std::size_t k = 0; k < node.parameters.size(); ++k) {
        at::Tensor here = parameters_[at(i)][k];  // shares its memory
        f(node.parameters[k], here, node.*node.parameters[k].tensor);
      }
    }
  }

  /// A parameter as it takes part: pruned weights are 0, whatever they hold.
  [[nodiscard]] at::Tensor effective(Index i, std::size_t k, bool masked) const {
    const at::Tensor& all = parameters_[at(i)][k];
    const at::Tensor& kept = kept_[at(i)];
    const bool prunes = network_.node(i).parameters[k].tensor == &nn::Node::weight;
    if (!prunes || !masked) return all;
    const nn::Codes& codes = codes_[at(i)].weights;
    const at::Tensor& ranges = ranges_[at(i)];
    const at::Tensor rounded =
        ranges.defined() ? ranges * round(all / ranges, codes, false) : round(all, codes, false);
    if (!kept.defined()) return rounded;
    return at::where(kept, rounded, at::zeros({}, all.options().requires_grad(false)));
  }

  /// The numbers as their codes stand for them. Gradients pass straight through, but for what is
  /// cut off where it `clips`.
  [[nodiscard]] static at::Tensor round(const at::Tensor& x, const nn::Codes& codes, bool clips) {
    if (!codes.rounds()) return x;
    const double step = codes.step(), most = largest_code(codes.bits) * step;
    const at::Tensor inside = at::clamp(x, codes.negative ? -most : 0.0, most);
    const at::Tensor real = clips ? inside : x;
    return real + (at::round(inside.detach() / step) * step - real.detach());
  }

  [[nodiscard]] at::Tensor run_node(Index i, const std::vector<at::Tensor>& inputs,
                                    const Run& run) {
    const nn::Node& node = network_.node(i);
    if (hides(node.op) && (run.mode == nn::Mode::inference || !bounded_[at(node.inputs.front())])) {
      const at::Tensor x = inputs.front().detach();
      lowest_.push_back(node.op.is<nn::Relu>() ? x.min() : x.abs().max());
      lowest_.back() = lowest_.back().to(at::kFloat);
    }
    std::vector<at::Tensor> parameters;
    for (std::size_t k = 0; k < node.parameters.size(); ++k)
      parameters.push_back(effective(i, k, run.masked));
    const std::uint64_t draw = run.step * parameters_.size() + at(i);
    std::vector<at::Tensor> read = inputs;
    if (node.has_matrix() && run.masked)
      read.front() = round(read.front(), codes_[at(i)].inputs, true);
    const at::Tensor y = expressions_[at(i)]->y({node, read, parameters, run.mode, run.momentum,
                                                 run.keeps_statistics, run.seed, draw, pool_});
    const nn::Shape3& s = node.shape;
    if (y.sizes() != at::IntArrayRef({inputs.front().size(0), s.channels, s.height, s.width}))
      fail(ErrorId::unexpected, node.op.name(), " '", node.name,
           "': its LibTorch expression puts out other maps than ", shape_text(s),
           "; correct the expression");
    return y;
  }

  nn::Network& network_;
  ThreadPool& pool_;
  std::vector<const Expression*> expressions_;       // by node
  at::Device device_;                                //
  bool bfloat16_;                                    //
  at::MemoryFormat layout_;                          //
  std::vector<std::vector<at::Tensor>> parameters_;  // by node, as Node::parameters
  std::vector<at::Tensor> kept_;                     // by node, of its weight; undefined: all
  std::vector<nn::LayerCodes> codes_;                // by node
  std::vector<at::Tensor> ranges_;                   // of their channels, by node
  std::vector<Index> readers_;                       // by node
  std::vector<Trained> trained_;                     //
  std::vector<bool> bounded_;                        // by node: see find_bounded()
  std::vector<at::Tensor> scales_;                   // weights and biases of batch-norms
  std::vector<at::Tensor> lowest_;                   // finite where the last pass was
  bool checked_ = false, judged_ = false;            // parameters: since they came; by their ops
};

}  // namespace autoprune::libtorch
