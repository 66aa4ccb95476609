// Every rank runs the same test cases: rank 0 leads, the others help.
#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>

#include "world.hpp"

autoprune::mpi::World* autoprune::mpi::test::world = nullptr;

int main(int argc, char** argv) {
  autoprune::mpi::World world;
  autoprune::mpi::test::world = &world;
  return Catch::Session().run(argc, argv);
}
