/// @file version.hpp
#pragma once

#define AUTOPRUNE_VERSION_MAJOR 0
#define AUTOPRUNE_VERSION_MINOR 1
#define AUTOPRUNE_VERSION_PATCH 0
#define AUTOPRUNE_VERSION "0.1.0"
