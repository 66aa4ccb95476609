/// @file nn.hpp
/// The room `nn`: networks as data, and their execution and training, dense and masked.
#pragma once

#include "autoprune/nn/activation.hpp"
#include "autoprune/nn/batch.hpp"
#include "autoprune/nn/batch_norm.hpp"
#include "autoprune/nn/dataset.hpp"
#include "autoprune/nn/elementwise.hpp"
#include "autoprune/nn/evaluate.hpp"
#include "autoprune/nn/loss.hpp"
#include "autoprune/nn/matrix_layer.hpp"
#include "autoprune/nn/matrix_plan.hpp"
#include "autoprune/nn/microkernels.hpp"
#include "autoprune/nn/mnsim_zoo.hpp"
#include "autoprune/nn/network.hpp"
#include "autoprune/nn/sequential.hpp"
#include "autoprune/nn/session.hpp"
#include "autoprune/nn/sgd.hpp"
#include "autoprune/nn/train.hpp"
#include "autoprune/nn/transposed.hpp"
#include "autoprune/nn/weight_gradient.hpp"
#include "autoprune/nn/zoo.hpp"
