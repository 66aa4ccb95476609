#include "hardware.hpp"

#include <algorithm>
#include <autoprune/cost/ou_presets.hpp>
#include <autoprune/io/hardware_json.hpp>
#include <autoprune/io/json_file.hpp>

namespace autoprune::cli {

bool names_file(const char* kind, const std::string& word, const std::vector<std::string>& known) {
  if (std::find(known.begin(), known.end(), word) != known.end()) return false;
  if (std::error_code ignored;
      !std::filesystem::exists(word, ignored) && word.find_first_of("./") == std::string::npos)
    fail_unknown(kind, word, known);
  return true;
}

hardware::Accelerator accelerator_of(const Options& o, const std::optional<Geometry<>>& stored) {
  const bool mnsim = o.cost_model == CostModel::mnsim;  // then --hardware is that model's
  const std::string name = o.hardware.empty() || mnsim ? "paper" : o.hardware;
  const std::optional<Geometry<>> asked = o.geometry ? o.geometry : stored;
  hardware::Accelerator accelerator;
  if (names_file("hardware", name, cost::ou_preset_names())) {
    accelerator = io::accelerator_from_json(io::read_json(name), io::file_origin(name), o.geometry);
    if (asked && accelerator.geometry != *asked)
      fail(ErrorId::geometry_mismatch, "hardware file '", name, "' describes ",
           accelerator.geometry.to_string(), ", but the network was pruned for ",
           asked->to_string(), "; change one of the two");
  } else {
    accelerator = cost::ou_preset(name, asked.value_or(cost::ou_preset_geometry(name)));
  }
  for (const Override& override : o.overrides) override(accelerator);
  accelerator.validate();
  return accelerator;
}

}  // namespace autoprune::cli
