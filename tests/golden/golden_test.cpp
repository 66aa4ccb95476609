// Figures of the first edition, recorded once. What the library answers for the same question has
// to stay the same to the bit, whatever its inside becomes.

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iomanip>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

#include "../search/helpers.hpp"
#include "autoprune/cost.hpp"
#include "autoprune/methods.hpp"
#include "autoprune/search.hpp"
#include "autoprune/simulation.hpp"

using namespace autoprune;          // NOLINT: a test's own names
using namespace autoprune::search;  // NOLINT

namespace {

using Lines = std::vector<std::string>;

std::string path_of(const std::string& name) {
  return concat(AUTOPRUNE_SOURCE_DIR, "/tests/golden/data/", name, ".txt");
}

Lines recorded(const std::string& name) {
  std::ifstream in(path_of(name));
  REQUIRE(in);
  Lines lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

/// With AUTOPRUNE_RECORD set, writes the lines instead of comparing them.
void check(const std::string& name, const Lines& lines) {
  if (std::getenv("AUTOPRUNE_RECORD") != nullptr) {
    std::ofstream out(path_of(name));
    for (const std::string& line : lines) out << line << '\n';
    return;
  }
  const Lines expected = recorded(name);
  REQUIRE(lines.size() == expected.size());
  for (std::size_t i = 0; i < lines.size(); ++i) CHECK(lines[i] == expected[i]);
}

template <class... Values>
std::string line_of(const Values&... values) {
  std::ostringstream out;
  out << std::setprecision(std::numeric_limits<double>::max_digits10);
  ((out << values << ' '), ...);
  std::string line = out.str();
  line.pop_back();
  return line;
}

/// Weights are multiples of 2^-10, so that sums of them don't depend on their order.
nn::Network with_weights(nn::Network network) {
  Random random(2024);
  for (const Index i : network.matrix_layers())
    for (float& w : network.node(i).weight)
      w = static_cast<float>(random.below(4096) - 2048) / 1024.0F;
  return network;
}

/// AlexNet and VGG16 with a quarter of their channels.
nn::Network narrow_alexnet() {
  nn::Network n({3, 32, 32});
  Index k = 0;
  for (const Index out : {16, 48, 96, 64, 64}) {
    n.conv(concat("c", k++), {.out = out, .kernel = 3, .stride = k == 1 ? 2 : 1, .padding = 1});
    if (k == 1 || k == 2 || k == 5) n.max_pool(concat("p", k), {.kernel = 2});
  }
  n.flatten("flat");
  for (const Index out : {1024, 1024, 10}) n.linear(concat("l", k++), out);
  return n;
}
nn::Network narrow_vgg16() {
  nn::Network n({3, 32, 32});
  Index k = 0;
  for (const auto& stage :
       {std::vector<Index>{16, 16}, {32, 32}, {64, 64, 64}, {128, 128, 128}, {128, 128, 128}}) {
    for (const Index out : stage) n.conv(concat("c", k++), {.out = out, .kernel = 3, .padding = 1});
    n.max_pool(concat("p", k), {.kernel = 2});
  }
  n.flatten("flat");
  n.linear("l", 10);
  return n;
}

struct Named {
  std::string name;
  nn::Network network;
};

const std::vector<Named>& networks() {
  static const std::vector<Named> all = {{"lenet5", with_weights(nn::lenet5())},
                                         {"plain20", with_weights(nn::plain20())},
                                         {"alexnet/4", with_weights(narrow_alexnet())},
                                         {"vgg16/4", with_weights(narrow_vgg16())}};
  return all;
}

std::vector<PruneMask> masks_of(const Compressor& compressor, const nn::Network& network) {
  const std::vector<Ranking> rankings = compressor.rank(network);
  Policy policy;
  for (std::size_t k = 0; k < rankings.size(); ++k)
    policy.push_back(0.05 + 0.1 * static_cast<double>(k * 3 % 5));
  return Compressor::masks(rankings, policy);
}

/// Calls f(name, geometry, compressor of a network) for every method.
using Make = std::function<Compressor(const nn::Network&)>;
void for_each_method(const std::string& network,
                     const std::function<void(const std::string&, const Make&)>& f) {
  const auto vectors = [&]<class Geom, Index G>() {
    for (const auto rows : {prune::RowGrouping::neighbours, prune::RowGrouping::gathered})
      f(concat("column-vectors G=", G,
               rows == prune::RowGrouping::gathered ? " gathered " : " neighbours ",
               Geom{}.to_string()),
        [rows](const nn::Network&) {
          return Compressor(Geom{}, prune::ColumnVectorPruner<G>{}, {}, OuSelection::best, rows);
        });
  };
  const auto geometry = [&]<class Geom>() {
    vectors.template operator()<Geom, 16>();
    vectors.template operator()<Geom, 32>();
    for (const std::string& name : methods::method_names()) {
      if (name == "column-vectors") continue;
      // The means of LSR's clusters depend on the processor's vectors where there are many filters.
      if (name == "lsr" && network.ends_with("/4")) continue;
      f(concat(name, ' ', Geom{}.to_string()), [name](const nn::Network& of) {
        return methods::make_method(name, {of, Geom{}});
      });
    }
  };
  geometry.template operator()<PaperGeometry>();
  geometry.template operator()<Geometry<128, 128, 8, 8, 1>>();
  geometry.template operator()<Geometry<256, 256, 64, 64, 1>>();
}

/// OUs in pieces that can be active at once, those with the same inputs together.
void add_ous(Fingerprint& print, const mapping::OuList& ous, Index ou_rows) {
  for (Index first = 0; first < ous.size();) {
    Index end = first + 1;
    while (end < ous.size() && ous[end].input_set == ous[first].input_set) ++end;
    const auto rows = ous[first].rows;
    for (std::size_t r = 0; r < rows.size(); r += static_cast<std::size_t>(ou_rows))
      for (Index i = first; i < end; ++i)
        print.add(rows.subspan(r, std::min(static_cast<std::size_t>(ou_rows), rows.size() - r)))
            .add(ous[i].columns)
            .add(static_cast<double>(ous[i].place.crossbar));
    first = end;
  }
}

}  // namespace

TEST_CASE("crossbars, OUs and index bits of every method are those of the first edition") {
  Lines lines;
  for (const auto& [name, network] : networks())
    for_each_method(
        name, [&, &net = name, &of = network](const std::string& method, const Make& make) {
          const Compressor compressor = make(of);
          const std::vector<PruneMask> masks = masks_of(compressor, of);
          const mapping::NetworkCount count = compressor.count(masks);
          Index kept = 0, ous = 0, bits = 0, entries = 0;
          Fingerprint layers;
          for (const mapping::LayerCount& layer : count.layers) {
            kept += layer.kept;
            ous += layer.ous;
            for (const Index n : {layer.vectors, layer.kept, layer.ous, layer.crossbars_dense,
                                  layer.crossbars, layer.slots.taken, layer.slots.per_crossbar})
              layers.add(static_cast<double>(n));
          }
          for (const mapping::Placement& layer : compressor.map(masks).layers) {
            bits += layer.index_bits();
            entries += layer.index_entries;
            add_ous(layers, layer.ous, compressor.geometry().ou_rows);
          }
          lines.push_back(line_of(net, method, "crossbars", count.crossbars.dense,
                                  count.crossbars.per_layer, count.crossbars.pooled, "kept", kept,
                                  "OUs", ous, "index bits", bits, "entries", entries, "layers",
                                  layers.value()));
        });
  check("mapping", lines);
}

TEST_CASE("area, energy and latency of every method are those of the first edition") {
  Lines lines;
  for (const auto& [name, network] : networks())
    for_each_method(
        name, [&, &net = name, &of = network](const std::string& method, const Make& make) {
          const Compressor compressor = make(of);
          const cost::OuModel model(of, cost::ou_preset("paper", compressor.geometry()));
          const cost::OuCost cost = model.price(compressor.map(masks_of(compressor, of)).layers);
          lines.push_back(line_of(net, method, std::setprecision(12), cost.totals.area_um2,
                                  cost.totals.energy_nj, cost.totals.latency_ns));
        });
  check("cost", lines);
}

namespace {

/// What one random layer's data path answers and does.
template <class Geom, class Adc>
std::string data_path(const std::string& name, const Adc& adc, Index granularity,
                      const simulation::DataPathConfig& config) {
  Random random(77);
  PruneMask mask(200, 50, granularity);
  for (Index g = 0; g < mask.groups(); ++g)
    for (Index c = 0; c < mask.cols(); ++c) mask.set(g, c, random.below(3) == 0);
  Tensor w = make_tensor({mask.cols(), mask.rows()});
  for (float& v : w) v = static_cast<float>(random.below(4096) - 2048) / 1024.0F;
  const auto weights = simulation::quantise(w, mask, config.weights.weight_bits);
  const simulation::OUDataPath<Geom, Adc> path(
      {}, weights, mapping::CrossbarMapper<Geom>(config.weights).map(mask), adc, config);
  std::vector<std::int32_t> x;
  for (Index i = 0; i < mask.rows() * nn::kLanes; ++i) {
    const auto value = static_cast<std::int32_t>(random.below(256));
    x.push_back(config.input.negative && random.below(2) == 1 ? -value : value);
  }
  std::vector<double> y(static_cast<std::size_t>(mask.cols() * nn::kLanes));
  simulation::Activity activity;
  path.multiply(x.data(), y.data(), nn::kLanes, activity);
  return line_of(name, Geom{}.to_string(), "G", granularity, "outputs",
                 Fingerprint().add(std::span<const double>(y)).value(), "activity",
                 activity.ou_activations, activity.skipped_activations, activity.adc_conversions,
                 activity.input_fetches, activity.index_fetches);
}

}  // namespace

TEST_CASE("the integers of the data path are those of the first edition") {
  using hardware::RoundingAdc;
  Lines lines;
  const auto on = [&]<class Geom>() {
    for (const Index granularity : {Geom::ou_rows, Geom::ou_rows / 2})
      for (const bool offset : {false, true})
        for (const Index dac_bits : {1, 2}) {
          simulation::DataPathConfig config;
          config.weights.sign =
              offset ? hardware::SignEncoding::offset : hardware::SignEncoding::pair;
          config.input.dac_bits = dac_bits;
          config.input.negative = dac_bits == 2;
          const std::string name =
              concat(offset ? "offset" : "pair", " DAC of ", dac_bits, " bits, ");
          lines.push_back(
              data_path<Geom>(name + "ideal", hardware::IdealAdc{}, granularity, config));
          lines.push_back(data_path<Geom>(name + "saturating", hardware::SaturatingAdc(4),
                                          granularity, config));
          lines.push_back(data_path<Geom>(name + "rounding", hardware::RoundingAdc::over(64.0, 5),
                                          granularity, config));
        }
  };
  on.template operator()<PaperGeometry>();
  on.template operator()<Geometry<128, 128, 8, 8, 1>>();
  on.template operator()<Geometry<256, 256, 64, 64, 4>>();
  check("data_path", lines);
}

TEST_CASE("the first policies of a search are those of the first edition, resumed or not") {
  ThreadPool pool(1);
  const auto run = [&](const std::string& searcher, bool resume) {
    PruningEnvironment<> environment(test::trained(), test::small_compressor(),
                                     test::environment_images(pool), test::target(3.0), pool);
    SearchConfig config;
    config.searcher = searcher;
    config.episodes = config.updates = 10;
    config.random_share = 0.4;
    config.final_noise = 0.5 * std::pow(0.95, 5.0);
    Search<> search(environment, config);
    while (search.episodes().size() < 5) search.run_episode();
    Search<> other(environment, config);
    if (resume) other.restore(search.save());
    Search<>& rest = resume ? other : search;
    while (!rest.done()) rest.run_episode();
    return rest.save();
  };
  for (const std::string searcher : {"guided", "ddpg"})
    CHECK(run(searcher, false) == run(searcher, true));

  // Accuracies of trained networks depend on the processor's vectors; policies near the same do
  // not.
  Lines lines;
  for (const std::string searcher : {"guided", "ddpg"}) {
    PruningEnvironment<> environment(
        with_weights(test::small_network()), test::small_compressor(),
        test::environment_images(pool), test::target(3.0), pool, Metric::top1, {},
        [](nn::Backend&, const Candidate& of, const EnvironmentImages&) {
          double kept = 0.0;
          for (const PruneMask& mask : of.masks) kept += std::sqrt(mask.keep_ratio());
          return nn::Accuracy{10.0 * kept, 20.0 * kept};
        });
    SearchConfig config;
    config.searcher = searcher;
    config.episodes = config.updates = 10;
    config.random_share = 0.4;
    config.final_noise = 0.5 * std::pow(0.95, 5.0);
    Search<> search(environment, config);
    while (!search.done()) search.run_episode();
    for (const Episode& episode : search.episodes()) {
      std::string line = searcher == "guided" ? "warm" : "cold";
      for (const double keep : episode.outcome.keep_ratios)
        line += line_of("", std::setprecision(6), keep);
      lines.push_back(line);
    }
  }
  check("search", lines);
}
