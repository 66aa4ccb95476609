/// @file registry.hpp
/// The methods by name. A new one is a file beside these and a line here.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "autoprune/core/error.hpp"
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

struct MethodEntry {
  const char* name;
  Compressor (*make)(const Setting&);
};

namespace detail {

template <class M>
[[nodiscard]] Compressor make_from_setting(const Setting& setting) {
  return {setting, M(setting)};
}

/// Column-vectors by the importance that the options name.
[[nodiscard]] inline Compressor make_column_vectors(const Setting& setting) {
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

template <class M>
inline constexpr MethodEntry kEntry = {M::kName, make_from_setting<M>};

}  // namespace detail

inline constexpr std::array kMethods = {
    MethodEntry{ColumnVectors<>::kName, detail::make_column_vectors},
    detail::kEntry<Naive>,
    detail::kEntry<Magnitude>,
    detail::kEntry<PimPrune>,
    detail::kEntry<PimPruneOu>,
    detail::kEntry<PatternPrune>,
    detail::kEntry<Sre>,
    detail::kEntry<Lsr>,
    detail::kEntry<PackedVectors>,
};

/// A method for a network and hardware. Throws unknown_name, and what the method throws.
///
///   const Compressor sre = make_method("sre", {network, PaperGeometry{}});
[[nodiscard]] inline Compressor make_method(const std::string& name, const Setting& setting) {
  std::vector<std::string> known;
  for (const MethodEntry& entry : kMethods) {
    if (name == entry.name) return entry.make(setting);
    known.emplace_back(entry.name);
  }
  fail_unknown("method", name, known);
}

}  // namespace autoprune::methods
