/// @file cost.hpp
/// The room `cost`: what an inference costs in area, energy and time.
#pragma once

#include "autoprune/cost/component_table.hpp"
#include "autoprune/cost/layer_work.hpp"
#include "autoprune/cost/mnsim_area.hpp"
#include "autoprune/cost/mnsim_components.hpp"
#include "autoprune/cost/mnsim_energy.hpp"
#include "autoprune/cost/mnsim_hardware.hpp"
#include "autoprune/cost/mnsim_latency.hpp"
#include "autoprune/cost/mnsim_layers.hpp"
#include "autoprune/cost/mnsim_mapping.hpp"
#include "autoprune/cost/mnsim_model.hpp"
#include "autoprune/cost/mnsim_parts.hpp"
#include "autoprune/cost/mnsim_placement.hpp"
#include "autoprune/cost/mnsim_power.hpp"
#include "autoprune/cost/mnsim_schedule.hpp"
#include "autoprune/cost/mnsim_sram.hpp"
#include "autoprune/cost/units.hpp"
