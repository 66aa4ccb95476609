/// @file cost.hpp
/// The room `cost`: what an inference costs in area, energy and time.
#pragma once

#include "autoprune/cost/breakdown.hpp"
#include "autoprune/cost/circuits.hpp"
#include "autoprune/cost/converters.hpp"
#include "autoprune/cost/cost_model.hpp"
#include "autoprune/cost/layer_graph.hpp"
#include "autoprune/cost/layer_work.hpp"
#include "autoprune/cost/memory.hpp"
#include "autoprune/cost/metrics.hpp"
#include "autoprune/cost/ou_model.hpp"
#include "autoprune/cost/ou_presets.hpp"
#include "autoprune/cost/pipeline.hpp"
#include "autoprune/cost/sram.hpp"
#include "autoprune/cost/units.hpp"
