/// @file sgd.hpp
/// The rule of nn/sgd.hpp on a device. Weights of pruned column-vectors, and their momentum, are
/// left alone.
#pragma once

#include <string>
#include <vector>

#include "autoprune/nn/train_config.hpp"
#include "autoprune/torch/graph.hpp"

namespace autoprune::libtorch {

/// The graph has to outlive it.
class Sgd {
 public:
  Sgd(Graph& graph, nn::SgdConfig config) : graph_(graph), config_(config) {
    for (const Graph::Trained& p : graph.trained()) {
      velocity_.push_back(at::zeros_like(graph.tensor(p).detach()));
      kept_here_.push_back(make_tensor(graph.parameter(p).shape));
    }
  }

  /// One step along the gradients of Graph::trained(); undefined ones are 0.
  void step(const std::vector<at::Tensor>& gradients, double rate) {
    const at::NoGradGuard guard;
    std::vector<at::Tensor> w, v, g;  // of what is trained whole
    for (std::size_t k = 0; k < velocity_.size(); ++k) {
      const Graph::Trained& p = graph_.trained()[k];
      const at::Tensor gradient =
          gradients[k].defined() ? gradients[k] : at::zeros_like(velocity_[k]);
      if (const at::Tensor kept = graph_.kept(p); kept.defined()) {
        step(graph_.tensor(p), velocity_[k], gradient, kept, rate);
      } else {
        w.push_back(graph_.tensor(p));
        v.push_back(velocity_[k]);
        g.push_back(gradient);
      }
    }
    if (w.empty()) return;
    const std::vector<at::Tensor> d = at::_foreach_add(g, w, config_.weight_decay);
    at::_foreach_mul_(v, config_.momentum);
    at::_foreach_add_(v, d, 1.0);
    at::_foreach_add_(w, at::_foreach_add(d, v, config_.momentum), -rate);
  }

  /// Momentum as the host knows it, under the names of nn::Sgd.
  [[nodiscard]] std::vector<nn::NamedTensor> state() {
    std::vector<nn::NamedTensor> all;
    for (std::size_t k = 0; k < velocity_.size(); ++k) {
      const Graph::Trained& p = graph_.trained()[k];
      all.push_back(
          {concat(graph_.network().node(p.node).name, '.', graph_.parameter(p).name, ".velocity"),
           &kept_here_[k]});
    }
    return all;
  }
  void upload() {
    for (std::size_t k = 0; k < velocity_.size(); ++k) velocity_[k].copy_(view_of(kept_here_[k]));
  }
  void download() {
    for (std::size_t k = 0; k < velocity_.size(); ++k) view_of(kept_here_[k]).copy_(velocity_[k]);
  }

 private:
  /// Of the kept numbers alone, whatever the others hold.
  void step(at::Tensor& w, at::Tensor& v, const at::Tensor& g, const at::Tensor& kept,
            double rate) const {
    const at::Tensor d = at::add(g, w, config_.weight_decay);
    v.copy_(at::where(kept, at::add(d, v, config_.momentum), v));
    w.copy_(at::where(kept, at::sub(w, at::add(d, v, config_.momentum), rate), w));
  }

  Graph& graph_;
  nn::SgdConfig config_;
  std::vector<at::Tensor> velocity_;  // of Graph::trained(), on the device
  std::vector<Tensor> kept_here_;     // the same on the host, as of the last download
};

}  // namespace autoprune::libtorch
