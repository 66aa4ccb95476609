#include "autoprune/core/types.hpp"

#include <catch2/catch.hpp>
#include <limits>

#include "autoprune/core/tensor.hpp"

using namespace autoprune;

TEST_CASE("ceil_div is the smallest integer not below the quotient", "[types]") {
  for (Index a = 0; a < 50; ++a)
    for (Index b = 1; b < 20; ++b) {
      const Index q = ceil_div(a, b);
      CHECK((q * b >= a && (q - 1) * b < a));
    }
  constexpr Index most = std::numeric_limits<Index>::max();
  static_assert(ceil_div(most, 1) == most && ceil_div(most, most) == 1);
  static_assert(ceil_div(most, 2) == most / 2 + 1 && ceil_div(1, most) == 1);
}

TEST_CASE("bits_for is the fewest bits that tell the values apart", "[types]") {
  for (Index n = 2; n < 2000; ++n) {
    const Index bits = bits_for(n);
    CHECK(((Index{1} << bits) >= n && (Index{1} << (bits - 1)) < n));
  }
  CHECK(bits_for(0) == 0);
  CHECK(bits_for(1) == 0);
  static_assert(bits_for(Index{1} << 62) == 62);
  static_assert(bits_for(std::numeric_limits<Index>::max()) == 63);
}

TEST_CASE("a weight matrix is a view of the tensor, one row a filter", "[types]") {
  Tensor weight = make_tensor({4, 3, 2, 2});
  for (std::size_t i = 0; i < weight.size(); ++i) weight.data()[i] = static_cast<float>(i);
  MatrixView matrix = weight_matrix(weight);
  CHECK(matrix.rows() == 4);
  CHECK(matrix.cols() == 12);
  CHECK(matrix(2, 7) == weight(2, 1, 1, 1));
  matrix(2, 7) = -1.0F;
  CHECK(weight(2, 1, 1, 1) == -1.0F);
  CHECK(weight_matrix(std::as_const(weight)).data() == weight.data());
  CHECK(shape_of(weight) == std::vector<Index>{4, 3, 2, 2});
  CHECK(shape_text(shape_of(weight)) == "4x3x2x2");
  CHECK(shape_text(std::vector<Index>{}) == "scalar");
}
