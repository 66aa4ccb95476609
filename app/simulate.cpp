#include "commands.hpp"

#include <algorithm>
#include <autoprune/io/format.hpp>
#include <autoprune/io/policy_json.hpp>
#include <autoprune/io/report_text.hpp>
#include <autoprune/io/svg_charts.hpp>
#include <cmath>

#include "results.hpp"
#include "simulation_run.hpp"

namespace autoprune::cli {

namespace {

// ---- JSON ---------------------------------------------------------------------------------------

io::Json drawn_json(const DrawnAccuracy& accuracy) {
  io::Json json = {{"top1", accuracy.top1.mean}, {"top5", accuracy.top5.mean}};
  if (accuracy.seeds > 1) {
    json["top1_half_width"] = accuracy.top1.half_width;
    json["top5_half_width"] = accuracy.top5.half_width;
  }
  json["seeds"] = accuracy.seeds;
  return json;
}

io::Json accuracy_json(const Job& job, const SimulationResult& result) {
  const nn::Accuracy mean{result.on_crossbar.top1.mean, result.on_crossbar.top5.mean};
  const bool dense = job.masks_of_zeros(job.network).empty();
  io::Json json = dense ? io::accuracy_json(job.test_images(), mean, {}, "on-crossbar")
                        : io::accuracy_json(job.test_images(), {}, mean, "on-crossbar");
  json["float"] = {{"top1", result.real.top1}, {"top5", result.real.top5}};
  json["quantised"] = {{"top1", result.quantised.top1}, {"top5", result.quantised.top5}};
  json["on_crossbar"] = drawn_json(result.on_crossbar);
  return json;
}

simulation::Activity total(const std::vector<simulation::Activity>& layers) {
  simulation::Activity sum;
  for (const simulation::Activity& layer : layers) sum += layer;
  return sum;
}

io::Json counts_json(const simulation::Activity& activity) {
  return {{"ou_activations", activity.ou_activations},
          {"skipped_activations", activity.skipped_activations},
          {"adc_conversions", activity.adc_conversions},
          {"input_fetches", activity.input_fetches},
          {"index_fetches", activity.index_fetches}};
}

io::Json activity_json(const Job& job, const std::vector<simulation::Activity>& layers) {
  const std::vector<std::string> names = io::matrix_layer_names(job.network);
  io::Json json = counts_json(total(layers));
  json["total"] = counts_json(total(layers));
  json["layers"] = io::Json::array();
  for (std::size_t k = 0; k < layers.size(); ++k) {
    io::Json layer = {{"name", names[k]}};
    layer.update(counts_json(layers[k]));
    json["layers"].push_back(layer);
  }
  return json;
}

io::Json sweep_json(const std::vector<SweepPoint>& sweep) {
  io::Json points = io::Json::array();
  for (const SweepPoint& point : sweep) {
    io::Json json = {{"variation", point.variation}};
    json.update(drawn_json(point.accuracy));
    points.push_back(json);
  }
  return points;
}

// ---- text ---------------------------------------------------------------------------------------

std::string percent(double value) { return io::format_number(value, 2); }

std::string percent(const simulation::Estimate& estimate) {
  const std::string mean = percent(estimate.mean);
  return std::isfinite(estimate.half_width) ? mean + " ± " + percent(estimate.half_width) : mean;
}

std::string hardware_lines(const Job& job) {
  const hardware::Accelerator& a = job.accelerator;
  return concat(job.options.network, " on ", job.data->test.name, ", ",
                job.masks_of_zeros(job.network).empty() ? "dense" : "pruned", ", ",
                job.compressor.geometry().to_string(), ", G = ", job.compressor.granularity(),
                "\nADC ", a.adc.kind,
                a.adc.kind == hardware::Ideal::kName ? "" : concat(", ", a.adc.bits, " bits"),
                "; inputs of ", a.inputs.bits, " bits, ", a.inputs.dac_bits,
                " at a time; weights of ", a.weights.weight_bits, " bits and a sign\n\n");
}

std::string accuracy_table(const Job& job, const SimulationResult& result) {
  std::vector<std::vector<std::string>> rows = {
      {concat(io::format_number(job.test_images()), " test images"), "Acc1 %", "Acc5 %"},
      {"float", percent(result.real.top1), percent(result.real.top5)},
      {"quantised", percent(result.quantised.top1), percent(result.quantised.top5)}};
  Index seeds = 1;
  const auto add = [&](const std::string& name, const DrawnAccuracy& accuracy) {
    rows.push_back({name, percent(accuracy.top1), percent(accuracy.top5)});
    seeds = std::max(seeds, accuracy.seeds);
  };
  add("on-crossbar", result.on_crossbar);
  for (const SweepPoint& point : result.sweep)
    add(concat("  variation ", io::format_number(100.0 * point.variation, 1), " %"),
        point.accuracy);
  return join(io::align_columns(rows), "\n") +
         (seeds > 1 ? concat("\n±: 95 % interval of the mean over ", seeds, " drawn devices")
                    : std::string()) +
         "\n\n";
}

std::string activity_table(const Job& job, const std::vector<simulation::Activity>& layers) {
  const auto row = [&](const std::string& name, const simulation::Activity& a) {
    const auto images = static_cast<double>(job.test_images());
    const auto per_image = [&](Index count) {
      return io::format_number(static_cast<double>(count) / images);
    };
    const auto skipped = static_cast<double>(a.skipped_activations);
    const double all = skipped + static_cast<double>(a.ou_activations);
    return std::vector<std::string>{io::shorten(name, 16),
                                    per_image(a.ou_activations),
                                    io::format_number(all > 0.0 ? 100.0 * skipped / all : 0.0, 1),
                                    per_image(a.adc_conversions),
                                    per_image(a.input_fetches),
                                    per_image(a.index_fetches)};
  };
  const std::vector<std::string> names = io::matrix_layer_names(job.network);
  std::vector<std::vector<std::string>> rows = {{"per image", "OU activations", "skipped %",
                                                 "ADC conversions", "input fetches",
                                                 "index fetches"}};
  for (std::size_t k = 0; k < layers.size(); ++k) rows.push_back(row(names[k], layers[k]));
  rows.push_back(row("total", total(layers)));
  return join(io::align_columns(rows), "\n") + "\n";
}

// ---- picture ------------------------------------------------------------------------------------

/// Accuracy over the variation, from the hardware without any.
std::string sweep_picture(const SimulationResult& result) {
  io::XyChart chart;
  chart.title = "Accuracy over the variation of the cells";
  chart.x.label = "variation of the cells' conductance, %";
  chart.y = {"accuracy, %", false, false};
  chart.series = {{"Acc1", 0, true, {}}, {"Acc5", 1, true, {}}};
  std::vector<SweepPoint> points = {{0.0, result.on_crossbar}};
  points.insert(points.end(), result.sweep.begin(), result.sweep.end());
  std::sort(points.begin(), points.end(),
            [](const SweepPoint& a, const SweepPoint& b) { return a.variation < b.variation; });
  for (const auto& [variation, accuracy] : points) {
    const double x = 100.0 * variation;
    const auto add = [&](io::XyChart::Series& series, const simulation::Estimate& y) {
      const double reach = std::isfinite(y.half_width) ? y.half_width : 0.0;
      series.points.push_back({x, y.mean,
                               concat("variation ", io::format_number(x, 1), " %\n", series.name,
                                      ' ', percent(y), " %"),
                               reach});
    };
    add(chart.series[0], accuracy.top1);
    add(chart.series[1], accuracy.top5);
  }
  return io::xy_chart(chart);
}

}  // namespace

void simulate(const Options& options) {
  Job job(options, Weights::needed);
  const SimulationResult result = run_simulation(job);
  const std::vector<PruneMask> masks = job.present_masks();
  io::Json report = job.report(job.network, masks, job.compressor.map(masks));
  report["accuracy"] = accuracy_json(job, result);
  report["activity"] = activity_json(job, result.activity);
  if (!result.sweep.empty()) {
    report["sweep"] = sweep_json(result.sweep);
    if (!options.out.empty()) io::write_file(job.file("sweep.svg"), sweep_picture(result));
  }
  write_report(
      job, report, nullptr,
      hardware_lines(job) + accuracy_table(job, result) + activity_table(job, result.activity));
}

}  // namespace autoprune::cli
