/// @file simulation.hpp
/// The room `simulation`: what the accelerator computes, bit by bit.
#pragma once

#include "autoprune/simulation/active_ous.hpp"
#include "autoprune/simulation/activity.hpp"
#include "autoprune/simulation/calibration.hpp"
#include "autoprune/simulation/encoding.hpp"
#include "autoprune/simulation/exact_product.hpp"
#include "autoprune/simulation/input_codes.hpp"
#include "autoprune/simulation/measured_activity.hpp"
#include "autoprune/simulation/monte_carlo.hpp"
#include "autoprune/simulation/ou_data_path.hpp"
#include "autoprune/simulation/ou_inputs.hpp"
#include "autoprune/simulation/ou_kernels.hpp"
#include "autoprune/simulation/quantisation.hpp"
#include "autoprune/simulation/real_kernels.hpp"
#include "autoprune/simulation/running_range.hpp"
#include "autoprune/simulation/simulated_layer.hpp"
#include "autoprune/simulation/simulated_network.hpp"
#include "autoprune/simulation/weight_range.hpp"
