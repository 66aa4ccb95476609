// The ranks that the test program was started on.
#pragma once

#include "autoprune/mpi/world.hpp"

namespace autoprune::mpi::test {

extern World* world;

}  // namespace autoprune::mpi::test
