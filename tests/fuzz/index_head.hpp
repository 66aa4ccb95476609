/// @file index_head.hpp
/// What stands before the words of a stored index buffer in the corpus.
#pragma once

#include <cstdint>

namespace autoprune::fuzz {

struct IndexHead {
  std::int64_t bits;
  std::uint16_t rows, cols;  ///< of the layer
  std::uint8_t code;         ///< an IndexCode
  std::uint8_t granularity;
  std::uint8_t gathered;  ///< or not in its lowest bit; above that weight matrices less one
  std::uint8_t ou_rows, ou_cols;
};

}  // namespace autoprune::fuzz
