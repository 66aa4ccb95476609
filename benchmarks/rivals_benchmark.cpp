// Every method, ours last, on a layer of VGG16's size: ranked once, then a mask and a count for
// every policy of a search. The plain way ranks anew each time.
#include <benchmark/benchmark.h>

#include <utility>

#include "autoprune/core.hpp"
#include "autoprune/methods.hpp"
#include "autoprune/nn/network.hpp"

namespace {

using namespace autoprune;

/// VGG16's largest convolution, 512 channels to 512.
const nn::Network& layer() {
  static const nn::Network network = [] {
    nn::Network n({512, 4, 4});
    n.conv("conv", {.out = 512, .kernel = 3, .padding = 1});
    n.initialise(1);
    return n;
  }();
  return network;
}

constexpr Index kGathered = std::tuple_size_v<methods::Methods>;  // after the names

methods::Compressor compressor(const benchmark::State& state) {
  const Index method = state.range(0);
  const methods::Setting setting{layer(), PaperGeometry{}};
  if (method < kGathered)
    return methods::make_method(methods::method_names()[static_cast<std::size_t>(method)], setting);
  return methods::make_method("column-vectors",
                              {layer(), PaperGeometry{}, {.rows = prune::RowGrouping::gathered}});
}

void name(benchmark::State& state) {
  const Index method = state.range(0);
  state.SetLabel(method < kGathered ? methods::method_names()[static_cast<std::size_t>(method)]
                                    : std::string("column-vectors, gathered rows"));
}

void rank(benchmark::State& state) {
  const methods::Compressor rival = compressor(state);
  for (auto _ : state) benchmark::DoNotOptimize(rival.rank(layer()));
  name(state);
}
BENCHMARK(rank)->DenseRange(0, kGathered)->Unit(benchmark::kMillisecond);

void mask_and_count(benchmark::State& state) {
  const methods::Compressor rival = compressor(state);
  const auto layers = rival.rank(layer());
  for (auto _ : state) benchmark::DoNotOptimize(rival.count(0, layers[0].mask(0.1)));
  name(state);
}
BENCHMARK(mask_and_count)->DenseRange(0, kGathered)->Unit(benchmark::kMillisecond);

void mask_and_count_ranking_anew(benchmark::State& state) {
  const methods::Compressor rival = compressor(state);
  for (auto _ : state) benchmark::DoNotOptimize(rival.count(0, rival.rank(layer())[0].mask(0.1)));
  name(state);
}
BENCHMARK(mask_and_count_ranking_anew)->DenseRange(0, kGathered)->Unit(benchmark::kMillisecond);

}  // namespace
