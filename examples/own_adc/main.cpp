// An analog-to-digital converter of one's own in the data path of a layer.
#include <autoprune/autoprune.hpp>
#include <iostream>

using namespace autoprune;

// [extending]
/// Steps that double: 0, 1, 2, 4, ... 2^(bits - 1) of a bitline's sum are told apart. A code is the
/// sum that it stands for, so that a step is one level.
struct OctaveAdc {
  Index bits = 3;

  [[nodiscard]] std::int32_t code(std::int32_t count) const noexcept {
    std::int32_t step = 0;
    for (Index b = 0; b < bits && (1 << b) <= count; ++b) step = 1 << b;
    return step;
  }
  [[nodiscard]] std::int32_t code(float analog) const noexcept {
    return code(hardware::IdealAdc{}.code(analog));
  }
  [[nodiscard]] double lsb() const noexcept { return 1.0; }
  [[nodiscard]] std::int32_t exact_up_to() const noexcept { return 2; }
  [[nodiscard]] double margin(std::int32_t) const noexcept { return 0.5; }
};
// [extending]

int main() {
  // 32 inputs of 1 bit, of which `on` are 1, meet 32 weights of 1.
  const PruneMask mask(32, 1, 32);
  const mapping::Placement placement = mapping::CrossbarMapper(PaperGeometry{}).map(mask);
  const simulation::QuantisedWeights weights{32, 1, 8, 1.0, std::vector<std::int32_t>(32, 1)};
  const simulation::OUDataPath path(PaperGeometry{}, weights, placement, OctaveAdc{4});
  for (const Index on : {1, 2, 3, 7, 8, 32}) {
    std::vector<std::int32_t> x(static_cast<std::size_t>(32 * path.kLanes), 0);
    for (Index r = 0; r < on; ++r) x[static_cast<std::size_t>(r * path.kLanes)] = 1;
    std::vector<double> y(static_cast<std::size_t>(path.kLanes));
    simulation::Activity activity;
    path.multiply(x.data(), y.data(), 1, activity);
    std::cout << on << " inputs on: read as " << y[0] << '\n';
  }
}
