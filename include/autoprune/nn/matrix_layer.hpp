/// @file matrix_layer.hpp
/// Convolution and linear layers, dense or masked: forward, gradient of the input, gradient of the
/// weights. Work is cut into items that depend on shapes alone and that write to places of their
/// own, so that results are the same bits for any number of threads.
#pragma once

#include <algorithm>
#include <atomic>
#include <optional>
#include <utility>
#include <vector>

#include "autoprune/core/tensor.hpp"
#include "autoprune/core/thread_pool.hpp"
#include "autoprune/nn/activation.hpp"
#include "autoprune/nn/depthwise.hpp"
#include "autoprune/nn/elementwise.hpp"
#include "autoprune/nn/finite.hpp"
#include "autoprune/nn/matrix_plan.hpp"
#include "autoprune/nn/microkernels.hpp"
#include "autoprune/nn/weight_gradient.hpp"

namespace autoprune::nn {

/// What happens to a layer's sums before they are stored: y = relu(scale * sum + shift).
struct Epilogue {
  const float* scale = nullptr;  ///< [filters] or null for 1
  const float* shift = nullptr;  ///< [filters] or null for 0
  bool relu = false;
};

class MatrixLayer {
 public:
  /// The layer `node` under `mask`; its weights are read when pack() is called.
  MatrixLayer(const Network& network, const Node& node, const PruneMask& mask)
      : plan_(network, node, mask) {
    const Index filters = shape().filters();
    // A linear layer has one position, so threads share its filters instead of its positions.
    chunk_ = shape().positions() > 1 ? filters : ceil_div(ceil_div(filters, 8), 12) * 12;
    if (shape().groups > 1 && shape().groups == shape().in.channels &&
        mask.kept_count() == mask.vectors())
      depthwise_.emplace(shape(), plan_.classes);
  }
  MatrixLayer(const Network& network, const Node& node)
      : MatrixLayer(network, node,
                    detail::MatrixPlan::dense_mask(detail::MatrixShape(network, node))) {}

  [[nodiscard]] const detail::MatrixShape& shape() const noexcept { return plan_.shape; }
  /// Weights that take part: those of kept column-vectors.
  [[nodiscard]] Index kept_weights() const noexcept { return plan_.kept_weights; }

  /// Reorders the weights for forward(), and for backward_input() when `backward` is set. Call it
  /// whenever they have changed. Whether those that take part are finite.
  bool pack(const Tensor& weight, bool backward, ThreadPool& pool) {
    if (depthwise_) {
      forward_weights_.assign(weight.begin(), weight.end());
      return detail::all_finite(weight.data(), static_cast<Index>(weight.size()));
    }
    const ConstMatrixView w = weight_matrix(weight);
    const auto size = static_cast<std::size_t>(plan_.kept_weights);
    forward_weights_.resize(size);
    if (backward) backward_weights_.resize(size);
    std::atomic<bool> finite = true;
    pool.for_each(static_cast<Index>(plan_.spans.size()), [&](Index s) {
      const detail::Span& span = plan_.spans[static_cast<std::size_t>(s)];
      pack_forward(w, span);
      if (backward) pack_backward(w, span);
      const float* packed = forward_weights_.data() + span.packed_begin;
      if (!detail::all_finite(packed, span.rows() * span.kept())) finite = false;
    });
    return finite;
  }

  /// y = epilogue(W x). Resizes y. Whether the images' sums were finite, before and after scaling.
  bool forward(const Activation& x, Activation& y, const Epilogue& epilogue,
               ThreadPool& pool) const {
    y.resize(shape().out, x.images());
    std::atomic<bool> finite = true;
    const auto run = [&](const Window& part, Index chunk) {
      if (!forward_part(x, y, part, chunk, epilogue)) finite = false;
    };
    const Index height = shape().out.height;
    if (shape().positions() == 1) {
      pool.for_each(chunks(), [&](Index chunk) { run({0, x.blocks(), 0, 1}, chunk); });
      return finite;
    }
    const Index rows = std::clamp<Index>(kItemPositions / shape().out.width, 1, height);
    const Index bands = ceil_div(height, rows);
    pool.for_each(x.blocks() * bands, [&](Index item) {
      const Index block = item / bands, row = item % bands * rows;
      run({block, 1, row, std::min(rows, height - row)}, 0);
    });
    return finite;
  }

  /// dx = W^T dy. Resizes dx. Needs pack() with `backward`.
  void backward_input(const Activation& dy, Activation& dx, ThreadPool& pool) const {
    dx.resize(shape().in, dy.images());
    const auto clear = [&](Index b) { std::fill_n(dx.block(b), dx.block_size(), 0.0F); };
    if (shape().positions() > 1 || depthwise_) {
      pool.for_each(dy.blocks(), [&](Index b) {
        clear(b);
        for (Index p = 0; p < shape().positions(); ++p)
          if (depthwise_)
            backward_depthwise(dy, dx, b, p);
          else
            for (const Span& span : plan_.spans) backward_part(dy, dx, b, p, span, true);
      });
      return;
    }
    // With one position a row of dx belongs to one span, or to none.
    Index covered = 0;
    for (const Span& span : plan_.spans) covered += span.rows();
    if (covered < shape().in.size()) pool.for_each(dy.blocks(), clear);
    pool.for_each(static_cast<Index>(plan_.spans.size()), [&](Index s) {
      for (Index b = 0; b < dy.blocks(); ++b)
        backward_part(dy, dx, b, 0, plan_.spans[at(s)], false);
    });
  }

  /// dw = dy x^T for kept vectors, over the batch of which x and dy are a part; entries of pruned
  /// vectors are left as they are. `dw` has the shape of the weights.
  void backward_weight(const Activation& x, const Activation& dy, const Part& part, Tensor& dw,
                       detail::GradientScratch& scratch, ThreadPool& pool) const {
    if (depthwise_)
      depthwise_->backward_weight(plan_.classes, x, dy, part, dw.data(), pool);
    else
      detail::WeightGradient(plan_, part, scratch).run(x, dy, dw, pool);
  }

 private:
  /// Output rows of consecutive blocks.
  struct Window {
    Index block, blocks, row, rows;
  };
  using Span = detail::Span;
  static constexpr Index kItemPositions = 16;  // output positions of a forward item
  [[nodiscard]] Index chunks() const { return ceil_div(shape().filters(), chunk_); }

  /// The kept filters of a span that lie in [low, high), as positions in its list.
  [[nodiscard]] static std::pair<Index, Index> kept_between(const Span& span, Index low,
                                                            Index high) {
    const auto at = [&](Index f) {
      return std::lower_bound(span.filters.begin(), span.filters.end(), f) - span.filters.begin();
    };
    return {at(low), at(high)};
  }

  template <class F>
  void for_filter_tiles(const Span& span, Index chunk, F&& f) const {
    const auto [low, high] = kept_between(span, chunk * chunk_, (chunk + 1) * chunk_);
    detail::for_tiles(high - low, detail::kTileRows,
                      [&, first = low](Index begin, Index end) { f(first + begin, first + end); });
  }

  // Both read the weights in small squares: whole cache lines, of few filters at a time.
  static constexpr Index kPackRows = 64, kPackFilters = 8;

  void pack_forward(const ConstMatrixView& w, const Span& span) {
    for (Index chunk = 0; chunk < chunks(); ++chunk)
      for_filter_tiles(span, chunk, [&](Index begin, Index end) {
        const Index size = end - begin;
        float* tile = forward_weights_.data() + span.packed_begin + begin * span.rows();
        for (Index k0 = 0; k0 < span.rows(); k0 += kPackRows)
          for (Index f = 0; f < size; ++f)
            copy_row(w, span, begin + f, k0, std::min(k0 + kPackRows, span.rows()),
                     tile + k0 * size + f, size);
      });
  }

  void pack_backward(const ConstMatrixView& w, const Span& span) {
    for (Index f0 = 0; f0 < span.kept(); f0 += kPackFilters)
      detail::for_tiles(span.rows(), detail::kTileRows, [&](Index begin, Index end) {
        float* tile = backward_weights_.data() + span.packed_begin + begin * span.kept();
        for (Index f = f0; f < std::min(f0 + kPackFilters, span.kept()); ++f)
          copy_row(w, span, f, begin, end, tile + f * (end - begin), 1);
      });
  }

  /// Entries [begin, end) of a filter of the span to every stride-th place of `out`.
  [[gnu::noinline]] static void copy_row(const ConstMatrixView& w, const Span& span, Index filter,
                                         Index begin, Index end, float* out, Index stride) {
    const float* weights = w.data() + span.filters[at(filter)] * w.cols();
    const std::int32_t* row = span.row.data();
    for (Index k = begin; k < end; ++k, out += stride) *out = weights[row[k]];
  }

  bool forward_part(const Activation& x, Activation& y, const Window& part, Index chunk,
                    const Epilogue& epilogue) const {
    const Index low = chunk * chunk_, high = std::min(shape().filters(), low + chunk_);
    if (depthwise_)
      for_positions(part, y, [&](Index b, Index oh, Index ow, float* out) {
        depthwise_->forward(plan_.classes.of(oh, ow), forward_weights_.data(),
                            x.block(b) + shape().window(oh, ow), low, high, out);
      });
    else
      multiply(x, y, part, chunk);
    bool finite = true;
    for (Index b = part.block; b < part.block + part.blocks; ++b) {
      detail::FiniteRows seen;
      for_positions({b, 1, part.row, part.rows}, y, [&](Index, Index, Index, float* out) {
        finish(out, low, high, epilogue, seen);
      });
      finite = finite && seen.finite(y.lanes(b));
    }
    return finite;
  }

  /// y = W x.
  void multiply(const Activation& x, Activation& y, const Window& part, Index chunk) const {
    const Index low = chunk * chunk_, high = std::min(shape().filters(), low + chunk_);
    // Spans that open overwrite y, unless some filter is in none of them.
    const bool overwrite = plan_.opened;
    if (!overwrite)
      for_positions(part, y, [&](Index, Index, Index, float* out) {
        std::fill(out + low * kLanes, out + high * kLanes, 0.0F);
      });
    for (const Span& span : plan_.spans)
      for_positions(part, y, [&](Index b, Index oh, Index ow, float* out) {
        const std::size_t cls = plan_.classes.of(oh, ow);
        const Index first = span.class_begin[cls];
        const Index count = span.class_begin[cls + 1] - first;
        const float* in = x.block(b) + shape().window(oh, ow);
        for_filter_tiles(span, chunk, [&](Index begin, Index end) {
          detail::multiply_tile_of(end - begin)(
              forward_weights_.data() + span.packed_begin + begin * span.rows(), end - begin,
              span.row_off.data(), span.segments.data() + first, count, in, out,
              span.filter_off.data() + begin, !overwrite || !span.opens);
        });
      });
  }

  /// Calls f(block, oh, ow, y at that position).
  template <class F>
  void for_positions(const Window& part, Activation& y, F&& f) const {
    const Index width = shape().out.width, step = shape().filters() * kLanes;
    for (Index b = part.block; b < part.block + part.blocks; ++b)
      for (Index oh = part.row; oh < part.row + part.rows; ++oh)
        for (Index ow = 0; ow < width; ++ow) f(b, oh, ow, y.block(b) + (oh * width + ow) * step);
  }

  static void finish(float* y, Index low, Index high, const Epilogue& epilogue,
                     detail::FiniteRows& seen) {
    if (epilogue.scale == nullptr && epilogue.shift == nullptr && !epilogue.relu)
      return seen.see_all(y + low * kLanes, (high - low) * kLanes);
    detail::FiniteRows own = seen;  // stays in registers
    for (Index f = low; f < high; ++f) {
      const float scale = epilogue.scale != nullptr ? epilogue.scale[f] : 1.0F;
      const float shift = epilogue.shift != nullptr ? epilogue.shift[f] : 0.0F;
      float* row = y + f * kLanes;
      detail::affine_row(row, row, scale, shift, epilogue.relu, own);
    }
    seen = own;
  }

  void backward_depthwise(const Activation& dy, Activation& dx, Index block, Index position) const {
    const Index oh = position / shape().out.width, ow = position % shape().out.width;
    depthwise_->backward_input(plan_.classes.of(oh, ow), forward_weights_.data(),
                               dy.block(block) + position * shape().filters() * kLanes,
                               dx.block(block) + shape().window(oh, ow));
  }

  /// dx (+)= W^T dy for one span at one output position.
  void backward_part(const Activation& dy, Activation& dx, Index block, Index position,
                     const Span& span, bool add) const {
    const Index oh = position / shape().out.width, ow = position % shape().out.width;
    const float* in = dy.block(block) + position * shape().filters() * kLanes;
    float* out = dx.block(block) + shape().window(oh, ow);
    const std::int32_t* off =
        span.class_off.data() + static_cast<Index>(plan_.classes.of(oh, ow)) * span.rows();
    const detail::Segment all{0, static_cast<std::int32_t>(span.kept())};
    detail::for_tiles(span.rows(), detail::kTileRows, [&](Index begin, Index end) {
      const float* tile = backward_weights_.data() + span.packed_begin + begin * span.kept();
      // Rows outside of the map are left out; as rows are ordered by tap, few runs remain.
      for (Index i = begin; i < end;) {
        while (i < end && off[i] < 0) ++i;
        const Index first = i;
        while (i < end && off[i] >= 0) ++i;
        if (first < i)
          detail::multiply_tile_of(i - first)(tile + first - begin, end - begin,
                                              span.filter_off.data(), &all, 1, in, out, off + first,
                                              add);
      }
    });
  }

  static std::size_t at(Index i) { return static_cast<std::size_t>(i); }

  detail::MatrixPlan plan_;
  Index chunk_ = 0;
  std::optional<detail::Depthwise> depthwise_;  // where it is one, and dense
  std::vector<float> forward_weights_, backward_weights_;
};

}  // namespace autoprune::nn
