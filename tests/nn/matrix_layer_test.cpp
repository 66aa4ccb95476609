#include "autoprune/nn/matrix_layer.hpp"

#include <catch2/catch.hpp>
#include <limits>
#include <memory>
#include <utility>

#include "reference.hpp"

using namespace autoprune;
using namespace autoprune::nn;
using namespace autoprune::nn::test;

namespace {

/// One weight layer with a batch and a gradient of its output.
struct Case {
  Network network;
  PruneMask mask;
  Activation x, dy;

  [[nodiscard]] const Node& node() const { return network.node(1); }
  [[nodiscard]] bool kept(Index filter, Index row) const {
    Index place = 0;
    while (mask.row(place) != row) ++place;
    return mask.kept(place / mask.granularity(), filter);
  }
};

Network random_conv(Random& random) {
  const Size2 kernel(1 + random.below(5), 1 + random.below(5));
  const Size2 padding(random.below(kernel.h), random.below(kernel.w));
  const Size2 stride(1 + random.below(3), 1 + random.below(3));
  const Shape3 in{1 + random.below(40), kernel.h + random.below(7), kernel.w + random.below(7)};
  Network network(in);
  network.conv(
      "layer",
      {.out = 1 + random.below(70), .kernel = kernel, .stride = stride, .padding = padding});
  return network;
}

/// In groups of few or many channels, depthwise ones among them.
Network random_grouped(Random& random) {
  const Index groups = 2 + random.below(4),
              channels = random.below(3) == 0 ? 1 : random.below(40) + 1;
  const auto size = [&] { return Size2(1 + random.below(3), 1 + random.below(3)); };
  Conv conv{.out = groups * (1 + random.below(channels == 1 ? 3 : 20)),
            .kernel = size(),
            .stride = size(),
            .dilation = size(),
            .groups = groups};
  const Size2 reach = conv.window().reach();
  conv.padding = {random.below(reach.h), random.below(reach.w), random.below(reach.h),
                  random.below(reach.w)};
  Network network({groups * channels, reach.h + random.below(5), reach.w + random.below(5)});
  network.conv("layer", conv);
  return network;
}

Network random_linear(Random& random) {
  const bool flat = random.below(2) == 0;
  Network network(flat ? Shape3{1 + random.below(400), 1, 1}
                       : Shape3{1 + random.below(40), 1 + random.below(4), 1 + random.below(4)});
  network.linear("layer", 1 + random.below(200), false);
  return network;
}

Case random_case(std::uint64_t seed, Index granularity) {
  Random random(seed);
  const Index kind = seed >= 50'000 ? 3 : random.below(3);
  Case c{kind == 3  ? random_grouped(random)
         : kind > 0 ? random_conv(random)
                    : random_linear(random),
         {},
         {},
         {}};
  c.network.initialise(seed);
  const Index rows = weight_matrix(c.node().weight).cols();
  c.mask = granularity > 0 ? random_mask(random, rows, c.node().filters(), granularity)
                           : PruneMask(rows, c.node().filters(), rows);
  const Index images = 1 + random.below(100);
  c.x = random_activation(random, c.network.input_shape(), images);
  c.dy = random_activation(random, c.node().shape, images);
  return c;
}

struct Results {
  Values y, dx, dw;
};

/// Entries of pruned vectors in `dw` before the call.
constexpr float kUntouched = 77.0F;

Results run(const Case& c, Index threads) {
  // What is pruned is never read.
  Tensor weight = c.node().weight;
  MatrixView w = weight_matrix(weight);
  for (Index f = 0; f < w.rows(); ++f)
    for (Index r = 0; r < w.cols(); ++r)
      if (!c.kept(f, r)) w(f, r) = std::numeric_limits<float>::quiet_NaN();

  ThreadPool pool(threads);
  MatrixLayer layer(c.network, c.node(), c.mask);
  layer.pack(weight, true, pool);
  Activation y, dx;
  Tensor dw = make_tensor(shape_of(weight), kUntouched);
  layer.forward(c.x, y, {}, pool);
  layer.backward_input(c.dy, dx, pool);
  nn::detail::GradientScratch scratch;
  layer.backward_weight(c.x, c.dy, Part(c.x.images()), dw, scratch, pool);
  return {values_of(y), values_of(dx), values_of(dw)};
}

Results expected(const Case& c) {
  const Shape3 &in = c.network.input_shape(), &out = c.node().shape;
  const auto images = static_cast<std::size_t>(c.x.images());
  const ConstMatrixView w = weight_matrix(c.node().weight);
  Activation y(out, c.x.images());
  Results e{Values(images * static_cast<std::size_t>(out.size())),
            Values(images * static_cast<std::size_t>(in.size())),
            Values(static_cast<std::size_t>(w.size()), 0.0)};
  const auto at = [](const Shape3& s, Index i, Index ch, Index h, Index v) {
    return static_cast<std::size_t>(((i * s.channels + ch) * s.height + h) * s.width + v);
  };
  for (Index f = 0; f < w.rows(); ++f)
    for (Index r = 0; r < w.cols(); ++r)
      if (!c.kept(f, r)) e.dw[static_cast<std::size_t>(f * w.cols() + r)] = kUntouched;
  for_products(c.node(), in, [&](Index f, Index r, Index ch, Index h, Index v, Index oh, Index ow) {
    if (!c.kept(f, r)) return;
    for (Index i = 0; i < c.x.images(); ++i) {
      const double x = c.x.at(i, ch, h, v), dy = c.dy.at(i, f, oh, ow);
      e.y[at(out, i, f, oh, ow)] += w(f, r) * x;
      e.dx[at(in, i, ch, h, v)] += w(f, r) * dy;
      e.dw[static_cast<std::size_t>(f * w.cols() + r)] += dy * x;
    }
  });
  return e;
}

void check(const Case& c) {
  INFO(shape_text(c.network.input_shape())
       << " -> " << shape_text(c.node().shape) << ", kernel " << c.node().op.window().kernel.h
       << 'x' << c.node().op.window().kernel.w << ", stride " << c.node().op.window().stride.h
       << 'x' << c.node().op.window().stride.w << ", padding " << c.node().op.window().padding.h
       << 'x' << c.node().op.window().padding.w << ", " << c.x.images() << " images, kept "
       << c.mask.kept_count() << " of " << c.mask.vectors());
  const Results actual = run(c, 2), wanted = expected(c);
  CHECK(error_of(actual.y, wanted.y) < 1e-5);
  CHECK(error_of(actual.dx, wanted.dx) < 1e-5);
  CHECK(error_of(actual.dw, wanted.dw) < 1e-5);
}

}  // namespace

TEST_CASE("A dense layer agrees with plain loops in any shape", "[nn]") {
  for (std::uint64_t seed = 0; seed < 30; ++seed) check(random_case(seed, 0));
}

TEST_CASE("A layer in groups agrees with plain loops, dense and masked", "[nn]") {
  const Index granularity = GENERATE(0, 1, 4, 32);
  for (std::uint64_t seed = 0; seed < 25; ++seed) check(random_case(50'000 + seed, granularity));
}

TEST_CASE("A layer whose row groups are gathered from anywhere agrees, too", "[nn]") {
  const Index granularity = GENERATE(1, 8, 32);
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    Case c = random_case(7000 + 100 * static_cast<std::uint64_t>(granularity) + seed, granularity);
    Random random(seed);
    const std::vector<Index> shuffled = random.permutation(c.mask.rows());
    c.mask = std::move(c.mask).in_order(
        std::make_shared<const std::vector<std::int32_t>>(shuffled.begin(), shuffled.end()));
    check(c);
  }
}

TEST_CASE("A layer whose row groups are nearly tiles of channels agrees, too", "[nn]") {
  constexpr Index kRows = 96;
  Random random(21);
  for (const Index step : {1, 5, 7, 31, 32, 35}) {  // from a place's row to the next one's
    for (const Index first : {0, 5, 32}) {
      Case c{Network({kRows, 1, 1}), PruneMask(kRows, 9, kRows), {}, {}};
      c.network.linear("layer", 9, false);
      c.network.initialise(3);
      std::vector<std::int32_t> order;  // rows of one remainder after another
      for (Index remainder = 0; remainder < step; ++remainder)
        for (Index row = remainder; row < kRows; row += step)
          order.push_back(static_cast<std::int32_t>((row + first) % kRows));
      c.mask = std::move(c.mask).in_order(
          std::make_shared<const std::vector<std::int32_t>>(std::move(order)));
      c.x = random_activation(random, c.network.input_shape(), 41);
      c.dy = random_activation(random, c.node().shape, 41);
      check(c);
    }
  }
}

TEST_CASE("A row group that is no tile of channels, but for its place or its order, agrees, too",
          "[nn]") {
  constexpr Index kRows = 96, kTile = 32;
  Random random(23);
  for (const bool aligned : {false, true}) {
    Case c{Network({kRows, 1, 1}), PruneMask(kRows, 6, kTile), {}, {}};
    c.network.linear("layer", 6, false);
    c.network.initialise(3);
    for (Index g = 0; g < 3; ++g) c.mask.set(g, g, false);  // each group is a span of its own
    std::vector<std::int32_t> order;
    for (Index row = 0; row < kRows; ++row) {
      // Neighbours from row 5 on; or tiles that begin where they should, with two rows swapped.
      const Index swapped = row % kTile == 7 ? row + 1 : row % kTile == 8 ? row - 1 : row;
      order.push_back(static_cast<std::int32_t>(aligned ? swapped : (row + 5) % kRows));
    }
    c.mask = std::move(c.mask).in_order(
        std::make_shared<const std::vector<std::int32_t>>(std::move(order)));
    c.x = random_activation(random, c.network.input_shape(), 41);
    c.dy = random_activation(random, c.node().shape, 41);
    check(c);
  }
}

TEST_CASE("A layer of many windows sums all of them", "[nn]") {
  // 20 columns: three rows a window, seven windows in each of three blocks, which sixteen share.
  Random random(22);
  Case c{Network({3, 20, 20}), PruneMask(27, 4, 27), {}, {}};
  c.network.conv("layer", {.out = 4, .padding = 1});
  c.network.initialise(5);
  c.x = random_activation(random, c.network.input_shape(), 70);
  c.dy = random_activation(random, c.node().shape, 70);
  check(c);
}

TEST_CASE("No span is longer than the cache allows, and none is empty", "[nn]") {
  Network network({5, 20, 20});
  network.conv("layer", {.out = 3, .kernel = {11, 13}});
  const Node& node = network.node(1);
  const nn::detail::MatrixPlan plan(network, node, PruneMask(5 * 11 * 13, 3, 100));
  CHECK(plan.spans.size() > 2);
  for (const nn::detail::Span& span : plan.spans) {
    CHECK(span.rows() > 0);
    CHECK(span.rows() <= nn::detail::kSpanRows);
  }
}

TEST_CASE("A masked layer agrees with plain loops and touches nothing pruned", "[nn]") {
  const Index granularity = GENERATE(4, 8, 16, 32, 64, 128, 7);
  for (std::uint64_t seed = 0; seed < 10; ++seed)
    check(random_case(100 * static_cast<std::uint64_t>(granularity) + seed, granularity));
}

TEST_CASE("Kept vectors are all that a layer works on", "[nn]") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Case c = random_case(seed, 16);
    Index kept = 0;
    for (Index f = 0; f < c.mask.cols(); ++f)
      for (Index r = 0; r < c.mask.rows(); ++r) kept += c.kept(f, r) ? 1 : 0;
    CHECK(MatrixLayer(c.network, c.node(), c.mask).kept_weights() == kept);
  }
}

TEST_CASE("A layer puts out the same bits for any number of threads", "[nn]") {
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    const Case c = random_case(seed, seed % 2 == 0 ? 0 : 16);
    const Results one = run(c, 1);
    for (const Index threads : {2, 3}) {
      const Results many = run(c, threads);
      CHECK(many.y == one.y);
      CHECK(many.dx == one.dx);
      CHECK(many.dw == one.dw);
    }
  }
}

TEST_CASE("A layer applies scale, shift and ReLU to its sums", "[nn]") {
  const Case c = random_case(5, 8);
  const auto filters = static_cast<std::size_t>(c.node().filters());
  Random random(9);
  std::vector<float> scale, shift;
  for (std::size_t f = 0; f < filters; ++f) {
    scale.push_back(static_cast<float>(random.normal()));
    shift.push_back(static_cast<float>(random.normal()));
  }
  ThreadPool pool(1);
  MatrixLayer layer(c.network, c.node(), c.mask);
  layer.pack(c.node().weight, false, pool);
  Activation y;
  layer.forward(c.x, y, {scale.data(), shift.data(), true}, pool);
  Values wanted = expected(c).y;
  const auto positions = static_cast<std::size_t>(c.node().shape.height * c.node().shape.width);
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const std::size_t f = i / positions % filters;
    wanted[i] = std::max(0.0, scale[f] * wanted[i] + shift[f]);
  }
  CHECK(error_of(values_of(y), wanted) < 1e-5);
}

TEST_CASE("A mask of another shape is refused", "[nn]") {
  Network network({4, 8, 8});
  network.conv("layer", {.out = 8});
  CHECK(error_of([&] { MatrixLayer(network, network.node(1), PruneMask(36, 7, 4)); }) ==
        ErrorId::mask_mismatch);
  CHECK(error_of([&] { MatrixLayer(network, network.node(1), PruneMask(35, 8, 4)); }) ==
        ErrorId::mask_mismatch);
}
