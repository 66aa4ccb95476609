// Costs as JSON, tables and pictures.

#include "autoprune/io/cost_report.hpp"

#include <cstring>
#include <sstream>
#include <tuple>

#include "autoprune/cost/ou_presets.hpp"
#include "autoprune/io/cost_json.hpp"
#include "autoprune/io/mnsim_json.hpp"
#include "autoprune/mapping/crossbar_mapper.hpp"
#include "autoprune/nn/zoo.hpp"
#include "helpers.hpp"
#include "report_samples.hpp"

using namespace autoprune;
using io::Json;

namespace {

/// LeNet-5 with every other vector pruned.
struct Costs {
  cost::OuModel model{nn::lenet5(), cost::ou_preset("paper")};
  cost::OuCost dense = model.price_dense(), pruned;

  Costs() {
    const mapping::CrossbarMapper<PaperGeometry> mapper;
    std::vector<mapping::Placement> layers;
    for (const cost::LayerShape& shape : model.shapes()) {
      PruneMask mask(shape.rows, shape.filters, 32);
      for (Index c = 0; c < shape.filters; c += 2) mask.set(0, c, false);
      layers.push_back(mapper.map(mask));
    }
    pruned = model.price(layers);
  }
};

double sum(const Json& components, const char* key) {
  double total = 0.0;
  for (const auto& [name, figures] : components.items()) total += figures[key].get<double>();
  return total;
}

void check_sums(const Json& json) {
  for (const char* key : {"area_um2", "energy_nj"}) {
    double layers = 0.0;
    for (const Json& layer : json["layers"]) {
      const double own = layer["totals"][key].get<double>();
      CHECK(sum(layer["components"], key) == Approx(own).epsilon(1e-12));
      layers += own;
    }
    CHECK(layers == Approx(json["totals"][key].get<double>()).epsilon(1e-12));
    CHECK(sum(json["components"], key) == Approx(json["totals"][key].get<double>()).epsilon(1e-12));
  }
}

}  // namespace

TEST_CASE("the JSON of a cost adds up", "[cost_report]") {
  const Costs costs;
  const Json json = io::cost_json(costs.pruned);
  CHECK(json["totals"]["energy_nj"] == costs.pruned.totals.energy_nj);
  CHECK(json["totals"]["latency_unpipelined_ns"] == costs.pruned.totals.latency_unpipelined_ns);
  CHECK(json["layers"].size() == 5);
  CHECK(json["layers"][0]["work"]["crossbars"] == costs.pruned.layers[0].work.crossbars);
  check_sums(json);
  check_sums(io::cost_json(costs.dense));
  const Json mnsim = io::cost_json(mnsim::price(nn::lenet5()));
  check_sums(mnsim);
  CHECK(mnsim["components"].contains("joint_module"));
}

TEST_CASE("each figure of a cost stands under its own name", "[cost_report]") {
  const Costs costs;
  const Json json = io::cost_json(costs.pruned);
  for (const auto& [name, figures] : json["components"].items()) {
    bool any = false;
    for (Index i = 0; i < hardware::kComponents<hardware::Component>; ++i) {
      const auto c = static_cast<hardware::Component>(i);
      if (hardware::component_name(c) != name) continue;
      any = true;
      CHECK(figures["area_um2"] == costs.pruned.components.area_um2[c]);
      CHECK(figures["power_w"] == costs.pruned.components.power_w[c]);
      CHECK(figures["energy_nj"] == costs.pruned.components.energy_nj[c]);
      CHECK(figures["busy_ns"] == costs.pruned.components.busy_ns[c]);
    }
    CHECK(any);
  }
  const cost::Totals& totals = costs.pruned.totals;
  CHECK(json["totals"]["latency_ns"] == totals.latency_ns);
  CHECK(totals.latency_ns < totals.latency_unpipelined_ns);
  for (std::size_t k = 0; k < costs.pruned.layers.size(); ++k) {
    const cost::LayerWork& work = costs.pruned.layers[k].work;
    CHECK(json["layers"][k]["work"]["input_fetches"] == work.input_fetches);
    CHECK(json["layers"][k]["work"]["index_fetches"] == work.index_fetches);
    CHECK(work.input_fetches != work.index_fetches);
  }
  const mnsim::Cost mnsim = mnsim::price(nn::alexnet());
  const Json layers = io::cost_json(mnsim)["layers"];
  bool differ = false;
  for (std::size_t k = 0; k < mnsim.layers.size(); ++k) {
    CHECK(layers[k]["pes"] == mnsim.layers[k].map.pes);
    CHECK(layers[k]["tiles"] == mnsim.layers[k].map.tiles);
    CHECK(layers[k]["start_ns"] == mnsim.layers[k].start_ns);
    CHECK(layers[k]["finish_ns"] == mnsim.layers[k].finish_ns);
    differ = differ || mnsim.layers[k].map.pes != mnsim.layers[k].map.tiles;
  }
  CHECK(differ);
}

TEST_CASE("each row of a comparison holds the two networks' figures", "[cost_report]") {
  const Costs costs;
  const std::string both = io::cost_comparison(costs.pruned, costs.dense);
  const auto row = [&](const std::string& name) {
    const std::size_t begin = both.find(name);
    return both.substr(begin, both.find('\n', begin) - begin);
  };
  const cost::Metrics dense = cost::metrics(costs.dense), pruned = cost::metrics(costs.pruned);
  for (const auto& [name, before, after] :
       {std::tuple{"area, mm²", 1e-6 * costs.dense.totals.area_um2,
                   1e-6 * costs.pruned.totals.area_um2},
        {"energy an inference", 1e-3 * dense.energy_nj, 1e-3 * pruned.energy_nj},
        {"latency of an image", 1e-3 * costs.dense.totals.latency_ns,
         1e-3 * costs.pruned.totals.latency_ns},
        {"images a second", dense.images_per_s, pruned.images_per_s},
        {"GOPS/W", dense.gops_per_w, pruned.gops_per_w},
        {"GOPS/mm²", dense.gops_per_mm2, pruned.gops_per_mm2}}) {
    const std::string line = row(name);
    CAPTURE(line);
    const std::size_t first = line.find(io::format_significant(before), std::strlen(name));
    CHECK(first != std::string::npos);
    CHECK(line.find(io::format_significant(after), first + 1) != std::string::npos);
  }
  // Shares of the components add up to all of the energy and of the area.
  std::istringstream table(io::cost_component_table(costs.pruned));
  double area = 0.0, energy = 0.0;
  for (std::string line; std::getline(table, line);) {
    std::istringstream words(line);
    std::string name, a, as, e, es;
    if (words >> name >> a >> as >> e >> es && name != "component" && name != "total") {
      area += std::stod(as);
      energy += std::stod(es);
    }
  }
  CHECK(area == Approx(100.0).margin(1.0));
  CHECK(energy == Approx(100.0).margin(1.0));
}

TEST_CASE("a report's cost holds both networks and their ratio", "[cost_report]") {
  const Costs costs;
  const Json json = io::cost_summary_json("paper", costs.dense, costs.pruned);
  CHECK(json["hardware"] == "paper");
  CHECK(json["gains"]["energy"].get<double>() ==
        Approx(json["dense"]["totals"]["energy_nj"].get<double>() /
               json["pruned"]["totals"]["energy_nj"].get<double>()));
  CHECK(json["dense"]["metrics"]["index_kib"] == 0.0);
  CHECK(json["pruned"]["metrics"]["index_kib"].get<double>() > 0.0);
}

TEST_CASE("tables show what was priced", "[cost_report]") {
  const Costs costs;
  const std::string layers = io::cost_layer_table(costs.pruned, "crossbars");
  for (const char* part : {"layer", "crossbars", "area mm²", "energy µJ", "total"})
    CHECK(io::test::has(layers, part));
  const std::string components = io::cost_component_table(costs.pruned);
  CHECK(io::test::has(components, "adc"));
  CHECK(io::test::has(components, "index_buffer"));
  CHECK_FALSE(io::test::has(components, "sample_hold"));  // this hardware has none
  CHECK_FALSE(io::test::has(io::cost_component_table(costs.dense), "index_buffer"));
  const std::string both = io::cost_comparison(costs.pruned, costs.dense);
  for (const char* part : {"dense", "pruned", "GOPS/W", "GOPS/mm²", "images a second", "KiB"})
    CHECK(io::test::has(both, part));
  CHECK(io::test::has(io::cost_layer_table(mnsim::price(nn::lenet5()), "PEs"), "PEs"));
}

TEST_CASE("a table's total is that of its rows, and every component that costs has one") {
  const Costs costs;
  const std::string layers = io::cost_layer_table(costs.pruned, "crossbars");
  Index crossbars = 0;
  for (const cost::OuLayerCost& layer : costs.pruned.layers) crossbars += layer.work.crossbars;
  const std::string last = layers.substr(layers.find("\ntotal"));
  CHECK(io::test::has(last.substr(0, last.find('\n', 1)), io::format_number(crossbars)));
  CHECK(crossbars != costs.pruned.layers.back().work.crossbars);

  const mnsim::Cost mnsim = mnsim::price(nn::lenet5());
  const std::string components = io::cost_component_table(mnsim);
  bool without_area = false;
  for (Index i = 0; i < hardware::kComponents<mnsim::Component>; ++i) {
    const auto c = static_cast<mnsim::Component>(i);
    const auto& parts = mnsim.components;
    const bool any =
        parts.area_um2[c] != 0.0 || parts.energy_nj[c] != 0.0 || parts.busy_ns[c] != 0.0;
    without_area = without_area || (any && parts.area_um2[c] == 0.0);
    CHECK(io::test::has(components, "\n" + std::string(hardware::component_name(c)) + " ") == any);
  }
  CHECK(without_area);
}

TEST_CASE("bars are the sums of their groups of components") {
  const Costs costs;
  const std::string svg = io::energy_picture(costs.pruned);
  using enum hardware::Component;
  for (const cost::OuLayerCost& layer : costs.pruned.layers) {
    const auto& energy = layer.components.energy_nj;
    const double converters = energy[dac] + energy[adc] + energy[sample_hold];
    CHECK(io::test::has(svg, io::format_number(1e-3 * converters, 4) + " µJ"));
    const double cells = energy[cell] + energy[wordline_driver];
    CHECK(io::test::has(svg, io::format_number(1e-3 * cells, 4) + " µJ"));
  }
  for (const auto c : {dac, adc, sample_hold}) CHECK(io::detail::cost_group(c) == 1);
  for (const auto c : {cell, wordline_driver}) CHECK(io::detail::cost_group(c) == 0);
}

TEST_CASE("pictures of a cost are well-formed, with a bar a group", "[cost_report]") {
  const Costs costs;
  for (const std::string& svg : {io::energy_picture(costs.pruned), io::area_picture(costs.pruned),
                                 io::energy_picture(mnsim::price(nn::lenet5()))}) {
    CHECK(samples::markup_fault(svg) == "");
    CHECK(io::test::has(svg, "DACs and ADCs"));
  }
}
