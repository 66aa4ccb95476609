/// @file mnsim.hpp
/// The room `mnsim`: MNSIM-2.0 (Zhu et al., GLSVLSI 2020; thu-nics/MNSIM-2.0), restated with its
/// quirks: its hardware model, its accuracy simulation of a layer, and its networks. A yardstick
/// for our own models, which don't depend on it.
#pragma once

#include "autoprune/mnsim/analog_config.hpp"
#include "autoprune/mnsim/area.hpp"
#include "autoprune/mnsim/components.hpp"
#include "autoprune/mnsim/device.hpp"
#include "autoprune/mnsim/hardware.hpp"
#include "autoprune/mnsim/latency.hpp"
#include "autoprune/mnsim/mapping.hpp"
#include "autoprune/mnsim/model.hpp"
#include "autoprune/mnsim/parts.hpp"
#include "autoprune/mnsim/placement.hpp"
#include "autoprune/mnsim/power.hpp"
#include "autoprune/mnsim/scales.hpp"
#include "autoprune/mnsim/simulated_layer.hpp"
#include "autoprune/mnsim/zoo.hpp"
