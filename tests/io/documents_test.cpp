// What the library writes about its results, read again.
#include <catch2/catch.hpp>

#include "autoprune/cost/ou_model.hpp"
#include "autoprune/cost/ou_presets.hpp"
#include "autoprune/io/hardware_json.hpp"
#include "autoprune/io/mapping_json.hpp"
#include "autoprune/io/mnsim_json.hpp"
#include "autoprune/io/network_json.hpp"
#include "autoprune/io/policy_json.hpp"
#include "autoprune/io/report_data.hpp"
#include "autoprune/io/report_html.hpp"
#include "autoprune/io/report_json.hpp"
#include "autoprune/io/report_text.hpp"
#include "autoprune/mnsim/model.hpp"
#include "autoprune/nn/zoo.hpp"
#include "autoprune/search/search.hpp"
#include "helpers.hpp"
#include "report_samples.hpp"

using namespace autoprune;

namespace {

nn::Network lenet5() {
  nn::Network net = nn::lenet5();
  net.initialise(1);
  return net;
}

/// Ten policies of a single layer, the third of which is the best.
struct ThirdIsBest {
  std::vector<search::Ranking> ranked = {
      {prune::Scores::Ones(2, 5), prune::Scores::Ones(2, 5), {}}};
  search::Constraints limits;
  mutable Index measured = 0;

  struct States {
    [[nodiscard]] search::State at(Index, double, double) const { return {}; }
  } table;
  ThirdIsBest& landscape() { return *this; }
  [[nodiscard]] Index layers() const { return 1; }
  [[nodiscard]] const States& states() const { return table; }
  [[nodiscard]] const search::Constraints& constraints() const { return limits; }
  [[nodiscard]] std::span<const search::Ranking> rankings() const { return ranked; }
  [[nodiscard]] double dense_accuracy() const { return 90.0; }
  [[nodiscard]] search::Fingerprint fingerprint() const { return {}; }
  [[nodiscard]] double saved(Index, const search::LayerPlan&) const { return 0.0; }
  [[nodiscard]] search::Policy allowed(const search::Policy& policy) const { return policy; }
  [[nodiscard]] std::vector<double> realised(const search::Policy& policy) const {
    return search::keep_ratios(policy);
  }
  [[nodiscard]] search::Outcome evaluate(const search::Policy& policy) const {
    return {search::keep_ratios(policy),
            50.0,
            measured++ == 2 ? 0.9 : 0.1,
            true,
            {12, 4, 3},
            {1e3, 2e3, 3e6},
            policy};
  }
};

}  // namespace

TEST_CASE("a policy comes back to the bit, whatever the order of its layers") {
  const nn::Network net = lenet5();
  const search::Policy policy = {0.1, 1.0 / 3.0, 1.0, 1e-4, 0.7};
  io::Json json = io::policy_to_json(net, policy);
  CHECK(io::policy_from_json(io::parse_json(io::json_text(json), "x"), net, "x") == policy);
  std::swap(json["layers"][0], json["layers"][3]);
  CHECK(io::policy_from_json(json, net, "x") == policy);

  CHECK(io::test::error_id([&] { (void)io::policy_to_json(net, {0.5}); }) ==
        ErrorId::shape_mismatch);
  const auto refuse = [&](const io::Json& damaged) {
    return io::test::error_id([&] { (void)io::policy_from_json(damaged, net, "x"); });
  };
  io::Json less = json, other = json, low = json, twice = json, more = json;
  less["layers"].erase(1);
  CHECK(refuse(less) == ErrorId::missing_value);
  other["layers"][1]["name"] = "features.1";
  CHECK(refuse(other) == ErrorId::unknown_name);
  low["layers"][1]["keep_ratio"] = 0.0;
  CHECK(refuse(low) == ErrorId::out_of_range);
  twice["layers"].push_back(json["layers"][0]);
  CHECK(refuse(twice) == ErrorId::bad_json);
  more["layers"][0]["keep"] = 1;
  CHECK(refuse(more) == ErrorId::unknown_name);
  CHECK(refuse(io::Json::array()) == ErrorId::bad_json);
}

TEST_CASE("plans come back, and old policies of keep ratios are read") {
  const nn::Network net = lenet5();
  search::Policy policy = {0.1, 1.0 / 3.0, 1.0, 1e-4, 0.7};
  CHECK(io::policy_to_json(net, policy)["schema"] == "autoprune.policy/1");
  policy[1].granularity = 16;
  policy[2].hardware = {Geometry<>(64, 64, 16, 16, 2), 4, 6, 5};
  policy[4].hardware.weight_bits = 1;
  const io::Json json = io::policy_to_json(net, policy);
  CHECK(json["schema"] == "autoprune.policy/2");
  CHECK(json["layers"][2]["geometry"] == "64x64/16x16/2");
  CHECK_FALSE(json["layers"][0].contains("weight_bits"));
  CHECK(io::policy_from_json(io::parse_json(io::json_text(json), "x"), net, "x") == policy);

  // A plan may leave keep ratios and layers out.
  io::Json plan = json;
  plan["layers"].erase(0);
  plan["layers"][0].erase("keep_ratio");
  search::Policy expected = policy;
  expected[0] = 1.0;
  expected[1].keep = 1.0;
  CHECK(io::plan_from_json(plan, net, "x") == expected);
  CHECK(io::test::error_id([&] { (void)io::policy_from_json(plan, net, "x"); }) ==
        ErrorId::bad_json);

  const auto refuse = [&](const char* key, const io::Json& value) {
    io::Json damaged = json;
    damaged["layers"][2][key] = value;
    return io::test::error_id([&] { (void)io::plan_from_json(damaged, net, "x"); });
  };
  CHECK(refuse("weight_bits", 0) == ErrorId::out_of_range);
  CHECK(refuse("adc_bits", 20) == ErrorId::out_of_range);
  CHECK(refuse("input_bits", 2.5) == ErrorId::bad_json);
  CHECK(refuse("geometry", "60x64/16x16/1") == ErrorId::geometry_mismatch);
  CHECK(refuse("keep_ratio", 2.0) == ErrorId::out_of_range);
}

TEST_CASE("a document with any number in any place is read or refused", "[documents]") {
  const io::Json numbers = io::parse_json(
      "[0, -1, 1, 257, 1099511627776, 9007199254740992, 9223372036854775807,"
      "-9223372036854775808, 18446744073709551615, 0.5, 1e300, -1e300, 5e-324, 1e16, \"x\", null]",
      "x");
  const nn::Network net = lenet5();
  const auto refused = [](auto&& read) {
    try {
      read();
      return 0;
    } catch (const Error&) {
      return 1;
    }
  };
  Random random(6);
  const auto changed = [&](io::Json document) {
    io::Json* place = &document;
    while (place->is_structured() && !place->empty()) {
      auto child = place->begin();
      std::advance(child, random.below(static_cast<Index>(place->size())));
      place = &*child;
    }
    *place = numbers[static_cast<std::size_t>(random.below(static_cast<Index>(numbers.size())))];
    return document;
  };
  const io::Json graph = io::network_to_json(net);
  const io::Json policy = io::policy_to_json(net, search::Policy(5, 0.5));
  const io::Json ou = io::hardware_to_json(cost::ou_preset("paper"));
  const io::Json mnsim = io::hardware_to_json(mnsim::hardware_2020());
  int refusals = 0;
  for (int round = 0; round < 200; ++round) {
    refusals += refused([&] { (void)io::network_from_json(changed(graph), "x"); });
    refusals += refused([&] { (void)io::policy_from_json(changed(policy), net, "x"); });
    refusals += refused([&] { (void)io::report_html(changed(samples::report()), nullptr); });
    refusals += refused([&] { (void)io::report_table(changed(samples::report())); });
    refusals +=
        refused([&] { (void)io::report_html(samples::report(), changed(samples::mapping())); });
    refusals += refused([&] {
      const auto hardware = io::accelerator_from_json(changed(ou), "x");
      (void)cost::OuModel(net, hardware).price_dense();
    });
    refusals += refused(
        [&] { (void)mnsim::price(net, io::mnsim_hardware_from_json(changed(mnsim), "x")); });
  }
  CHECK(refusals > 200);
}

TEST_CASE("each figure of a report and a mapping stands under its own name") {
  using Wide = Geometry<48, 96, 8, 12, 2>;
  const nn::Network net = lenet5();
  hardware::WeightCode options;
  options.layout = hardware::BitPlanes::adjacent;
  const auto compressor =
      search::Compressor(Wide{}, prune::ColumnVectorPruner<8>{}, options, search::OuSelection::best,
                         prune::RowGrouping::gathered);
  const std::vector<PruneMask> masks =
      search::Compressor::masks(compressor.rank(net), search::Policy{0.9, 0.5, 0.4, 0.3, 0.6});
  const mapping::NetworkPlacement mapped = compressor.map(masks);
  const io::Json report = io::report_json({}, compressor, net, masks, mapped);
  const io::Json placed = io::mapping_to_json(net, compressor, mapped);
  CHECK(placed["bitlines_per_weight"] == options.slices(2));
  CHECK(options.slices(2) < options.weight_bits);
  CHECK(report["compression"]["per_layer"] == mapped.crossbars.compression_per_layer());
  CHECK(report["compression"]["pooled"] == mapped.crossbars.compression_pooled());
  CHECK(mapped.crossbars.compression_pooled() > mapped.crossbars.compression_per_layer());
  for (const mapping::IndexCode code : mapping::kIndexCodes)
    CHECK(report["index"][concat(mapping::index_code_name(code), "_bits")] ==
          mapped.index_sizes[code]);
  for (std::size_t k = 0; k < masks.size(); ++k) {
    const mapping::Placement& layer = mapped.layers[k];
    const io::Json &figures = report["layers"][k], &places = placed["layers"][k];
    CHECK(figures["rows"] == masks[k].rows());
    CHECK(figures["cols"] == masks[k].cols());
    CHECK(figures["keep_ratio"] == masks[k].keep_ratio());
    CHECK(figures["index_bits"] == layer.index_bits());
    CHECK(places["index"]["bits"] == layer.index_bits());
    CHECK(places["planes"] == compressor.arrays());
    CHECK(places["crossbars_per_plane"].get<Index>() * compressor.arrays() ==
          layer.count.crossbars);
    CHECK(places["first_pooled_tile"] == layer.first_pooled_place);
    for (Index i = 0; i < layer.ous.size(); ++i) {
      const io::Json& tile = places["tiles"][static_cast<std::size_t>(i)];
      const mapping::Ou ou = layer.ous[i];
      CHECK(tile["crossbar"] == ou.place.crossbar);
      CHECK(tile["row"] == ou.place.wordline);
      CHECK(tile["column"] == ou.place.bitline * options.slices(2));
      CHECK(tile["columns"] == ou.columns);
      CHECK(places["inputs"][std::to_string(tile["row_group"].get<Index>())] == ou.rows);
    }
  }
  CHECK(mapped.layers.back().first_pooled_place > 0);

  // The pictures: crossbars of 48 x 96 cells, a grid of tiles in it, and the cells in use.
  const auto strips = io::detail::occupancy_pictures(placed);
  for (std::size_t k = 0; k < masks.size(); ++k) {
    const mapping::Placement& layer = mapped.layers[k];
    Index cells = 0;
    for (Index i = 0; i < layer.ous.size(); ++i)
      cells += layer.ous[i].n_rows() * layer.ous[i].n_cols() * options.slices(2);
    CHECK(strips[k].filled == Approx(static_cast<double>(cells) /
                                     (48.0 * 96.0 * static_cast<double>(strips[k].crossbars))));
    CHECK(samples::occurrences(strips[k].svg, "width=\"96\" height=\"48\"") > 0);
    const Index drawn = std::min<Index>(strips[k].crossbars, 10);
    CHECK(samples::occurrences(strips[k].svg, "v48") == drawn * (96 / 12 - 1));
    CHECK(samples::occurrences(strips[k].svg, "h96") == drawn * (48 / 8 - 1));
  }
}

TEST_CASE("a search's best episode and each episode's figures stand in its report") {
  ThirdIsBest environment;
  search::Search<ThirdIsBest> search(environment, {.searcher = "ddpg", .episodes = 6});
  while (!search.done()) search.run_episode();
  const io::Json json = io::search_json(search.history(), "reward");
  CHECK(json["best"] == 2);
  CHECK(json["searcher"] == "ddpg");
  CHECK(json["episodes"][0]["kind"] == "explore");
  CHECK(json["episodes"][5]["kind"] == "ddpg");
  for (const io::Json& episode : json["episodes"]) {
    CHECK(episode["compression_per_layer"] == 3.0);
    CHECK(episode["compression_pooled"] == 4.0);
    CHECK(episode["energy_nj"] == 1e3);
    CHECK(episode["latency_ns"] == 2e3);
    CHECK(episode["area_um2"] == 3e6);
    CHECK(episode["on_front"] == (episode["episode"] == 0));  // all are equal
  }
  CHECK(json["counting"] == "per-layer");
}

TEST_CASE("reports and mappings say what was counted, for every layout") {
  const nn::Network net = lenet5();
  Random random(5);
  for (const auto layout : {hardware::BitPlanes::apart, hardware::BitPlanes::adjacent}) {
    hardware::WeightCode options;
    options.layout = layout;
    const auto compressor =
        search::Compressor(PaperGeometry{}, prune::ColumnVectorPruner<16>{}, options);
    search::Policy policy;
    for (int k = 0; k < 5; ++k) policy.push_back(random.uniform(0.05, 1.0));
    const auto rankings = compressor.rank(net);
    const std::vector<PruneMask> masks = search::Compressor::masks(rankings, policy);
    const mapping::NetworkPlacement mapped = compressor.map(masks);

    io::Json document = io::report_json({.command = "map", .network = "lenet5"}, compressor, net, masks,
                                        mapped, {1.0, 2.0, 4.0});
    document["accuracy"] = io::accuracy_json(100, {}, nn::Accuracy{90.0, 99.0});
    CHECK_FALSE(io::read_report(document).course);
    const std::vector<io::EpochFigures> history = {{1, 0.5, 0.04, 0.5, 2.0, 80.0, 1.0},
                                                   {2, 0.4, 0.02, 0.5, 2.0, 30.0, 1.0}};
    document["fine_tune"] = io::fine_tune_json(history, {80.0, 30.0, true});
    const io::ReportData report = io::read_report(document);
    CHECK(report.fine_tune.size() == 2);
    CHECK(report.course->best == 80.0);
    CHECK(report.course->end == 30.0);
    CHECK(report.course->collapsed);
    CHECK(report.crossbars_per_layer == mapped.crossbars.per_layer);
    CHECK(report.compression_pooled == mapped.crossbars.compression_pooled());
    CHECK(report.fine_tune_seconds == 2.0);
    CHECK_FALSE(report.accuracy->dense);
    CHECK(report.accuracy->pruned->top5 == 99.0);

    const io::Json placed = io::mapping_to_json(net, compressor, mapped);
    CHECK(io::report_html(document, placed).find("90.00 %") != std::string::npos);
    for (std::size_t k = 0; k < masks.size(); ++k) {
      const io::LayerFigures& layer = report.layers[k];
      CHECK(layer.kept == masks[k].kept_count());
      CHECK(layer.dead_filters == masks[k].dead_filters());
      CHECK(layer.crossbars == mapped.layers[k].count.crossbars);
      PruneMask drawn(masks[k].rows(), masks[k].cols(), 16, false);
      for (const io::Json& tile : placed["layers"][k]["tiles"])
        for (const io::Json& column : tile["columns"])
          drawn.set(tile["row_group"].get<Index>(), column.get<Index>(), true);
      CHECK(drawn == masks[k]);
    }
  }
  const search::Compressor compressor(PaperGeometry{}, prune::ColumnVectorPruner<16>{});
  CHECK(io::test::error_id([&] { (void)io::report_json({}, compressor, net, {}, {}); }) ==
        ErrorId::mask_mismatch);
}
