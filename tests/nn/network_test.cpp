#include "autoprune/nn/network.hpp"

#include <catch2/catch.hpp>

#include "../error_of.hpp"
#include "autoprune/nn/sequential.hpp"

using namespace autoprune;

namespace {

/// Positions of a window that stay inside of the padded axis, one by one.
Index positions_along(Index size, Index kernel, Index stride, Index padding) {
  Index count = 0;
  for (Index first = -padding; first + kernel <= size + padding; first += stride) ++count;
  return count;
}

}  // namespace

TEST_CASE("a window moves along each axis by that axis' own sizes", "[network]") {
  Random random(3);
  for (int trial = 0; trial < 200; ++trial) {
    const nn::Shape3 in{1 + random.below(3), 6 + random.below(9), 6 + random.below(9)};
    const nn::Size2 kernel(1 + random.below(5), 1 + random.below(5));
    const nn::Size2 stride(1 + random.below(3), 1 + random.below(3));
    const nn::Size2 padding(random.below(kernel.h), random.below(kernel.w));
    const nn::Shape3 out{4, positions_along(in.height, kernel.h, stride.h, padding.h),
                         positions_along(in.width, kernel.w, stride.w, padding.w)};
    nn::Network network(in);
    const Index conv =
        network.conv("conv", {.out = 4, .kernel = kernel, .stride = stride, .padding = padding});
    CHECK(network.node(conv).shape == out);
    const Index pool =
        network.max_pool("pool", {.kernel = kernel, .stride = stride, .padding = padding}, 0);
    CHECK(network.node(pool).shape == nn::Shape3{in.channels, out.height, out.width});
  }
}

TEST_CASE("nodes that can't work on their inputs are refused", "[network]") {
  nn::Network network({2, 3, 4});
  const auto conv = [&](nn::Size2 padding) {
    return error_of([&] { nn::Network(network).conv("c", {.out = 1, .padding = padding}); });
  };
  CHECK(conv({2, 2}) == ErrorId{});
  CHECK(conv({3, 0}) == ErrorId::out_of_range);
  CHECK(conv({0, 3}) == ErrorId::out_of_range);
  // As many numbers, in another shape.
  nn::Network both({2, 4, 4});
  const Index high = both.max_pool("high", {.kernel = {1, 2}}, 0);
  const Index wide = both.max_pool("wide", {.kernel = {2, 1}}, 0);
  CHECK(error_of([&] { both.add("sum", {high, wide}); }) == ErrorId::invalid_graph);
  CHECK(error_of([&] { both.add("sum", {wide, wide}); }) == ErrorId{});
}

TEST_CASE("a convolution in groups has a weight matrix a group", "[network]") {
  nn::Network network({4, 5, 5});
  network.conv("plain", {.out = 6, .kernel = 3});
  CHECK(network.node(1).matrices == 1);
  network.conv("depthwise", {.out = 6, .kernel = 1, .groups = 6});
  network.conv("half", {.out = 4, .kernel = 1, .groups = 2});
  CHECK(network.matrix_layers() == std::vector<Index>{1, 2, 3});
  CHECK(shape_of(network.node(3).weight) == std::vector<Index>{4, 3, 1, 1});
  CHECK(network.node(2).matrices == 6);
  CHECK(network.node(3).matrices == 2);
  for (const nn::Conv& bad :
       {nn::Conv{.out = 5, .kernel = 1, .groups = 2}, nn::Conv{.out = 6, .kernel = 1, .groups = 3},
        nn::Conv{.out = 6, .kernel = 1, .groups = 0}})
    CHECK(error_of([&] { network.conv("bad", bad); }) == ErrorId::out_of_range);
}

TEST_CASE("parameters are limited in all, before memory is taken", "[network]") {
  nn::Network network({1, 1, 1});
  network.linear("one", 1, false);
  CHECK_THROWS_WITH(network.linear("rest", nn::kMaxParameters, false),
                    Catch::Contains("config.102") && Catch::Contains("the 1 before it"));
}

TEST_CASE("a global pool covers the whole map, wide or high", "[network]") {
  for (const nn::Shape3 in : {nn::Shape3{2, 5, 3}, nn::Shape3{2, 3, 5}}) {
    nn::Network network(in);
    nn::Sequential(network, "features").global_avg_pool();
    CHECK(network.nodes().back().shape == nn::Shape3{2, 1, 1});
  }
}
