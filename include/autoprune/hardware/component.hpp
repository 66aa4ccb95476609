/// @file component.hpp
/// What a component that is added to an accelerator has to say. It is a type without members:
///
///     static constexpr std::string_view kName = "router";  // in files and reports
///     static Part part();                                   // in every preset
///     static double built(const auto& layer);               // how many the layer has
///     static double actions(const auto& layer);             // of all of them, for one image
///     static double serial_actions(const auto& layer);      // those that wait for one another
///
/// of a cost::LayerUse. Without the last it takes no time of the layer's.
#pragma once

#include <string>

namespace autoprune::hardware {

/// One component of a kind.
struct Part {
  double area_um2 = 0.0;
  double energy_nj = 0.0;   ///< of one action
  double latency_ns = 0.0;  ///< of one action
  std::string technology;   ///< "65 nm"
  std::string source;       ///< where the numbers are from; "ours: ..." with the reason

  friend bool operator==(const Part&, const Part&) = default;
};

}  // namespace autoprune::hardware
