/// @file accuracy.hpp
/// How often a network is right.
#pragma once

#include "autoprune/core/types.hpp"
#include "autoprune/nn/activation.hpp"

namespace autoprune::nn {

/// Percent of images whose label is the largest logit, or among the five largest.
struct Accuracy {
  double top1 = 0.0, top5 = 0.0;
};

/// How many logits of an image come before its label's; of equal ones the earlier class comes
/// first.
[[nodiscard]] inline Index rank_of_label(const Activation& logits, Index image, Index label) {
  const float own = logits.at(image, label, 0, 0);
  Index rank = 0;
  for (Index c = 0; c < logits.shape().channels; ++c) {
    const float other = logits.at(image, c, 0, 0);
    rank += other > own || (other == own && c < label) ? 1 : 0;
  }
  return rank;
}

}  // namespace autoprune::nn
