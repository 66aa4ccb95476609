/// @file images.hpp
/// The optional component `images`: pictures and compressed files as data sets, by libpng, libjpeg
/// and zlib.
#pragma once

#include "autoprune/images/inflate.hpp"
#include "autoprune/images/jpeg.hpp"
#include "autoprune/images/picture.hpp"
#include "autoprune/images/pictures.hpp"
#include "autoprune/images/png.hpp"
#include "autoprune/images/read_ahead.hpp"
#include "autoprune/images/register.hpp"
#include "autoprune/images/resize.hpp"
