/// @file core.hpp
/// The room `core`: what every other room stands on.
#pragma once

#include "autoprune/core/error.hpp"
#include "autoprune/core/kinds.hpp"
#include "autoprune/core/number.hpp"
#include "autoprune/core/processors.hpp"
#include "autoprune/core/prune_mask.hpp"
#include "autoprune/core/random.hpp"
#include "autoprune/core/reading.hpp"
#include "autoprune/core/tensor.hpp"
#include "autoprune/core/text.hpp"
#include "autoprune/core/thread_pool.hpp"
#include "autoprune/core/types.hpp"
#include "autoprune/core/version.hpp"
#include "autoprune/core/words.hpp"
