#include "option_groups.hpp"

namespace autoprune::cli {

namespace {

constexpr const char* kInputs = "Inputs and outputs";
constexpr const char* kPolicy = "Policy";
constexpr const char* kEvaluation = "Evaluation";
constexpr const char* kSweep = "Sweep";
constexpr const char* kReproduce = "Reproduction";

void add_inputs(CLI::App& app, Options& o, Words& w) {
  app.add_option("--network", o.network, "alexnet, vgg16, plain20, lenet5, or a file with a graph")
      ->group(kInputs);
  app.add_option("--weights", o.weights, "safetensors file with the network's parameters")
      ->group(kInputs);
  app.add_option("--data", o.data, "cifar10:DIR or mnist:DIR")->group(kInputs);
  app.add_option("--json", o.json, "write the report to this file; -: to standard output")
      ->group(kInputs);
  app.add_option("--out", w.out, "directory for results and checkpoints")->group(kInputs);
  app.add_option("--seed", o.seed, "of everything random")->group(kInputs);
  app.add_option("--threads", o.threads, "0: one a processor")->group(kInputs);
  app.add_flag("--quiet", o.quiet, "no progress")->group(kInputs);
}

void add_encoding(CLI::App& app, Options& o, Words& w) {
  app.add_option("--weight-bits", o.mapping.weight_bits, "magnitude bits")->group(kHardware);
  app.add_option("--bit-planes", w.bit_planes, "apart or adjacent")->group(kHardware);
  app.add_option("--signs", w.signs, "pair or offset")->group(kHardware);
  app.add_option("--importance", w.importance, "mean-absolute or l2")->group(kHardware);
  app.add_option("--ou-selection", w.selection, "best, refill, nearest or part-filled")
      ->group(kHardware);
}

void add_row_groups(CLI::App& app, Words& w) {
  app.add_option("--row-groups", w.rows,
                 "of neighbours, or gathered from anywhere [neighbours, or the network file's]")
      ->group(kHardware);
}

void add_hardware(CLI::App& app, Options& o, Words& w) {
  app.add_option("--geometry", w.geometry,
                 "crossbar/OU/bits a cell [128x128/32x32/1, or the network file's]")
      ->group(kHardware);
  app.add_option("--granularity", o.granularity,
                 "rows of a column-vector [32, or the network file's]")
      ->group(kHardware);
  add_row_groups(app, w);
  add_encoding(app, o, w);
}

void add_cost_hardware(CLI::App& app, Options& o) {
  app.add_option("--hardware", o.hardware,
                 "what costs are computed for: paper, mnsim-2020, mnsim-2024, isaac, or a file")
      ->group(kHardware);
}

void add_cost(CLI::App& app, Options& o, Words& w) {
  app.add_option("--model", w.cost_model, "ou, or mnsim: MNSIM-2.0's, without OUs and pruning")
      ->group(kHardware);
  add_cost_hardware(app, o);
  app.add_option("--save-hardware", o.save_hardware, "write the hardware to this file")
      ->group(kHardware);
  app.add_option("--pruned", o.model, "directory that prune or fine-tune wrote")->group(kInputs);
  app.add_option("--activity", o.activity,
                 "report.json of `simulate`: bill what was done, not what could be")
      ->group(kInputs);
}

void add_policy(CLI::App& app, Options& o) {
  app.add_option("--policy", o.policy, "policy.json with the keep ratio of every layer")
      ->group(kPolicy);
}

void add_heuristic(CLI::App& app, Options& o, Words& w) {
  app.add_option("--keep", o.keep, "keep ratio of a heuristic policy")->group(kPolicy);
  app.add_option("--heuristic", w.heuristic, "uniform or lamp")->group(kPolicy);
}

void add_constraints(CLI::App& app, Options& o, Words& w) {
  app.add_option("--target-compression", o.constraints.target_compression,
                 "crossbar compression to reach at least")
      ->group(kConstraints);
  app.add_option("--count", w.counting, "crossbars that count: per-layer or pooled")
      ->group(kConstraints);
  app.add_option("--freeze", o.freeze, "layer that is not pruned (repeatable)")
      ->allow_extra_args(false)
      ->take_all()
      ->default_str("")
      ->group(kConstraints);
  app.add_option("--bounds", o.bounds, "LAYER:MIN:MAX, keep ratios of a layer (repeatable)")
      ->allow_extra_args(false)
      ->take_all()
      ->default_str("")
      ->group(kConstraints);
}

void add_held_out(CLI::App& app, Options& o) {
  app.add_option("--held-out", o.held_out, "training images held out of training, the last ones")
      ->group(kHeldOut);
  app.add_option("--held-out-images", o.held_out_images, "how many of them measure accuracy")
      ->group(kHeldOut);
}

void add_search(CLI::App& app, Options& o, Words& w) {
  app.add_option("--max-accuracy-drop", o.constraints.max_accuracy_drop,
                 "highest loss of held-out accuracy before fine-tuning, in points")
      ->group(kSearch);
  app.add_option("--episodes", o.search.episodes, "policies that are measured")->group(kSearch);
  app.add_option("--alpha", o.reward.alpha, "weight of compression in the reward")->group(kSearch);
  app.add_option("--reward", w.reward, "what compression counts: crossbars, energy, latency or edp")
      ->group(kSearch);
  app.add_option("--metric", w.metric, "accuracy in the reward: top1 or top5")->group(kSearch);
  app.add_option("--accuracy", w.accuracy,
                 "which one: float, quantised, or on-crossbar, of the simulated accelerator")
      ->group(kSearch);
  app.add_flag("--reconstruct", o.reconstruct,
               "fit kept weights to the dense layers' outputs before the accuracy is read")
      ->group(kSearch);
  app.add_option("--calibration-images", o.calibration_images,
                 "training images that set batch-norm statistics and input ranges")
      ->group(kSearch);
  app.add_flag("--no-warm-start", w.no_warm_start, "begin with random policies, not heuristic ones")
      ->group(kSearch);
  app.add_option("--least-keep", o.search.least_keep, "smallest keep ratio that the agent takes")
      ->group(kSearch);
}

void add_training(CLI::App& app, Options& o, Index& epochs) {
  nn::TrainConfig& train = o.fine_tune.train;
  app.add_option("--epochs", epochs, "passes over the training images")->group(kTraining);
  app.add_option("--learning-rate", train.learning_rate,
                 "at the start; falls along a half cosine [0.05, or 0.01 without batch-norm]")
      ->group(kTraining);
  app.add_option("--batch", train.batch, "images a step")->group(kTraining);
  app.add_option("--variants", train.variants, "augmentations of an image; 0: always new ones")
      ->group(kTraining);
}

void add_training(CLI::App& app, Options& o) { add_training(app, o, o.fine_tune.train.epochs); }

void add_fine_tuning(CLI::App& app, Options& o, Index& epochs) {
  add_training(app, o, epochs);
  app.add_option("--distillation", o.fine_tune.train.distillation.weight,
                 "weight of the dense network's logits in the loss; 0: none")
      ->group(kTraining);
  app.add_option("--ramp", o.fine_tune.schedule.ramp, "share of the epochs in which masks tighten")
      ->group(kTraining);
  app.add_option("--ramp-begin", o.fine_tune.schedule.begin,
                 "share of the way, in factors, that is pruned before the first epoch, the kept "
                 "weights fitted")
      ->group(kTraining);
}

void add_fine_tuning(CLI::App& app, Options& o) {
  add_fine_tuning(app, o, o.fine_tune.train.epochs);
}

void add_sweep(CLI::App& app, Options& o, Words& w) {
  const auto add = [&](const std::string& name, auto& value, const std::string& what) {
    app.add_option(name, value, what)->group(kSweep);
  };
  add("--granularity", w.granularities, "rows of a column-vector");
  add("--crossbar", w.crossbars, "sizes, 128 or 128x64");
  add("--ou", w.ous, "sizes, 32 or 16x32");
  add("--cell-bits", w.cell_bits, "bits a cell");
  add("--compression", w.compressions, "crossbar compressions to reach");
  add("--max-accuracy-drop", o.constraints.max_accuracy_drop,
      "in pictures over the granularity: loss against the best cell, in points [1]");
  // Cells are kept from sweep to sweep unless an option of another group has changed.
  app.add_option("--heuristic", w.heuristic, "policy of every cell: uniform or lamp")
      ->group(kConstraints);
  app.add_option("--calibration-images", o.calibration_images,
                 "training images that set batch-norm statistics")
      ->group(kHeldOut);
}

void add_resume(CLI::App& app, Options& o) {
  app.add_flag("--resume", o.resume, "go on from the checkpoints in --out, if there are any")
      ->group(kInputs);
}

void add_evaluation(CLI::App& app, Options& o) {
  app.add_option("--images", o.images, "first images of the test set; 0: all")->group(kEvaluation);
}

void add_model(CLI::App& app, Options& o) {
  app.add_option("--model", o.model, "directory that prune or fine-tune wrote")->group(kInputs);
}

void add_simulation(CLI::App& app, Options& o, Words& w) {
  SimulationOptions& s = o.simulation;
  simulation::InputEncoding& input = s.config.data_path.input;
  const auto add = [&](const std::string& name, auto& value, const std::string& what) {
    app.add_option(name, value, what)->group(kSimulation);
  };
  add("--adc", w.adc, "ideal, saturating, rounding, mnsim-scale or mnsim-fix");
  add("--adc-bits", s.config.adc_bits, "of any but the ideal ADC");
  add("--dac-bits", input.dac_bits, "input bits that are driven at a time: 1, 2 or 4");
  add("--input-bits", input.bits, "magnitude bits");
  add("--calibration", w.calibration, "range of inputs: percentile, maximum or running (MNSIM)");
  add("--percentile", s.calibration.percentile, "% of the inputs that lie within the range");
  add("--variation", w.variation,
      "of the cells' conductance, 0.1: 10 %; several, 0.05,0.1,0.2: a sweep beside none");
  add("--spread", w.spread, "of the variation: normal or log-normal");
  add("--stuck-at", w.stuck_at, "LOW:HIGH, shares of cells stuck at lowest and highest level");
  add("--read-noise", s.config.data_path.read_noise,
      "standard deviation of every bitline's every read, in cell levels");
  add("--on-off", s.on_off, "highest conductance / lowest [infinite]");
  add("--seeds", s.seeds, "devices drawn for one accuracy; from 2 on with a 95 % interval");
}

void add_reproduce(CLI::App& app, Options& o, Words& w) {
  const auto add = [&](const std::string& name, auto& value, const std::string& what) {
    app.add_option(name, value, what)->group(kReproduce);
  };
  add("part", o.reproduce.part, "table, energy, area, fig10, fig12 or all");
  add("--networks", w.networks, "of the zoo, several with commas");
  add("--methods", w.methods, "all, or some of them with commas");
  add("--budget", w.budget, "effort of one cell: quick, paper or long");
  add("--max-accuracy-drop", o.reproduce.drop, "highest loss of test Acc1 of a row, in points");
  add("--compression", o.reproduce.compression,
      "crossbar compression of every row, instead of the highest within that loss");
  add("--granularity", o.reproduce.granularity, "rows of autoprune's column-vectors");
  add("--weights", o.reproduce.weights, "directory with NETWORK-DATA.safetensors");
  add("--data", o.reproduce.data, "directory with cifar10 and mnist");
  add("--json", o.json, "write the results to this file; -: to standard output");
  add("--out", w.out, "directory for results, and for cells that a later run goes on from");
  add("--seed", o.seed, "of everything random");
  add("--threads", o.threads, "0: one a processor");
  app.add_flag("--quiet", o.quiet, "no progress")->group(kReproduce);
}

}  // namespace

std::map<std::string, Command> add_commands(CLI::App& app, Options& o, Words& w) {
  std::map<std::string, Command> commands;
  const auto add = [&](const std::string& name, const std::string& what, bool data, bool out) {
    CLI::App& sub = *app.add_subcommand(name, what)->allow_extras();
    sub.option_defaults()->always_capture_default()->take_last();
    add_inputs(sub, o, w);
    commands[name] = {&sub, data, out};
    return &sub;
  };
  CLI::App* sub = add("inspect", "show a network's layers and its dense crossbars", false, false);
  add_hardware(*sub, o, w);

  sub =
      add("map", "count and place crossbars under a policy, or of a pruned network", false, false);
  add_hardware(*sub, o, w);
  add_policy(*sub, o);
  add_heuristic(*sub, o, w);

  sub = add("evaluate", "accuracy on the test set", true, false);
  add_hardware(*sub, o, w);
  add_evaluation(*sub, o);

  sub =
      add("simulate", "accuracy on the accelerator: quantisation, ADCs, device noise", true, false);
  add_model(*sub, o);
  add_hardware(*sub, o, w);
  add_evaluation(*sub, o);
  add_simulation(*sub, o, w);
  sub->add_option("--calibration-images", o.calibration_images,
                  "training images that set input ranges")
      ->group(kSimulation);

  sub = add("cost", "area, energy and latency, dense or pruned", false, false);
  add_cost(*sub, o, w);
  add_hardware(*sub, o, w);
  add_policy(*sub, o);
  add_heuristic(*sub, o, w);

  sub = add("train", "train a network, from scratch or from --weights", true, true);
  add_hardware(*sub, o, w);
  add_held_out(*sub, o);
  add_training(*sub, o);
  add_evaluation(*sub, o);
  add_resume(*sub, o);

  sub = add("search", "let the agent find a policy", true, true);
  add_hardware(*sub, o, w);
  add_cost_hardware(*sub, o);
  add_constraints(*sub, o, w);
  add_held_out(*sub, o);
  add_search(*sub, o, w);
  add_simulation(*sub, o, w);
  add_evaluation(*sub, o);
  add_resume(*sub, o);

  sub = add("fine-tune", "prune to a policy while training", true, true);
  add_hardware(*sub, o, w);
  add_cost_hardware(*sub, o);
  add_policy(*sub, o);
  add_constraints(*sub, o, w);
  add_held_out(*sub, o);
  add_fine_tuning(*sub, o);
  add_evaluation(*sub, o);
  add_resume(*sub, o);

  sub = add("sweep", "compression, cost and accuracy over granularity and hardware", false, true);
  add_sweep(*sub, o, w);
  add_cost_hardware(*sub, o);
  add_row_groups(*sub, w);
  add_encoding(*sub, o, w);
  sub->add_option("--count", w.counting, "crossbars that count: per-layer or pooled")
      ->group(kConstraints);
  add_held_out(*sub, o);
  add_fine_tuning(*sub, o, o.sweep.epochs);

  sub = add("prune", "search, fine-tune, map and report in one", true, true);
  add_hardware(*sub, o, w);
  add_cost_hardware(*sub, o);
  add_constraints(*sub, o, w);
  add_held_out(*sub, o);
  add_search(*sub, o, w);
  add_simulation(*sub, o, w);
  add_fine_tuning(*sub, o);
  add_evaluation(*sub, o);
  add_resume(*sub, o);

  sub = app.add_subcommand("reproduce", "the paper's tables and figures beside ours");
  sub->allow_extras()->option_defaults()->always_capture_default()->take_last();
  add_reproduce(*sub, o, w);
  commands["reproduce"] = {sub, false, true};
  return commands;
}

}  // namespace autoprune::cli
