// An operation by itself beside the same in plain loops: its output, and its gradients beside
// finite differences of the loops.
#pragma once

#include <functional>

#include "../error_of.hpp"
#include "helpers.hpp"

namespace autoprune::nn::test {

/// The numbers of one image in PyTorch's order, and what the op learns.
struct PlainInput {
  std::vector<Values> x;      ///< of each input of the op
  std::vector<Shape3> shape;  ///< likewise
  Values weight, bias;

  [[nodiscard]] double at(Index c, Index h, Index w, std::size_t input = 0) const {
    const Shape3& s = shape[input];
    return x[input][static_cast<std::size_t>((c * s.height + h) * s.width + w)];
  }
};
/// The output for one image, in PyTorch's order.
using Plain = std::function<Values(const PlainInput&)>;

/// A network whose last node is the op; each of its inputs is a convolution's output, so that a
/// gradient is asked of all of them.
struct OpRun {
  Network network;
  std::vector<Index> inputs;
  Activation images;
  std::optional<Session> session;

  OpRun(const Op& op, const std::vector<Shape3>& shapes, Index count, std::uint64_t seed,
        ThreadPool& pool)
      : network(outer(shapes)) {
    for (std::size_t k = 0; k < shapes.size(); ++k)
      inputs.push_back(own_input(concat("x", k), shapes[k]));
    network.append("op", op, inputs);
    randomise(network, seed);
    Random random(seed + 1);
    images = random_activation(random, network.input_shape(), count);
    session.emplace(network, pool);
  }
  [[nodiscard]] Index node() const { return network.size() - 1; }

 private:
  static Shape3 outer(const std::vector<Shape3>& shapes) {
    Shape3 all{2, 1, 1};
    for (const Shape3& s : shapes)
      all = {2, std::max(all.height, s.height), std::max(all.width, s.width)};
    return all;
  }
  Index own_input(const std::string& name, Shape3 shape) {
    const Shape3 in = network.input_shape();
    return network.conv(
        name, {shape.channels, {in.height - shape.height + 1, in.width - shape.width + 1}}, 0);
  }
};

inline Values image_of(const Activation& all, Index image) {
  return values_of(part_of(all, image, 1));
}

/// Checks the output in inference and training, and in training every gradient, of all numbers or,
/// where those are many, of some.
inline void check_op(const Op& op, const std::vector<Shape3>& shapes, const Plain& plain,
                     std::uint64_t seed = 1) {
  INFO(op.name() << ' ' << shape_text(shapes.front()));
  const Index count = 34;  // two blocks
  ThreadPool pool(2);
  OpRun run(op, shapes, count, seed, pool);
  const Node& node = run.network.node(run.node());
  const auto input_of = [&](Index image) {
    PlainInput in{{}, shapes, values_of(node.weight), values_of(node.bias)};
    for (const Index input : run.inputs)
      in.x.push_back(image_of(run.session->output(input), image));
    return in;
  };
  for (const Mode mode : {Mode::inference, Mode::training}) {
    const Activation& y = run.session->forward(run.images, mode);
    for (const Index image : {Index{0}, Index{33}}) {
      const Values wanted = plain(input_of(image));
      REQUIRE(static_cast<Index>(wanted.size()) == node.shape.size());
      CHECK(error_of(image_of(y, image), wanted) < 2e-6);
    }
  }

  Random random(seed + 2);
  const Activation dy = random_activation(random, node.shape, count);
  run.session->backward(dy);
  // Of inputs: the convolutions' filters are what is seen of them, one image's sums at a time.
  const auto loss = [&](Index image, const PlainInput& in) {
    const Values y = plain(in), g = image_of(dy, image);
    double sum = 0.0;
    for (std::size_t i = 0; i < y.size(); ++i) sum += y[i] * g[i];
    return sum;
  };
  const auto slope = [&](double& value, const std::function<double()>& f) {
    constexpr double kStep = 1e-5;
    const double before = value;
    value = before + kStep;
    const double above = f();
    value = before - kStep;
    const double below = f();
    value = before;
    return (above - below) / (2.0 * kStep);
  };
  Activation all_dy = dy;
  for (std::size_t k = 0; k < shapes.size(); ++k) {
    std::vector<const Activation*> read;
    for (const Index input : run.inputs) read.push_back(&run.session->output(input));
    Activation dx(shapes[k], count);
    std::vector<float> kept;
    const Part part(count);
    const BackwardPass pass{node, read, run.session->output(run.node()), all_dy, false, 0, 0,
                            kept, pool, part};
    node.op.backward(pass, static_cast<Index>(k), dx);
    for (const Index image : {Index{1}, Index{32}}) {
      PlainInput in = input_of(image);
      const Values actual = image_of(dx, image);
      Values some, wanted;
      for (std::size_t i = 0; i < actual.size(); i += 1 + actual.size() / 40) {
        some.push_back(actual[i]);
        wanted.push_back(slope(in.x[k][i], [&] { return loss(image, in); }));
      }
      CHECK(error_of(some, wanted) < 1e-5);
    }
  }
  const Gradient& gradient = run.session->gradient(run.node());
  for (const bool weight : {true, false}) {
    const Values actual = values_of(weight ? gradient.weight : gradient.bias);
    Values some, wanted;
    for (std::size_t i = 0; i < actual.size(); i += 1 + actual.size() / 20) {
      double sum = 0.0;
      for (Index image = 0; image < count; ++image) {
        PlainInput in = input_of(image);
        sum += slope((weight ? in.weight : in.bias)[i], [&] { return loss(image, in); });
      }
      some.push_back(actual[i]);
      wanted.push_back(sum);
    }
    CHECK(error_of(some, wanted) < 1e-5);
  }
}

/// The op is a function of every number by itself.
inline void check_each(const Op& op, const std::function<double(double)>& f) {
  check_op(op, {{3, 2, 5}}, [&](const PlainInput& in) {
    Values y = in.x[0];
    for (double& v : y) v = f(v);
    return y;
  });
}

/// Every place of a map in PyTorch's order.
template <class F>
Values map_of(const Shape3& shape, F&& f) {
  Values all;
  for (Index c = 0; c < shape.channels; ++c)
    for (Index h = 0; h < shape.height; ++h)
      for (Index w = 0; w < shape.width; ++w) all.push_back(f(c, h, w));
  return all;
}

}  // namespace autoprune::nn::test
