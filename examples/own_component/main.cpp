// A component of one's own: what the cost model, reports and hardware files know of it.
#include <autoprune/hardware/component.hpp>
#include <autoprune/hardware/own.hpp>
#include <cmath>
#include <string_view>

using namespace autoprune;

// [extending]
/// A router for every 8 crossbars of a layer, which each input value passes that is read from the
/// buffer.
struct Router {
  static constexpr std::string_view kName = "router";

  static hardware::Part part() {
    return {.area_um2 = 40000.0,
            .energy_nj = 0.002,
            .latency_ns = 0.5,
            .technology = "32 nm",
            .source = "ours: an example's"};
  }
  static double built(const auto& layer) {
    return std::ceil(static_cast<double>(layer.work.crossbars) / 8.0);
  }
  static double actions(const auto& layer) { return layer.work.input_fetches; }
  static double serial_actions(const auto& layer) { return layer.work.longest.input_fetches; }
};
template <>
struct hardware::OwnComponents<> : std::type_identity<std::tuple<Router>> {};
// [extending]

#include <autoprune/autoprune.hpp>
#include <iostream>

int main() {
  // 256 inputs and 16 filters: two crossbars of 128x128, 16 times (8 bit planes, 2 signs). Each of
  // 8 row groups fetches its 32 inputs once, half of them into either crossbar.
  nn::Network network({256, 1, 1});
  network.linear("fc", 16);
  const char* file = R"({"schema": "autoprune.accelerator/1",
                         "components": {"router": {"latency_ns": 1}}})";
  const hardware::Accelerator chip =
      io::accelerator_from_json(io::parse_json(file, "mine"), "mine");
  const cost::OuCost cost = cost::OuModel(network, chip).price_dense();
  const hardware::Component router = hardware::component_of<Router>();
  std::cout << cost.layers[0].work.crossbars << " crossbars, " << cost.layers[0].work.input_fetches
            << " input fetches\n"
            << "router: " << cost.components.area_um2[router] << " µm², "
            << cost.components.energy_nj[router] << " nJ, busy for "
            << cost.components.busy_ns[router] << " ns\n"
            << "in JSON: " << io::cost_json(cost)["components"]["router"]["area_um2"] << " µm²\n"
            << "in hardware files: " << io::hardware_to_json(chip)["components"]["router"] << '\n';
  const std::string table = io::detail::component_table(cost.components, cost.totals);
  const std::size_t row = table.find("router");
  std::cout << "in reports: " << table.substr(row, table.find('\n', row) - row) << '\n';
}
