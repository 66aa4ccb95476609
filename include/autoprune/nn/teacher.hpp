/// @file teacher.hpp
/// The logits of a dense network that another one learns from.
#pragma once

#include <cmath>
#include <limits>
#include <map>
#include <span>
#include <vector>

#include "autoprune/core/thread_pool.hpp"
#include "autoprune/nn/batch.hpp"
#include "autoprune/nn/session.hpp"

namespace autoprune::nn {

/// Where augmentations repeat, logits are computed once a (variant, image).
class Teacher {
 public:
  /// `images` of the source; `repeats`: an image of a variant comes again. The teacher works in the
  /// memory of the student's gradients.
  Teacher(Network& network, Session& student, Index images, bool repeats)
      : session_(network, student.pool()),
        images_(images),
        classes_(network.outputs()),
        repeats_(repeats) {
    session_.share_memory(student);
  }

  /// For a batch of the source's `images`, of which a part is loaded; valid until the next call.
  const Activation& logits(std::span<const Index> images, std::uint64_t variant, const Batch& batch,
                           const Part& part) {
    if (!repeats_) return part.whole(session_.logits_of(batch.images), whole_);
    auto& known = known_[variant];
    if (known.empty())
      known.assign(static_cast<std::size_t>(images_ * classes_),
                   std::numeric_limits<float>::quiet_NaN());
    const auto at = [&](Index image, Index c) -> float& {
      return known[static_cast<std::size_t>(images[static_cast<std::size_t>(image)] * classes_ +
                                            c)];
    };
    const auto count = static_cast<Index>(images.size());
    bool missing = false;
    for (Index i = 0; i < count; ++i) missing = missing || std::isnan(at(i, 0));
    logits_.resize({classes_, 1, 1}, count);
    if (missing) {
      const Activation& logits = part.whole(session_.logits_of(batch.images), whole_);
      for (Index i = 0; i < count; ++i)
        for (Index c = 0; c < classes_; ++c) at(i, c) = logits.at(i, c, 0, 0);
    }
    for (Index i = 0; i < count; ++i)
      for (Index c = 0; c < classes_; ++c) logits_.at(i, c, 0, 0) = at(i, c);
    return logits_;
  }

 private:
  Session session_;
  Index images_, classes_;
  bool repeats_;
  std::map<std::uint64_t, std::vector<float>> known_;  // [variant] -> [image][class]
  Activation logits_, whole_;
};

}  // namespace autoprune::nn
