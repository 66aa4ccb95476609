/// @file io.hpp
/// The room `io`: networks, data sets, policies, checkpoints and reports from and to
/// files.
#pragma once

#include "autoprune/io/checkpoint_file.hpp"
#include "autoprune/io/cifar10.hpp"
#include "autoprune/io/data_file.hpp"
#include "autoprune/io/dataset.hpp"
#include "autoprune/io/file.hpp"
#include "autoprune/io/format.hpp"
#include "autoprune/io/json.hpp"
#include "autoprune/io/json_field.hpp"
#include "autoprune/io/mapping_json.hpp"
#include "autoprune/io/mnist.hpp"
#include "autoprune/io/network_json.hpp"
#include "autoprune/io/policy_json.hpp"
#include "autoprune/io/report_data.hpp"
#include "autoprune/io/report_html.hpp"
#include "autoprune/io/report_json.hpp"
#include "autoprune/io/report_page.hpp"
#include "autoprune/io/report_pictures.hpp"
#include "autoprune/io/report_text.hpp"
#include "autoprune/io/safetensors.hpp"
#include "autoprune/io/svg.hpp"
#include "autoprune/io/svg_charts.hpp"
#include "autoprune/io/svg_occupancy.hpp"
#include "autoprune/io/training_checkpoint.hpp"
#include "autoprune/io/weights.hpp"
