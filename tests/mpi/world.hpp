// The ranks that the test program was started on.
#pragma once

#include <cstdlib>
#include <string>

#include "autoprune/mpi/world.hpp"

namespace autoprune::mpi::test {

extern World* world;

/// Of the environment; "" where it isn't set.
inline std::string variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace autoprune::mpi::test
