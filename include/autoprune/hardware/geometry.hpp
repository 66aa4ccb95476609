/// @file geometry.hpp
/// The shape of the hardware: crossbar, operation unit (OU), bits per cell. Every extent is fixed
/// at compile time or known at run time, as those of std::mdspan and Eigen are.
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

/// An extent that is known at run time alone.
inline constexpr Index kDynamic = -1;

namespace detail {

// One extent each: a constant, or a number that begins as that of the slides' hardware.
template <Index N>
struct XbarRows {
  static constexpr Index xbar_rows = N;
};
template <Index N>
struct XbarCols {
  static constexpr Index xbar_cols = N;
};
template <Index N>
struct OuRows {
  static constexpr Index ou_rows = N;
};
template <Index N>
struct OuCols {
  static constexpr Index ou_cols = N;
};
template <Index N>
struct CellBits {
  static constexpr Index cell_bits = N;
};
template <>
struct XbarRows<kDynamic> {
  Index xbar_rows = 128;  ///< wordlines of a crossbar
};
template <>
struct XbarCols<kDynamic> {
  Index xbar_cols = 128;  ///< bitlines of a crossbar
};
template <>
struct OuRows<kDynamic> {
  Index ou_rows = 32;  ///< wordlines that are active at once
};
template <>
struct OuCols<kDynamic> {
  Index ou_cols = 32;  ///< bitlines that are read at once
};
template <>
struct CellBits<kDynamic> {
  Index cell_bits = 1;  ///< bits that one cell stores
};

/// Sets an extent, or checks the one that is fixed.
inline void set_extent(Index& extent, Index value) { extent = value; }
inline void set_extent(const Index& extent, Index value) {
  if (extent != value)
    fail(ErrorId::geometry_mismatch, "a geometry whose extent is fixed at ", extent, " can't be ",
         value, "; leave it dynamic");
}

}  // namespace detail

/// `Geometry<128, 128, 32, 32, 1>` is one kind of hardware, checked by the compiler; `Geometry<>`
/// is any, and what files and the command line name. Its fields are read alike: `g.ou_rows`.
template <Index XbarRows = kDynamic, Index XbarCols = kDynamic, Index OuRows = kDynamic,
          Index OuCols = kDynamic, Index CellBits = kDynamic>
struct Geometry : detail::XbarRows<XbarRows>,
                  detail::XbarCols<XbarCols>,
                  detail::OuRows<OuRows>,
                  detail::OuCols<OuCols>,
                  detail::CellBits<CellBits> {
  static constexpr bool is_static = XbarRows != kDynamic && XbarCols != kDynamic &&
                                    OuRows != kDynamic && OuCols != kDynamic &&
                                    CellBits != kDynamic;

  constexpr Geometry() { static_assert(fits(), "no such hardware can exist"); }
  /// Throws geometry_mismatch when an extent that is fixed is another; what the others have to be,
  /// validate() says.
  Geometry(Index xbar_rows_, Index xbar_cols_, Index ou_rows_, Index ou_cols_, Index cell_bits_) {
    detail::set_extent(this->xbar_rows, xbar_rows_);
    detail::set_extent(this->xbar_cols, xbar_cols_);
    detail::set_extent(this->ou_rows, ou_rows_);
    detail::set_extent(this->ou_cols, ou_cols_);
    detail::set_extent(this->cell_bits, cell_bits_);
  }
  /// Of other static extents: any becomes a `Geometry<>` by itself, the way back may throw.
  template <Index R, Index C, Index OR, Index OC, Index B>
  explicit(is_static) Geometry(const Geometry<R, C, OR, OC, B>& g)
      : Geometry(g.xbar_rows, g.xbar_cols, g.ou_rows, g.ou_cols, g.cell_bits) {}

  /// "128x128/32x32/1": crossbar rows x columns / OU rows x columns / bits per cell.
  [[nodiscard]] std::string to_string() const {
    return concat(this->xbar_rows, 'x', this->xbar_cols, '/', this->ou_rows, 'x', this->ou_cols,
                  '/', this->cell_bits);
  }

  /// Throws geometry_mismatch or out_of_range when no such hardware can exist.
  void validate() const {
    for (const Index value : {this->xbar_rows, this->xbar_cols, this->ou_rows, this->ou_cols})
      if (value < 1 || value > kMaxCrossbarSize)
        fail(ErrorId::out_of_range, "geometry ", to_string(), ": size ", value,
             " must be at least 1, at most ", kMaxCrossbarSize);
    if (this->cell_bits < 1 || this->cell_bits > 8)
      fail(ErrorId::out_of_range, "geometry ", to_string(), ": ", this->cell_bits,
           " bits per cell; a cell holds 1 to 8");
    if (this->xbar_rows % this->ou_rows != 0)
      fail(ErrorId::geometry_mismatch, "geometry ", to_string(), ": ", this->ou_rows,
           " OU rows don't divide ", this->xbar_rows, " crossbar rows; take a divisor");
    if (this->xbar_cols % this->ou_cols != 0)
      fail(ErrorId::geometry_mismatch, "geometry ", to_string(), ": ", this->ou_cols,
           " OU columns don't divide ", this->xbar_cols, " crossbar columns; take a divisor");
  }

  /// Reads the text that to_string() writes. Throws bad_syntax, or what validate() throws.
  [[nodiscard]] static Geometry parse(const std::string& text) {
    Index numbers[5] = {};
    char signs[4] = {};
    std::istringstream in(text);
    in.imbue(std::locale::classic());
    for (int i = 0; i < 5; ++i) {
      in >> numbers[i];
      if (i < 4) in >> signs[i];
    }
    const bool read = !in.fail() && (in >> std::ws).eof();
    if (!read || std::string(signs, 4) != "x/x/")
      fail(ErrorId::bad_syntax, "geometry '", text,
           "' is not of the form ROWSxCOLS/OUROWSxOUCOLS/CELLBITS, e.g. 128x128/32x32/1");
    Geometry g(numbers[0], numbers[1], numbers[2], numbers[3], numbers[4]);
    g.validate();
    return g;
  }

 private:
  /// Of what is fixed.
  static constexpr bool fits() {
    for (const Index n : {XbarRows, XbarCols, OuRows, OuCols})
      if (n != kDynamic && (n < 1 || n > kMaxCrossbarSize)) return false;
    const auto divides = [](Index part, Index whole) {
      return part == kDynamic || whole == kDynamic || whole % part == 0;
    };
    return (CellBits == kDynamic || (CellBits >= 1 && CellBits <= 8)) &&
           divides(OuRows, XbarRows) && divides(OuCols, XbarCols);
  }
};

template <Index R, Index C, Index OR, Index OC, Index B, Index R2, Index C2, Index OR2, Index OC2,
          Index B2>
[[nodiscard]] constexpr bool operator==(const Geometry<R, C, OR, OC, B>& a,
                                        const Geometry<R2, C2, OR2, OC2, B2>& b) noexcept {
  return a.xbar_rows == b.xbar_rows && a.xbar_cols == b.xbar_cols && a.ou_rows == b.ou_rows &&
         a.ou_cols == b.ou_cols && a.cell_bits == b.cell_bits;
}

/// The slides' hardware: 128x128 crossbars, 32x32 OUs, 1 bit per cell.
using PaperGeometry = Geometry<128, 128, 32, 32, 1>;

namespace detail {
template <Index R, Index C, Index OR, Index OC, Index B>
void takes_geometry(const Geometry<R, C, OR, OC, B>&);
}

/// A Geometry, whichever of its extents are fixed.
template <class G>
concept GeometryType = requires(const G& g) {
  detail::takes_geometry(g);
};

}  // namespace autoprune
