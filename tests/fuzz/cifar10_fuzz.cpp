// A file of CIFAR-10.
#include "autoprune/io/cifar10.hpp"

#include <algorithm>

#include "harness.hpp"

namespace autoprune::fuzz {

namespace {

const Harness kCifar10("cifar10", [](std::string_view bytes) {
  nn::Dataset data = io::detail::empty_cifar10();
  io::detail::append_cifar10(data, {"any", std::string(bytes)});
  require(data.size() * (data.stored.size() + 1) == std::ssize(bytes), "number of images");
  require(std::ssize(data.pixels) == data.size() * data.stored.size(), "number of pixels");
});

}  // namespace

}  // namespace autoprune::fuzz
