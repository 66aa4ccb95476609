/// @file loss.hpp
/// Cross-entropy, and distillation from a teacher's logits (Hinton et al., 2015).
#pragma once

#include <cmath>
#include <span>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/nn/batch.hpp"

namespace autoprune::nn {

/// (1 - weight) * cross-entropy(labels) + weight * T^2 * KL(teacher || student), both softmaxes of
/// the second term at temperature T.
struct Distillation {
  double temperature = 3.0;
  double weight = 0.7;
};

namespace detail {

/// softmax(logits / temperature) of one image.
inline void softmax(const Activation& logits, Index image, double temperature,
                    std::vector<double>& out) {
  const Index classes = logits.shape().channels;
  out.resize(static_cast<std::size_t>(classes));
  double top = -std::numeric_limits<double>::infinity(), sum = 0.0;
  for (Index c = 0; c < classes; ++c)
    top = std::max<double>(top, logits.at(image, c, 0, 0) / temperature);
  for (Index c = 0; c < classes; ++c)
    sum += out[static_cast<std::size_t>(c)] =
        std::exp(logits.at(image, c, 0, 0) / temperature - top);
  for (double& p : out) p /= sum;
}

}  // namespace detail

/// Mean loss over the batch and its gradient with respect to the logits. `teacher` may be null.
/// Throws shape_mismatch, or bad_label for a label outside of the logits' classes.
inline double loss(const Activation& logits, std::span<const Label> labels,
                   const Activation* teacher, const Distillation& distillation,
                   Activation& dlogits) {
  const Index images = logits.images(), classes = logits.shape().channels;
  if (static_cast<Index>(labels.size()) != images)
    fail(ErrorId::shape_mismatch, labels.size(), " labels for ", images, " images");
  if (teacher != nullptr && (teacher->shape() != logits.shape() || teacher->images() != images))
    fail(ErrorId::shape_mismatch, "the teacher's logits are ", teacher->images(), " x ",
         shape_text(teacher->shape()), ", the student's ", images, " x ",
         shape_text(logits.shape()));
  dlogits.resize(logits.shape(), images);
  dlogits.fill(0.0F);
  const double soft = teacher != nullptr ? distillation.weight : 0.0;
  const double t = distillation.temperature;
  std::vector<double> student, cooled, target;
  double total = 0.0;
  for (Index i = 0; i < images; ++i) {
    const Index label = labels[static_cast<std::size_t>(i)];
    if (label < 0 || label >= classes)
      fail(ErrorId::bad_label, "label ", label, " of image ", i, "; the network has ", classes,
           " classes");
    detail::softmax(logits, i, 1.0, student);
    total -= (1.0 - soft) * std::log(std::max(student[static_cast<std::size_t>(label)], 1e-30));
    if (soft > 0.0) {
      detail::softmax(logits, i, t, cooled);
      detail::softmax(*teacher, i, t, target);
    }
    for (Index c = 0; c < classes; ++c) {
      const auto k = static_cast<std::size_t>(c);
      double g = (1.0 - soft) * (student[k] - (c == label ? 1.0 : 0.0));
      if (soft > 0.0) {
        g += soft * t * (cooled[k] - target[k]);
        if (target[k] > 0.0)
          total += soft * t * t * target[k] * std::log(target[k] / std::max(cooled[k], 1e-30));
      }
      dlogits.at(i, c, 0, 0) = static_cast<float>(g / static_cast<double>(images));
    }
  }
  return total / static_cast<double>(images);
}

}  // namespace autoprune::nn
