/// @file registry.hpp
/// The methods by name. A new one is a file beside these and a word here.
#pragma once

#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/core/kinds.hpp"
#include "autoprune/methods/column_vectors.hpp"
#include "autoprune/methods/compressor.hpp"
#include "autoprune/methods/lsr.hpp"
#include "autoprune/methods/magnitude.hpp"
#include "autoprune/methods/method.hpp"
#include "autoprune/methods/naive.hpp"
#include "autoprune/methods/packed_vectors.hpp"
#include "autoprune/methods/pattern_prune.hpp"
#include "autoprune/methods/pim_prune.hpp"
#include "autoprune/methods/pim_prune_ou.hpp"
#include "autoprune/methods/sre.hpp"

namespace autoprune::methods {

/// A list of methods: these, or one's own.
using Methods = std::tuple<ColumnVectors<>, Naive, Magnitude, PimPrune, PimPruneOu, PatternPrune,
                           Sre, Lsr, PackedVectors>;

namespace detail {

template <class M>
[[nodiscard]] Compressor make(const Setting& setting, std::type_identity<M>) {
  return {setting, M(setting)};
}

/// Column-vectors by the importance that the options name.
template <class P>
[[nodiscard]] Compressor make(const Setting& setting, std::type_identity<ColumnVectors<P>>) {
  const auto with = [&](auto criterion) {
    return Compressor(setting, ColumnVectors(setting, prune::ColumnVectorPruner(
                                                          setting.options.granularity, criterion)));
  };
  switch (setting.options.importance) {
    case Importance::mean_absolute:
      return with(prune::MeanAbsolute{});
    case Importance::l2:
      return with(prune::L2{});
    case Importance::taylor:
      return with(prune::Taylor{});
  }
  fail_enum("importance", setting.options.importance);
}

}  // namespace detail

template <class List = Methods>
[[nodiscard]] std::vector<std::string> method_names() {
  return kind_names<List>();
}

/// A method for a network and hardware. Throws unknown_name, and what the method throws.
///
///   const Compressor sre = make_method("sre", {network, PaperGeometry{}});
template <class List = Methods>
[[nodiscard]] Compressor make_method(const std::string& name, const Setting& setting) {
  std::optional<Compressor> made;
  with_kind<List>("method", name, [&](auto kind) { made.emplace(detail::make(setting, kind)); });
  return std::move(*made);
}

}  // namespace autoprune::methods
