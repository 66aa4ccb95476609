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

cost::OuHardware read_ou_hardware(const std::string& name) {
  return io::ou_hardware_from_json(read_hardware(name, cost::ou_preset_names()),
                                   concat("file '", name, '\''));
}

}  // namespace

Geometry<> hardware_geometry(const Options& options) {
  const std::string& name = options.hardware;
  if (name.empty() || options.cost_model == CostModel::mnsim) return PaperGeometry{};
  return among(cost::ou_preset_names(), name) ? cost::ou_preset_geometry(name)
                                              : read_ou_hardware(name).geometry;
}

cost::OuHardware ou_hardware(const Options& options, const Geometry<>& geometry) {
  const std::string name = options.hardware.empty() ? "paper" : options.hardware;
  if (among(cost::ou_preset_names(), name)) return cost::ou_preset(name, geometry);
  cost::OuHardware hardware = read_ou_hardware(name);
  if (hardware.geometry != geometry)
    fail(ErrorId::geometry_mismatch, "hardware file '", name, "' describes ",
         hardware.geometry.to_string(), ", but the network is mapped to ", geometry.to_string(),
         "; change one of the two");
  return hardware;
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

cost::OuModel ou_model(const Job& job) {
  return {job.network, ou_hardware(job.options, job.compressor.geometry()),
          job.compressor.options()};
}

io::Json cost_summary(const Job& job, const std::vector<PruneMask>& masks) {
  const cost::OuModel model = ou_model(job);
  return io::cost_summary_json(model.hardware().name, model.price_dense(),
                               model.price(job.compressor.map(masks).layers));
}

}  // namespace autoprune::cli
