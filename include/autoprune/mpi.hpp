/// @file mpi.hpp
/// Studies over the processes of mpirun: the component `autoprune::mpi`, which the umbrella leaves
/// out.
#pragma once

#include "autoprune/mpi/message.hpp"
#include "autoprune/mpi/rank_peers.hpp"
#include "autoprune/mpi/world.hpp"
