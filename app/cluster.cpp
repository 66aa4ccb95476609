#include "cluster.hpp"

#include <algorithm>
#include <autoprune/core/number.hpp>
#include <cstdlib>

#ifdef AUTOPRUNE_MPI
#include <autoprune/mpi.hpp>
#endif

namespace autoprune::cli {

namespace {

/// How many processes were started together, as Open MPI, MPICH and Slurm tell them.
Index started_together() {
  const auto number = [](const char* variable) {
    const char* const text = std::getenv(variable);
    return text == nullptr ? 1 : std::atoi(text);
  };
  if (std::getenv("PMIX_RANK") != nullptr && std::getenv("OMPI_COMM_WORLD_SIZE") == nullptr)
    return number("SLURM_NTASKS");
  return std::max(number("OMPI_COMM_WORLD_SIZE"), number("PMI_SIZE"));
}

}  // namespace

std::unique_ptr<search::Team> join_cluster() {
  const Index ranks = started_together();
  if (ranks < 2) return nullptr;
#ifdef AUTOPRUNE_MPI
  return std::make_unique<mpi::World>();
#else
  fail(ErrorId::missing_component, "started as ", ranks,
       " processes, but this program was built without MPI; install libopenmpi-dev and build it "
       "again, or start it without mpirun");
#endif
}

}  // namespace autoprune::cli
