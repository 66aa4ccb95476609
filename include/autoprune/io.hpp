/// @file io.hpp
/// The room `io`: networks, weights and data sets from and to files.
#pragma once

#include "autoprune/io/cifar10.hpp"
#include "autoprune/io/data_file.hpp"
#include "autoprune/io/dataset.hpp"
#include "autoprune/io/file.hpp"
#include "autoprune/io/json.hpp"
#include "autoprune/io/json_field.hpp"
#include "autoprune/io/mnist.hpp"
#include "autoprune/io/network_json.hpp"
#include "autoprune/io/safetensors.hpp"
#include "autoprune/io/weights.hpp"
