// The two files of MNIST's images and labels; the first two bytes are the size of the labels.
#include "autoprune/io/mnist.hpp"

#include <algorithm>

#include "harness.hpp"

namespace autoprune::fuzz {

namespace {

const Harness kMnist("mnist", [](std::string_view bytes) {
  if (bytes.size() < 2) return;
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const std::size_t labels = std::min<std::size_t>(byte(0) + 256u * byte(1), bytes.size() - 2);
  const auto read = [](std::string_view file, Index rank) {
    return io::detail::parse_idx({"any", std::string(file)}, rank);
  };
  const nn::Dataset data = io::detail::make_mnist(read(bytes.substr(2 + labels), 3),
                                                  read(bytes.substr(2, labels), 1), "any");
  require(std::ssize(data.pixels) == data.size() * data.stored.size(), "number of pixels");
});

}  // namespace

}  // namespace autoprune::fuzz
