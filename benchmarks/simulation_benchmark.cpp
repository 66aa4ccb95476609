// Whole networks on the simulated accelerator, and the kernel of the data path beside plain loops
// and beside what the processor can do. items_per_second are images, or bitlines read: one OU
// column, one input digit, one of 32 input vectors.
#include <benchmark/benchmark.h>

#include <bit>
#include <string>

#include "../tests/simulation/naive.hpp"
#include "autoprune/core.hpp"
#include "autoprune/nn.hpp"
#include "autoprune/simulation.hpp"

namespace {

using namespace autoprune;
using namespace autoprune::simulation;

constexpr Index kGranularity = 32;

// ---- One layer: 128 filters of 1152 rows, dense -------------------------------------------------

struct Layer {
  static constexpr Index kRows = 1152, kFilters = 128;
  PruneMask mask{kRows, kFilters, kGranularity};
  QuantisedWeights weights;
  mapping::Placement mapped;
  std::vector<std::int32_t> x;  // [row][lane]
  double bitlines = 0;          ///< read for all lanes

  Layer() : mapped(make()) {
    Random random(2);
    for (Index i = 0; i < kRows * nn::kLanes; ++i)
      x.push_back(static_cast<std::int32_t>(random.below(256)));
    bitlines = static_cast<double>(mask.vectors() * 16 * 8 * nn::kLanes);
  }
  mapping::Placement make() {
    Random random(1);
    Tensor w = make_tensor({kFilters, kRows});
    for (float& v : w) v = static_cast<float>(random.normal());
    weights = quantise(w, mask, 8);
    return mapping::CrossbarMapper<PaperGeometry>().map(mask);
  }
};

void report_bitlines(benchmark::State& state, double bitlines) {
  state.SetItemsProcessed(
      static_cast<std::int64_t>(static_cast<double>(state.iterations()) * bitlines));
}

template <class Adc, class Devices>
void data_path(benchmark::State& state, const Adc& adc, const Devices& devices) {
  const Layer l;
  const OUDataPath<PaperGeometry, Adc> path({}, l.weights, l.mapped, adc, {}, Walk::all, devices,
                                            1);
  std::vector<double> y(static_cast<std::size_t>(Layer::kFilters * nn::kLanes));
  Activity activity;
  for (auto _ : state) path.multiply(l.x.data(), y.data(), nn::kLanes, activity);
  report_bitlines(state, l.bitlines);
}

/// Loops over OUs, arrays, digits, bitlines and rows, one input vector.
void data_path_naive(benchmark::State& state) {
  const Layer l;
  std::vector<std::int32_t> x;
  for (Index r = 0; r < Layer::kRows; ++r)
    x.push_back(l.x[static_cast<std::size_t>(r * nn::kLanes)]);
  for (auto _ : state)
    benchmark::DoNotOptimize(test::naive_multiply(l.weights, l.mapped.ous, x,
                                                  hardware::SaturatingAdc(5), {}, PaperGeometry{}));
  report_bitlines(state, l.bitlines / nn::kLanes);
}

/// What one core can do: an AND and a population count of a 32-bit word in the L1 cache.
void and_popcount(benchmark::State& state) {
  std::vector<std::uint32_t> words(4096, 0x12345678u);
  std::uint32_t mask = 0x0F0F0F0Fu;
  for (auto _ : state) {
    benchmark::DoNotOptimize(mask);
    std::uint32_t sum = 0;
    for (const std::uint32_t word : words)
      sum += static_cast<std::uint32_t>(std::popcount(word & mask));
    benchmark::DoNotOptimize(sum);
  }
  report_bitlines(state, static_cast<double>(words.size()));
}

// ---- Whole networks, on all processors ----------------------------------------------------------

struct Subject {
  ThreadPool pool;
  nn::Network network;
  nn::Session session;
  std::vector<nn::Batch> batches;
  std::vector<PruneMask> masks;
  Index images;

  Subject(const std::string& name, Index count, double keep_ratio)
      : network(nn::make_network(name, {3, 32, 32})), session(network, pool), images(count) {
    network.initialise(1);
    Random random(1);
    nn::Batch batch{nn::Activation({3, 32, 32}, count),
                    std::vector<nn::Label>(static_cast<std::size_t>(count))};
    for (Index b = 0; b < batch.images.blocks(); ++b)
      for (Index i = 0; i < batch.images.block_size(); ++i)
        batch.images.block(b)[i] = static_cast<float>(random.normal());
    batches.push_back(std::move(batch));
    for (const Index i : network.matrix_layers()) {
      const MatrixView w = weight_matrix(network.node(i).weight);
      masks.emplace_back(w.cols(), w.rows(), kGranularity);
      for (Index g = 0; g < masks.back().groups(); ++g)
        for (Index c = 0; c < w.rows(); ++c) masks.back().set(g, c, random.uniform() < keep_ratio);
    }
    session.set_masks(masks);
    nn::recalibrate(session, batches);
  }
};

void float_network(benchmark::State& state, const std::string& name, Index images, double keep) {
  Subject s(name, images, keep);
  for (auto _ : state) benchmark::DoNotOptimize(nn::evaluate(s.session, s.batches));
  state.SetItemsProcessed(state.iterations() * images);
}

void network(benchmark::State& state, const std::string& name, Index images, double keep,
             hardware::Accelerator chip, bool walk_all) {
  Subject s(name, images, keep);
  const auto ranges = calibrate(s.session, s.masks, s.batches);
  chip.geometry = PaperGeometry{};
  auto simulated = SimulatedNetwork(s.session, chip, s.masks, ranges, {.walk_all = walk_all});
  simulated.count_activity(state.range(0) != 0);
  for (auto _ : state) benchmark::DoNotOptimize(simulated.evaluate(s.batches));
  state.SetItemsProcessed(state.iterations() * images);
}

template <class F, class... Arguments>
benchmark::internal::Benchmark* add(const std::string& name, F&& f, Arguments&&... arguments) {
  return benchmark::RegisterBenchmark(name.c_str(), f, arguments...)
      ->UseRealTime()
      ->Unit(benchmark::kMillisecond);
}

[[maybe_unused]] const bool kRegistered = [] {
  add("data_path/saturating5", data_path<hardware::SaturatingAdc, hardware::IdealDevices>,
      hardware::SaturatingAdc(5), hardware::IdealDevices{});
  add("data_path/rounding5", data_path<hardware::RoundingAdc, hardware::IdealDevices>,
      hardware::RoundingAdc::over(32.0, 5), hardware::IdealDevices{});
  using Varied = hardware::Devices<hardware::Variation>;
  add("data_path/variation", data_path<hardware::SaturatingAdc, Varied>, hardware::SaturatingAdc(5),
      Varied(hardware::Variation{0.1}));
  add("data_path/naive", data_path_naive);
  add("limit/and_popcount", and_popcount);
  const auto chip = [](const char* adc, Index bits, double variation = 0.0) {
    return hardware::Accelerator{.adc = {adc, bits},
                                 .devices = {hardware::CellKinds(hardware::Variation{variation})}};
  };
  // A third of the multiplications are left of VGG16 at twelve times fewer crossbars.
  for (const double keep : {1.0, 0.33}) {
    const std::string net = keep < 1.0 ? "vgg16_third" : "vgg16";
    add("float/" + net, float_network, "vgg16", 64, keep);
    add("lossless/" + net, network, "vgg16", 64, keep, chip("ideal", 6), false)->Arg(0);
    add("lossless_activity/" + net, network, "vgg16", 64, keep, chip("ideal", 6), false)->Arg(1);
    for (const Index bits : {5, 4}) {
      add(concat("saturating", bits, '/', net), network, "vgg16", 64, keep,
          chip("saturating", bits), false)
          ->Arg(0);
      add(concat("rounding", bits, '/', net), network, "vgg16", 32, keep, chip("rounding", bits),
          false)
          ->Arg(0);
    }
    add("every_bitline5/" + net, network, "vgg16", 32, keep, chip("saturating", 5), true)->Arg(0);
    add("variation/" + net, network, "vgg16", 32, keep, chip("saturating", 5, 0.1), false)->Arg(0);
  }
  return true;
}();

}  // namespace
