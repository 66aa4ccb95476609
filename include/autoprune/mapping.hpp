/// @file mapping.hpp
/// The room `mapping`: where what is left of a layer sits on crossbars, and how it is found again.
#pragma once

#include "autoprune/mapping/array_shape.hpp"
#include "autoprune/mapping/bit_stream.hpp"
#include "autoprune/mapping/counts.hpp"
#include "autoprune/mapping/crossbar_mapper.hpp"
#include "autoprune/mapping/dense_mapper.hpp"
#include "autoprune/mapping/index_buffer.hpp"
#include "autoprune/mapping/ou_list.hpp"
#include "autoprune/mapping/ou_placer.hpp"
#include "autoprune/mapping/placement.hpp"
#include "autoprune/mapping/shelf_placer.hpp"
#include "autoprune/mapping/squeeze.hpp"
