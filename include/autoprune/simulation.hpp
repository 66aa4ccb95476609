/// @file simulation.hpp
/// The room `simulation`: what the accelerator computes, bit by bit.
#pragma once

#include "autoprune/simulation/mnsim_config.hpp"
#include "autoprune/simulation/mnsim_device.hpp"
#include "autoprune/simulation/mnsim_layer.hpp"
#include "autoprune/simulation/mnsim_scales.hpp"
