/// @file simulation_report.hpp
/// What simulate() found, as JSON, tables and a picture.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <vector>

#include "autoprune/cost/layer_work.hpp"
#include "autoprune/io/format.hpp"
#include "autoprune/io/json_field.hpp"
#include "autoprune/io/policy_json.hpp"
#include "autoprune/io/report_json.hpp"
#include "autoprune/io/svg_charts.hpp"
#include "autoprune/io/table.hpp"
#include "autoprune/study/simulate.hpp"

namespace autoprune::study {

namespace detail {

[[nodiscard]] inline io::Json drawn_json(const DrawnAccuracy& accuracy) {
  io::Json json = io::json_object({{"top1", accuracy.top1.mean}, {"top5", accuracy.top5.mean}});
  if (accuracy.seeds > 1) {
    json["top1_half_width"] = accuracy.top1.half_width;
    json["top5_half_width"] = accuracy.top5.half_width;
  }
  json["seeds"] = accuracy.seeds;
  return json;
}

[[nodiscard]] inline io::Json counts_json(const simulation::Activity& activity) {
  return io::json_object({{"ou_activations", activity.ou_activations},
                          {"skipped_activations", activity.skipped_activations},
                          {"adc_conversions", activity.adc_conversions},
                          {"input_fetches", activity.input_fetches},
                          {"index_fetches", activity.index_fetches}});
}

[[nodiscard]] inline simulation::Activity total(const std::vector<simulation::Activity>& layers) {
  simulation::Activity sum;
  for (const simulation::Activity& layer : layers) sum += layer;
  return sum;
}

[[nodiscard]] inline std::string percent(double value) { return io::format_number(value, 2); }
/// With its 95 % interval, where there is one.
[[nodiscard]] inline std::string percent(const simulation::Estimate& estimate) {
  const std::string mean = percent(estimate.mean);
  return std::isfinite(estimate.half_width) ? mean + " ± " + percent(estimate.half_width) : mean;
}
[[nodiscard]] inline std::string variation_text(double variation) {
  return concat("variation ", io::format_number(100.0 * variation, 1), " %");
}

}  // namespace detail

/// Adds "accuracy", "activity" and, where variations were asked for, "sweep" to a report of
/// io::report_json(). `pruned`: the network isn't dense.
inline void add_simulation(io::Json& report, const nn::Network& network, const Simulation& s,
                           bool pruned) {
  const nn::Accuracy mean{s.on_crossbar.top1.mean, s.on_crossbar.top5.mean};
  io::Json accuracy = io::accuracy_json(s.images, {}, {}, "on-crossbar");
  accuracy[pruned ? "pruned" : "dense"] =
      io::json_object({{"top1", mean.top1}, {"top5", mean.top5}});
  accuracy["float"] = io::json_object({{"top1", s.real.top1}, {"top5", s.real.top5}});
  accuracy["quantised"] = io::json_object({{"top1", s.quantised.top1}, {"top5", s.quantised.top5}});
  accuracy["on_crossbar"] = detail::drawn_json(s.on_crossbar);
  report["accuracy"] = std::move(accuracy);

  const io::Json total = detail::counts_json(detail::total(s.activity));
  io::Json& activity = report["activity"] = total;
  activity["total"] = total;
  activity["layers"] = io::Json::array();
  const std::vector<std::string> names = io::matrix_layer_names(network);
  for (std::size_t k = 0; k < names.size(); ++k) {
    activity["layers"].push_back(io::json_object({{"name", names[k]}}));
    activity["layers"].back().update(detail::counts_json(s.activity[k]));
  }
  for (const VariedAccuracy& point : s.sweep) {
    report["sweep"].push_back(io::json_object({{"variation", point.variation}}));
    report["sweep"].back().update(detail::drawn_json(point.accuracy));
  }
}

/// What an image asks of every matrix layer, from a report that add_simulation() completed; for
/// cost::measured_work(). `origin` names the report in messages. Throws bad_json or out_of_range.
[[nodiscard]] inline std::vector<cost::MeasuredWork> read_activity(const io::Json& report,
                                                                   const std::string& origin) {
  const io::JsonField field(report, origin);
  const Index images = field["accuracy"]["images"].count();
  if (images < 1) fail(ErrorId::out_of_range, origin, " counts the activity of no image");
  std::vector<cost::MeasuredWork> layers;
  for (const io::JsonField& layer : field["activity"]["layers"].items()) {
    const auto mean = [&](const char* count) {
      return static_cast<double>(layer[count].count(kLargestWhole)) / static_cast<double>(images);
    };
    layers.push_back({mean("ou_activations"), mean("adc_conversions"), mean("input_fetches"),
                      mean("index_fetches")});
  }
  return layers;
}

/// The work of layers as placed, with the activity that such a report measured of the same network
/// on that geometry, its layers of those names. Throws mask_mismatch or geometry_mismatch where it
/// is of another, and what read_activity() throws.
[[nodiscard]] inline std::vector<cost::LayerWork> measured_work(
    std::vector<cost::LayerWork> work, std::span<const mapping::Placement> layers,
    std::span<const std::string> names, const std::string& geometry, const io::Json& report,
    const std::string& origin) {
  const std::vector<cost::MeasuredWork> measured = read_activity(report, origin);
  const io::JsonField simulated(report, origin);
  const io::JsonItems counted = simulated["layers"].items();
  if (measured.size() != work.size() || counted.size() != work.size())
    fail(ErrorId::mask_mismatch, origin, " holds the activity of ",
         std::min(measured.size(), counted.size()), " layers, the network has ", work.size(),
         "; simulate the same network");
  if (simulated["geometry"].text() != geometry)
    fail(ErrorId::geometry_mismatch, origin, " is of ", simulated["geometry"].text(),
         ", and the network is priced on ", geometry, "; simulate it on the same hardware");
  for (std::size_t k = 0; k < work.size(); ++k) {
    if (const std::string name = counted[k]["name"].text(); name != names[k])
      fail(ErrorId::mask_mismatch, origin, " is of layer '", name, "', where the network has '",
           names[k], "'; simulate the same network");
    if (const Index ous = counted[k]["ous"].count(); ous != layers[k].count.ous)
      fail(ErrorId::mask_mismatch, origin, " is of ", ous, " OUs in layer '", names[k],
           "', which has ", layers[k].count.ous, " here; simulate the same network, pruned alike");
    work[k] = cost::measured_work(work[k], measured[k]);
  }
  return work;
}

/// Accuracies in per cent, a line each.
[[nodiscard]] inline std::string simulated_accuracy_table(const Simulation& s) {
  using detail::percent;
  io::Table rows = {{io::format_count(s.images, "test image"), "Acc1 %", "Acc5 %"},
                    {"float", percent(s.real.top1), percent(s.real.top5)},
                    {"quantised", percent(s.quantised.top1), percent(s.quantised.top5)}};
  Index seeds = 1;
  const auto add = [&](const std::string& name, const DrawnAccuracy& accuracy) {
    rows.push_back({name, percent(accuracy.top1), percent(accuracy.top5)});
    seeds = std::max(seeds, accuracy.seeds);
  };
  add("on-crossbar", s.on_crossbar);
  for (const auto& [variation, accuracy] : s.sweep)
    add("  " + detail::variation_text(variation), accuracy);
  std::string text = io::text_table(rows);
  if (seeds > 1) text += concat("±: 95 % interval of the mean over ", seeds, " drawn devices\n");
  return text;
}

/// What the accelerator does for an image, a line a layer.
[[nodiscard]] inline std::string activity_table(const nn::Network& network, const Simulation& s) {
  io::Table rows = {{"per image", "OU activations", "skipped %", "ADC conversions", "input fetches",
                     "index fetches"}};
  const auto add = [&](const std::string& name, const simulation::Activity& a) {
    const auto per_image = [&](Index count) {
      return io::format_number(static_cast<double>(count) / static_cast<double>(s.images));
    };
    const auto skipped = static_cast<double>(a.skipped_activations);
    const double all = skipped + static_cast<double>(a.ou_activations);
    rows.push_back({io::shorten(name, 16), per_image(a.ou_activations),
                    io::format_number(all > 0.0 ? 100.0 * skipped / all : 0.0, 1),
                    per_image(a.adc_conversions), per_image(a.input_fetches),
                    per_image(a.index_fetches)});
  };
  const std::vector<std::string> names = io::matrix_layer_names(network);
  for (std::size_t k = 0; k < names.size(); ++k) add(names[k], s.activity[k]);
  add("total", detail::total(s.activity));
  return io::text_table(rows);
}

/// Accuracy over the variation, from the hardware without any; an SVG.
[[nodiscard]] inline std::string variation_picture(const Simulation& s) {
  io::XyChart chart;
  chart.title = "Accuracy over the variation of the cells";
  chart.x.label = "variation of the cells' conductance, %";
  chart.y = {"accuracy, %", false, false};
  chart.series = {{"Acc1", 0, true, {}}, {"Acc5", 1, true, {}}};
  std::vector<VariedAccuracy> points = {{0.0, s.on_crossbar}};
  points.insert(points.end(), s.sweep.begin(), s.sweep.end());
  std::sort(points.begin(), points.end(), [](const VariedAccuracy& a, const VariedAccuracy& b) {
    return a.variation < b.variation;
  });
  for (const auto& [variation, accuracy] : points)
    for (io::XyChart::Series& series : chart.series) {
      const simulation::Estimate& y = series.name == "Acc1" ? accuracy.top1 : accuracy.top5;
      series.points.push_back({100.0 * variation, y.mean,
                               concat(detail::variation_text(variation), '\n', series.name, ' ',
                                      detail::percent(y), " %"),
                               std::isfinite(y.half_width) ? y.half_width : 0.0});
    }
  return io::xy_chart(chart);
}

}  // namespace autoprune::study
