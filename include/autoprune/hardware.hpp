/// @file hardware.hpp
/// The room `hardware`: the accelerator, and what it is made of.
#pragma once

#include "autoprune/hardware/accelerator.hpp"
#include "autoprune/hardware/adc.hpp"
#include "autoprune/hardware/adcs.hpp"
#include "autoprune/hardware/adcs/ideal.hpp"
#include "autoprune/hardware/adcs/rounding.hpp"
#include "autoprune/hardware/adcs/saturating.hpp"
#include "autoprune/hardware/component.hpp"
#include "autoprune/hardware/component_table.hpp"
#include "autoprune/hardware/components.hpp"
#include "autoprune/hardware/device.hpp"
#include "autoprune/hardware/devices.hpp"
#include "autoprune/hardware/devices/on_off_ratio.hpp"
#include "autoprune/hardware/devices/stuck_at.hpp"
#include "autoprune/hardware/devices/variation.hpp"
#include "autoprune/hardware/geometry.hpp"
#include "autoprune/hardware/input_code.hpp"
#include "autoprune/hardware/layer_hardware.hpp"
#include "autoprune/hardware/own.hpp"
#include "autoprune/hardware/weight_code.hpp"
