/// @file index_head.hpp
/// What stands before the words of a stored index buffer in the corpus.
#pragma once

#include <cstdint>

namespace autoprune::fuzz {

struct IndexHead {
  std::int64_t bits;
  std::uint16_t rows, cols;  ///< of the layer
  std::uint8_t code;         ///< an IndexCode
  std::uint8_t granularity, gathered, ou_rows, ou_cols;
};

}  // namespace autoprune::fuzz
