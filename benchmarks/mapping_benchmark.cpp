// VGG16 from masks to crossbars, and what a search pays an episode, each beside the plain way.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "autoprune/core.hpp"
#include "autoprune/mapping.hpp"
#include "autoprune/prune.hpp"

namespace {

using namespace autoprune;

constexpr Index kGranularity = 32;
constexpr double kTwelfth = 1.0 / 12.0;

/// VGG16 for CIFAR-10: rows and columns of its weight matrices, and random scores.
struct Vgg16 {
  std::vector<std::pair<Index, Index>> shapes = {
      {27, 64},    {576, 64},   {576, 128},  {1152, 128}, {1152, 256}, {2304, 256}, {2304, 256},
      {2304, 512}, {4608, 512}, {4608, 512}, {4608, 512}, {4608, 512}, {4608, 512}, {512, 10}};
  std::vector<prune::Scores> scores;

  Vgg16() {
    Random random(1);
    for (const auto& [rows, cols] : shapes) {
      prune::Scores layer(ceil_div(rows, kGranularity), cols);
      for (Index i = 0; i < layer.size(); ++i)
        layer.data()[i] = static_cast<float>(random.uniform());
      scores.push_back(std::move(layer));
    }
  }

  [[nodiscard]] std::vector<PruneMask> prune(double keep_ratio) const {
    std::vector<PruneMask> masks;
    for (std::size_t l = 0; l < shapes.size(); ++l)
      masks.push_back(prune::keep_best(scores[l], shapes[l].first, kGranularity, keep_ratio));
    return masks;
  }
};

/// Keep ratio of the benchmark's argument: 1 / argument.
double ratio_of(const benchmark::State& state) { return 1.0 / static_cast<double>(state.range(0)); }

void map_with_index(benchmark::State& state) {
  const std::vector<PruneMask> masks = Vgg16().prune(ratio_of(state));
  const mapping::CrossbarMapper<PaperGeometry> mapper;
  for (auto _ : state) benchmark::DoNotOptimize(mapper.map(masks));
}
BENCHMARK(map_with_index)->Arg(1)->Arg(12)->Unit(benchmark::kMillisecond);

/// One object an OU, one string of bits, the three encodings written to learn their sizes.
struct NaiveOu {
  Index group;
  std::vector<Index> columns;
};

void put(std::vector<bool>& bits, Index value, Index width) {
  for (Index b = 0; b < width; ++b) bits.push_back(((value >> b) & 1) != 0);
}

std::vector<NaiveOu> naive_ous(const PruneMask& mask, Index ou_cols) {
  std::vector<NaiveOu> ous;
  for (Index g = 0; g < mask.groups(); ++g) {
    const std::vector<Index> kept = mask.kept_columns(g);
    for (std::size_t i = 0; i < kept.size(); i += static_cast<std::size_t>(ou_cols)) {
      const std::size_t end = std::min(kept.size(), i + static_cast<std::size_t>(ou_cols));
      const auto at = [&](std::size_t n) { return kept.begin() + static_cast<Index>(n); };
      ous.push_back({g, {at(i), at(end)}});
    }
  }
  return ous;
}

Index naive_index_bits(const PruneMask& mask, const std::vector<NaiveOu>& ous) {
  std::vector<bool> columns, bitmap;
  std::vector<Index> positions;
  for (const NaiveOu& ou : ous) {
    put(columns, ou.group, bits_for(mask.groups()));
    put(columns, static_cast<Index>(ou.columns.size()), 5);
    for (const Index c : ou.columns) {
      put(columns, c, bits_for(mask.cols()));
      positions.push_back(ou.group * mask.cols() + c);
    }
  }
  for (Index g = 0; g < mask.groups(); ++g)
    for (Index c = 0; c < mask.cols(); ++c) bitmap.push_back(mask.kept(g, c));
  std::size_t smallest = std::min(columns.size(), bitmap.size());
  for (Index width = 1; width < 16; ++width) {
    std::vector<bool> delta;
    Index next = 0;
    for (const Index p : positions) {
      const Index escape = (Index{1} << width) - 1;
      for (; p - next >= escape; next += escape) put(delta, escape, width);
      put(delta, p - next, width);
      next = p + 1;
    }
    smallest = std::min(smallest, delta.size());
  }
  return static_cast<Index>(smallest);
}

void map_with_index_naive(benchmark::State& state) {
  const std::vector<PruneMask> masks = Vgg16().prune(ratio_of(state));
  for (auto _ : state) {
    Index bits = 0;
    for (const PruneMask& mask : masks)
      bits += naive_index_bits(mask, naive_ous(mask, PaperGeometry::ou_cols));
    benchmark::DoNotOptimize(bits);
  }
}
BENCHMARK(map_with_index_naive)->Arg(1)->Arg(12)->Unit(benchmark::kMillisecond);

void count_only(benchmark::State& state) {
  const std::vector<PruneMask> masks = Vgg16().prune(kTwelfth);
  const mapping::CrossbarMapper<PaperGeometry> mapper;
  for (auto _ : state) benchmark::DoNotOptimize(mapper.count(masks));
}
BENCHMARK(count_only)->Unit(benchmark::kMillisecond);

void count_by_forming_ous(benchmark::State& state) {
  const std::vector<PruneMask> masks = Vgg16().prune(kTwelfth);
  for (auto _ : state) {
    std::size_t ous = 0;
    for (const PruneMask& mask : masks) ous += naive_ous(mask, PaperGeometry::ou_cols).size();
    benchmark::DoNotOptimize(ous);
  }
}
BENCHMARK(count_by_forming_ous)->Unit(benchmark::kMillisecond);

/// What a search does with an action for every layer: prune, round to whole OUs, count.
void prune_round_count(benchmark::State& state) {
  const Vgg16 network;
  const mapping::CrossbarMapper<PaperGeometry> mapper;
  for (auto _ : state) {
    std::vector<PruneMask> masks = network.prune(kTwelfth);
    for (std::size_t l = 0; l < masks.size(); ++l)
      masks[l] =
          prune::round_to_ous(std::move(masks[l]), network.scores[l], mapper.columns_per_ou());
    benchmark::DoNotOptimize(mapper.count(masks));
  }
}
BENCHMARK(prune_round_count)->Unit(benchmark::kMillisecond);

/// The pruning alone, by sorting all vectors of a layer.
void prune_by_sorting(benchmark::State& state) {
  const Vgg16 network;
  for (auto _ : state) {
    for (std::size_t l = 0; l < network.shapes.size(); ++l) {
      const prune::Scores& scores = network.scores[l];
      std::vector<Index> order(static_cast<std::size_t>(scores.size()));
      for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<Index>(i);
      std::stable_sort(order.begin(), order.end(),
                       [&](Index a, Index b) { return scores.data()[a] > scores.data()[b]; });
      PruneMask mask(network.shapes[l].first, scores.cols(), kGranularity, false);
      const Index kept = prune::keep_count(scores.size(), kTwelfth);
      for (Index i = 0; i < kept; ++i) {
        const Index v = order[static_cast<std::size_t>(i)];
        mask.set(v / scores.cols(), v % scores.cols(), true);
      }
      benchmark::DoNotOptimize(mask);
    }
  }
}
BENCHMARK(prune_by_sorting)->Unit(benchmark::kMillisecond);

/// Scores of VGG16's largest layer from its 2.4 M weights.
void score_layer(benchmark::State& state) {
  Matrix weights = Matrix::Random(512, 4608);
  const prune::ColumnVectorPruner<kGranularity> pruner;
  for (auto _ : state)
    benchmark::DoNotOptimize(pruner.scores({weights.data(), weights.rows(), weights.cols()}));
}
BENCHMARK(score_layer)->Unit(benchmark::kMillisecond);

}  // namespace
