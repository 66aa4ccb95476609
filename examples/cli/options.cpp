#include "options.hpp"

#include <CLI/CLI.hpp>
#include <autoprune/core/version.hpp>
#include <iostream>
#include <map>
#include <set>

namespace autoprune::cli {

namespace {

constexpr const char* kInputs = "Inputs and outputs";
constexpr const char* kPolicy = "Policy";
constexpr const char* kEvaluation = "Evaluation";

/// Option values that are names, before they are looked up.
struct Words {
  std::string geometry, bit_planes = "apart", signs = "pair", importance = "mean-absolute",
                        selection = "best", heuristic = "lamp", counting = "per-layer",
                        metric = "top1", out;
  bool no_warm_start = false;
};

template <class E>
E choose(const std::string& option, const std::string& word,
         const std::vector<std::pair<std::string, E>>& choices) {
  std::vector<std::string> known;
  for (const auto& [name, value] : choices) {
    if (name == word) return value;
    known.push_back(name);
  }
  fail_unknown("value of " + option, word, known);
}

void look_up(const Words& words, Options& o) {
  if (!words.geometry.empty()) o.geometry = GeometrySpec::parse(words.geometry);
  o.mapping.layout = choose<mapping::BitPlanes>(
      "--bit-planes", words.bit_planes,
      {{"apart", mapping::BitPlanes::apart}, {"adjacent", mapping::BitPlanes::adjacent}});
  o.mapping.sign = choose<mapping::SignEncoding>(
      "--signs", words.signs,
      {{"pair", mapping::SignEncoding::pair}, {"offset", mapping::SignEncoding::offset}});
  o.importance =
      choose<Importance>("--importance", words.importance,
                         {{"mean-absolute", Importance::mean_absolute}, {"l2", Importance::l2}});
  o.selection = choose<search::OuSelection>("--ou-selection", words.selection,
                                            {{"best", search::OuSelection::best},
                                             {"refill", search::OuSelection::refill},
                                             {"nearest", search::OuSelection::nearest},
                                             {"part-filled", search::OuSelection::part_filled}});
  o.heuristic = choose<search::Origin>(
      "--heuristic", words.heuristic,
      {{"uniform", search::Origin::uniform}, {"lamp", search::Origin::lamp}});
  o.constraints.counting = choose<search::Counting>(
      "--count", words.counting,
      {{"per-layer", search::Counting::per_layer}, {"pooled", search::Counting::pooled}});
  o.metric = choose<search::Metric>(
      "--metric", words.metric, {{"top1", search::Metric::top1}, {"top5", search::Metric::top5}});
  o.search.warm_start = !words.no_warm_start;
  o.out = words.out;
}

// ---- Options, group by group --------------------------------------------------------------------

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

void add_hardware(CLI::App& app, Options& o, Words& w) {
  app.add_option("--geometry", w.geometry,
                 "crossbar/OU/bits a cell [128x128/32x32/1, or the network file's]")
      ->group(kHardware);
  app.add_option("--granularity", o.granularity,
                 "rows of a column-vector [32, or the network file's]")
      ->group(kHardware);
  app.add_option("--weight-bits", o.mapping.weight_bits, "magnitude bits")->group(kHardware);
  app.add_option("--bit-planes", w.bit_planes, "apart or adjacent")->group(kHardware);
  app.add_option("--signs", w.signs, "pair or offset")->group(kHardware);
  app.add_option("--importance", w.importance, "mean-absolute or l2")->group(kHardware);
  app.add_option("--ou-selection", w.selection, "best, refill, nearest or part-filled")
      ->group(kHardware);
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
  app.add_option("--metric", w.metric, "accuracy in the reward: top1 or top5")->group(kSearch);
  app.add_option("--calibration-images", o.calibration_images,
                 "training images that set batch-norm statistics")
      ->group(kSearch);
  app.add_flag("--no-warm-start", w.no_warm_start, "begin with random policies, not heuristic ones")
      ->group(kSearch);
  app.add_option("--least-keep", o.search.least_keep, "smallest keep ratio that the agent takes")
      ->group(kSearch);
}

void add_training(CLI::App& app, Options& o) {
  nn::TrainConfig& train = o.fine_tune.train;
  app.add_option("--epochs", train.epochs, "passes over the training images")->group(kTraining);
  app.add_option("--learning-rate", train.learning_rate, "at the start; falls along a half cosine")
      ->group(kTraining);
  app.add_option("--batch", train.batch, "images a step")->group(kTraining);
  app.add_option("--variants", train.variants, "augmentations of an image; 0: always new ones")
      ->group(kTraining);
}

void add_fine_tuning(CLI::App& app, Options& o) {
  add_training(app, o);
  app.add_option("--distillation", o.fine_tune.train.distillation.weight,
                 "weight of the dense network's logits in the loss; 0: none")
      ->group(kTraining);
  app.add_option("--ramp", o.fine_tune.schedule.ramp, "share of the epochs in which masks tighten")
      ->group(kTraining);
}

void add_resume(CLI::App& app, Options& o) {
  app.add_flag("--resume", o.resume, "go on from the checkpoints in --out, if there are any")
      ->group(kInputs);
}

void add_evaluation(CLI::App& app, Options& o) {
  app.add_option("--images", o.images, "first images of the test set; 0: all")->group(kEvaluation);
}

// ---- The command line ---------------------------------------------------------------------------

struct Command {
  CLI::App* app;
  bool needs_data = false, needs_out = false;
};

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

  sub = add("train", "train a network, from scratch or from --weights", true, true);
  add_hardware(*sub, o, w);
  add_held_out(*sub, o);
  add_training(*sub, o);
  add_evaluation(*sub, o);
  add_resume(*sub, o);

  sub = add("search", "let the agent find a policy", true, true);
  add_hardware(*sub, o, w);
  add_constraints(*sub, o, w);
  add_held_out(*sub, o);
  add_search(*sub, o, w);
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

  sub = add("prune", "search, fine-tune, map and report in one", true, true);
  add_hardware(*sub, o, w);
  add_constraints(*sub, o, w);
  add_held_out(*sub, o);
  add_search(*sub, o, w);
  add_fine_tuning(*sub, o);
  add_evaluation(*sub, o);
  add_resume(*sub, o);
  return commands;
}

void check_command(const std::string& word, const std::map<std::string, Command>& commands) {
  if (commands.count(word) == 1 || word == "--help" || word == "-h" || word == "--version") return;
  std::vector<std::string> known;
  for (const auto& [name, command] : commands) known.push_back(name);
  if (word.starts_with("-"))
    fail(ErrorId::bad_syntax, "'", word, "' stands where the command belongs: autoprune COMMAND ",
         "--option value ...; commands: ", join(known));
  fail_unknown("command", word, known);
}

void refuse_extras(const CLI::App& app) {
  const std::vector<std::string> extras = app.remaining();
  if (extras.empty()) return;
  std::vector<std::string> known;
  for (const CLI::Option* option : app.get_options())
    for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
  for (const std::string& extra : extras)
    if (extra.starts_with("-")) fail_unknown("option", extra.substr(0, extra.find('=')), known);
  fail(ErrorId::bad_syntax, "unexpected argument '", extras.front(),
       "'; options are written --name value");
}

/// A number or a truth value where the text is one, else the text.
io::Json parse_value(const std::string& text) {
  const io::Json value = io::Json::parse(text, nullptr, false);
  return value.is_number() || value.is_boolean() ? value : io::Json(text);
}

std::vector<OptionValue> collect(const CLI::App& app) {
  std::vector<OptionValue> all;
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_lnames().front() == "help") continue;
    io::Json value = parse_value(option->get_default_str());
    const std::vector<std::string> given = option->results();
    if (!given.empty()) value = parse_value(given.back());
    if (!given.empty() && option->get_multi_option_policy() == CLI::MultiOptionPolicy::TakeAll)
      value = given;
    if (option->get_expected_max() == 0 && given.empty()) value = false;
    if (value != io::Json(""))
      all.push_back({option->get_group(), option->get_lnames().front(), value});
  }
  return all;
}

ErrorId id_of(const CLI::ParseError& error) {
  const std::string& name = error.get_name();
  if (name == "ArgumentMismatch" || name == "RequiredError") return ErrorId::missing_value;
  return ErrorId::bad_syntax;
}

}  // namespace

io::Json Options::to_json() const {
  io::Json object = io::Json::object();
  for (const OptionValue& option : all) object[option.name] = option.value;
  return object;
}

std::uint64_t Options::fingerprint(const std::vector<std::string>& groups) const {
  search::Fingerprint print;
  print.add(static_cast<double>(seed));
  for (const OptionValue& option : all)
    if (option.name != "episodes" &&
        std::find(groups.begin(), groups.end(), option.group) != groups.end()) {
      const std::string text = option.name + "=" + io::json_text(option.value) + "\n";
      print.add(std::span<const char>(text));
    }
  return print.value();
}

std::optional<Options> read_options(int argc, const char* const* argv) {
  Options o;
  Words words;
  CLI::App app("Prunes trained networks for ReRAM crossbar accelerators.", "autoprune");
  app.set_version_flag("--version", AUTOPRUNE_VERSION);
  app.require_subcommand(1);
  const std::map<std::string, Command> commands = add_commands(app, o, words);
  if (argc > 1) check_command(argv[1], commands);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) {
      app.exit(error);
      return {};
    }
    fail(id_of(error), error.what(), "; `autoprune --help` lists commands, `autoprune COMMAND ",
         "--help` their options");
  }
  const CLI::App& sub = *app.get_subcommands().front();
  refuse_extras(sub);
  o.command = sub.get_name();
  const Command& command = commands.at(o.command);
  o.all = collect(sub);
  look_up(words, o);
  if (o.network.empty())
    fail(ErrorId::missing_value,
         "no --network given; take alexnet, vgg16, plain20, lenet5, or a "
         "file");
  if (command.needs_data && o.data.empty())
    fail(ErrorId::missing_value, "no --data given, e.g. --data cifar10:data/cifar10");
  if (command.needs_out && o.out.empty())
    fail(ErrorId::missing_value, "no --out given: the directory for results and checkpoints");
  if (o.command == "fine-tune" && o.policy.empty())
    fail(ErrorId::missing_value, "no --policy given: the policy.json of a search");
  return o;
}

}  // namespace autoprune::cli
