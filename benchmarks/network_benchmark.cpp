// Whole networks and one large layer, dense and masked, on all processors. Every row counts the
// multiplications of the dense layers, so that GFLOP/s compare with `eigen`, a plain product of
// Eigen on the same threads. The naive rows are im2col and Eigen's product.
#include <benchmark/benchmark.h>

#include <Eigen/Core>
#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "autoprune/core.hpp"
#include "autoprune/nn.hpp"

namespace {

using namespace autoprune;
using nn::Activation;

constexpr double kKeepRatio = 0.1;
constexpr Index kGranularity = 32;

ThreadPool& pool() {
  static ThreadPool all;
  return all;
}

void report(benchmark::State& state, Index images, double flops) {
  state.SetItemsProcessed(state.iterations() * images);
  state.counters["GFLOP/s"] = benchmark::Counter(
      flops * static_cast<double>(state.iterations()) * 1e-9, benchmark::Counter::kIsRate);
}

Activation random_batch(nn::Shape3 shape, Index images) {
  Random random(1);
  Activation batch(shape, images);
  for (Index b = 0; b < batch.blocks(); ++b)
    for (Index i = 0; i < batch.block_size(); ++i)
      batch.block(b)[i] = static_cast<float>(random.normal());
  return batch;
}

PruneMask random_mask(Index rows, Index cols, Index granularity, double keep_ratio) {
  Random random(2);
  PruneMask mask(rows, cols, granularity);
  for (Index g = 0; g < mask.groups(); ++g)
    for (Index c = 0; c < cols; ++c) mask.set(g, c, random.uniform() < keep_ratio);
  return mask;
}

// ---- Eigen's product, one a thread --------------------------------------------------------------

/// The best of all repetitions: what the processor can do.
void eigen(benchmark::State& state) {
  const Index n = state.range(0);
  Eigen::setNbThreads(1);
  const Eigen::MatrixXf a = Eigen::MatrixXf::Random(n, n), b = a;
  std::vector<Eigen::MatrixXf> c(static_cast<std::size_t>(pool().threads()), a);
  double best = 1e9;
  for (auto _ : state) {
    const auto start = std::chrono::steady_clock::now();
    pool().for_each(pool().threads(),
                    [&](Index i) { c[static_cast<std::size_t>(i)].noalias() = a * b; });
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    best = std::min(best, seconds.count());
  }
  state.counters["GFLOP/s"] = 2e-9 * static_cast<double>(n * n * n * pool().threads()) / best;
}

// ---- Networks -----------------------------------------------------------------------------------

double forward_flops(const nn::Network& network, Index images) {
  double multiplications = 0.0;
  for (const Index i : network.matrix_layers()) {
    const nn::Node& node = network.node(i);
    multiplications += static_cast<double>(node.weight.size()) *
                       static_cast<double>(node.shape.height * node.shape.width);
  }
  return 2.0 * multiplications * static_cast<double>(images);
}

struct Subject {
  nn::Network network;
  std::vector<PruneMask> masks;
  Activation images;
  std::vector<nn::Label> labels;

  Subject(const std::string& name, Index batch, bool masked)
      : network(nn::make_network(name, {3, 32, 32})),
        images(random_batch({3, 32, 32}, batch)),
        labels(static_cast<std::size_t>(batch)) {
    network.initialise(1);
    for (std::size_t i = 0; i < labels.size(); ++i) labels[i] = static_cast<std::int32_t>(i % 10);
    for (const Index i : masked ? network.matrix_layers() : std::vector<Index>{}) {
      const MatrixView w = weight_matrix(network.node(i).weight);
      masks.push_back(random_mask(w.cols(), w.rows(), kGranularity, kKeepRatio));
    }
  }
};

void inference(benchmark::State& state, const std::string& name, Index batch, bool masked) {
  Subject subject(name, batch, masked);
  nn::Session session(subject.network, pool());
  session.set_masks(subject.masks);
  for (auto _ : state) session.forward(subject.images, nn::Mode::inference);
  report(state, batch, forward_flops(subject.network, batch));
}

void training(benchmark::State& state, const std::string& name, Index batch, bool masked) {
  Subject subject(name, batch, masked);
  nn::Session session(subject.network, pool());
  session.set_masks(subject.masks);
  nn::Sgd sgd(subject.network, {});
  Activation dlogits;
  for (auto _ : state) {
    const Activation& logits = session.forward(subject.images, nn::Mode::training);
    nn::loss(logits, subject.labels, nullptr, {}, dlogits);
    session.backward(dlogits);
    sgd.step(session, 1e-4, subject.masks);
  }
  report(state, batch, 3.0 * forward_flops(subject.network, batch));
}

// ---- One layer: 512 filters of 512x3x3 on maps of 4x4 -------------------------------------------

constexpr Index kImages = 64, kChannels = 512, kSide = 4, kRows = 9 * kChannels;
constexpr double kLayerFlops = 2.0 * kImages * kSide * kSide * kRows * kChannels;

struct Layer {
  nn::Network network{{kChannels, kSide, kSide}};
  Activation x = random_batch({kChannels, kSide, kSide}, kImages), y, dx;
  Tensor dw = make_tensor({kChannels, kChannels, 3, 3});

  Layer() {
    network.conv("layer", {.out = kChannels, .kernel = 3, .padding = 1});
    network.initialise(1);
  }
  [[nodiscard]] nn::MatrixLayer execution(bool masked) const {
    nn::MatrixLayer layer =
        masked ? nn::MatrixLayer(network, network.node(1),
                                 random_mask(kRows, kChannels, kGranularity, kKeepRatio))
               : nn::MatrixLayer(network, network.node(1));
    layer.pack(network.node(1).weight, true, pool());
    return layer;
  }
};

void layer_forward(benchmark::State& state, bool masked) {
  Layer l;
  const nn::MatrixLayer layer = l.execution(masked);
  for (auto _ : state) layer.forward(l.x, l.y, {}, pool());
  report(state, kImages, kLayerFlops);
}

void layer_backward(benchmark::State& state, bool masked) {
  Layer l;
  const nn::MatrixLayer layer = l.execution(masked);
  nn::detail::GradientScratch scratch;
  for (auto _ : state) {
    layer.backward_input(l.x, l.dx, pool());
    layer.backward_weight(l.x, l.x, nn::Part(l.x.images()), l.dw, scratch, pool());
  }
  report(state, kImages, 2.0 * kLayerFlops);
}

/// Images [channel][position] as PyTorch stores them, unfolded to columns: one half a thread.
struct Naive {
  Matrix weight = Matrix::Random(kChannels, kRows);
  struct Share {
    Index images;
    Matrix x, columns, y, dcolumns, dx, dw;
  };
  std::vector<Share> shares;

  Naive() {
    for (Index t = 0; t < pool().threads(); ++t) {
      const Index images = (t + 1) * kImages / pool().threads() - t * kImages / pool().threads();
      const Index positions = images * kSide * kSide;
      shares.push_back({images, Matrix::Random(kChannels, positions), Matrix(kRows, positions),
                        Matrix(kChannels, positions), Matrix(kRows, positions),
                        Matrix(kChannels, positions), Matrix(kChannels, kRows)});
    }
    Eigen::setNbThreads(1);
  }

  /// Calls f(row of the columns, column, channel, pixel) for every element inside the image.
  template <class F>
  static void for_columns(Index images, F&& f) {
    for (Index r = 0; r < kRows; ++r)
      for (Index i = 0; i < images; ++i)
        for (Index p = 0; p < kSide * kSide; ++p) {
          const Index h = p / kSide + r % 9 / 3 - 1, w = p % kSide + r % 3 - 1;
          if (h >= 0 && w >= 0 && h < kSide && w < kSide)
            f(r, i * kSide * kSide + p, r / 9, (i * kSide + h) * kSide + w);
        }
  }
  static void unfold(Share& s) {
    s.columns.setZero();
    for_columns(s.images, [&](Index r, Index c, Index channel, Index pixel) {
      s.columns(r, c) = s.x(channel, pixel);
    });
  }
  static void fold(Share& s) {
    s.dx.setZero();
    for_columns(s.images, [&](Index r, Index c, Index channel, Index pixel) {
      s.dx(channel, pixel) += s.dcolumns(r, c);
    });
  }
  template <class F>
  void for_shares(F&& f) {
    pool().for_each(pool().threads(), [&](Index t) { f(shares[static_cast<std::size_t>(t)]); });
  }
};

void naive_forward(benchmark::State& state) {
  Naive n;
  for (auto _ : state)
    n.for_shares([&](Naive::Share& s) {
      Naive::unfold(s);
      s.y.noalias() = n.weight * s.columns;
    });
  report(state, kImages, kLayerFlops);
}

void naive_backward(benchmark::State& state) {
  Naive n;
  for (auto _ : state)
    n.for_shares([&](Naive::Share& s) {
      s.dcolumns.noalias() = n.weight.transpose() * s.x;
      Naive::fold(s);
      s.dw.noalias() = s.x * s.columns.transpose();
    });
  report(state, kImages, 2.0 * kLayerFlops);
}

template <class... Arguments>
void add(const std::string& name, Arguments&&... arguments) {
  benchmark::RegisterBenchmark(name.c_str(), arguments...)
      ->UseRealTime()
      ->Unit(benchmark::kMillisecond);
}

[[maybe_unused]] const bool kRegistered = [] {
  benchmark::RegisterBenchmark("eigen", eigen)
      ->Arg(1024)
      ->UseRealTime()
      ->Unit(benchmark::kMillisecond);
  for (const bool masked : {false, true})
    for (const char* name : {"vgg16", "alexnet", "plain20"})
      for (const Index batch : {64, 256}) {
        const std::string row = concat(masked ? "_masked/" : "/", name, '/', batch);
        add("inference" + row, inference, name, batch, masked);
        add("training" + row, training, name, batch, masked);
      }
  add("layer/dense/forward", layer_forward, false);
  add("layer/dense/backward", layer_backward, false);
  add("layer/masked10/forward", layer_forward, true);
  add("layer/masked10/backward", layer_backward, true);
  add("layer/naive/forward", naive_forward);
  add("layer/naive/backward", naive_backward);
  return true;
}();

}  // namespace
