/// @file loss.hpp
/// The loss of nn/loss.hpp, and the logits of a teacher on the device.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "autoprune/nn/loss.hpp"
#include "autoprune/torch/graph.hpp"

namespace autoprune::libtorch {

/// Mean over the images, of logits [image][class]; `teacher` may be undefined.
[[nodiscard]] inline at::Tensor loss(const at::Tensor& logits, const at::Tensor& labels,
                                     const at::Tensor& teacher,
                                     const nn::Distillation& distillation) {
  const at::Tensor hard = at::nll_loss(at::log_softmax(logits, 1), labels);
  if (!teacher.defined()) return hard;
  const double t = distillation.temperature, soft = distillation.weight;
  const at::Tensor target = at::softmax(teacher / t, 1);
  const at::Tensor cooled = at::log_softmax(logits / t, 1);
  const at::Tensor divergence = (at::xlogy(target, target) - target * cooled).sum(1).mean();
  return hard * (1.0 - soft) + divergence * (soft * t * t);
}

/// Where augmentations repeat, logits are computed once a (variant, image).
class Teacher {
 public:
  /// `images` of the source; `repeats`: an image of a variant comes again.
  Teacher(nn::Network& network, const Options& options, ThreadPool& pool, Index images,
          bool repeats)
      : graph_(network, options, pool), images_(images), repeats_(repeats) {
    graph_.check_parameters();
  }

  /// For a loaded batch `x` of the source's `images`.
  [[nodiscard]] at::Tensor logits(std::span<const Index> images, std::uint64_t variant,
                                  const at::Tensor& x) {
    const at::NoGradGuard guard;
    if (!repeats_) return forward(x);
    Known& known = known_[variant];
    if (!known.logits.defined()) {
      known.logits = at::zeros({images_, graph_.network().outputs()},
                               at::TensorOptions(graph_.device()).dtype(at::kFloat));
      known.there.assign(static_cast<std::size_t>(images_), false);
    }
    const at::Tensor rows = copy_to(graph_.device(), images, at::kLong);
    const auto there = [&](Index i) { return known.there[static_cast<std::size_t>(i)]; };
    if (std::all_of(images.begin(), images.end(), there)) return known.logits.index({rows});
    const at::Tensor fresh = forward(x);
    known.logits.index_copy_(0, rows, fresh);
    for (const Index i : images) known.there[static_cast<std::size_t>(i)] = true;
    return fresh;
  }

 private:
  struct Known {
    at::Tensor logits;        // [image][class]
    std::vector<bool> there;  // [image]
  };

  [[nodiscard]] at::Tensor forward(const at::Tensor& x) {
    const at::Tensor logits = graph_.forward(x, {});
    if (!graph_.finite().item<bool>()) graph_.find_fault(x, {});
    return logits;
  }

  Graph graph_;
  Index images_;
  bool repeats_;
  std::map<std::uint64_t, Known> known_;  // by variant
};

}  // namespace autoprune::libtorch
