/// @file rivals.hpp
/// The methods that ours is compared with, each a Compressor: the search, the heuristics,
/// fine-tuning and the cost model treat them as they treat ours.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/mapping/block_mapper.hpp"
#include "autoprune/mapping/dense_mapper.hpp"
#include "autoprune/mapping/lsr_mapper.hpp"
#include "autoprune/mapping/packed_mapper.hpp"
#include "autoprune/mapping/pattern_mapper.hpp"
#include "autoprune/mapping/pim_mapper.hpp"
#include "autoprune/mapping/sre_mapper.hpp"
#include "autoprune/prune/lsr.hpp"
#include "autoprune/prune/magnitude.hpp"
#include "autoprune/prune/pattern_prune.hpp"
#include "autoprune/prune/pim_prune.hpp"
#include "autoprune/prune/sre.hpp"
#include "autoprune/search/compressor.hpp"

namespace autoprune::search {

enum class Rival {
  naive,          ///< nothing pruned
  magnitude,      ///< single weights pruned, mapped where they are
  pim_prune,      ///< rows or columns of blocks of a crossbar's size
  pim_prune_ou,   ///< rows and columns of blocks, by OUs
  pattern_prune,  ///< patterns of kernels, and whole kernels
  sre,            ///< rows of OUs
  lsr,            ///< rows of OUs of clustered filters
  packed_vectors  ///< our column-vectors one by one, on shared tiles: no rival, but a variant
};

inline constexpr std::array<std::pair<Rival, const char*>, 8> kRivalNames = {
    {{Rival::naive, "naive"},
     {Rival::magnitude, "magnitude"},
     {Rival::pim_prune, "pim-prune"},
     {Rival::pim_prune_ou, "pim-prune-ou"},
     {Rival::pattern_prune, "pattern-prune"},
     {Rival::sre, "sre"},
     {Rival::lsr, "lsr"},
     {Rival::packed_vectors, "packed-vectors"}}};

/// Throws unknown_name.
[[nodiscard]] inline Rival rival_named(const std::string& name) {
  std::vector<std::string> known;
  for (const auto& [rival, own] : kRivalNames) {
    if (name == own) return rival;
    known.emplace_back(own);
  }
  fail_unknown("rival", name, known);
}

struct RivalOptions {
  mapping::MappingOptions mapping = {};
  prune::PatternOptions pattern = {};
  bool pattern_linear = true;  ///< pattern pruning prunes the weights of linear layers one by one;
                               ///< false leaves these layers dense
  prune::LsrOptions lsr = {};
  Index granularity = 32;  ///< of packed vectors
};

namespace detail {

/// Weights of a kernel; 1 for a linear layer.
[[nodiscard]] inline Index taps(const nn::Node& node) {
  const nn::Size2 kernel = node.op.window().kernel;
  return kernel.h * kernel.w;
}

/// `method` answers shape(), mapper(layer) and rank(node).
template <class Method>
[[nodiscard]] Compressor routed_compressor(const Geometry<>& geometry,
                                           const mapping::MappingOptions& options, Method method,
                                           Index granularity = 1) {
  CompressorParts parts{geometry, granularity, options};
  parts.rank = [method](const nn::Node& node) { return method.rank(node); };
  parts.count_layer = [method](Index layer, const PruneMask& mask) {
    return mapping::count_routed(method.mapper(layer), mask);
  };
  parts.route = [method](auto masks) {
    std::vector<mapping::RoutedMapping> layers;
    for (const PruneMask& mask : masks)
      layers.push_back(mapping::map_routed(method.mapper(static_cast<Index>(layers.size())), mask));
    return layers;
  };
  return Compressor(std::move(parts));
}

/// A ranking that outlives this call, as the mask function of a layer.
template <class Ranked>
[[nodiscard]] Ranking layer_ranking(Ranked ranked, prune::Scores ous) {
  auto shared = std::make_shared<const Ranked>(std::move(ranked));
  return {ous, ous, [shared](double keep) { return shared->keep(keep); }};
}

struct MethodBase {
  mapping::ArrayShape shape;
  [[nodiscard]] Index ou_weights() const noexcept { return shape.ou_rows * shape.ou_cols; }
};

struct Naive : MethodBase {
  [[nodiscard]] mapping::DenseMapper mapper(Index) const { return mapping::DenseMapper(shape); }
  [[nodiscard]] Ranking rank(const nn::Node& node) const {
    const ConstMatrixView w = weight_matrix(node.weight);
    const prune::Scores one = prune::Scores::Constant(1, 1, w.cwiseAbs().sum());
    return {one, one, [rows = w.cols(), cols = w.rows()](double keep) {
              prune::detail::check_keep_ratio(keep);
              return PruneMask(rows, cols, 1);
            }};
  }
};

struct Magnitude : MethodBase {
  [[nodiscard]] mapping::DenseMapper mapper(Index) const { return mapping::DenseMapper(shape); }
  [[nodiscard]] Ranking rank(const nn::Node& node) const {
    prune::MagnitudeRanking ranked(weight_matrix(node.weight));
    prune::Scores ous = ranked.ou_scores(ou_weights());
    return layer_ranking(std::move(ranked), std::move(ous));
  }
};

struct PimBase : MethodBase {
  [[nodiscard]] prune::PimShape sizes() const {
    return {shape.xbar_rows, shape.xbar_cols, shape.ou_rows, shape.ou_cols};
  }
};

struct PimPrune : PimBase {
  [[nodiscard]] mapping::PimMapper mapper(Index) const { return mapping::PimMapper(shape); }
  [[nodiscard]] Ranking rank(const nn::Node& node) const {
    auto ranked = prune::rank_pim_prune(weight_matrix(node.weight), sizes());
    prune::Scores ous = ranked.ou_scores(ou_weights());
    return layer_ranking(std::move(ranked), std::move(ous));
  }
};

struct PimPruneOu : PimBase {
  [[nodiscard]] mapping::BlockMapper mapper(Index) const { return mapping::BlockMapper(shape); }
  [[nodiscard]] Ranking rank(const nn::Node& node) const {
    auto ranked = prune::rank_pim_blocks(weight_matrix(node.weight), sizes());
    prune::Scores ous = ranked.ou_scores(ou_weights());
    return layer_ranking(std::move(ranked), std::move(ous));
  }
};

struct Sre : MethodBase {
  [[nodiscard]] mapping::SreMapper mapper(Index) const { return mapping::SreMapper(shape); }
  [[nodiscard]] Ranking rank(const nn::Node& node) const {
    auto ranked = prune::rank_sre(weight_matrix(node.weight), shape.ou_rows, shape.ou_cols);
    prune::Scores ous = ranked.ou_scores(ou_weights());
    return layer_ranking(std::move(ranked), std::move(ous));
  }
};

struct Lsr : MethodBase {
  prune::LsrOptions options;
  [[nodiscard]] mapping::LsrMapper mapper(Index) const { return mapping::LsrMapper(shape); }
  [[nodiscard]] Ranking rank(const nn::Node& node) const {
    auto ranked =
        prune::rank_lsr(weight_matrix(node.weight), shape.ou_rows, shape.ou_cols, options);
    prune::Scores ous = ranked.ou_scores(ou_weights());
    return layer_ranking(std::move(ranked), std::move(ous));
  }
};

struct PackedVectors : MethodBase {
  Index granularity = 32;
  [[nodiscard]] mapping::PackedMapper mapper(Index) const { return mapping::PackedMapper(shape); }
  [[nodiscard]] Ranking rank(const nn::Node& node) const {
    const ConstMatrixView weights = weight_matrix(node.weight);
    const prune::ColumnVectorPruner pruner(granularity);
    const prune::Scores scores = pruner.scores(weights);
    return {scores, scores, [pruner, scores, rows = weights.cols()](double keep) {
              return pruner.prune(scores, rows, keep);
            }};
  }
};

/// Pattern pruning's mapping, or for a layer that it leaves alone the naive one. Wordlines are the
/// places of both.
struct PatternOrDense {
  static constexpr bool kIndexed = true;
  mapping::PatternMapper pattern;
  bool dense;

  [[nodiscard]] const mapping::ArrayShape& shape() const noexcept { return pattern.shape(); }
  template <class Visit>
  mapping::Slots for_each_ou(const PruneMask& mask, Visit&& visit) const {
    if (!dense) return pattern.for_each_ou(mask, visit);
    const Index rows = shape().xbar_rows;
    return {mapping::DenseMapper(shape()).for_each_ou(mask, visit).taken * rows, rows};
  }
};

struct PatternPrune : MethodBase {
  RivalOptions options;
  std::vector<Index> kernels;  ///< weights of a kernel of each matrix layer
  std::vector<bool> untouched;

  [[nodiscard]] PatternOrDense mapper(Index layer) const {
    if (layer < 0 || layer >= static_cast<Index>(kernels.size()))
      fail(ErrorId::out_of_range, "layer ", layer, " of a network with ", kernels.size(),
           " layers with weights");
    const auto k = static_cast<std::size_t>(layer);
    return {{shape, kernels[k]}, untouched[k]};
  }
  [[nodiscard]] bool touches(const nn::Node& node) const {
    return options.pattern_linear || node.op.is<nn::Conv>();
  }
  [[nodiscard]] Ranking rank(const nn::Node& node) const {
    if (taps(node) > 1) {
      prune::PatternRanking ranked(weight_matrix(node.weight), taps(node), options.pattern);
      prune::Scores ous = ranked.ou_scores(ou_weights());
      return layer_ranking(std::move(ranked), std::move(ous));
    }
    return touches(node) ? Magnitude{shape}.rank(node) : Naive{shape}.rank(node);
  }
};

}  // namespace detail

/// The compressor of a rival for `network`, whose weights aren't looked at yet. Throws what the
/// geometry and the options throw.
[[nodiscard]] inline Compressor rival_compressor(Rival rival, const nn::Network& network,
                                                 const Geometry<>& geometry,
                                                 const RivalOptions& options = {}) {
  const detail::MethodBase base{mapping::ArrayShape(geometry, options.mapping)};
  const auto make = [&](auto method) {
    return detail::routed_compressor(geometry, options.mapping, std::move(method));
  };
  switch (rival) {
    case Rival::naive:
      return make(detail::Naive{base});
    case Rival::magnitude:
      return make(detail::Magnitude{base});
    case Rival::pim_prune:
      return make(detail::PimPrune{{base}});
    case Rival::pim_prune_ou:
      return make(detail::PimPruneOu{{base}});
    case Rival::sre:
      return make(detail::Sre{base});
    case Rival::lsr:
      return make(detail::Lsr{base, options.lsr});
    case Rival::packed_vectors:
      return detail::routed_compressor(geometry, options.mapping,
                                       detail::PackedVectors{base, options.granularity},
                                       options.granularity);
    case Rival::pattern_prune:
      break;
  }
  detail::PatternPrune method{base, options, {}, {}};
  for (const Index i : network.matrix_layers()) {
    method.kernels.push_back(detail::taps(network.node(i)));
    method.untouched.push_back(!method.touches(network.node(i)));
  }
  return make(std::move(method));
}

}  // namespace autoprune::search
