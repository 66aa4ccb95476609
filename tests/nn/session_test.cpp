#include "autoprune/nn/session.hpp"

#include <catch2/catch.hpp>
#include <ctime>
#include <set>

#include "reference.hpp"

using namespace autoprune;
using namespace autoprune::nn;
using namespace autoprune::nn::test;

namespace {

/// Every op but add; overlapping and padded windows; layers that fuse and layers that don't.
Network chain() {
  Network n({3, 9, 8});
  n.conv("c1", {.out = 6, .kernel = {3, 2}, .padding = {1, 0}, .bias = true});
  n.relu("r1");
  n.max_pool("m", {.kernel = 3, .stride = 2, .padding = 1});
  n.conv("c2", {.out = 8, .kernel = 3, .padding = 1});
  n.batch_norm("b2");
  n.relu("r2");
  n.avg_pool("a", {.kernel = {3, 2}, .stride = Size2{2, 1}, .padding = {1, 0}});
  n.batch_norm("b3");
  n.flatten("f");
  n.dropout("d", 0.4);
  n.linear("l1", 11);
  n.relu("r3");
  n.linear("l2", 5, false);
  return n;
}

/// Residual sums of two and three nodes, one node twice in a sum, batch-norm on the input, a
/// batch-norm behind a biased convolution, a linear layer that reads a map.
Network residual() {
  Network n({4, 6, 6});
  const Index in = n.batch_norm("b0");
  const Index c1 = n.conv("c1", {.out = 4, .kernel = 3, .padding = 1, .bias = true});
  n.batch_norm("b1");
  const Index r1 = n.relu("r1");
  n.conv("c2", {.out = 4, .kernel = 1});
  const Index b2 = n.batch_norm("b2");
  n.add("s1", {b2, in, c1});
  n.relu("r2");
  n.add("s2", {n.size() - 1, n.size() - 1, r1});
  n.max_pool("m", {.kernel = 2});
  n.batch_norm("b3");
  n.relu("r3");
  n.linear("l", 5);
  return n;
}

/// Biases in front of batch-norms, fused: of a convolution and of a linear layer.
Network biased() {
  Network n({2, 5, 7});
  n.conv("c", {.out = 4, .kernel = {2, 3}, .stride = {1, 2}, .padding = {1, 0}, .bias = true});
  n.batch_norm("b1");
  n.relu("r");
  n.flatten("f");
  n.linear("l1", 6);
  n.batch_norm("b2");
  n.linear("l2", 5);
  return n;
}

/// Windows that are dilated and padded otherwise before than behind, and batch-norms with an eps of
/// their own, that learn nothing.
Network dilated() {
  Network n({3, 9, 8});
  n.conv("c1", {.out = 4,
                .kernel = {3, 2},
                .stride = {1, 2},
                .padding = {2, 0, 1, 1},
                .bias = true,
                .dilation = {2, 1}});
  n.append("b1", BatchNorm{.eps = 0.1, .affine = false});
  n.relu("r1");
  n.conv("c2", {.out = 6, .kernel = 3, .padding = {0, 3, 2, 1}, .dilation = {1, 2}});
  n.append("b2", BatchNorm{.eps = 1e-3});
  n.append("b3", BatchNorm{.eps = 1e-2, .affine = false});
  REQUIRE(n.node(n.size() - 1).parameters.size() == 2);  // statistics alone
  n.linear("l", 5);
  return n;
}

/// MobileNet's block and ResNeXt's: convolutions in groups, depthwise and not.
Network grouped() {
  Network n({3, 9, 8});
  n.conv("c1", {.out = 6, .kernel = 3, .stride = 2, .padding = 1});
  n.batch_norm("b1");
  n.relu("r1");
  n.conv("c2", {.out = 12, .kernel = 3, .padding = 1, .groups = 6});
  n.batch_norm("b2");
  n.relu("r2");
  n.conv("c3", {.out = 8, .kernel = {3, 2}, .padding = {1, 0}, .bias = true, .groups = 4});
  n.relu("r3");
  n.linear("l", 5);
  return n;
}

Network network_of(Index which) {
  switch (which) {
    case 0:
      return chain();
    case 1:
      return residual();
    case 2:
      return biased();
    case 3:
      return dilated();
    default:
      return grouped();
  }
}

struct Run {
  Network network;
  Activation input;
  std::vector<Label> labels;
  std::vector<PruneMask> masks;
  Activation teacher;
  bool distil = false;

  /// Loss after the training pass and backward of `session`.
  double train(Session& session) const {
    session.set_masks(masks);
    session.set_dropout_step(7, 3);
    const Activation& logits = session.forward(input, Mode::training);
    Activation dlogits;
    const double value = loss(logits, labels, distil ? &teacher : nullptr, {}, dlogits);
    session.backward(dlogits);
    return value;
  }
};

Run make_run(Network network, Index images, std::uint64_t seed) {
  randomise(network, seed);
  Random random(seed, 1);
  Run run{std::move(network), {}, {}, {}, {}};
  run.input = random_activation(random, run.network.input_shape(), images);
  for (Index i = 0; i < images; ++i)
    run.labels.push_back(static_cast<Label>(random.below(run.network.outputs())));
  run.teacher = random_activation(random, {run.network.outputs(), 1, 1}, images);
  return run;
}

bool pruned(const Run& run, Index node, std::size_t weight) {
  if (run.masks.empty() || !run.network.node(node).has_matrix()) return false;
  const std::vector<Index> layers = run.network.matrix_layers();
  const auto layer = std::find(layers.begin(), layers.end(), node) - layers.begin();
  const PruneMask& mask = run.masks[static_cast<std::size_t>(layer)];
  const auto at = static_cast<Index>(weight);
  return !mask.kept(at % mask.rows() / mask.granularity(), at / mask.rows());
}

/// What a dropout node multiplied its input by.
Values factors_of(const Session& session, Index node, const Network& network) {
  Values y = values_of(session.output(node));
  const Values x = values_of(session.output(network.node(node).inputs.front()));
  for (std::size_t i = 0; i < y.size(); ++i) y[i] = x[i] != 0.0 ? y[i] / x[i] : 0.0;
  return y;
}

Reference reference_of(const Run& run, const Session& session) {
  Reference reference(run.network, Mode::training);
  for (Index i = 0; i < run.network.size(); ++i) {
    if (run.network.node(i).op.is<Dropout>())
      reference.factors[i] = factors_of(session, i, run.network);
    Values& weight = reference.parameters[static_cast<std::size_t>(i)].weight;
    for (std::size_t k = 0; k < weight.size(); ++k)
      if (pruned(run, i, k)) weight[k] = 0.0;
  }
  return reference;
}

/// Compares some entries of a gradient with central differences of the reference's loss.
template <class Loss, class Skip>
void check_gradient(const Tensor& gradient, Values& parameter, Loss&& loss_now, Skip&& skip) {
  const std::size_t stride = 1 + parameter.size() / 25;
  Values actual, wanted;
  for (std::size_t k = 0; k < parameter.size(); k += stride) {
    if (skip(k)) continue;
    constexpr double kStep = 1e-6;
    const double value = parameter[k];
    parameter[k] = value + kStep;
    const double above = loss_now();
    parameter[k] = value - kStep;
    const double below = loss_now();
    parameter[k] = value;
    // Scaled, so that error_of() is relative to gradients of 0.01.
    actual.push_back(100.0 * gradient.flat(k));
    wanted.push_back(100.0 * (above - below) / (2.0 * kStep));
  }
  CHECK(error_of(actual, wanted) < 1e-4);
}

/// Running statistics after one batch of weight 0.1, from those of before.
void check_statistics(const Network& after, const Network& before, const Reference& reference,
                      Index images) {
  for (const auto& [node, mean] : reference.means) {
    INFO("node " << after.node(node).name);
    const Shape3& s = after.node(node).shape;
    const auto count = static_cast<double>(images * s.height * s.width);
    Values means = values_of(before.node(node).running_mean);
    Values variances = values_of(before.node(node).running_var);
    for (std::size_t c = 0; c < mean.size(); ++c) {
      const double unbiased = reference.variances.at(node)[c] * count / (count - 1.0);
      means[c] = 0.9 * means[c] + 0.1 * mean[c];
      variances[c] = 0.9 * variances[c] + 0.1 * unbiased;
    }
    CHECK(error_of(values_of(after.node(node).running_mean), means) < 1e-5);
    CHECK(error_of(values_of(after.node(node).running_var), variances) < 1e-5);
  }
}

void check_gradients(Run& run) {
  Network trained = run.network;  // running statistics move on
  ThreadPool pool(2);
  Session session(trained, pool);
  const double value = run.train(session);
  Reference reference = reference_of(run, session);
  const Values x = values_of(run.input), teacher = values_of(run.teacher);
  const auto loss_now = [&] {
    return reference_loss(reference.forward(x, run.input.images()), run.labels,
                          run.distil ? &teacher : nullptr, {});
  };
  CHECK(value == Approx(loss_now()).epsilon(1e-5));
  CHECK(error_of(values_of(session.output(trained.size() - 1)),
                 reference.forward(x, run.input.images())) < 1e-5);
  check_statistics(trained, run.network, reference, run.input.images());
  for (Index i = 0; i < trained.size(); ++i) {
    INFO("node " << trained.node(i).name);
    auto& parameters = reference.parameters[static_cast<std::size_t>(i)];
    check_gradient(session.gradient(i).weight, parameters.weight, loss_now,
                   [&](std::size_t k) { return pruned(run, i, k); });
    check_gradient(session.gradient(i).bias, parameters.bias, loss_now,
                   [](std::size_t) { return false; });
  }
}

}  // namespace

TEST_CASE("Gradients of every layer agree with finite differences", "[nn]") {
  const Index images = GENERATE(6, 37);
  Run run = make_run(network_of(GENERATE(0, 1, 2, 3, 4)), images, 11);
  SECTION("cross-entropy") { check_gradients(run); }
  SECTION("distillation") {
    run.distil = true;
    check_gradients(run);
  }
  SECTION("under masks") {
    Random random(5);
    run.masks = random_masks(random, run.network, 4);
    check_gradients(run);
  }
}

TEST_CASE("Inference agrees with plain loops", "[nn]") {
  Run run = make_run(network_of(GENERATE(0, 1, 2, 3, 4)), 37, 3);
  ThreadPool pool(2);
  Session session(run.network, pool);
  Reference reference(run.network, Mode::inference);
  const Values wanted = reference.forward(values_of(run.input), 37);
  CHECK(error_of(values_of(session.forward(run.input, Mode::inference)), wanted) < 1e-5);
}

TEST_CASE("The batch's own statistics agree with plain loops, biases included", "[nn]") {
  Run run = make_run(network_of(GENERATE(0, 1, 2, 3, 4)), 37, 5);
  const Network before = run.network;
  ThreadPool pool(2);
  Session session(run.network, pool);
  Reference reference(before, Mode::statistics);
  const Values wanted = reference.forward(values_of(run.input), 37);
  CHECK(error_of(values_of(session.forward(run.input, Mode::statistics)), wanted) < 1e-5);
  check_statistics(run.network, before, reference, 37);
}

TEST_CASE("A network trains to the same bits on one, two and three threads", "[nn]") {
  const auto outcome = [](Index threads, bool masked) {
    Run run = make_run(masked ? residual() : chain(), 70, 21);
    Random random(8);
    if (masked) run.masks = random_masks(random, run.network, 8);
    ThreadPool pool(threads);
    Session session(run.network, pool);
    Values all{run.train(session)};
    for (Index i = 0; i < run.network.size(); ++i)
      for (const Tensor* t : {&session.gradient(i).weight, &session.gradient(i).bias})
        all.insert(all.end(), t->begin(), t->end());
    for (const auto& [name, tensor] : run.network.parameters())
      all.insert(all.end(), tensor->begin(), tensor->end());
    return all;
  };
  for (const bool masked : {false, true}) {
    const Values one = outcome(1, masked);
    CHECK(outcome(2, masked) == one);
    CHECK(outcome(3, masked) == one);
  }
}

TEST_CASE("An image's logits don't depend on the batch it is in", "[nn]") {
  Run run = make_run(network_of(GENERATE(0, 1, 2, 3, 4)), 64, 4);
  ThreadPool pool(2);
  Session session(run.network, pool);
  const Activation all = session.forward(run.input, Mode::inference);
  for (const Index begin : {0, 3, 59}) {
    const Activation part = part_of(run.input, begin, 5);
    CHECK(values_of(session.forward(part, Mode::inference)) == values_of(part_of(all, begin, 5)));
  }
}

TEST_CASE("Gradients are those of the present batch, whatever came before", "[nn]") {
  Run run = make_run(chain(), 9, 6);
  const Run large = make_run(chain(), 70, 7);
  ThreadPool pool(1);
  Network a = run.network, b = run.network;
  Session used(a, pool), fresh(b, pool);
  large.train(used);
  a = run.network;
  used.weights_changed();
  run.train(used);
  run.train(fresh);
  for (Index i = 0; i < a.size(); ++i) {
    CHECK(values_of(used.gradient(i).weight) == values_of(fresh.gradient(i).weight));
    CHECK(values_of(used.gradient(i).bias) == values_of(fresh.gradient(i).bias));
  }
}

TEST_CASE("Dropout zeroes its rate of values and keeps the mean", "[nn]") {
  Network n({16, 5, 5});
  const Index dropout = n.dropout("d", 0.3);
  n.linear("l", 4);
  n.initialise(1);
  ThreadPool pool(2);
  Session session(n, pool);
  Activation ones(n.input_shape(), 70);
  ones.fill(1.0F);
  const auto draw = [&](std::uint64_t seed, std::uint64_t step, Mode mode) {
    session.set_dropout_step(seed, step);
    session.forward(ones, mode);
    return values_of(session.output(dropout));
  };
  const Values first = draw(1, 1, Mode::training);
  const auto zeros = std::count(first.begin(), first.end(), 0.0);
  CHECK(static_cast<double>(zeros) / static_cast<double>(first.size()) == Approx(0.3).margin(0.01));
  for (const double v : first)
    if (v != 0.0) REQUIRE(v == Approx(1.0 / 0.7));
  CHECK(draw(1, 1, Mode::training) == first);
  CHECK(draw(1, 2, Mode::training) != first);
  CHECK(draw(2, 1, Mode::training) != first);
  CHECK(draw(1 + (std::uint64_t{1} << 32), 1, Mode::training) != first);
  CHECK(draw(1, 1, Mode::inference) == Values(first.size(), 1.0));
  CHECK(draw(1, 1, Mode::statistics) == Values(first.size(), 1.0));
}

TEST_CASE("Dropout draws anew for every image, node and step", "[nn]") {
  Network n({16, 5, 3});
  const Index first = n.dropout("d1", 0.5);
  n.relu("r");
  const Index second = n.dropout("d2", 0.5, 0);
  n.add("s", {first + 1, second});
  n.linear("l", 4);
  n.initialise(1);
  ThreadPool pool(1);
  Session session(n, pool);
  Activation ones(n.input_shape(), 70);  // in three blocks
  ones.fill(1.0F);
  std::set<Values> draws;
  for (const std::uint64_t step : {0U, 1U, 2U, 7U}) {
    session.set_dropout_step(1, step);
    session.forward(ones, Mode::training);
    for (const Index node : {first, second})
      for (Index i = 0; i < 70; ++i) draws.insert(values_of(part_of(session.output(node), i, 1)));
  }
  CHECK(draws.size() == 4 * 2 * 70);
}

TEST_CASE("The gradient of a maximum goes to the first of equal values", "[nn]") {
  Network n({3, 6, 7});
  n.max_pool("m", {.kernel = {3, 2}, .stride = Size2{2, 1}, .padding = {1, 1}});
  const Node& pool = n.node(1);
  Random random(3);
  Activation x = random_activation(random, n.input_shape(), 32), y(pool.shape, 32);
  for_values(x, [&](Index i, Index c, Index h, Index w) {  // few values, so that many are equal
    x.at(i, c, h, w) = static_cast<float>(random.below(3) - 1);
  });
  const Activation dy = random_activation(random, pool.shape, 32);
  Activation dx(n.input_shape(), 32);
  dx.fill(0.0F);
  const nn::detail::PoolBlock block{pool.op.window(), x.shape(), pool.shape};
  nn::detail::MaxRule::forward(block, x.block(0), y.block(0));
  nn::detail::MaxRule::backward(block, x.block(0), y.block(0), dy.block(0), dx.block(0));

  Activation wanted(n.input_shape(), 32);
  wanted.fill(0.0F);
  for_values(dy, [&](Index i, Index c, Index oh, Index ow) {
    Index first_h = -1, first_w = -1;
    for (Index h = std::max<Index>(0, 2 * oh - 1); h < std::min<Index>(6, 2 * oh + 2); ++h)
      for (Index w = std::max<Index>(0, ow - 1); w < std::min<Index>(7, ow + 1); ++w)
        if (first_h < 0 || x.at(i, c, h, w) > x.at(i, c, first_h, first_w)) {
          first_h = h;
          first_w = w;
        }
    wanted.at(i, c, first_h, first_w) += dy.at(i, c, oh, ow);
  });
  CHECK(error_of(values_of(dx), values_of(wanted)) < 1e-6);
}

TEST_CASE("Batch-norm finds the spread of values far from zero", "[nn]") {
  Network n({2, 8, 8});
  n.batch_norm("b");
  n.linear("l", 3);
  Random random(2);
  Activation x = random_activation(random, n.input_shape(), 40);
  for_values(x, [&](Index i, Index c, Index h, Index w) {
    x.at(i, c, h, w) = 1000.0F + 0.25F * x.at(i, c, h, w);
  });
  ThreadPool pool(1);
  Session session(n, pool);
  session.set_momentum(1.0);
  session.forward(x, Mode::statistics);
  Reference reference(n, Mode::statistics);
  static_cast<void>(reference.forward(values_of(x), 40));
  for (std::size_t c = 0; c < 2; ++c) {
    CHECK(n.node(1).running_mean(c) == Approx(reference.means[1][c]).epsilon(1e-6));
    CHECK(n.node(1).running_var(c) ==
          Approx(reference.variances[1][c] * 2560.0 / 2559.0).epsilon(1e-3));
  }
}

TEST_CASE("Gradients that cancel in front of a batch-norm cancel over many positions", "[nn]") {
  Network n({2, 200, 200});
  n.batch_norm("b1");
  n.batch_norm("b2");
  Random random(2);
  const Activation x = random_activation(random, n.input_shape(), 2);
  Activation dy = random_activation(random, n.input_shape(), 2);
  for_values(dy, [&](Index i, Index c, Index h, Index w) {
    dy.at(i, c, h, w) += 3.0F + 4.0F * x.at(i, c, h, w);
  });
  ThreadPool pool(1);
  Session session(n, pool);
  session.forward(x, Mode::training);
  session.backward(dy);
  // b2 undoes what b1 shifts and scales, but for its eps: of these sums next to nothing is left.
  for (std::size_t c = 0; c < 2; ++c) {
    const double sum = session.gradient(2).bias(c), product = session.gradient(2).weight(c);
    CHECK(std::abs(session.gradient(1).bias(c)) < 1e-7 * sum);
    CHECK(session.gradient(1).weight(c) / product == Approx(1e-5).epsilon(0.02));
  }
}

TEST_CASE("A batch-norm's momentum is its own in training alone", "[nn]") {
  Network n({2, 3, 3});
  n.append("b", BatchNorm{.momentum = 0.5});
  n.linear("l", 3);
  Random random(2);
  const Activation x = random_activation(random, n.input_shape(), 40);
  ThreadPool pool(1);
  const auto mean_after = [&](Mode mode, double session_momentum) {
    Network copy = n;
    Session session(copy, pool);
    session.set_momentum(session_momentum);
    session.forward(x, mode);
    return copy.node(1).running_mean(0);
  };
  const float mean = mean_after(Mode::statistics, 1.0);
  CHECK(mean_after(Mode::training, 1.0) == Approx(0.5F * mean));
  CHECK(mean_after(Mode::statistics, 0.25) == Approx(0.25F * mean));
}

TEST_CASE("A network may have heads behind and beside its output", "[nn]") {
  Network two({3, 6, 6});
  two.conv("c", {.out = 4, .kernel = 3});
  two.linear("l", 5);
  Network alone = two;
  two.set_output(2);
  two.batch_norm("behind");  // would be fused with the output
  two.relu("further");
  two.linear("beside", 7, true, 1);
  CHECK(two.output() == 2);
  CHECK(two.outputs() == 5);
  two.initialise(3);
  alone.initialise(3);
  Run run = make_run(two, 9, 4), single = make_run(alone, 9, 4);
  for (const Index i : {1, 2}) single.network.node(i) = run.network.node(i);
  ThreadPool pool(1);
  Session a(run.network, pool), b(single.network, pool);
  for (const Mode mode : {Mode::inference, Mode::training})
    CHECK(values_of(a.forward(run.input, mode)) == values_of(b.forward(run.input, mode)));
  for (int pass = 0; pass < 2; ++pass) {
    run.train(a);
    single.train(b);
    for (const Index i : {1, 2})
      CHECK(values_of(a.gradient(i).weight) == values_of(b.gradient(i).weight));
    CHECK(values_of(a.gradient(5).weight) == Values(a.gradient(5).weight.size(), 0.0));
  }
  CHECK(values_of(a.output(5)).size() == 9 * 7);
  CHECK(error_of([&] { two.set_output(6); }) == ErrorId::out_of_range);
  CHECK(error_of([&] { two.set_output(-1); }) == ErrorId::out_of_range);
}

TEST_CASE("A node that nobody reads has a gradient of zero", "[nn]") {
  Network n({3, 4, 4});
  const Index unread = n.conv("unread", {.out = 2, .bias = true});
  n.linear("l", 3, true, 0);
  Run run = make_run(n, 4, 1);
  ThreadPool pool(1);
  Session session(run.network, pool);
  run.train(session);
  CHECK(values_of(session.gradient(unread).weight) == Values(54, 0.0));
  CHECK(values_of(session.gradient(unread).bias) == Values(2, 0.0));
}

TEST_CASE("A node that a ReLU and others read stays as it is for the others", "[nn]") {
  Network n({2, 5, 4});
  const Index conv = n.conv("c", {.out = 3, .kernel = {2, 3}, .bias = true});
  const Index same = n.avg_pool("same", {.kernel = 1}, conv);
  const Index relu = n.relu("r", conv);  // the last one that reads the convolution
  n.add("sum", {same, relu});
  n.initialise(4);
  Network alone({2, 5, 4});
  alone.conv("c", {.out = 3, .kernel = {2, 3}, .bias = true});
  alone.initialise(4);
  Random random(5);
  const Activation x = random_activation(random, {2, 5, 4}, 7);
  ThreadPool pool(2);
  Session whole(n, pool), part(alone, pool);
  const Values sums = values_of(whole.forward(x, Mode::inference));
  Values expected = values_of(part.forward(x, Mode::inference));
  for (double& value : expected) value += std::max(0.0, value);
  CHECK(error_of(sums, expected) < 1e-6);
}

TEST_CASE("Who computes the products leaves all else to the session, in inference alone", "[nn]") {
  Network n({2, 5, 4});
  n.conv("c", {.out = 3, .kernel = {2, 3}, .bias = true});
  n.relu("r");
  n.linear("l", 4);
  n.initialise(6);
  for (float& b : n.node(1).bias) b = 0.3F;
  Random random(7);
  const Activation x = random_activation(random, {2, 5, 4}, 9);
  ThreadPool pool(2);
  Session session(n, pool);
  const Values own = values_of(session.forward(x, Mode::inference));
  const Values trained = values_of(session.forward(x, Mode::training));
  Index products = 0;
  {
    const ProductGuard guard(session, [&](Index node, const Activation& in, Activation& out) {
      MatrixLayer layer(n, n.node(node));
      layer.pack(n.node(node).weight, false, pool);
      layer.forward(in, out, {}, pool);
      ++products;
    });
    CHECK(error_of(values_of(session.forward(x, Mode::inference)), own) < 1e-6);
    CHECK(products == 2);
    CHECK(values_of(session.forward(x, Mode::training)) == trained);
    CHECK(values_of(session.forward(x, Mode::statistics)) == trained);
    CHECK(products == 2);
  }
  CHECK(values_of(session.forward(x, Mode::inference)) == own);
  CHECK(products == 2);
}

TEST_CASE("A session refuses what doesn't fit", "[nn]") {
  Run run = make_run(chain(), 4, 1);
  ThreadPool pool(1);
  Session session(run.network, pool);
  const auto forward = [&](Shape3 shape, Index images) {
    Activation x(shape, images);
    x.fill(0.0F);
    session.forward(x, Mode::inference);
  };
  CHECK(error_of([&] { forward({3, 8, 9}, 2); }) == ErrorId::shape_mismatch);
  CHECK(error_of([&] { forward(run.network.input_shape(), 0); }) == ErrorId::empty_data);

  Random random(1);
  std::vector<PruneMask> masks = random_masks(random, run.network, 4);
  std::swap(masks.front(), masks.back());
  CHECK(error_of([&] { session.set_masks(masks); }) == ErrorId::mask_mismatch);
  masks.pop_back();
  CHECK(error_of([&] { session.set_masks(masks); }) == ErrorId::mask_mismatch);

  Activation dlogits({5, 1, 1}, 4);
  dlogits.fill(0.0F);
  CHECK(error_of([&] { session.backward(dlogits); }) == ErrorId::wrong_order);
  session.forward(run.input, Mode::inference);
  CHECK(error_of([&] { session.backward(dlogits); }) == ErrorId::wrong_order);
  session.forward(run.input, Mode::training);
  CHECK(error_of([&] { session.backward(Activation({5, 1, 1}, 3)); }) == ErrorId::shape_mismatch);
  CHECK_NOTHROW(session.backward(dlogits));
}

TEST_CASE("a session of many nodes is made as fast as its network", "[session]") {
  const auto seconds = [](const auto& work) {
    const std::clock_t begin = std::clock();
    work();
    return static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  };
  Network network({1, 1, 1});
  const double building = seconds([&] {
    for (Index i = 0; i < 60'000; ++i) network.batch_norm(concat("layer.", i));
  });
  ThreadPool pool(1);
  // Looking for each node's reader among all nodes takes ten times as long as the network.
  CHECK(seconds([&] { CHECK(Session(network, pool).kept_weights() == 0); }) < 3.0 * building);
}
