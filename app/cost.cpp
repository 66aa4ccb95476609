#include "commands.hpp"

#include <autoprune/core/number.hpp>
#include <autoprune/core/version.hpp>
#include <autoprune/io/cost_json.hpp>
#include <autoprune/io/cost_report.hpp>
#include <autoprune/io/file.hpp>
#include <autoprune/io/hardware_json.hpp>
#include <autoprune/io/mnsim_json.hpp>

#include "hardware.hpp"
#include "results.hpp"

namespace autoprune::cli {

namespace {

/// What stands at the head of every cost document.
io::Json head(const Job& job, const char* model) {
  return {{"schema", "autoprune.cost/1"},
          {"autoprune_version", AUTOPRUNE_VERSION},
          {"command", "cost"},
          {"model", model},
          {"network", job.options.network}};
}

template <class Hardware>
void save_hardware(const Options& options, const Hardware& hardware) {
  if (!options.save_hardware.empty())
    io::write_file(options.save_hardware, io::json_text(io::hardware_to_json(hardware), 1) + "\n");
}

/// Writes the pictures beside the document.
template <class Cost>
void write_cost(const Job& job, const io::Json& document, const Cost& cost,
                const std::string& text) {
  if (!job.options.out.empty()) {
    io::write_file(job.file("energy.svg"), io::energy_picture(cost));
    io::write_file(job.file("area.svg"), io::area_picture(cost));
  }
  write_result(job, "cost.json", document, text);
}

/// Averages of what `autoprune simulate` has counted, from its report.
std::vector<cost::MeasuredWork> read_activity(const Job& job) {
  const std::string origin = concat("file '", job.options.activity, '\'');
  const io::Json document = io::parse_json(io::read_file(job.options.activity), origin);
  const io::JsonField report(document, origin);
  const Index images = report["accuracy"]["images"].count();
  if (images < 1) fail(ErrorId::out_of_range, origin, " counts the activity of no image");
  std::vector<cost::MeasuredWork> layers;
  for (const io::JsonField& layer : report["activity"]["layers"].items()) {
    const auto mean = [&](const char* count) {
      return static_cast<double>(layer[count].count(kLargestWhole)) / static_cast<double>(images);
    };
    layers.push_back({mean("ou_activations"), mean("adc_conversions"), mean("input_fetches"),
                      mean("index_fetches")});
  }
  return layers;
}

/// The work of the network under masks: of every activation, or of those that were measured.
std::vector<cost::LayerWork> work_of(const Job& job, const cost::OuModel& model,
                                     const std::vector<PruneMask>& masks) {
  std::vector<cost::LayerWork> work = model.work(job.compressor.map(masks).layers);
  if (job.options.activity.empty()) return work;
  const std::vector<cost::MeasuredWork> measured = read_activity(job);
  if (measured.size() != work.size())
    fail(ErrorId::mask_mismatch, "file '", job.options.activity, "' holds the activity of ",
         measured.size(), " layers, the network has ", work.size(), "; simulate the same network");
  for (std::size_t k = 0; k < work.size(); ++k) work[k] = cost::measured_work(work[k], measured[k]);
  return work;
}

void ou_cost(Job& job) {
  const cost::OuModel model = ou_model(job);
  const hardware::Accelerator& hardware = job.accelerator;
  save_hardware(job.options, hardware);
  const std::vector<PruneMask> masks = job.chosen_masks();
  // Even a network that lost nothing lies otherwise in its crossbars than the dense one.
  const bool pruned = !job.options.model.empty() || !all_kept(masks);
  const cost::OuCost dense = model.price_dense();
  const cost::OuCost cost =
      pruned || !job.options.activity.empty() ? model.price(work_of(job, model, masks)) : dense;
  io::Json json = head(job, "ou");
  json["geometry"] = job.compressor.geometry().to_string();
  json["granularity"] = job.compressor.granularity();
  json["options"] = job.options.all;
  json["hardware"] = io::hardware_to_json(hardware);
  json.update(io::cost_json(cost));
  json["metrics"] = io::metrics_json(metrics(cost));
  json["dense"] = io::cost_json(dense);
  json["dense"]["metrics"] = io::metrics_json(metrics(dense));
  json["gains"] = io::gains_json(gains(cost, dense));
  write_cost(job, json, cost,
             concat(job.options.network, pruned ? ", pruned, " : ", dense, ",
                    job.compressor.geometry().to_string(), ", G = ", job.compressor.granularity(),
                    "; OU model, hardware ", hardware.name, ", ADC of ", hardware.adc.bits, " bits",
                    hardware.lossless() ? "" : " (too few for the sums of an OU)", "\n\n",
                    io::cost_layer_table(cost, "crossbars"), '\n', io::cost_component_table(cost),
                    '\n', io::cost_comparison(cost, dense)));
}

void mnsim_cost(const Job& job) {
  const mnsim::Hardware hardware = mnsim_hardware(job.options);
  save_hardware(job.options, hardware);
  const mnsim::Cost cost = mnsim::price(job.network, hardware);
  io::Json json = head(job, "mnsim");
  json["options"] = job.options.all;
  json["hardware"] = io::hardware_to_json(hardware);
  json.update(io::cost_json(cost));
  write_cost(job, json, cost,
             concat(job.options.network, ", dense, crossbars of ", hardware.xbar_rows, 'x',
                    hardware.xbar_cols, "; MNSIM-2.0's model, which knows no pruning\n\n",
                    io::cost_layer_table(cost, "PEs"), '\n', io::cost_component_table(cost)));
}

}  // namespace

void cost(const Options& options) {
  Job job(options, Weights::optional);
  if (options.cost_model == CostModel::mnsim)
    mnsim_cost(job);
  else
    ou_cost(job);
}

}  // namespace autoprune::cli
