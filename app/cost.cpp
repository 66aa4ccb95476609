#include "commands.hpp"

#include <autoprune/core/version.hpp>
#include <autoprune/io/accelerator_file.hpp>
#include <autoprune/io/cost_json.hpp>
#include <autoprune/io/cost_report.hpp>
#include <autoprune/io/hardware_json.hpp>
#include <autoprune/io/json_file.hpp>
#include <autoprune/io/mnsim_json.hpp>
#include <autoprune/study/simulation_report.hpp>

#include "job.hpp"

namespace autoprune::cli {

namespace {

/// Writes the document of a cost, with what else its model tells, and the pictures beside it;
/// prints `text`.
template <class Hardware, class Cost>
void write_cost(const Job& job, const char* model, const Hardware& hardware, const Cost& cost,
                const io::Json& more, const std::string& text) {
  const Options& o = job.options;
  if (!o.save_hardware.empty()) io::write_json(o.save_hardware, io::hardware_to_json(hardware));
  if (!o.out.empty()) {
    io::write_file(job.file("energy.svg"), io::energy_picture(cost));
    io::write_file(job.file("area.svg"), io::area_picture(cost));
  }
  io::Json document = {{"schema", "autoprune.cost/1"},
                       {"autoprune_version", AUTOPRUNE_VERSION},
                       {"command", "cost"},
                       {"model", model},
                       {"network", o.network},
                       {"options", o.all},
                       {"hardware", io::hardware_to_json(hardware)}};
  document.update(io::cost_json(cost));
  document.update(more);
  write_result(job, "cost.json", document, text);
}

/// The work of the network under masks: of every activation, or of those that were measured.
std::vector<cost::LayerWork> work_of(const Job& job, const cost::OuModel& model,
                                     const std::vector<PruneMask>& masks) {
  const std::vector<mapping::Placement> layers = job.compressor.map(masks).layers;
  std::vector<cost::LayerWork> work = model.work(layers);
  const std::string& activity = job.options.activity;
  if (activity.empty()) return work;
  return study::measured_work(work, layers, io::matrix_layer_names(job.network),
                              job.compressor.geometry().to_string(), io::read_json(activity),
                              io::file_origin(activity));
}

void ou_cost(Job& job) {
  const hardware::Accelerator& hardware = job.accelerator;
  const cost::OuModel model(job.network, hardware);
  const std::vector<PruneMask> masks = job.chosen_masks();
  // Even a network that lost nothing lies otherwise in its crossbars than the dense one.
  const Options& o = job.options;
  const bool pruned = !o.model.empty() || !o.masks.empty() || !o.policy.empty() || o.keep ||
                      !study::all_kept(masks) || !methods::keeps_only(job.spec.plan);
  const cost::OuCost dense = model.price_dense();
  const cost::OuCost cost =
      pruned || !job.options.activity.empty() ? model.price(work_of(job, model, masks)) : dense;
  io::Json more = {{"geometry", job.compressor.geometry().to_string()},
                   {"granularity", job.compressor.granularity()},
                   {"metrics", io::metrics_json(metrics(cost))},
                   {"dense", io::cost_json(dense)},
                   {"gains", io::gains_json(gains(cost, dense))}};
  more["dense"]["metrics"] = io::metrics_json(metrics(dense));
  write_cost(job, "ou", hardware, cost, more,
             concat(job.options.network, pruned ? ", pruned, " : ", dense, ",
                    job.compressor.geometry().to_string(), ", ", io::method_text(job.compressor),
                    "; OU model, hardware ", hardware.name, ", ADC of ", hardware.adc.bits, " bits",
                    hardware.lossless() ? "" : " (too few for the sums of an OU)", "\n\n",
                    io::cost_layer_table(cost, "crossbars"), io::cost_grouped_line(cost), '\n',
                    io::cost_component_table(cost), '\n', io::cost_comparison(cost, dense)));
}

/// The --hardware of MNSIM-2.0's model, its crossbars those of --geometry where that was given.
mnsim::Hardware mnsim_hardware(const Options& o) {
  const std::string name = o.hardware.empty() ? "mnsim-2024" : o.hardware;
  mnsim::Hardware hardware =
      io::names_file("hardware", name, mnsim::preset_names())
          ? io::mnsim_hardware_from_json(io::read_json(name), io::file_origin(name))
          : mnsim::preset(name);
  if (o.geometry) {
    hardware.xbar_rows = o.geometry->xbar_rows;
    hardware.xbar_cols = o.geometry->xbar_cols;
    hardware.cell_bits = o.geometry->cell_bits;
  }
  return hardware;
}

void mnsim_cost(const Job& job) {
  const mnsim::Hardware hardware = mnsim_hardware(job.options);
  const mnsim::Cost cost = mnsim::price(job.network, hardware);
  write_cost(job, "mnsim", hardware, cost, io::Json::object(),
             concat(job.options.network, ", dense, crossbars of ", hardware.xbar_rows, 'x',
                    hardware.xbar_cols, "; MNSIM-2.0's model, which knows no pruning\n\n",
                    io::cost_layer_table(cost, "PEs"), '\n', io::cost_component_table(cost)));
}

}  // namespace

void cost(const Options& options) {
  Job job(options, Weights::optional);
  options.cost_model == CostModel::mnsim ? mnsim_cost(job) : ou_cost(job);
}

}  // namespace autoprune::cli
