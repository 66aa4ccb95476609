/// @file register.hpp
/// What makes the component's formats known to the readers of data sets.
#pragma once

#include "autoprune/images/inflate.hpp"
#include "autoprune/images/pictures.hpp"
#include "autoprune/io/dataset.hpp"
#include "autoprune/io/inflate.hpp"

namespace autoprune::images {

/// From now on io::read_dataset() reads images:DIR, and compressed files of other data sets.
inline void register_formats() {
  io::register_inflate(unpack);
  io::register_pictures(read_pictures);
}

}  // namespace autoprune::images
