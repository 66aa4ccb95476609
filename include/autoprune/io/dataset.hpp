/// @file dataset.hpp
/// Data sets by name: "cifar10:DIR" or "mnist:DIR", as the command line writes them.
#pragma once

#include <string>

#include "autoprune/core/error.hpp"
#include "autoprune/io/cifar10.hpp"
#include "autoprune/io/mnist.hpp"
#include "autoprune/nn/dataset.hpp"

namespace autoprune::io {

/// Both parts of a data set.
struct Datasets {
  nn::Dataset train, test;
};

/// Reads both parts of "NAME:DIR". Throws bad_syntax, unknown_name, and what the readers throw.
[[nodiscard]] inline Datasets read_dataset(const std::string& spec) {
  const std::size_t colon = spec.find(':');
  if (colon == std::string::npos || colon + 1 == spec.size())
    fail(ErrorId::bad_syntax, "data '", spec,
         "' is not of the form NAME:DIR, e.g. cifar10:data/cifar10");
  const std::string name = spec.substr(0, colon), directory = spec.substr(colon + 1);
  if (name == "cifar10")
    return {read_cifar10(directory, Part::train), read_cifar10(directory, Part::test)};
  if (name == "mnist")
    return {read_mnist(directory, Part::train), read_mnist(directory, Part::test)};
  fail_unknown("data set", name, {"cifar10", "mnist"});
}

}  // namespace autoprune::io
