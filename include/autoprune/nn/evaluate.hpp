/// @file evaluate.hpp
/// Accuracy of a network, and batch-norm statistics that fit its masks.
#pragma once

#include <span>

#include "autoprune/core/error.hpp"
#include "autoprune/nn/accuracy.hpp"
#include "autoprune/nn/image_source.hpp"
#include "autoprune/nn/session.hpp"
#include "autoprune/nn/tally.hpp"

namespace autoprune::nn {

/// Throws empty_data for no images, and what Session::forward() throws.
[[nodiscard]] inline Accuracy evaluate(Session& session, std::span<const Batch> batches) {
  Index images = 0, first = 0, five = 0;
  for (const Batch& batch : batches) {
    const Activation& logits = session.logits_of(batch.images);
    for (Index i = 0; i < logits.images(); ++i) {
      const Index label = batch.labels[static_cast<std::size_t>(i)];
      if (label < 0 || label >= logits.shape().channels)
        fail(ErrorId::bad_label, "label ", label, "; the network has ", logits.shape().channels,
             " classes");
      const Index rank = rank_of_label(logits, i, label);
      first += rank < 1 ? 1 : 0;
      five += rank < 5 ? 1 : 0;
    }
    images += logits.images();
  }
  if (images == 0) fail(ErrorId::empty_data, "accuracy of no images");
  const double percent = 100.0 / static_cast<double>(images);
  return {percent * static_cast<double>(first), percent * static_cast<double>(five)};
}

/// The same over images of a source, loaded batch by batch.
[[nodiscard]] inline Accuracy evaluate(Session& session, const ImageSource& source,
                                       std::span<const Index> indices) {
  return evaluate_each(source, indices, session.pool(),
                       [&](std::span<const Batch> batches) { return evaluate(session, batches); });
}

/// Sets every batch-norm's running statistics to the mean over the batches of the statistics that
/// the network has under its present masks.
inline void recalibrate(Session& session, std::span<const Batch> batches) {
  for (std::size_t k = 0; k < batches.size(); ++k) {
    session.set_momentum(1.0 / static_cast<double>(k + 1));
    session.logits_of(batches[k].images, Mode::statistics);
  }
  session.set_momentum(0.1);
}

}  // namespace autoprune::nn
