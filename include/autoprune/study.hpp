/// @file study.hpp
/// The room `study`: the whole job, from a trained network to what it is worth on its accelerator.
#pragma once

#include "autoprune/study/auto_prune.hpp"
#include "autoprune/study/compare.hpp"
#include "autoprune/study/comparison_report.hpp"
#include "autoprune/study/contenders.hpp"
#include "autoprune/study/kept_figures.hpp"
#include "autoprune/study/measure.hpp"
#include "autoprune/study/observers.hpp"
#include "autoprune/study/pruned_file.hpp"
#include "autoprune/study/published.hpp"
#include "autoprune/study/record.hpp"
#include "autoprune/study/search.hpp"
#include "autoprune/study/shared_cells.hpp"
#include "autoprune/study/simulate.hpp"
#include "autoprune/study/simulation_report.hpp"
#include "autoprune/study/spec.hpp"
#include "autoprune/study/study.hpp"
#include "autoprune/study/sweep.hpp"
#include "autoprune/study/sweep_cells.hpp"
#include "autoprune/study/sweep_report.hpp"
#include "autoprune/study/training.hpp"
