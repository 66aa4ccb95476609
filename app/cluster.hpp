/// @file cluster.hpp
/// The processes that mpirun has started, where it has.
#pragma once

#include <autoprune/search/team.hpp>
#include <memory>

namespace autoprune::cli {

/// All of them; nothing when there is only this one. Throws missing_component when there are
/// several and the program was built without MPI.
[[nodiscard]] std::unique_ptr<search::Team> join_cluster();

}  // namespace autoprune::cli
