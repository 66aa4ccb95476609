// A network executed by plain loops in double precision: what the session has to agree with, and
// what finite differences can be taken of.
#pragma once

#include <map>

#include "helpers.hpp"

namespace autoprune::nn::test {

/// Calls f(filter, weight column r, input channel, input row, input column, output row, output
/// column) for every product of a convolution or linear layer.
template <class F>
void for_products(const Node& node, const Shape3& in, F&& f) {
  const Window window = node.op.window();
  const bool flat = node.op.is<Linear>();
  const Size2 kernel = flat ? Size2{in.height, in.width} : node.op.window().kernel;
  const Index groups = node.op.matrix(in).groups;
  const Index each = in.channels / groups, filters = node.shape.channels / groups;
  for (Index o = 0; o < node.shape.channels; ++o)
    for (Index oh = 0; oh < node.shape.height; ++oh)
      for (Index ow = 0; ow < node.shape.width; ++ow)
        for (Index c = 0; c < each; ++c)
          for (Index kh = 0; kh < kernel.h; ++kh)
            for (Index kw = 0; kw < kernel.w; ++kw) {
              const Index h = oh * window.stride.h - window.padding.h + kh * window.dilation.h;
              const Index w = ow * window.stride.w - window.padding.w + kw * window.dilation.w;
              if (h >= 0 && w >= 0 && h < in.height && w < in.width)
                f(o, (c * kernel.h + kh) * kernel.w + kw, o / filters * each + c, h, w, oh, ow);
            }
}

class Reference {
 public:
  struct Parameters {
    Values weight, bias;
  };

  Reference(const Network& network, Mode mode) : network_(network), mode_(mode) {
    for (const Node& node : network.nodes())
      parameters.push_back({values_of(node.weight), values_of(node.bias)});
  }

  std::vector<Parameters> parameters;        ///< by node, free to change
  std::map<Index, Values> factors;           ///< what each dropout node multiplies by
  std::map<Index, Values> means, variances;  ///< of each batch-norm node's batch, once run

  /// Logits of a batch.
  [[nodiscard]] Values forward(const Values& input, Index images) {
    images_ = images;
    values_.assign(static_cast<std::size_t>(network_.size()), {});
    values_[0] = input;
    for (Index i = 1; i < network_.size(); ++i) run(i);
    return values_.back();
  }

 private:
  static std::size_t at(const Shape3& s, Index i, Index c, Index h, Index w) {
    return static_cast<std::size_t>(((i * s.channels + c) * s.height + h) * s.width + w);
  }

  void run(Index i) {
    const Node& node = network_.node(i);
    const Values& x = values_[static_cast<std::size_t>(node.inputs.front())];
    const Shape3& in = network_.node(node.inputs.front()).shape;
    Values& y = values_[static_cast<std::size_t>(i)];
    if (node.has_matrix()) return matrix(i, node, in, x, y);
    if (node.op.is<BatchNorm>()) return batch_norm(i, node, x, y);
    if (node.op.work() == Work::pool) return pool(node, in, x, y);
    y = x;  // flatten: the values are in PyTorch's order already
    for (std::size_t k = 0; k < y.size(); ++k) {
      if (node.op.is<Relu>()) y[k] = std::max(0.0, x[k]);
      if (node.op.is<Dropout>() && mode_ == Mode::training) y[k] *= factors.at(i)[k];
      if (!node.op.is<Add>()) continue;
      y[k] = 0.0;
      for (const Index input : node.inputs) y[k] += values_[static_cast<std::size_t>(input)][k];
    }
  }

  void matrix(Index i, const Node& node, const Shape3& in, const Values& x, Values& y) const {
    const Parameters& p = parameters[static_cast<std::size_t>(i)];
    const std::size_t rows = p.weight.size() / static_cast<std::size_t>(node.filters());
    y.assign(static_cast<std::size_t>(images_ * node.shape.size()), 0.0);
    for (Index n = 0; n < images_; ++n) {
      if (node.has_bias())
        for (Index o = 0; o < node.shape.channels; ++o)
          for (Index h = 0; h < node.shape.height; ++h)
            for (Index w = 0; w < node.shape.width; ++w)
              y[at(node.shape, n, o, h, w)] = p.bias[static_cast<std::size_t>(o)];
      for_products(node, in, [&](Index o, Index r, Index c, Index h, Index w, Index oh, Index ow) {
        y[at(node.shape, n, o, oh, ow)] +=
            p.weight[static_cast<std::size_t>(o) * rows + static_cast<std::size_t>(r)] *
            x[at(in, n, c, h, w)];
      });
    }
  }

  void batch_norm(Index i, const Node& node, const Values& x, Values& y) {
    const Shape3& s = node.shape;
    const auto count = static_cast<double>(images_ * s.height * s.width);
    y.resize(x.size());
    for (Index c = 0; c < s.channels; ++c) {
      const auto channel = static_cast<std::size_t>(c);
      const auto for_channel = [&](auto&& f) {
        for (Index n = 0; n < images_; ++n)
          for (Index h = 0; h < s.height; ++h)
            for (Index w = 0; w < s.width; ++w) f(at(s, n, c, h, w));
      };
      double mean = node.running_mean(channel), variance = node.running_var(channel);
      if (mode_ != Mode::inference) {
        mean = variance = 0.0;
        for_channel([&](std::size_t k) { mean += x[k] / count; });
        for_channel([&](std::size_t k) { variance += (x[k] - mean) * (x[k] - mean) / count; });
      }
      means[i].resize(static_cast<std::size_t>(s.channels));
      variances[i].resize(static_cast<std::size_t>(s.channels));
      means[i][channel] = mean;
      variances[i][channel] = variance;
      const Parameters& p = parameters[static_cast<std::size_t>(i)];
      const BatchNorm& op = *node.op.as<BatchNorm>();
      const double scale = (op.affine ? p.weight[channel] : 1.0) / std::sqrt(variance + op.eps);
      const double shift = op.affine ? p.bias[channel] : 0.0;
      for_channel([&](std::size_t k) { y[k] = scale * (x[k] - mean) + shift; });
    }
  }

  void pool(const Node& node, const Shape3& in, const Values& x, Values& y) const {
    const bool max = node.op.is<MaxPool>();
    const auto [kernel, stride, padding, dilation] = node.op.window();
    for (Index n = 0; n < images_; ++n)
      for (Index c = 0; c < in.channels; ++c)
        for (Index oh = 0; oh < node.shape.height; ++oh)
          for (Index ow = 0; ow < node.shape.width; ++ow) {
            double best = -std::numeric_limits<double>::infinity(), sum = 0.0;
            for (Index kh = 0; kh < kernel.h; ++kh)
              for (Index kw = 0; kw < kernel.w; ++kw) {
                const Index h = oh * stride.h - padding.h + kh;
                const Index w = ow * stride.w - padding.w + kw;
                if (h < 0 || w < 0 || h >= in.height || w >= in.width) continue;
                best = std::max(best, x[at(in, n, c, h, w)]);
                sum += x[at(in, n, c, h, w)];
              }
            y.push_back(max ? best : sum / static_cast<double>(kernel.h * kernel.w));
          }
  }

  const Network& network_;
  Mode mode_;
  Index images_ = 0;
  std::vector<Values> values_;  // by node
};

/// Mean cross-entropy, or its mix with the distance from a teacher's logits.
inline double reference_loss(const Values& logits, const std::vector<Label>& labels,
                             const Values* teacher, const Distillation& d) {
  const std::size_t classes = logits.size() / labels.size();
  const auto log_softmax = [&](const Values& v, std::size_t i, std::size_t c, double t) {
    double sum = 0.0;
    for (std::size_t k = 0; k < classes; ++k) sum += std::exp(v[i * classes + k] / t);
    return v[i * classes + c] / t - std::log(sum);
  };
  const double soft = teacher != nullptr ? d.weight : 0.0, t = d.temperature;
  double total = 0.0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    total -= (1.0 - soft) * log_softmax(logits, i, labels[i], 1.0);
    for (std::size_t c = 0; c < classes && soft > 0.0; ++c) {
      const double wanted = log_softmax(*teacher, i, c, t);
      total += soft * t * t * std::exp(wanted) * (wanted - log_softmax(logits, i, c, t));
    }
  }
  return total / static_cast<double>(labels.size());
}

}  // namespace autoprune::nn::test
