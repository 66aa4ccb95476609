/// @file sgd.hpp
/// Stochastic gradient descent with Nesterov momentum and weight decay, in PyTorch's form. Weights
/// of pruned column-vectors, and their momentum, are left alone and cost nothing.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "autoprune/core/prune_mask.hpp"
#include "autoprune/nn/session.hpp"
#include "autoprune/nn/train_config.hpp"

namespace autoprune::nn {

class Sgd {
 public:
  Sgd(Network& network, SgdConfig config) : network_(network), config_(config) {
    for (Index i = 0; i < network.size(); ++i) {
      const Node& node = network.node(i);
      velocity_.push_back({make_tensor(shape_of(node.weight)), make_tensor(shape_of(node.bias))});
    }
  }

  /// One step along the session's gradients. `masks` as in Session::set_masks.
  void step(Session& session, double learning_rate, std::span<const PruneMask> masks) {
    std::size_t matrix = 0;
    for (Index i = 0; i < network_.size(); ++i) {
      Node& node = network_.node(i);
      Gradient& v = velocity_[static_cast<std::size_t>(i)];
      const Gradient& g = session.gradient(i);
      const Rule rule{static_cast<float>(learning_rate), static_cast<float>(config_.momentum),
                      static_cast<float>(config_.weight_decay)};
      const PruneMask* mask = node.has_matrix() && !masks.empty() ? &masks[matrix++] : nullptr;
      if (node.has_matrix())
        update_matrix(rule, node.weight, v.weight, g.weight, mask, session.pool());
      else if (node.has(&Node::weight))
        rule(node.weight.data(), v.weight.data(), g.weight.data(), size(node.weight));
      if (node.has_bias()) rule(node.bias.data(), v.bias.data(), g.bias.data(), size(node.bias));
    }
    session.weights_changed();
  }

  /// Momentum of every parameter, for checkpoints.
  [[nodiscard]] std::vector<NamedTensor> state() {
    std::vector<NamedTensor> all;
    for (Index i = 0; i < network_.size(); ++i) {
      Gradient& v = velocity_[static_cast<std::size_t>(i)];
      const Node& node = network_.node(i);
      if (node.has(&Node::weight)) all.push_back({node.name + ".weight.velocity", &v.weight});
      if (node.has_bias()) all.push_back({node.name + ".bias.velocity", &v.bias});
    }
    return all;
  }

 private:
  static Index size(const Tensor& t) { return static_cast<Index>(t.size()); }

  struct Rule {
    float rate, momentum, decay;
    void operator()(float* w, float* v, const float* g, Index n) const {
      for (Index i = 0; i < n; ++i) {
        const float d = g[i] + decay * w[i];
        v[i] = momentum * v[i] + d;
        w[i] -= rate * (d + momentum * v[i]);
      }
    }
  };

  static void update_matrix(const Rule& rule, Tensor& w, Tensor& v, const Tensor& g,
                            const PruneMask* mask, ThreadPool& pool) {
    const auto filters = static_cast<Index>(w.shape(0));
    const Index rows = size(w) / filters;
    constexpr Index kFiltersEach = 16;
    pool.for_each(ceil_div(filters, kFiltersEach), [&](Index item) {
      const Index first = item * kFiltersEach, last = std::min(filters, first + kFiltersEach);
      const auto run = [&](Index f, Index begin, Index end) {
        const Index at = f * rows + begin;
        rule(w.data() + at, v.data() + at, g.data() + at, end - begin);
      };
      if (mask == nullptr) {
        for (Index f = first; f < last; ++f) run(f, 0, rows);
        return;
      }
      for (Index group = 0; group < mask->groups(); ++group)
        for (Index f = first; f < last; ++f)
          if (mask->kept(group, f))
            mask->for_rows(group, [&](Index begin, Index end) { run(f, begin, end); });
    });
  }

  Network& network_;
  SgdConfig config_;
  std::vector<Gradient> velocity_;  // by node
};

}  // namespace autoprune::nn
