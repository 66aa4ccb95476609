// A file of CIFAR-10.
#include "autoprune/io/cifar10.hpp"

#include <algorithm>

#include "harness.hpp"

namespace autoprune::fuzz {

namespace {

const Harness kCifar10("cifar10", [](std::string_view bytes) {
  nn::Dataset data = io::Cifar10::empty();
  io::detail::append_cifar(data, {"any", std::string(bytes)}, 1);
  require(data.size() * (data.stored.size() + 1) == std::ssize(bytes), "number of images");
  require(std::ssize(data.pixels) == data.size() * data.stored.size(), "number of pixels");
});

}  // namespace

}  // namespace autoprune::fuzz
