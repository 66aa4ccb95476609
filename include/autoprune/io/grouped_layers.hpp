/// @file grouped_layers.hpp
/// What convolutions in groups take of the crossbars, in a sentence: their weight matrices are
/// small, and cells beside a small matrix mostly stay empty.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "autoprune/core/text.hpp"
#include "autoprune/io/format.hpp"

namespace autoprune::io {

/// A layer with weights in its crossbars.
struct LayerCells {
  Index groups = 1;
  Index crossbars = 0;
  double filled = 0.0;  ///< share of the crossbars' cells that hold weights
};

/// R x C, or how often that of a group.
[[nodiscard]] inline std::string matrix_text(Index rows, Index cols, Index groups,
                                             std::string_view times = "x") {
  return groups > 1 ? concat(groups, " of ", rows, times, cols / groups)
                    : concat(rows, times, cols);
}

/// Two halves with `gap` between; nothing for a network without groups.
[[nodiscard]] inline std::string grouped_sentence(std::span<const LayerCells> layers,
                                                  std::string_view gap = " ") {
  Index grouped = 0, crossbars[2] = {0, 0};  // of plain layers, and of those in groups
  double filled[2] = {0.0, 0.0};
  for (const LayerCells& layer : layers) {
    const std::size_t kind = layer.groups > 1 ? 1 : 0;
    grouped += layer.groups > 1 ? 1 : 0;
    crossbars[kind] += layer.crossbars;
    filled[kind] += layer.filled * static_cast<double>(layer.crossbars);
  }
  if (grouped == 0) return {};
  const auto percent = [](double part, Index whole) {
    return whole > 0 ? format_number(100.0 * part / static_cast<double>(whole), 1) + " %" : "none";
  };
  return concat("convolutions in groups, ", grouped, " of ",
                format_count(std::ssize(layers), "layer"), ", take ",
                percent(static_cast<double>(crossbars[1]), crossbars[0] + crossbars[1]),
                " of the crossbars;", gap, "weights fill ", percent(filled[1], crossbars[1]),
                " of their cells, and ", percent(filled[0], crossbars[0]), " of the others'");
}

}  // namespace autoprune::io
