// An array of NumPy, all of whose numbers are read.
#include "autoprune/io/npy.hpp"

#include "harness.hpp"

namespace autoprune::fuzz {

namespace {

const Harness kNpy("npy", [](std::string_view bytes) {
  const io::Npy array = io::parse_npy(std::string(bytes), "any");
  std::vector<float> numbers(static_cast<std::size_t>(array.size()));
  array.copy(0, std::span(numbers));
  std::string again = io::npy_bytes(array.shape, numbers);
  require(io::parse_npy(again, "again").shape == array.shape, "the shape that was written");
});

}  // namespace

}  // namespace autoprune::fuzz
