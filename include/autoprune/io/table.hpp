/// @file table.hpp
/// Rows of cells, the first of them a heading, for the terminal and for documents.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "autoprune/core/text.hpp"
#include "autoprune/io/format.hpp"

namespace autoprune::io {

using Table = std::vector<std::vector<std::string>>;

/// Rows of cells as lines: the first column to the left, the others to the right, two blanks apart.
[[nodiscard]] inline std::vector<std::string> align_columns(const Table& rows) {
  std::vector<Index> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t c = 0; c < row.size(); ++c)
      widths[c] = std::max(widths[c], text_length(row[c]));
  }
  std::vector<std::string> lines;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t c = 0; c < row.size(); ++c) {
      const std::string pad(static_cast<std::size_t>(widths[c] - text_length(row[c])), ' ');
      line += c == 0 ? row[c] + pad : "  " + pad + row[c];
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

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
