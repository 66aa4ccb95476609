/// @file shelf_placer.hpp
/// Blocks of any width shoulder to shoulder: bitlines that one block leaves free serve the next.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "autoprune/mapping/array_shape.hpp"
#include "autoprune/mapping/counts.hpp"
#include "autoprune/mapping/ou_list.hpp"

namespace autoprune::mapping {

/// Shelves of a crossbar's width follow one another down the wordlines; one that meets the end of a
/// crossbar goes on in the next. Blocks on a shelf are equally high and are activated one by one.
class ShelfPlacer {
 public:
  explicit ShelfPlacer(const ArrayShape& shape) : shape_(shape) {}

  /// The block of these rows and columns on shelves of `height` wordlines, at least as many as
  /// there are rows, as OUs that end where the OU, the shelf or the crossbar does.
  template <class Visit>
  void place(std::span<const std::int32_t> rows, std::span<const std::int32_t> columns,
             Index height, Visit&& visit) {
    if (height != height_) finish_shelf();
    height_ = height;
    for (Index c = 0; c < static_cast<Index>(columns.size());) {
      if (bitline_ == shape_.xbar_cols) finish_shelf();
      const Index width = std::min(
          {static_cast<Index>(columns.size()) - c, shape_.ou_cols, shape_.xbar_cols - bitline_});
      visit_piece(rows, columns.subspan(at(c), at(width)), visit);
      bitline_ += width;
      columns_ += width;
      c += width;
    }
  }

  /// Columns of blocks that are all `height` high, a divisor of the crossbar's: the next layer goes
  /// on where this one ends.
  [[nodiscard]] Slots columns(Index height) const noexcept {
    return {columns_, shape_.xbar_rows / height * shape_.xbar_cols};
  }
  /// A place is a wordline of a crossbar.
  [[nodiscard]] Slots slots() const noexcept {
    return {wordline_ + (bitline_ > 0 ? height_ : 0), shape_.xbar_rows};
  }

 private:
  static std::size_t at(Index i) { return static_cast<std::size_t>(i); }

  void finish_shelf() noexcept {
    if (bitline_ > 0) wordline_ += height_;
    bitline_ = 0;
  }

  template <class Visit>
  void visit_piece(std::span<const std::int32_t> rows, std::span<const std::int32_t> columns,
                   Visit&& visit) const {
    for (Index r = 0; r < static_cast<Index>(rows.size());) {
      const Index crossbar = (wordline_ + r) / shape_.xbar_rows;
      const Index height = std::min({static_cast<Index>(rows.size()) - r, shape_.ou_rows,
                                     (crossbar + 1) * shape_.xbar_rows - wordline_ - r});
      const Place place{crossbar, wordline_ + r - crossbar * shape_.xbar_rows, bitline_};
      visit(Ou{rows.subspan(at(r), at(height)), columns, place});
      r += height;
    }
  }

  ArrayShape shape_;
  Index height_ = 0, wordline_ = 0, bitline_ = 0;  // of the present shelf
  Index columns_ = 0;                              // on all shelves
};

}  // namespace autoprune::mapping
