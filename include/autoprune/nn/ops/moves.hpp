/// @file moves.hpp
/// Ops that put numbers at other places of a map (channels, height, width), a line or two each.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "autoprune/nn/op.hpp"

namespace autoprune::nn {

/// `Rule` has a kName, attributes(visitor), out(inputs), which checks them, and from(in, out, at):
/// the place in the input of what the output has at `at`. No two places come from the same one.
template <class Rule>
struct Move : Rule {
  Move() = default;
  Move(Rule rule) : Rule(rule) {}  // NOLINT: `{.groups = 2}` is what everyone writes

  void describe(AttributeVisitor& visit) { Rule::attributes(visit); }
  [[nodiscard]] Shape3 shape(const OpInputs& in) const { return Rule::out(in); }

  [[nodiscard]] bool forward(const ForwardPass& pass) const {
    const std::vector<Index> from = sources(pass.x().shape(), pass.y.shape());
    return pass.blocks([&](Index b, FiniteRows&) {
      float* y = pass.y.block(b);
      for (const Index row : from) y = std::copy_n(pass.x().block(b) + row, kLanes, y);
    });
  }
  void backward(const BackwardPass& pass, Index, Activation& dx) const {
    const std::vector<Index> from = sources(dx.shape(), pass.dy.shape());
    pass.blocks([&](Index b) {
      if (dx.shape().size() != pass.dy.shape().size())
        std::fill_n(dx.block(b), dx.block_size(), 0.0F);
      const float* dy = pass.dy.block(b);
      for (const Index row : from) {
        std::copy_n(dy, kLanes, dx.block(b) + row);
        dy += kLanes;
      }
    });
  }

 private:
  /// Of every row of the output, [h][w][c]: its offset in the input.
  [[nodiscard]] std::vector<Index> sources(const Shape3& in, const Shape3& out) const {
    std::vector<Index> all;
    all.reserve(static_cast<std::size_t>(out.size()));
    for (Index h = 0; h < out.height; ++h)
      for (Index w = 0; w < out.width; ++w)
        for (Index c = 0; c < out.channels; ++c) {
          const auto [fc, fh, fw] = Rule::from(in, out, {c, h, w});
          all.push_back(((fh * in.width + fw) * in.channels + fc) * kLanes);
        }
    return all;
  }
};

namespace detail {

/// A place in a map: channel, row, column.
using Place = std::array<Index, 3>;

/// Channels as [groups][each] become [each][groups] (ShuffleNet).
struct ChannelShuffleRule {
  static constexpr std::string_view kName = "channel_shuffle";
  Index groups = 1;
  void attributes(AttributeVisitor& visit) { visit.required("groups", groups); }
  [[nodiscard]] Shape3 out(const OpInputs& in) const {
    if (groups < 1 || in.front().channels % groups != 0)
      in.fail(ErrorId::out_of_range, in.front().channels, " channels aren't ", groups,
              " groups of equal size");
    return in.front();
  }
  [[nodiscard]] Place from(const Shape3& in, const Shape3&, const Place& at) const {
    return {at[0] % groups * (in.channels / groups) + at[0] / groups, at[1], at[2]};
  }
};

/// Channels [begin, end). A split is a slice each.
struct SliceRule {
  static constexpr std::string_view kName = "slice";
  Index begin = 0, end = 0;
  void attributes(AttributeVisitor& visit) {
    visit.required("begin", begin);
    visit.required("end", end);
  }
  [[nodiscard]] Shape3 out(const OpInputs& in) const {
    if (begin < 0 || begin >= end || end > in.front().channels)
      in.fail(ErrorId::out_of_range, "channels ", begin, " to ", end, " of ", in.front().channels,
              "; needs 0 <= begin < end <= channels");
    return {end - begin, in.front().height, in.front().width};
  }
  [[nodiscard]] Place from(const Shape3&, const Shape3&, const Place& at) const {
    return {begin + at[0], at[1], at[2]};
  }
};

/// The same numbers, in PyTorch's order (c, h, w), as a map of other extents.
struct ReshapeRule {
  static constexpr std::string_view kName = "reshape";
  Index channels = 1, height = 1, width = 1;
  void attributes(AttributeVisitor& visit) {
    visit.required("channels", channels);
    visit("height", height);
    visit("width", width);
  }
  [[nodiscard]] Shape3 out(const OpInputs& in) const {
    const Shape3 wanted{channels, height, width};
    const bool possible =
        std::min({channels, height, width}) >= 1 && std::max({channels, height, width}) <= kMaxMap;
    if (!possible || channels * height > kMaxMap || wanted.size() != in.front().size())
      in.fail(ErrorId::invalid_graph, shape_text(in.front()), " isn't as many numbers as ",
              shape_text(wanted), "; a map has three extents, channels x height x width");
    return wanted;
  }
  [[nodiscard]] Place from(const Shape3& in, const Shape3& to, const Place& at) const {
    const Index k = (at[0] * to.height + at[1]) * to.width + at[2];
    return {k / (in.height * in.width), k / in.width % in.height, k % in.width};
  }
};

/// Axes in another order; each attribute is the axis of the input: 0 channels, 1 height, 2 width.
struct TransposeRule {
  static constexpr std::string_view kName = "transpose";
  Index channels = 0, height = 1, width = 2;
  void attributes(AttributeVisitor& visit) {
    visit.required("channels", channels);
    visit.required("height", height);
    visit.required("width", width);
  }
  [[nodiscard]] Shape3 out(const OpInputs& in) const {
    std::array<bool, 3> seen = {};
    for (const Index axis : {channels, height, width})
      if (axis >= 0 && axis < 3) seen[static_cast<std::size_t>(axis)] = true;
    if (!seen[0] || !seen[1] || !seen[2])
      in.fail(ErrorId::invalid_graph, "axes ", channels, ", ", height, " and ", width,
              " aren't 0 (channels), 1 (height) and 2 (width) in some order; a map has no others");
    const Shape3& map = in.front();
    const Place extents = {map.channels, map.height, map.width};
    return {extents[axis(0)], extents[axis(1)], extents[axis(2)]};
  }
  [[nodiscard]] Place from(const Shape3&, const Shape3&, const Place& at) const {
    Place place = {};
    for (std::size_t k = 0; k < 3; ++k) place[axis(k)] = at[k];
    return place;
  }

 private:
  [[nodiscard]] std::size_t axis(std::size_t k) const {
    return static_cast<std::size_t>(Place{channels, height, width}[k]);
  }
};

}  // namespace detail

using ChannelShuffle = Move<detail::ChannelShuffleRule>;
using Slice = Move<detail::SliceRule>;
using Reshape = Move<detail::ReshapeRule>;
using Transpose = Move<detail::TransposeRule>;

}  // namespace autoprune::nn
