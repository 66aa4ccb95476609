#include "hardware.hpp"

#include <algorithm>
#include <autoprune/cost/ou_presets.hpp>
#include <autoprune/io/cost_json.hpp>
#include <autoprune/io/file.hpp>
#include <autoprune/io/hardware_json.hpp>
#include <autoprune/io/mnsim_json.hpp>

namespace autoprune::cli {

namespace {

bool among(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// The file of a hardware that is no preset.
io::Json read_hardware(const std::string& name, const std::vector<std::string>& presets) {
  if (std::error_code ignored;
      !std::filesystem::exists(name, ignored) && name.find_first_of("./") == std::string::npos)
    fail_unknown("hardware", name, presets);
  return io::parse_json(io::read_file(name), concat("file '", name, '\''));
}

/// As --hardware says, for the crossbars that were asked for.
hardware::Accelerator base_accelerator(const Options& o, const std::optional<Geometry<>>& stored) {
  const bool mnsim = o.cost_model == CostModel::mnsim;  // then --hardware is that model's
  const std::string name = o.hardware.empty() || mnsim ? "paper" : o.hardware;
  const std::vector<std::string> presets = cost::ou_preset_names();
  const std::optional<Geometry<>> asked = o.geometry ? o.geometry : stored;
  if (among(presets, name))
    return cost::ou_preset(name, asked.value_or(cost::ou_preset_geometry(name)));
  const hardware::Accelerator of_file = io::accelerator_from_json(
      read_hardware(name, presets), concat("file '", name, '\''), o.geometry);
  if (asked && of_file.geometry != *asked)
    fail(ErrorId::geometry_mismatch, "hardware file '", name, "' describes ",
         of_file.geometry.to_string(), ", but the network was pruned for ", asked->to_string(),
         "; change one of the two");
  return of_file;
}

}  // namespace

hardware::Accelerator accelerator_of(const Options& options,
                                     const std::optional<Geometry<>>& stored) {
  hardware::Accelerator accelerator = base_accelerator(options, stored);
  for (const Override& override : options.overrides) override(accelerator);
  accelerator.validate();
  return accelerator;
}

mnsim::Hardware mnsim_hardware(const Options& options) {
  const std::string name = options.hardware.empty() ? "mnsim-2024" : options.hardware;
  const std::vector<std::string> presets = mnsim::preset_names();
  mnsim::Hardware hardware = among(presets, name)
                                 ? mnsim::preset(name)
                                 : io::mnsim_hardware_from_json(read_hardware(name, presets),
                                                                concat("file '", name, '\''));
  if (options.geometry) {
    hardware.xbar_rows = options.geometry->xbar_rows;
    hardware.xbar_cols = options.geometry->xbar_cols;
    hardware.cell_bits = options.geometry->cell_bits;
  }
  return hardware;
}

cost::OuModel ou_model(const Job& job) { return {job.network, job.accelerator}; }

}  // namespace autoprune::cli
