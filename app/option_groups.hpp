/// @file option_groups.hpp
/// Which commands there are, and which options each of them takes.
#pragma once

#include <CLI/CLI.hpp>
#include <map>
#include <string>
#include <vector>

#include "options.hpp"

namespace autoprune::cli {

/// Option values that are names, before they are looked up.
struct Words {
  std::string geometry, out;
  std::string importance = "mean-absolute", rows, selection = "best", heuristic = "lamp",
              counting = "per-layer", metric = "top1";
  std::string accuracy = "float";
  std::string cost_model = "ou";
  std::string calibration = "percentile";
  std::vector<std::string> bounds;
  std::string networks = "lenet5,plain20,alexnet,vgg16", methods = "all", budget = "quick";
  bool warm_start = false, no_warm_start = false;
};

struct Command {
  CLI::App* app;
  bool needs_data = false, needs_out = false;
};

/// Adds every command to the program; values go to `options` and `words`.
[[nodiscard]] std::map<std::string, Command> add_commands(CLI::App& app, Options& options,
                                                          Words& words);

}  // namespace autoprune::cli
