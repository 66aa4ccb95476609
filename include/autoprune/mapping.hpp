/// @file mapping.hpp
/// The room `mapping`: where what is left of a layer sits on crossbars, and how it is found again.
#pragma once

#include "autoprune/mapping/bit_stream.hpp"
#include "autoprune/mapping/crossbar_mapper.hpp"
#include "autoprune/mapping/geometries.hpp"
#include "autoprune/mapping/index_buffer.hpp"
#include "autoprune/mapping/mapping_options.hpp"
#include "autoprune/mapping/mapping_result.hpp"
#include "autoprune/mapping/ou_list.hpp"
