#include "option_table.hpp"

#include <algorithm>
#include <autoprune/io/dataset.hpp>
#include <autoprune/methods/registry.hpp>
#include <autoprune/nn/zoo.hpp>
#include <autoprune/search/searchers.hpp>
#include <autoprune/search/space_words.hpp>
#include <limits>

namespace autoprune::cli {

namespace {

constexpr Index kMost = 1'000'000;  // of what would take for ever beyond
constexpr Interval<Index> kImages{1, 1'000'000'000};
constexpr Interval<double> kPoints{0.0, 100.0}, kCompressions{1.0, 1e6}, kBudgets{0.0, 1e12, true};

// Commands, by what they take: crossbars, a network, checkpoints; and those that prune.
const std::string kReporting = "inspect map evaluate simulate cost train search fine-tune prune";
const std::string kOnCrossbars = kReporting + " run", kOnNetworks = kOnCrossbars + " sweep";
constexpr const char* kRanking = "map cost search fine-tune prune sweep";
constexpr const char* kStaged = "train search fine-tune prune";
constexpr const char* kPruning = "search fine-tune prune";
constexpr const char* kSearching = "search prune";

/// field(o, &Accelerator::adc, &Adc::bits) is `adc.bits` of the accelerator.
template <class... Path>
auto field(Options& o, Path... path) {
  const auto of = [=](hardware::Accelerator & a) -> auto& { return (a.*....*path); };
  using Value = std::remove_cvref_t<std::invoke_result_t<decltype(of), hardware::Accelerator&>>;
  return Field<Value>{o.overrides,
                      [of](hardware::Accelerator& a, const Value& value) { of(a) = value; }};
}

/// An option for each number and word that devices describe.
struct DeviceOptions {
  OptionTable& table;
  Options& o;

  void number(const char* key, double, const hardware::Limits& limits, const char* what) const {
    // These have a form of their own: a sweep, and LOW:HIGH.
    const std::string_view described = key;
    if (described == "variation" || described.starts_with("stuck_")) return;
    table.number(option(key), field<double>(key),
                 {limits.low, std::min(limits.high, 1e12), limits.above}, what);
  }
  template <class Word>
  void word(const char* key, Word, const char* what) const {
    table.word(option(key), field<Word>(key), what);
  }

 private:
  static std::string option(std::string key) {
    std::replace(key.begin(), key.end(), '_', '-');
    return "--" + key;
  }
  template <class Value>
  Field<Value> field(const char* key) const {
    return {o.overrides, [key](hardware::Accelerator& a, const Value& value) {
              a.devices.cells.set(key, value);
            }};
  }
};

void add_outputs(OptionTable& table, Options& o, const std::string& what,
                 const std::string& directory) {
  table.text("--json", o.json, concat("write the ", what, " to this file; -: to standard output"));
  table.text("--out", o.out, directory);
  table.number("--seed", o.seed, {0, std::numeric_limits<std::uint64_t>::max()},
               "of everything random");
  table.number("--threads", o.threads, {0, 1024}, "0: one a processor");
  table.flag("--quiet", o.quiet, "no progress");
}

void add_cluster(OptionTable& table, Options& o) {
  table.under("Inputs and outputs", "search prune sweep reproduce")
      .number("--rank-timeout", o.rank_timeout, {0.0, 1e9},
              "seconds after which a rank of mpirun that doesn't answer is given up; 0: never");
}

void add_inputs(OptionTable& table, Options& o) {
  constexpr const char* kHeading = "Inputs and outputs";
  table.under(kHeading, kOnNetworks);
  table.text(
      "--network", o.network,
      "alexnet, vgg16, plain20, lenet5, resnet20, mobilenet_v2, or a file with a graph: ONNX, "
      "safetensors, JSON");
  table.text("--weights", o.weights, "safetensors file with the network's parameters");
  constexpr const char* kHead =
      "node whose numbers are the logits, of a network with several heads";
  table.text("--data", o.data, io::dataset_forms());
  add_outputs(table, o, "report", "directory for results and checkpoints");
  table.under(kHeading, "evaluate train search fine-tune sweep prune reproduce")
      .text("--device", o.device,
            "where networks run: cpu; torch: LibTorch on the processor; cuda, cuda:N: on a GPU; "
            "torch+bf16, cuda+bf16, cuda:N+bf16: products in bfloat16");
  table.under(kHeading, kStaged)
      .flag("--resume", o.resume, "go on from the checkpoints in --out, if there are any");
  table.under(kHeading, "run simulate")
      .text("--model", o.model, "directory that prune or fine-tune wrote");
  table.under(kHeading, kReporting + " sweep").text("--output", o.head, kHead);
  table.under(kHeading, "run");
  table.text("--head", o.head, kHead);
  table.text("--input", o.input,
             ".npy file of images, [image][channel][row][column]: pixels of uint8, or what the "
             "network takes");
  table.text("--output", o.output, ".npy file for their logits, [image][class]");
  table.under(kHeading, "cost");
  table.text("--pruned", o.model, "directory that prune or fine-tune wrote");
  table.text("--activity", o.activity,
             "report.json of `simulate`: bill what was done, not what could be");
}

void add_hardware(OptionTable& table, Options& o) {
  using namespace hardware;  // NOLINT: the fields of one accelerator
  constexpr const char* kHeading = "Hardware";
  table.under(kHeading, "cost");
  table.word("--model", o.cost_model, {{CostModel::ou, "ou"}, {CostModel::mnsim, "mnsim"}},
             "ou, or mnsim: MNSIM-2.0's, without OUs and pruning");
  table.text("--save-hardware", o.save_hardware, "write the hardware to this file");
  table.under(kHeading, kOnCrossbars);
  table.other("--geometry", o.geometry, "TEXT",
              "crossbar/OU/bits a cell [128x128/32x32/1, or the network file's]",
              [](const std::string&, const std::string& word) { return Geometry<>::parse(word); });
  table.number("--granularity", o.granularity, kSizes,
               "rows of a column-vector [32, or an OU's where a crossbar's are no multiple; or "
               "the network file's]");
  table.under(kHeading, kOnNetworks);
  table.word("--row-groups", o.rows, "rows of a column-vector [neighbours, or the network file's]");
  table.text("--hardware", o.hardware,
             "the accelerator: paper, mnsim-2020, mnsim-2024, isaac, or a file [paper]");
  table.number("--weight-bits", field(o, &Accelerator::weights, &WeightCode::weight_bits), {1, 16},
               "magnitude bits");
  table.word("--bit-planes", field(o, &Accelerator::weights, &WeightCode::layout),
             "bits of a weight");
  table.word("--signs", field(o, &Accelerator::weights, &WeightCode::sign), "crossbars of signs");
  table.text("--method", o.method,
             join(methods::method_names()) + " [column-vectors, or the network file's]");
  table.under(kHeading, kRanking);
  table.word("--importance", o.options.importance,
             "what ranks column-vectors, taylor with --data alone");
  table.word("--ou-selection", o.options.selection, "how column-vectors become OUs");
}

void add_policies(OptionTable& table, Options& o) {
  using search::Origin;
  const Words<Origin> heuristics = {{Origin::uniform, "uniform"}, {Origin::lamp, "lamp"}};
  table.under("Policy", "map cost fine-tune")
      .text("--policy", o.policy, "policy.json with the keep ratio of every layer");
  table.under("Policy", "map evaluate run simulate cost search fine-tune prune")
      .text("--masks", o.masks,
            "masks.safetensors, or its directory, that the weights were trained under elsewhere");
  table.under("Policy", "map run search fine-tune prune simulate cost")
      .text("--plan", o.plan_file,
            "granularity, bits and crossbars of layers: a file as policy.json, or words for all of "
            "them: weight-bits=4,granularity=16");
  table.under("Policy", "map cost");
  table.number("--keep", o.keep, {0.0, 1.0, true}, "keep ratio of a heuristic policy");
  table.word("--heuristic", o.heuristic, heuristics, "uniform or lamp");

  table.under("Constraints", kPruning);
  table.number("--target-compression", o.constraints.target_compression, kCompressions,
               "crossbar compression to reach at least");
  table.texts("--freeze", "layer that is not pruned (repeatable)",
              [&o](const std::vector<std::string>& layers) { o.freeze = layers; });
  table.texts("--bounds", "LAYER:MIN:MAX, keep ratios of a layer (repeatable)",
              [&o](const std::vector<std::string>& texts) {
                for (const std::string& t : texts) o.bounds.push_back(read_bounds("--bounds", t));
              });
  table.under("Constraints", "sweep")
      .word("--heuristic", o.heuristic, heuristics, "policy of every cell: uniform or lamp");
  table.under("Constraints", "search fine-tune sweep prune")
      .word("--count", o.constraints.counting, "crossbars that count");
}

void add_search(OptionTable& table, Options& o) {
  table.under("Search", kSearching);
  table.number("--max-accuracy-drop", o.constraints.max_accuracy_drop, kPoints,
               "highest loss of held-out accuracy before fine-tuning, in points");
  table.number("--min-accuracy", o.constraints.min_accuracy, kPoints,
               "lowest held-out accuracy before fine-tuning, in percent");
  table.number("--max-energy", o.max_energy, kBudgets, "of an inference, in microjoules");
  table.number("--max-latency", o.max_latency, kBudgets, "of an inference, in microseconds");
  table.number("--max-area", o.max_area, kBudgets, "of the accelerator, in square millimetres");
  table.word("--searcher", o.search.searcher, same(search::searcher_names()),
             "what proposes policies: " + join(search::searcher_names()));
  table.other(
      "--search", o.search.space, "TEXT",
      "what is searched of every layer: keep, weight-bits=2..8, input-bits, adc-bits, "
      "granularity=8+16, geometry=128x128/32x32/1+64x64/16x16/1, several with commas [keep]",
      search::read_space);
  table.number("--episodes", o.search.episodes, {1, kMost}, "policies that are measured");
  table.number("--ask", o.search.batch, {1, kMost},
               "policies that are proposed at a time, and measured together by mpirun's ranks");
  table.number("--alpha", o.alpha, {0.0, 1000.0}, "weight of compression in the reward");
  table.other("--reward", o.reward, "TEXT",
              "what the search rewards: " + join(search::reward_names()) +
                  ", or a product: crossbars^0.5*energy",
              [](const std::string&, const std::string& text) {
                (void)search::make_reward(text, 1.0);  // throws for one that isn't known
                return text;
              });
  table.word("--metric", o.metric, "accuracy in the reward");
  table.word("--accuracy", o.accuracy, "of which numbers");
  table.flag("--reconstruct", o.reconstruct,
             "fit kept weights to the dense layers' outputs before the accuracy is read");
  const auto start = [&warm = o.search.warm_start](bool to) {
    return [&warm, to] {
      if (warm.value_or(to) != to)
        fail(ErrorId::bad_syntax,
             "--warm-start and --no-warm-start contradict each other; give one");
      warm = to;
    };
  };
  table.flag("--warm-start", start(true), "ddpg: begin with heuristic policies, not random ones");
  table.flag("--no-warm-start", start(false),
             "guided: begin with random policies, not heuristic ones");
  table.number("--least-keep", o.search.least_keep, {0.0, 1.0, false, true},
               "smallest keep ratio that guided, ddpg, random, greedy and evolution propose");
}

void add_images(OptionTable& table, Options& o) {
  constexpr const char* kHeading = "Images";
  table.under(kHeading, "train search fine-tune sweep prune");
  table.number("--held-out", o.held_out, kImages,
               "training images held out of training, the last ones; of fewer than 50,000 a tenth");
  table.number("--held-out-images", o.held_out_images, kImages,
               "how many of them measure accuracy");
  table.under(kHeading, kOnNetworks);
  table.number("--mean", o.mean, {-100.0, 100.0},
               "of a channel's pixels from 0 to 1, one a channel [the data set's, or measured]");
  table.number("--deviation", o.deviation, {0.0, 1e6, true},
               "standard deviation, one a channel [the data set's, or measured]");
  table.number("--image-cache", o.image_cache, {0, kMost}, "MiB of images:DIR that stay in memory");
  table.under(kHeading, kReporting + " sweep")
      .other("--input-size", o.input_size, "SIZE in " + kSizes.text(),
             "of images, 224 or 224x160, where the network leaves it open", read_size);
  table.under(kHeading, "run simulate search fine-tune sweep prune")
      .number("--calibration-images", o.calibration_images, kImages,
              "training images that set batch-norm statistics and input ranges");
  table.under(kHeading, "evaluate simulate train search fine-tune prune")
      .number("--images", o.images, {0, kImages.high}, "first images of the test set; 0: all");
}

void add_simulation(OptionTable& table, Options& o) {
  using namespace hardware;  // NOLINT: the fields of one accelerator
  constexpr auto kDevices = &Accelerator::devices;
  for (const bool cost : {true, false}) {
    cost ? table.under("Hardware", "cost") : table.under("Simulation", "run simulate search prune");
    table.word("--adc", field(o, &Accelerator::adc, &Adc::kind), same(adc_names()),
               join(adc_names()));
    table.number("--adc-bits", field(o, &Accelerator::adc, &Adc::bits), {1, 16},
                 "of any but the ideal ADC");
    table.number("--dac-bits", field(o, &Accelerator::inputs, &InputCode::dac_bits), {1, 4},
                 "input bits that are driven at a time: 1, 2 or 4");
    table.number("--input-bits", field(o, &Accelerator::inputs, &InputCode::bits), {1, 8},
                 "magnitude bits");
  }
  table.under("Simulation", "run").word("--numbers", o.numbers, "what layers compute in");
  table.under("Simulation", "run simulate search prune");
  table.word("--calibration", o.calibration.rule, "range of inputs, running as MNSIM's");
  table.number("--percentile", o.calibration.percentile, {0.0, 100.0, true},
               "% of the inputs that lie within the range");
  table.number("--variation", o.variations, {0.0, 2.0},
               "of the cells' conductance, 0.1: 10 %; several, 0.05,0.1,0.2: a sweep beside none");
  Field<StuckAt> stuck{o.overrides, [](Accelerator& a, const StuckAt& value) {
                         a.devices.cells.get<StuckAt>() = value;
                       }};
  table.other("--stuck-at", stuck, "LOW:HIGH in " + kShares.text(),
              "shares of cells stuck at lowest and highest level", hardware::read_stuck_at);
  table.number("--read-noise", field(o, kDevices, &CellDevices::read_noise), {0.0, 100.0},
               "standard deviation of every bitline's every read, in cell levels");
  const DeviceOptions devices{table, o};
  hardware::CellKinds().describe(devices);
  table.under("Simulation", "simulate search prune");
  table.number("--seeds", o.devices, {1, kMost},
               "devices drawn for one accuracy; from 2 on with a 95 % interval");
}

void add_training(OptionTable& table, Options& o) {
  constexpr const char* kHeading = "Training";
  nn::TrainConfig& train = o.fine_tune.train;
  constexpr const char* kPasses = "passes over the training images";
  table.under(kHeading, "train").number("--epochs", train.epochs, {1, kMost}, kPasses);
  table.under(kHeading, "fine-tune prune")
      .number("--epochs", train.epochs, {0, kMost}, concat(kPasses, "; 0: prune alone"));
  table.under(kHeading, "sweep").number("--epochs", o.sweep.epochs, {0, kMost}, kPasses);
  table.under(kHeading, "train fine-tune sweep prune");
  table.number("--learning-rate", train.learning_rate, {0.0, 1000.0, true},
               "at the start; falls along a half cosine [0.05, or 0.01 without batch-norm]");
  table.number("--batch", train.batch, {1, kMost}, "images a step");
  table.number("--variants", train.variants, {0, kMost},
               "augmentations of an image; 0: always new ones");
  table.under(kHeading, "fine-tune sweep prune");
  table.number("--distillation", train.distillation.weight, kShares,
               "weight of the dense network's logits in the loss; 0: none");
  table.number("--ramp", o.fine_tune.schedule.ramp, {0.0, 1.0, true},
               "share of the epochs in which masks tighten");
  table.number("--ramp-begin", o.fine_tune.schedule.begin, kShares,
               "share of the way, in factors, that is pruned before the first epoch, the kept "
               "weights fitted");
  table.under(kHeading, "fine-tune prune");
  table.text("--teacher", o.teacher_file,
             "weights of the dense network to distil from [those that are pruned]");
  table.flag(
      "--quantised-training", [&o] { o.quantised_training = true; },
      "train with the accelerator's integers, as is done with fewer than 8 bits");
}

void add_sweep(OptionTable& table, Options& o) {
  SweepOptions& sweep = o.sweep;
  table.under("Sweep", "sweep");
  table.number("--granularity", sweep.granularities, kSizes,
               "rows of a column-vector; other methods have none");
  const std::string sizes = "SIZES in " + kSizes.text();
  table.other("--crossbar", sweep.crossbars, sizes, "sizes, 128 or 128x64", read_size);
  table.other("--ou", sweep.ous, sizes, "sizes, 32 or 16x32", read_size);
  table.number("--cell-bits", sweep.cell_bits, {1, 8}, "bits a cell");
  table.number("--compression", sweep.compressions, kCompressions,
               "crossbar compressions to reach");
  table.number("--max-accuracy-drop", o.constraints.max_accuracy_drop, kPoints,
               "in pictures over the granularity: loss against the best cell, in points [1]");
}

void add_reproduce(OptionTable& table, Options& o) {
  study::ReproduceSpec& reproduce = o.reproduce;
  table.under("Reproduction", "reproduce");
  table.word("part", reproduce.part, same(study::reproduced_parts()),
             "table, energy, area, fig10, fig12 or all");
  std::vector<std::string> methods = {"all"};
  for (const study::Contender& method : study::contenders()) methods.push_back(method.option);
  Words<study::Budget> budgets;
  for (const study::Budget& budget : study::budgets()) budgets.emplace_back(budget, budget.name);
  table.word("--networks", reproduce.networks, same(nn::zoo_names()),
             "of the zoo, several with commas");
  table.word("--methods", o.contenders, same(methods), "all, or some of them with commas");
  table.word("--budget", reproduce.budget, budgets, "effort of one cell: quick, paper or long");
  table.number("--max-accuracy-drop", reproduce.allowed_drop, kPoints,
               "highest loss of test Acc1 of a row, in points");
  table.number("--compression", reproduce.compression, kCompressions,
               "crossbar compression of every row, instead of the highest within that loss");
  table.number("--granularity", reproduce.granularity, kSizes,
               "rows of autoprune's column-vectors");
  table.text("--weights", reproduce.weights, "directory with NETWORK-DATA.safetensors");
  table.text("--data", reproduce.data, "directory with cifar10 and mnist");
  add_outputs(table, o, "results",
              "directory for results, and for cells that a later run goes on from");
}

}  // namespace

void add_options(CLI::App& program, Options& options) {
  OptionTable table(program);
  for (const auto add : {add_inputs, add_hardware, add_policies, add_images, add_search,
                         add_simulation, add_training, add_sweep, add_reproduce, add_cluster})
    add(table, options);
}

}  // namespace autoprune::cli
