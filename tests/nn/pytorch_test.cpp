// What PyTorch 1.13 makes of the same layers, in double precision. Input, parameters and gradient
// are sines, and so are the weights of the sums that stand here.
#include <catch2/catch.hpp>
#include <optional>

#include "helpers.hpp"

using namespace autoprune;
using namespace autoprune::nn;
using namespace autoprune::nn::test;

namespace {

/// sin(step k + first) of number k in PyTorch's order.
struct Wave {
  double step, first;
  double at(std::size_t k) const { return std::sin(step * static_cast<double>(k) + first); }
  void fill(Activation& a) const {
    std::size_t k = 0;
    for_values(a, [&](Index i, Index c, Index h, Index w) {
      a.at(i, c, h, w) = static_cast<float>(at(k++));
    });
  }
  double dot(const Values& values) const {
    double sum = 0.0;
    for (std::size_t k = 0; k < values.size(); ++k) sum += values[k] * at(k);
    return sum;
  }
};

/// The gradient that came past a Probe last.
Values probed;

struct Probe {
  static constexpr std::string_view kName = "probe";
  [[nodiscard]] static bool forward(const ForwardPass& pass) {
    return pass.each([](float x) { return x; });
  }
  static void backward(const BackwardPass& pass, Index, Activation& dx) {
    probed = values_of(pass.dy);
    pass.each(dx, [](float) { return 1.0F; });
  }
};

/// PyTorch's sums: of the output, and of the gradients of input, weight and bias.
void check_pytorch(const Op& op, Shape3 shape, const std::vector<double>& wanted,
                   double scale = 1.0) {
  INFO(op.name() << ' ' << shape_text(shape));
  Network n(shape);
  n.append("first", Identity());
  n.append("probe", Probe{});
  n.append("scaled", ScalarAffine({.scale = scale}));
  const Index last = n.append("op", op);
  const Node& node = n.node(last);
  double first = 0.2;
  for (const NamedTensor& p : n.parameters()) {
    for (std::size_t k = 0; k < p.tensor->size(); ++k)
      p.tensor->flat(k) = static_cast<float>(Wave{0.3, first}.at(k));
    first += 1.0;
  }
  ThreadPool pool(1);
  Session session(n, pool);
  Activation x(shape, 1), dy(node.shape, 1);
  x.fill(0.0F);
  dy.fill(0.0F);
  Wave{0.7, 0.1}.fill(x);
  Wave{1.3, 0.4}.fill(dy);
  const Activation y = session.forward(x, Mode::training);
  session.backward(dy);
  CHECK(Wave{1.3, 0.4}.dot(values_of(y)) == Approx(wanted[0]).epsilon(1e-5).margin(1e-5));
  const Wave seen{0.9, 0.5};
  std::vector<Values> gradients;
  if (node.has(&Node::weight)) gradients.push_back(values_of(session.gradient(last).weight));
  if (node.has_bias()) gradients.push_back(values_of(session.gradient(last).bias));
  REQUIRE(gradients.size() + 2 == wanted.size());
  for (std::size_t k = 0; k < gradients.size(); ++k)
    CHECK(seen.dot(gradients[k]) == Approx(wanted[k + 2]).epsilon(1e-5).margin(1e-5));

  CHECK(seen.dot(probed) == Approx(wanted[1]).epsilon(1e-5).margin(1e-5));
}

}  // namespace

TEST_CASE("Layers agree with PyTorch's", "[pytorch]") {
  check_pytorch(Conv{.out = 6,
                     .kernel = 3,
                     .stride = {1, 2},
                     .padding = {2, 1},
                     .bias = true,
                     .dilation = {2, 1},
                     .groups = 2},
                {4, 7, 8}, {42.878223, -4.6805099, 9.525833, 0.26344658});
  check_pytorch(Conv{.out = 5, .kernel = 3, .stride = 2, .padding = 1, .bias = true, .groups = 5},
                {5, 7, 8}, {22.465473, 0.48444619, 0.58326649, -0.87399988});
  check_pytorch(Conv{.out = 6, .kernel = 5, .padding = 4, .bias = true, .dilation = 2, .groups = 3},
                {3, 6, 5}, {0.55970959, -0.46355924, 0.038846642, 1.2773681});
  check_pytorch(Conv{.out = 4,
                     .kernel = {3, 2},
                     .stride = {2, 1},
                     .padding = {2, 0, 1, 1},
                     .bias = true,
                     .dilation = {1, 2}},
                {3, 7, 8}, {5.423023, -5.4530013, 1.1310473, 0.97048783});
  check_pytorch(MaxPool{.kernel = 3, .stride = Size2{2}, .padding = 1, .ceil = true}, {2, 8, 7},
                {3.3390128, -3.0541865});
  check_pytorch(
      MaxPool{
          .kernel = {2, 3}, .stride = Size2{1, 2}, .padding = 1, .ceil = true, .dilation = {3, 2}},
      {2, 8, 7}, {2.0148158, 5.0070427});
  check_pytorch(AvgPool{.kernel = 3, .stride = Size2{2}, .padding = 1, .ceil = true}, {2, 8, 7},
                {0.88918207, -2.8740676});
  check_pytorch(
      AvgPool{
          .kernel = {3, 2}, .stride = Size2{2}, .padding = 1, .ceil = true, .count_padding = false},
      {2, 8, 7}, {3.0517852, -1.8982163});
  check_pytorch(Gelu(), {2, 3, 4}, {6.5490771, 5.2785837}, 3.0);
  check_pytorch(Gelu({.tanh = true}), {2, 3, 4}, {6.5516352, 5.2845344}, 3.0);
  check_pytorch(HardSwish(), {2, 3, 4}, {11.230485, 10.408645}, 5.0);
  check_pytorch(HardSigmoid(), {2, 3, 4}, {0.65642503, -1.1315283}, 5.0);
  check_pytorch(Silu(), {2, 3, 4}, {6.2224829, 4.1071622}, 3.0);
  check_pytorch(LayerNorm{.eps = 1e-6}, {6, 3, 2},
                {0.74233158, 2.0889895, 0.33901879, -0.32353283});
}
