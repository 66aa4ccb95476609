#include "option_groups.hpp"

#include <autoprune/io/dataset.hpp>
#include <autoprune/methods/registry.hpp>
#include <autoprune/search/searchers.hpp>
#include <limits>

#include "option_forms.hpp"
#include "option_group.hpp"

namespace autoprune::cli {

namespace {

constexpr const char* kInputs = "Inputs and outputs";
constexpr const char* kPolicy = "Policy";
constexpr const char* kEvaluation = "Evaluation";
constexpr const char* kSweep = "Sweep";
constexpr const char* kReproduce = "Reproduction";

constexpr Index kMost = 1'000'000;  // of what would take for ever beyond
constexpr Interval<std::uint64_t> kSeeds{0, std::numeric_limits<std::uint64_t>::max()};
constexpr Interval<Index> kThreads{0, 1024}, kImages{1, 1'000'000'000};
constexpr Interval<double> kPoints{0.0, 100.0}, kCompressions{1.0, 1e6};

void add_inputs(CLI::App& app, Options& o, Words& w) {
  const OptionGroup group(app, kInputs);
  group.text("--network", o.network, "alexnet, vgg16, plain20, lenet5, or a file with a graph");
  group.text("--weights", o.weights, "safetensors file with the network's parameters");
  group.text("--data", o.data, io::dataset_forms());
  group.text("--json", o.json, "write the report to this file; -: to standard output");
  group.text("--out", w.out, "directory for results and checkpoints");
  group.number("--seed", o.seed, kSeeds, "of everything random");
  group.number("--threads", o.threads, kThreads, "0: one a processor");
  group.flag("--quiet", o.quiet, "no progress");
}

std::string method_names() {
  std::string names;
  for (const methods::MethodEntry& entry : methods::kMethods)
    names += concat(names.empty() ? "" : ", ", entry.name);
  return names;
}

/// Options that override a field of the accelerator.
class OverrideGroup {
 public:
  OverrideGroup(CLI::App& app, Options& o, const char* heading) : group_(app, heading), o_(o) {}

  /// `set(accelerator, number)`.
  template <class Number, class Set>
  void number(const std::string& name, const Interval<Number>& in, const std::string& what,
              const Set& set) const {
    const std::string type = concat(std::integral<Number> ? "INT" : "FLOAT", " in ", in.text());
    other(
        name, type, what,
        [name, in](const std::string& t) { return read_number<Number>(name, t, in); }, set);
  }
  /// One of the words.
  template <class E, class Set>
  void word(const std::string& name, const std::vector<std::pair<std::string, E>>& words,
            const std::string& what, const Set& set) const {
    other(
        name, "TEXT", what, [name, words](const std::string& t) { return choose(name, t, words); },
        set);
  }
  template <class Read, class Set>
  void other(const std::string& name, const std::string& type, const std::string& what,
             const Read& read, const Set& set) const {
    group_.other(name, type, "", what + " [the hardware's]",
                 [&o = o_, read, set](const std::string& text) {
                   o.overrides.push_back(
                       [value = read(text), set](hardware::Accelerator& a) { set(a, value); });
                 });
  }

 private:
  OptionGroup group_;
  Options& o_;
};

void add_encoding(CLI::App& app, Options& o, Words& w) {
  using hardware::Accelerator;
  const OptionGroup group(app, kHardware);
  const OverrideGroup overrides(app, o, kHardware);
  group.text("--hardware", o.hardware,
             "the accelerator: paper, mnsim-2020, mnsim-2024, isaac, or a file [paper]");
  overrides.number<Index>("--weight-bits", {1, 16}, "magnitude bits",
                          [](Accelerator& a, Index bits) { a.weights.weight_bits = bits; });
  using hardware::BitPlanes;
  overrides.word<BitPlanes>(
      "--bit-planes", {{"apart", BitPlanes::apart}, {"adjacent", BitPlanes::adjacent}},
      "apart or adjacent", [](Accelerator& a, BitPlanes layout) { a.weights.layout = layout; });
  using hardware::SignEncoding;
  overrides.word<SignEncoding>(
      "--signs", {{"pair", SignEncoding::pair}, {"offset", SignEncoding::offset}}, "pair or offset",
      [](Accelerator& a, SignEncoding sign) { a.weights.sign = sign; });
  group.text("--method", o.method, method_names() + " [column-vectors, or the network file's]");
  group.text("--importance", w.importance,
             "of a column-vector: mean-absolute, l2, or taylor, which needs --data");
  group.text("--ou-selection", w.selection, "best, refill, nearest or part-filled");
}

/// What is driven and converted.
void add_converters(CLI::App& app, Options& o, const char* heading) {
  using hardware::Accelerator;
  const OverrideGroup overrides(app, o, heading);
  std::vector<std::pair<std::string, std::string>> kinds;
  for (const std::string& kind : hardware::adc_names()) kinds.emplace_back(kind, kind);
  overrides.word("--adc", kinds, join(hardware::adc_names()),
                 [](Accelerator& a, const std::string& kind) { a.adc.kind = kind; });
  overrides.number<Index>("--adc-bits", {1, 16}, "of any but the ideal ADC",
                          [](Accelerator& a, Index bits) { a.adc.bits = bits; });
  overrides.number<Index>("--dac-bits", {1, 4}, "input bits that are driven at a time: 1, 2 or 4",
                          [](Accelerator& a, Index bits) { a.inputs.dac_bits = bits; });
  overrides.number<Index>("--input-bits", {1, 8}, "magnitude bits",
                          [](Accelerator& a, Index bits) { a.inputs.bits = bits; });
}

void add_row_groups(CLI::App& app, Words& w) {
  OptionGroup(app, kHardware)
      .text("--row-groups", w.rows,
            "of neighbours, or gathered from anywhere [neighbours, or the network file's]");
}

void add_hardware(CLI::App& app, Options& o, Words& w) {
  const OptionGroup group(app, kHardware);
  group.text("--geometry", w.geometry,
             "crossbar/OU/bits a cell [128x128/32x32/1, or the network file's]");
  group.number(
      "--granularity", o.granularity, kSizes,
      "rows of a column-vector [32, or an OU's where a crossbar's are no multiple; or the network "
      "file's]");
  add_row_groups(app, w);
  add_encoding(app, o, w);
}

void add_cost(CLI::App& app, Options& o, Words& w) {
  const OptionGroup hardware(app, kHardware), inputs(app, kInputs);
  hardware.text("--model", w.cost_model, "ou, or mnsim: MNSIM-2.0's, without OUs and pruning");
  hardware.text("--save-hardware", o.save_hardware, "write the hardware to this file");
  add_converters(app, o, kHardware);
  inputs.text("--pruned", o.model, "directory that prune or fine-tune wrote");
  inputs.text("--activity", o.activity,
              "report.json of `simulate`: bill what was done, not what could be");
}

void add_policy(CLI::App& app, Options& o) {
  OptionGroup(app, kPolicy)
      .text("--policy", o.policy, "policy.json with the keep ratio of every layer");
}

void add_heuristic(CLI::App& app, Options& o, Words& w) {
  const OptionGroup group(app, kPolicy);
  group.number("--keep", o.keep, {0.0, 1.0, true}, "keep ratio of a heuristic policy");
  group.text("--heuristic", w.heuristic, "uniform or lamp");
}

void add_count(CLI::App& app, Words& w) {
  OptionGroup(app, kConstraints)
      .text("--count", w.counting, "crossbars that count: per-layer or pooled");
}

void add_constraints(CLI::App& app, Options& o, Words& w) {
  const OptionGroup group(app, kConstraints);
  group.number("--target-compression", o.constraints.target_compression, kCompressions,
               "crossbar compression to reach at least");
  add_count(app, w);
  group.texts("--freeze", o.freeze, "layer that is not pruned (repeatable)");
  group.texts("--bounds", w.bounds, "LAYER:MIN:MAX, keep ratios of a layer (repeatable)");
}

void add_held_out(CLI::App& app, Options& o) {
  const OptionGroup group(app, kHeldOut);
  group.number("--held-out", o.held_out, kImages,
               "training images held out of training, the last ones");
  group.number("--held-out-images", o.held_out_images, kImages,
               "how many of them measure accuracy");
}

void add_calibration(CLI::App& app, Options& o, const char* heading, const std::string& what) {
  OptionGroup(app, heading)
      .number("--calibration-images", o.calibration_images, kImages,
              "training images that set " + what);
}

void add_search(CLI::App& app, Options& o, Words& w) {
  const OptionGroup group(app, kSearch);
  group.number("--max-accuracy-drop", o.constraints.max_accuracy_drop, kPoints,
               "highest loss of held-out accuracy before fine-tuning, in points");
  group.text("--searcher", o.search.searcher,
             "what proposes policies: " + join(search::searcher_names()));
  group.number("--episodes", o.search.episodes, {1, kMost}, "policies that are measured");
  group.number("--alpha", o.reward.alpha, {0.0, 1000.0}, "weight of compression in the reward");
  group.text("--reward", w.reward, "what compression counts: crossbars, energy, latency or edp");
  group.text("--metric", w.metric, "accuracy in the reward: top1 or top5");
  group.text("--accuracy", w.accuracy,
             "which one: float, quantised, or on-crossbar, of the simulated accelerator");
  group.flag("--reconstruct", o.reconstruct,
             "fit kept weights to the dense layers' outputs before the accuracy is read");
  add_calibration(app, o, kSearch, "batch-norm statistics and input ranges");
  group.flag("--warm-start", w.warm_start, "ddpg: begin with heuristic policies, not random ones");
  group.flag("--no-warm-start", w.no_warm_start,
             "guided: begin with random policies, not heuristic ones");
  group.number("--least-keep", o.search.least_keep, {0.0, 1.0, false, true},
               "smallest keep ratio that guided, ddpg, random, greedy and evolution propose");
}

/// At least `least` epochs.
void add_training(CLI::App& app, Options& o, Index& epochs, Index least) {
  const OptionGroup group(app, kTraining);
  nn::TrainConfig& train = o.fine_tune.train;
  group.number("--epochs", epochs, {least, kMost}, "passes over the training images");
  group.number("--learning-rate", train.learning_rate, {0.0, 1000.0, true},
               "at the start; falls along a half cosine [0.05, or 0.01 without batch-norm]");
  group.number("--batch", train.batch, {1, kMost}, "images a step");
  group.number("--variants", train.variants, {0, kMost},
               "augmentations of an image; 0: always new ones");
}

void add_training(CLI::App& app, Options& o) { add_training(app, o, o.fine_tune.train.epochs, 1); }

void add_fine_tuning(CLI::App& app, Options& o, Index& epochs, Index least) {
  add_training(app, o, epochs, least);
  const OptionGroup group(app, kTraining);
  group.number("--distillation", o.fine_tune.train.distillation.weight, kShares,
               "weight of the dense network's logits in the loss; 0: none");
  group.number("--ramp", o.fine_tune.schedule.ramp, {0.0, 1.0, true},
               "share of the epochs in which masks tighten");
  group.number("--ramp-begin", o.fine_tune.schedule.begin, kShares,
               "share of the way, in factors, that is pruned before the first epoch, the kept "
               "weights fitted");
}

void add_fine_tuning(CLI::App& app, Options& o) {
  add_fine_tuning(app, o, o.fine_tune.train.epochs, 1);
}

/// Several with commas between them; `standard` when none are given.
void add_sizes(const OptionGroup& group, const std::string& name, std::vector<Size>& sizes,
               const std::string& standard, const std::string& what) {
  const auto read = [&sizes, name](const std::string& text) {
    sizes = read_list(name, text, read_size);
  };
  read(standard);
  group.other(name, "SIZES in " + kSizes.text(), standard, what, read);
}

void add_sweep(CLI::App& app, Options& o, Words& w) {
  const OptionGroup group(app, kSweep);
  SweepOptions& sweep = o.sweep;
  group.numbers("--granularity", sweep.granularities, "4,8,16,32,64,128", kSizes,
                "rows of a column-vector; other methods have none");
  add_sizes(group, "--crossbar", sweep.crossbars, "128", "sizes, 128 or 128x64");
  add_sizes(group, "--ou", sweep.ous, "32", "sizes, 32 or 16x32");
  group.numbers("--cell-bits", sweep.cell_bits, "1", {1, 8}, "bits a cell");
  group.numbers("--compression", sweep.compressions, "1,2,4,8,16,32", kCompressions,
                "crossbar compressions to reach");
  group.number("--max-accuracy-drop", o.constraints.max_accuracy_drop, kPoints,
               "in pictures over the granularity: loss against the best cell, in points [1]");
  // Cells are kept from sweep to sweep unless an option of another group has changed.
  OptionGroup(app, kConstraints)
      .text("--heuristic", w.heuristic, "policy of every cell: uniform or lamp");
  add_calibration(app, o, kHeldOut, "batch-norm statistics");
}

void add_resume(CLI::App& app, Options& o) {
  OptionGroup(app, kInputs)
      .flag("--resume", o.resume, "go on from the checkpoints in --out, if there are any");
}

void add_evaluation(CLI::App& app, Options& o) {
  OptionGroup(app, kEvaluation)
      .number("--images", o.images, {0, kImages.high}, "first images of the test set; 0: all");
}

void add_model(CLI::App& app, Options& o) {
  OptionGroup(app, kInputs).text("--model", o.model, "directory that prune or fine-tune wrote");
}

void add_simulation(CLI::App& app, Options& o, Words& w) {
  using hardware::Accelerator;
  add_converters(app, o, kSimulation);
  const OptionGroup group(app, kSimulation);
  const OverrideGroup overrides(app, o, kSimulation);
  group.text("--calibration", w.calibration,
             "range of inputs: percentile, maximum or running (MNSIM)");
  group.number("--percentile", o.calibration.percentile, {0.0, 100.0, true},
               "% of the inputs that lie within the range");
  group.numbers("--variation", o.variations, "", {0.0, 2.0},
                "of the cells' conductance, 0.1: 10 %; several, 0.05,0.1,0.2: a sweep beside none");
  using hardware::Spread;
  overrides.word<Spread>(
      "--spread", {{"normal", Spread::normal}, {"log-normal", Spread::log_normal}},
      "of the variation: normal or log-normal",
      [](Accelerator& a, Spread spread) { a.devices.variation.spread = spread; });
  overrides.other("--stuck-at", "LOW:HIGH in " + kShares.text(),
                  "shares of cells stuck at lowest and highest level", read_stuck_at,
                  [](Accelerator& a, hardware::StuckAt stuck) { a.devices.stuck_at = stuck; });
  overrides.number<double>("--read-noise", {0.0, 100.0},
                           "standard deviation of every bitline's every read, in cell levels",
                           [](Accelerator& a, double noise) { a.devices.read_noise = noise; });
  overrides.number<double>("--on-off", {1.0, 1e12, true}, "highest conductance / lowest",
                           [](Accelerator& a, double ratio) { a.devices.on_off.ratio = ratio; });
  group.number("--seeds", o.devices, {1, kMost},
               "devices drawn for one accuracy; from 2 on with a 95 % interval");
}

void add_reproduce(CLI::App& app, Options& o, Words& w) {
  const OptionGroup group(app, kReproduce);
  group.text("part", o.reproduce.part, "table, energy, area, fig10, fig12 or all");
  group.text("--networks", w.networks, "of the zoo, several with commas");
  group.text("--methods", w.methods, "all, or some of them with commas");
  group.text("--budget", w.budget, "effort of one cell: quick, paper or long");
  group.number("--max-accuracy-drop", o.reproduce.drop, kPoints,
               "highest loss of test Acc1 of a row, in points");
  group.number("--compression", o.reproduce.compression, kCompressions,
               "crossbar compression of every row, instead of the highest within that loss");
  group.number("--granularity", o.reproduce.granularity, kSizes,
               "rows of autoprune's column-vectors");
  group.text("--weights", o.reproduce.weights, "directory with NETWORK-DATA.safetensors");
  group.text("--data", o.reproduce.data, "directory with cifar10 and mnist");
  group.text("--json", o.json, "write the results to this file; -: to standard output");
  group.text("--out", w.out, "directory for results, and for cells that a later run goes on from");
  group.number("--seed", o.seed, kSeeds, "of everything random");
  group.number("--threads", o.threads, kThreads, "0: one a processor");
  group.flag("--quiet", o.quiet, "no progress");
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
  add_calibration(*sub, o, kSimulation, "input ranges");

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

  sub = add("search", "find a policy", true, true);
  add_hardware(*sub, o, w);
  add_constraints(*sub, o, w);
  add_held_out(*sub, o);
  add_search(*sub, o, w);
  add_simulation(*sub, o, w);
  add_evaluation(*sub, o);
  add_resume(*sub, o);

  sub = add("fine-tune", "prune to a policy while training", true, true);
  add_hardware(*sub, o, w);
  add_policy(*sub, o);
  add_constraints(*sub, o, w);
  add_held_out(*sub, o);
  add_fine_tuning(*sub, o);
  add_evaluation(*sub, o);
  add_resume(*sub, o);

  sub = add("sweep", "compression, cost and accuracy over granularity and hardware", false, true);
  add_sweep(*sub, o, w);
  add_row_groups(*sub, w);
  add_encoding(*sub, o, w);
  add_count(*sub, w);
  add_held_out(*sub, o);
  add_fine_tuning(*sub, o, o.sweep.epochs, 0);

  sub = add("prune", "search, fine-tune, map and report in one", true, true);
  add_hardware(*sub, o, w);
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
