/// @file geometry.hpp
/// The shape of the hardware: crossbar, operation unit (OU), bits per cell.
#pragma once

#include <concepts>
#include <locale>
#include <sstream>
#include <string>

#include "autoprune/core/error.hpp"
#include "autoprune/core/types.hpp"

namespace autoprune {

/// The most rows or columns of a crossbar.
inline constexpr Index kMaxCrossbarSize = Index{1} << 16;

/// A geometry as run-time values, as the command line and files name it.
struct GeometrySpec {
  Index xbar_rows = 128;  ///< wordlines of a crossbar
  Index xbar_cols = 128;  ///< bitlines of a crossbar
  Index ou_rows = 32;     ///< wordlines that are active at once
  Index ou_cols = 32;     ///< bitlines that are read at once
  Index cell_bits = 1;    ///< bits that one cell stores

  friend bool operator==(const GeometrySpec&, const GeometrySpec&) = default;

  /// "128x128/32x32/1": crossbar rows x columns / OU rows x columns / bits per cell.
  [[nodiscard]] std::string to_string() const {
    return concat(xbar_rows, 'x', xbar_cols, '/', ou_rows, 'x', ou_cols, '/', cell_bits);
  }

  /// Throws geometry_mismatch or out_of_range when no such hardware can exist.
  void validate() const {
    for (const Index value : {xbar_rows, xbar_cols, ou_rows, ou_cols})
      if (value < 1 || value > kMaxCrossbarSize)
        fail(ErrorId::out_of_range, "geometry ", to_string(), ": size ", value,
             " must be at least 1, at most ", kMaxCrossbarSize);
    if (cell_bits < 1 || cell_bits > 8)
      fail(ErrorId::out_of_range, "geometry ", to_string(), ": ", cell_bits,
           " bits per cell; a cell holds 1 to 8");
    if (xbar_rows % ou_rows != 0)
      fail(ErrorId::geometry_mismatch, "geometry ", to_string(), ": ", ou_rows,
           " OU rows don't divide ", xbar_rows, " crossbar rows; take a divisor");
    if (xbar_cols % ou_cols != 0)
      fail(ErrorId::geometry_mismatch, "geometry ", to_string(), ": ", ou_cols,
           " OU columns don't divide ", xbar_cols, " crossbar columns; take a divisor");
  }

  /// Reads the text that to_string() writes. Throws bad_syntax, or what validate() throws.
  [[nodiscard]] static GeometrySpec parse(const std::string& text) {
    GeometrySpec g;
    char x1{}, s1{}, x2{}, s2{};
    std::istringstream in(text);
    in.imbue(std::locale::classic());
    in >> g.xbar_rows >> x1 >> g.xbar_cols >> s1 >> g.ou_rows >> x2 >> g.ou_cols >> s2 >>
        g.cell_bits;
    const bool read = !in.fail() && (in >> std::ws).eof();
    if (!read || x1 != 'x' || x2 != 'x' || s1 != '/' || s2 != '/')
      fail(ErrorId::bad_syntax, "geometry '", text,
           "' is not of the form ROWSxCOLS/OUROWSxOUCOLS/CELLBITS, e.g. 128x128/32x32/1");
    g.validate();
    return g;
  }
};

/// The same, fixed at compile time: the parameter of CrossbarMapper and of the data path.
template <Index XbarRows, Index XbarCols, Index OuRows, Index OuCols, Index CellBits>
struct Geometry {
  static_assert(XbarRows > 0 && XbarCols > 0 && OuRows > 0 && OuCols > 0, "sizes are positive");
  static_assert(XbarRows <= kMaxCrossbarSize && XbarCols <= kMaxCrossbarSize, "65536 at most");
  static_assert(XbarRows % OuRows == 0, "OuRows must divide XbarRows");
  static_assert(XbarCols % OuCols == 0, "OuCols must divide XbarCols");
  static_assert(CellBits >= 1 && CellBits <= 8, "a cell holds 1 to 8 bits");

  static constexpr Index xbar_rows = XbarRows;
  static constexpr Index xbar_cols = XbarCols;
  static constexpr Index ou_rows = OuRows;
  static constexpr Index ou_cols = OuCols;
  static constexpr Index cell_bits = CellBits;

  [[nodiscard]] static constexpr GeometrySpec spec() {
    return {XbarRows, XbarCols, OuRows, OuCols, CellBits};
  }
};

/// The slides' hardware: 128x128 crossbars, 32x32 OUs, 1 bit per cell.
using PaperGeometry = Geometry<128, 128, 32, 32, 1>;

/// Anything that names a geometry at compile time.
template <class G>
concept GeometryType = requires {
  { G::spec() } -> std::same_as<GeometrySpec>;
  G::xbar_rows;
  G::ou_cols;
};

}  // namespace autoprune
