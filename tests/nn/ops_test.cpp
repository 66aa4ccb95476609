// Every operation without a weight matrix beside plain loops.
#include "autoprune/nn/ops.hpp"

#include <catch2/catch.hpp>

#include "autoprune/nn/functions.hpp"
#include "check_op.hpp"

using namespace autoprune;
using namespace autoprune::nn;
using namespace autoprune::nn::test;

namespace {

double logistic_of(double x) { return 1.0 / (1.0 + std::exp(-x)); }

/// The largest error of f in [-range, range], in units of its last place there.
double ulps(float (*f)(float), double (*exact)(double), double range) {
  double worst = 0.0;
  for (Index i = -200'000; i <= 200'000; ++i) {
    const auto x = static_cast<float>(range * static_cast<double>(i) / 200'000.0);
    const double wanted = exact(x);
    const double unit = std::max(std::abs(wanted), 1e-30) * 0x1p-23;
    worst = std::max(worst, std::abs(f(x) - wanted) / unit);
  }
  return worst;
}

std::string why(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

/// Appends an op to a network of one map.
Network with(Shape3 shape, const Op& op) {
  Network n(shape);
  n.append("op", op);
  return n;
}

}  // namespace

TEST_CASE("exp, tanh and erf are those of the standard library", "[ops]") {
  CHECK(ulps(nn::detail::exponential, std::exp, 87.0) < 4.0);
  CHECK(ulps(nn::detail::hyperbolic_tangent, std::tanh, 20.0) < 8.0);
  CHECK(ulps(nn::detail::error_function, std::erf, 6.0) < 8.0);
  CHECK(ulps(nn::detail::logistic, logistic_of, 80.0) < 8.0);
  CHECK(nn::detail::exponential(-1e4F) < 2e-38F);
  CHECK(nn::detail::exponential(1e4F) > 1e38F);
  CHECK(std::isfinite(nn::detail::exponential(1e4F)));
}

TEST_CASE("Activations agree with their definitions", "[ops]") {
  check_each(Clip(), [](double x) { return std::clamp(x, 0.0, 6.0); });
  check_each(Clip({.min = -0.5, .max = 0.25}), [](double x) { return std::clamp(x, -0.5, 0.25); });
  check_each(LeakyRelu({.negative = 0.2}), [](double x) { return x > 0.0 ? x : 0.2 * x; });
  check_each(Sigmoid(), logistic_of);
  check_each(HardSigmoid(), [](double x) { return std::clamp(x / 6.0 + 0.5, 0.0, 1.0); });
  check_each(HardSigmoid({.alpha = 0.4, .beta = 0.3}),
             [](double x) { return std::clamp(0.4 * x + 0.3, 0.0, 1.0); });
  check_each(Silu(), [](double x) { return x * logistic_of(x); });
  check_each(HardSwish(), [](double x) { return x * std::clamp(x + 3.0, 0.0, 6.0) / 6.0; });
  check_each(Tanh(), [](double x) { return std::tanh(x); });
  check_each(Gelu(), [](double x) { return 0.5 * x * (1.0 + std::erf(x / std::sqrt(2.0))); });
  check_each(Gelu({.tanh = true}), [](double x) {
    return 0.5 * x * (1.0 + std::tanh(std::sqrt(2.0 / M_PI) * (x + 0.044715 * x * x * x)));
  });
  check_each(ScalarAffine({.scale = -2.0, .shift = 0.5}), [](double x) { return 0.5 - 2.0 * x; });
  check_each(Identity(), [](double x) { return x; });
}

TEST_CASE("What is learned or normalised a channel agrees with plain loops", "[ops]") {
  for (const bool shared : {false, true})
    check_op(Prelu{.shared = shared}, {{3, 2, 4}}, [&](const PlainInput& in) {
      return map_of(in.shape[0], [&](Index c, Index h, Index w) {
        const double x = in.at(c, h, w);
        return x > 0.0 ? x : in.weight[static_cast<std::size_t>(shared ? 0 : c)] * x;
      });
    });
  for (const bool log : {false, true})
    check_op(Softmax{.log = log}, {{5, 2, 3}}, [&](const PlainInput& in) {
      return map_of(in.shape[0], [&](Index c, Index h, Index w) {
        double sum = 0.0;
        for (Index k = 0; k < 5; ++k) sum += std::exp(in.at(k, h, w));
        return log ? in.at(c, h, w) - std::log(sum) : std::exp(in.at(c, h, w)) / sum;
      });
    });
  for (const bool affine : {true, false})
    check_op(LayerNorm{.eps = 1e-3, .affine = affine}, {{7, 2, 3}}, [&](const PlainInput& in) {
      return map_of(in.shape[0], [&](Index c, Index h, Index w) {
        double mean = 0.0, variance = 0.0;
        for (Index k = 0; k < 7; ++k) mean += in.at(k, h, w) / 7.0;
        for (Index k = 0; k < 7; ++k) variance += std::pow(in.at(k, h, w) - mean, 2) / 7.0;
        const double n = (in.at(c, h, w) - mean) / std::sqrt(variance + 1e-3);
        const auto i = static_cast<std::size_t>(c);
        return affine ? n * in.weight[i] + in.bias[i] : n;
      });
    });
  for (const bool bias : {true, false})
    check_op(Scale{.bias = bias}, {{3, 2, 2}}, [&](const PlainInput& in) {
      return map_of(in.shape[0], [&](Index c, Index h, Index w) {
        const auto i = static_cast<std::size_t>(c);
        return in.at(c, h, w) * in.weight[i] + (bias ? in.bias[i] : 0.0);
      });
    });
}

TEST_CASE("Constants of a scale are saved, and not trained", "[ops]") {
  Network n({2, 2, 2});
  n.conv("c", {.out = 2, .kernel = 1});
  n.append("s", Scale{.bias = true, .learned = false});
  randomise(n, 3);
  CHECK(n.parameters()[1].name == "s.weight");
  CHECK(n.parameters()[2].name == "s.bias");
  const Values before = everything(n);
  ThreadPool pool(1);
  Session session(n, pool);
  Random random(4);
  const Activation x = random_activation(random, {2, 2, 2}, 8);
  const Activation y = session.forward(x, Mode::training);
  for_values(y, [&](Index i, Index c, Index h, Index w) {
    const auto k = static_cast<std::size_t>(c);
    CHECK(y.at(i, c, h, w) == Approx(double{*(n.parameters()[1].tensor->data() + k)} *
                                         (n.node(1).weight(k, 0, 0, 0) * x.at(i, 0, h, w) +
                                          n.node(1).weight(k, 1, 0, 0) * x.at(i, 1, h, w)) +
                                     double{*(n.parameters()[2].tensor->data() + k)})
                                  .margin(1e-5));
  });
  session.backward(y);
  Sgd(n, {}).step(session, 0.1, {});
  const Values after = everything(n);
  CHECK(after[0] != before[0]);
  CHECK(Values(after.end() - 4, after.end()) == Values(before.end() - 4, before.end()));
}

TEST_CASE("Sums, differences and products stretch extents of 1", "[ops]") {
  const std::vector<std::vector<Shape3>> pairs = {{{3, 2, 4}, {3, 2, 4}}, {{3, 2, 4}, {3, 1, 1}},
                                                  {{3, 1, 1}, {3, 2, 4}}, {{3, 2, 4}, {1, 2, 4}},
                                                  {{3, 2, 4}, {1, 1, 1}}, {{3, 1, 1}, {1, 2, 4}},
                                                  {{1, 2, 1}, {3, 1, 4}}};
  const auto stretched = [](double (*f)(double, double)) {
    return [f](const PlainInput& in) {
      const auto value = [&](std::size_t k, Index c, Index h, Index w) {
        const Shape3& s = in.shape[k];
        return in.at(s.channels == 1 ? 0 : c, s.height == 1 ? 0 : h, s.width == 1 ? 0 : w, k);
      };
      return map_of({3, 2, 4}, [&](Index c, Index h, Index w) {
        double y = value(0, c, h, w);
        for (std::size_t k = 1; k < in.shape.size(); ++k) y = f(y, value(k, c, h, w));
        return y;
      });
    };
  };
  for (const std::vector<Shape3>& shapes : pairs) {
    check_op(Add{}, shapes, stretched([](double a, double b) { return a + b; }));
    check_op(Sub{}, shapes, stretched([](double a, double b) { return a - b; }));
    check_op(Mul{}, shapes, stretched([](double a, double b) { return a * b; }));
  }
  check_op(Add{}, {{1, 2, 4}, {3, 1, 1}, {3, 2, 4}},
           stretched([](double a, double b) { return a + b; }));
  Network n({3, 4, 4});
  const Index other = n.max_pool("p", {.kernel = 2});
  for (const Op& op : {Op(Add{}), Op(Sub{}), Op(Mul{})})
    CHECK(why([&] {
            n.append("op", op, {0, other});
          }).find("3x4x4 and 3x2x2 can't be") != std::string::npos);
}

TEST_CASE("Channels are put together, taken apart and shuffled", "[ops]") {
  check_op(Concat{}, {{2, 3, 2}, {1, 3, 2}, {4, 3, 2}}, [](const PlainInput& in) {
    Values all;
    for (const Values& x : in.x) all.insert(all.end(), x.begin(), x.end());
    return all;
  });
  check_op(ChannelShuffle({.groups = 3}), {{6, 2, 2}}, [](const PlainInput& in) {
    const Index order[] = {0, 2, 4, 1, 3, 5};
    return map_of({6, 2, 2}, [&](Index c, Index h, Index w) { return in.at(order[c], h, w); });
  });
  check_op(Slice({.begin = 1, .end = 3}), {{5, 2, 3}}, [](const PlainInput& in) {
    return map_of({2, 2, 3}, [&](Index c, Index h, Index w) { return in.at(c + 1, h, w); });
  });
  Network n({6, 4, 4});
  const Index pool = n.max_pool("p", {.kernel = 2});
  const auto fails = [&](const Op& op, std::vector<Index> inputs, ErrorId id) {
    CHECK(error_of([&] { n.append("op", op, inputs); }) == id);
  };
  fails(Concat{}, {0, pool}, ErrorId::invalid_graph);
  fails(ChannelShuffle({.groups = 4}), {0}, ErrorId::out_of_range);
  fails(ChannelShuffle({.groups = 0}), {0}, ErrorId::out_of_range);
  fails(Slice({.begin = 2, .end = 2}), {0}, ErrorId::out_of_range);
  fails(Slice({.begin = -1, .end = 2}), {0}, ErrorId::out_of_range);
  fails(Slice({.begin = 0, .end = 7}), {0}, ErrorId::out_of_range);
}

TEST_CASE("Maps are reshaped and transposed where a map can hold the result", "[ops]") {
  check_op(Reshape({.channels = 4, .height = 3, .width = 2}), {{2, 4, 3}},
           [](const PlainInput& in) { return in.x[0]; });
  check_op(Transpose({.channels = 2, .height = 0, .width = 1}), {{2, 4, 3}},
           [](const PlainInput& in) {
             return map_of({3, 2, 4}, [&](Index c, Index h, Index w) { return in.at(h, w, c); });
           });
  const auto refused = [](const Op& op) { return why([&] { with({2, 4, 3}, op); }); };
  using Catch::Contains;
  CHECK_THAT(refused(Reshape({.channels = 5, .height = 5})), Contains("three extents"));
  CHECK_THAT(refused(Reshape({.channels = -24, .height = -1})), Contains("three extents"));
  CHECK_THAT(refused(Transpose({.channels = 1, .height = 1, .width = 2})), Contains("no others"));
  CHECK_THAT(refused(Transpose({.channels = 3, .height = 1, .width = 2})), Contains("no others"));
}

TEST_CASE("Attributes that make no sense are refused", "[ops]") {
  const auto id = [](const Op& op) { return error_of([&] { with({2, 4, 4}, op); }); };
  CHECK(id(Clip({.min = 1.0, .max = 1.0})) == ErrorId::out_of_range);
  CHECK(id(LayerNorm{.eps = 0.0}) == ErrorId::out_of_range);
  CHECK(id(BatchNorm{.eps = -1.0}) == ErrorId::out_of_range);
  CHECK(id(BatchNorm{.momentum = 1.5}) == ErrorId::out_of_range);
  const auto nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(id(Clip({.min = nan, .max = 1.0})) == ErrorId::out_of_range);
  CHECK(id(BatchNorm{.eps = nan}) == ErrorId::out_of_range);
}

TEST_CASE("Pools agree with plain loops, however they are padded", "[ops]") {
  Random random(9);
  Index ceiled = 0;
  for (int round = 0; round < 120; ++round) {
    const Shape3 in{2, 3 + random.below(7), 3 + random.below(7)};
    const auto size = [&] { return Size2(1 + random.below(3), 1 + random.below(3)); };
    const bool largest = random.below(2) == 0, count = random.below(2) == 0;
    MaxPool pool{.kernel = size(), .stride = size(), .dilation = largest ? size() : Size2(1)};
    const Size2 reach = pool.window().reach();
    pool.padding = {random.below(reach.h), random.below(reach.w), random.below(reach.h),
                    random.below(reach.w)};
    pool.ceil = random.below(2) == 0;
    const AvgPool mean{pool.kernel, pool.stride, pool.padding, pool.ceil, Size2(1), count};
    const Op op = largest ? Op(pool) : Op(mean);
    Shape3 out;
    try {
      out = op.shape({"pool", "p", {in}});
    } catch (const Error&) {
      continue;  // too large, or steps over all
    }
    const Size2 stride = *pool.stride;
    const Padding p = pool.padding;
    // PyTorch's rule: the last window begins inside of the input or of what is before it.
    const auto outputs = [&](Index extent, Index before, Index behind, Index k, Index s) {
      Index n = 1;
      while (n * s + k <= extent + before + behind ||
             (pool.ceil && (n - 1) * s + k < extent + before + behind && n * s < extent + before))
        ++n;
      return n;
    };
    CHECK(out == Shape3{2, outputs(in.height, p.h, p.h_end, reach.h, stride.h),
                        outputs(in.width, p.w, p.w_end, reach.w, stride.w)});
    ceiled += (out.height - 1) * stride.h + reach.h > in.height + p.h + p.h_end;
    check_op(op, {in}, [&](const PlainInput& x) {
      return map_of(out, [&](Index c, Index oh, Index ow) {
        double best = -1e300, sum = 0.0, inside = 0.0, padded = 0.0;
        for (Index kh = 0; kh < pool.kernel.h; ++kh)
          for (Index kw = 0; kw < pool.kernel.w; ++kw) {
            const Index h = oh * stride.h - p.h + kh * pool.dilation.h;
            const Index w = ow * stride.w - p.w + kw * pool.dilation.w;
            if (h < in.height + p.h_end && w < in.width + p.w_end) padded += 1.0;
            if (h < 0 || w < 0 || h >= in.height || w >= in.width) continue;
            inside += 1.0;
            sum += x.at(c, h, w);
            best = std::max(best, x.at(c, h, w));
          }
        return largest ? best : sum / (count ? padded : inside);
      });
    });
  }
  CHECK(ceiled > 3);
  // A second window would begin behind the input.
  const MaxPool wide{.kernel = 2, .stride = Size2{3}, .ceil = true};
  CHECK(with({1, 3, 4}, wide).node(1).shape == Shape3{1, 1, 2});
  check_op(GlobalAvgPool{}, {{3, 4, 5}}, [](const PlainInput& in) {
    Values y(3, 0.0);
    for (std::size_t i = 0; i < 60; ++i) y[i / 20] += in.x[0][i] / 20.0;
    return y;
  });
  CHECK(error_of([] {
          with({1, 1, 1}, MaxPool{.kernel = 2, .padding = {1, 1, 1, 1}, .dilation = 2});
        }) == ErrorId::invalid_graph);
}
