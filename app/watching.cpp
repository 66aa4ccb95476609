#include "watching.hpp"

#include <algorithm>
#include <autoprune/io/format.hpp>

namespace autoprune::cli {

study::Flow Watching::episode(const search::Search<>& search) {
  const auto count = static_cast<Index>(search.episodes().size());
  const double all = static_cast<double>(std::max<Index>(1, episodes_));
  if (!line_) line_.emplace("search", quiet_, static_cast<double>(count - 1) / all);
  const search::Episode& best = search.episodes()[static_cast<std::size_t>(search.best())];
  const mapping::CrossbarCount& crossbars = best.outcome.crossbars;
  const Index tenth = std::max<Index>(1, episodes_ / 10);
  line_->show(static_cast<double>(count) / all,
              concat(count, '/', episodes_, " episodes  best reward ",
                     io::format_number(best.outcome.reward, 4), " (", search.kind(best), ")  CR ",
                     io::format_number(crossbars.compression_per_layer(), 2), " per layer, ",
                     io::format_number(crossbars.compression_pooled(), 2), " pooled  accuracy ",
                     io::format_number(best.outcome.accuracy, 2), " %"),
              count % tenth == 0 || count == episodes_);
  return study::Flow::go_on;
}

study::Flow Watching::epoch(const study::TrainingPoint& point) {
  show(point, true);
  return study::Flow::go_on;
}

void Watching::show(const study::TrainingPoint& point, bool milestone) {
  const auto epochs = static_cast<double>(point.epochs);
  if (!trains_) {
    line_.reset();
    line_.emplace(training_, quiet_, point.done / epochs);
    trains_ = true;
  }
  std::string text =
      concat("epoch ", io::format_number(point.done, milestone ? 0 : 2), '/', point.epochs);
  if (!point.history.empty()) {
    const io::EpochFigures& last = point.history.back();
    text += "  loss " + io::format_number(last.loss, 3);
    if (last.keep_ratio < 1.0)
      text += "  CR " + io::format_number(last.compression_pooled, 2) + " pooled";
    text += "  held-out Acc1 " + io::format_number(last.held_out_top1, 2) + " %";
  }
  line_->show(point.done / epochs, text, milestone);
}

}  // namespace autoprune::cli
