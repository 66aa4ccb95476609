/// @file table.hpp
/// Rows of cells, the first of them a heading, for the terminal and for documents.
#pragma once

#include <string>
#include <vector>

#include "autoprune/io/report_text.hpp"

namespace autoprune::io {

using Table = std::vector<std::vector<std::string>>;

/// Aligned lines: the first column to the left, the others to the right.
[[nodiscard]] inline std::string text_table(const Table& table) {
  return join(align_columns(table), "\n") + "\n";
}

[[nodiscard]] inline std::string markdown_table(const Table& table) {
  std::string text;
  for (const std::vector<std::string>& row : table) {
    text += "| " + join(row, " | ") + " |\n";
    if (&row != &table.front()) continue;
    text += "|--|";
    for (std::size_t column = 1; column < row.size(); ++column) text += "--:|";
    text += "\n";
  }
  return text;
}

[[nodiscard]] inline std::string csv_table(const Table& table) {
  std::string text;
  for (const std::vector<std::string>& row : table) text += join(row, ",") + "\n";
  return text;
}

}  // namespace autoprune::io
