/// @file index_head.hpp
/// What stands before the words of a stored index buffer in the corpus.
#pragma once

#include <cstdint>

namespace autoprune::fuzz {

struct IndexHead {
  std::int64_t bits, ous;
  std::uint16_t rows, cols;  ///< of the layer
  std::uint8_t encoding;     ///< an IndexEncoding, or 3: a routed index
  std::uint8_t granularity, ou_rows, ou_cols;
};

}  // namespace autoprune::fuzz
