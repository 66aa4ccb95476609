// A device of one's own: conductances that drift, in an accelerator's file and a simulated layer.
#include <autoprune/hardware/device.hpp>
#include <autoprune/hardware/own.hpp>
#include <cmath>

using namespace autoprune;

// [extending]
/// Conductances fall with time as t^-nu, each cell's by an exponent of its own, as those of
/// phase-change memory do (Ielmini et al., "Physical interpretation, modeling and impact on phase
/// change memory (PCM) reliability of resistance drift", IEDM 2007).
struct Drift {
  double seconds = 1.0;  ///< since the cells were written
  double nu = 0.05, spread = 0.0;

  void describe(auto& visit) {
    visit.number("drift_seconds", seconds, {1.0, 1e12}, "seconds since cells were written");
    visit.number("drift", nu, {0.0, 1.0}, "exponent of the seconds");
    visit.number("drift_spread", spread, {0.0, 1.0}, "its standard deviation, as a fraction");
  }
  bool ideal() const { return seconds == 1.0 || nu == 0.0; }
  void operator()(hardware::Cell& cell, Random& random) const {
    const double own = spread > 0.0 ? nu * (1.0 + spread * random.normal()) : nu;
    cell.conductance *= static_cast<float>(std::pow(seconds, -own));
  }
  friend bool operator==(const Drift&, const Drift&) = default;
};
template <>
struct hardware::OwnDevices<> : std::type_identity<std::tuple<Drift>> {};
// [extending]

#include <autoprune/autoprune.hpp>
#include <iostream>

int main() {
  const char* file = R"({"schema": "autoprune.accelerator/1", "adc": {"kind": "ideal"},
                         "devices": {"drift_seconds": 100, "drift": 0.25}})";
  hardware::Accelerator chip = io::accelerator_from_json(io::parse_json(file, "mine"), "mine");
  // 32 inputs of 1 meet 32 weights of 1: half of their sum is left after 16 seconds.
  const PruneMask mask(32, 1, 32);
  const mapping::Placement placement = mapping::CrossbarMapper(PaperGeometry{}).map(mask);
  const simulation::QuantisedWeights weights{32, 1, 8, 1.0, std::vector<std::int32_t>(32, 1)};
  for (const double seconds : {1.0, 16.0, 81.0, 1e4}) {
    chip.devices.cells.set("drift_seconds", seconds);
    const simulation::OUDataPath path(PaperGeometry{}, weights, placement, hardware::IdealAdc{}, {},
                                      simulation::Walk::all, chip.devices.cells, 1);
    std::vector<std::int32_t> x(static_cast<std::size_t>(32 * path.kLanes), 1);
    std::vector<double> y(static_cast<std::size_t>(path.kLanes));
    simulation::Activity activity;
    path.multiply(x.data(), y.data(), 1, activity);
    std::cout << "after " << seconds << " s: 32 is read as " << y[0] << '\n';
  }
  std::cout << io::json_text(io::hardware_to_json(chip)["devices"]) << '\n';
}
