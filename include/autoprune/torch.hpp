/// @file torch.hpp
/// The optional component `torch`: networks run and train on LibTorch. Its namespace is libtorch,
/// as LibTorch's own is torch.
#pragma once

#include "autoprune/torch/backend.hpp"
#include "autoprune/torch/graph.hpp"
#include "autoprune/torch/images.hpp"
#include "autoprune/torch/loss.hpp"
#include "autoprune/torch/ops.hpp"
#include "autoprune/torch/options.hpp"
#include "autoprune/torch/sgd.hpp"
#include "autoprune/torch/shim.hpp"
#include "autoprune/torch/tensors.hpp"
