#include "options.hpp"

#include <algorithm>
#include <autoprune/core/version.hpp>
#include <autoprune/study/result_files.hpp>
#include <iostream>
#include <span>

#include "option_table.hpp"

namespace autoprune::cli {

namespace {

struct Command {
  const char *name, *what;
  bool needs_data, needs_out;
};

constexpr Command kCommands[] = {
    {"inspect", "show a network's layers and its dense crossbars", false, false},
    {"map", "count and place crossbars under a policy, or of a pruned network", false, false},
    {"evaluate", "accuracy on the test set", true, false},
    {"simulate", "accuracy on the accelerator: quantisation, ADCs, device noise", true, false},
    {"cost", "area, energy and latency, dense or pruned", false, false},
    {"train", "train a network, from scratch or from --weights", true, true},
    {"search", "find a policy", true, true},
    {"fine-tune", "prune to a policy while training", true, true},
    {"sweep", "compression, cost and accuracy over granularity and hardware", false, true},
    {"prune", "search, fine-tune, map and report in one", true, true},
    {"run", "logits of images in an array of NumPy", false, false},
    {"reproduce", "the paper's tables and figures beside ours", false, true}};

/// A model directory stands for the network's file, or for the weights of a network that is named.
void resolve_model(Options& o) {
  if (o.model.empty()) return;
  const std::string option = o.command == "cost" ? "--pruned" : "--model";
  if (!o.weights.empty())
    fail(ErrorId::bad_syntax, option, " and --weights exclude each other; give one of them");
  const std::filesystem::path file = std::filesystem::path(o.model) / study::kPrunedFile;
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored))
    fail(ErrorId::cannot_open, "'", o.model, "' holds no ", study::kPrunedFile, "; give ", option,
         " the directory that was --out of prune or fine-tune");
  (o.network.empty() ? o.network : o.weights) = file.string();
  const std::filesystem::path masks = std::filesystem::path(o.model) / study::kMasksFile;
  if (o.masks.empty() && o.policy.empty() && !o.keep && std::filesystem::exists(masks, ignored))
    o.masks = masks.string();
}

/// --masks may name the directory of the file.
void resolve_masks(Options& o) {
  std::error_code ignored;
  if (std::filesystem::is_directory(o.masks, ignored))
    o.masks = (std::filesystem::path(o.masks) / study::kMasksFile).string();
}

/// The command that a word names. Throws unknown_name or bad_syntax.
const Command& find_command(const std::string& word) {
  std::vector<std::string> known;
  for (const Command& command : kCommands) {
    if (command.name == word) return command;
    known.emplace_back(command.name);
  }
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

/// What was given, and the defaults of what wasn't.
void collect(const CLI::App& app, Options& o) {
  o.all = io::Json::object();
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_positional() || option->get_lnames().front() == "help") continue;
    const std::vector<std::string> given = option->results();
    io::Json value = parse_value(given.empty() ? option->get_default_str() : given.back());
    if (!given.empty() && option->get_multi_option_policy() == CLI::MultiOptionPolicy::TakeAll)
      value = given;
    if (given.empty() && option->get_expected_max() == 0) value = false;  // a flag
    o.names.push_back(option->get_lnames().front());
    if (!given.empty()) o.given[o.names.back()] = option->get_group();
    if (value != io::Json("")) o.all[o.names.back()] = value;
  }
}

bool is_one_of(const std::string& name, std::initializer_list<const char*> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

[[noreturn]] void refuse_idle(const std::string& name, const std::string& why) {
  fail(ErrorId::bad_syntax, "--", name, " would change nothing: ", why);
}

/// Options that were given and would change nothing, as another one rules them out.
void refuse_idle(const Options& o) {
  for (const auto& [name, group] : o.given) {
    if (o.cost_model == CostModel::mnsim &&
        (group == "Policy" || is_one_of(name, {"pruned", "activity"}) ||
         (group == "Hardware" &&
          !is_one_of(name, {"model", "save-hardware", "hardware", "geometry"}))))
      refuse_idle(
          name, "--model mnsim prices the dense network on crossbars of --hardware and --geometry");
    if (name == "heuristic" && group == "Policy" && !o.keep)
      refuse_idle(name, "it spreads a --keep over the layers; add one");
    if (!o.masks.empty() && is_one_of(name, {"importance", "ou-selection"}))
      refuse_idle(name, "--masks say what is kept");
  }
}

/// What one option asks of others; a --model becomes the network that it stands for.
void check(Options& o) {
  constexpr std::size_t kMostCells = 10'000;
  const std::size_t cells =
      o.sweep.geometries().size() * o.sweep.granularities.size() * o.sweep.compressions.size();
  if (cells > kMostCells)
    fail(ErrorId::out_of_range, "a sweep of ", cells, " cells; at most ", kMostCells,
         " are measured at once");
  if (o.command != "simulate" && o.variations.size() > 1)
    fail(ErrorId::out_of_range, "--variation of ", o.variations.size(),
         " values: a search reads the accuracy at one; sweeps are for `autoprune simulate`");
  // A sweep goes on from cells that don't vary.
  if (!o.variations.empty())
    o.overrides.push_back(
        [sigma = o.variations.size() == 1 ? o.variations.front() : 0.0](hardware::Accelerator& a) {
          a.devices.cells.get<hardware::Variation>().sigma = sigma;
        });
  if (o.mean.empty() != o.deviation.empty())
    fail(ErrorId::missing_value, "--mean and --deviation belong together; give both or neither");
  if (!o.mean.empty() && o.data.empty() && o.command != "run")
    fail(ErrorId::missing_value, "--mean and --deviation are of the images of --data; give it");
  if ((o.keep ? 1 : 0) + (o.policy.empty() ? 0 : 1) + (o.masks.empty() ? 0 : 1) > 1)
    fail(ErrorId::bad_syntax, "--policy, --keep and --masks exclude each other; give one of them");
  resolve_model(o);
  resolve_masks(o);
  const Command& command = find_command(o.command);
  const auto require = [](bool needed, const auto& value, const char* missing) {
    if (needed && value.empty()) fail(ErrorId::missing_value, "no ", missing);
  };
  require(
      o.command != "reproduce", o.network,
      "--network given; take alexnet, vgg16, plain20, lenet5, resnet20, mobilenet_v2, or a file");
  require(command.needs_data, o.data, "--data given, e.g. --data cifar10:data/cifar10");
  require(command.needs_out, o.out, "--out given: the directory for results and checkpoints");
  require(o.command == "run", o.input, "--input given: the .npy file of the images");
  require(o.command == "run", o.output, "--output given: the .npy file for the logits");
}

}  // namespace

std::vector<Geometry<>> SweepOptions::geometries() const {
  std::vector<Geometry<>> all;
  for (const Size& xbar : crossbars)
    for (const Size& ou : ous)
      for (const Index bits : cell_bits)
        all.push_back({xbar.rows, xbar.cols, ou.rows, ou.cols, bits});
  return all;
}

std::string Options::named_in(const std::string& message) const {
  std::vector<std::string> named;
  for (const std::string& name : names) {
    std::string field = name + " = ";
    std::replace(field.begin(), field.begin() + std::ssize(name), '-', '_');
    const std::size_t at = message.find(field);
    if (at != std::string::npos &&
        (at == 0 || std::string(" (.").find(message[at - 1]) != std::string::npos))
      named.push_back("--" + name);
  }
  return named.empty() ? "" : " (" + join(named) + ")";
}

void refuse_unseen(const Options& o, study::AccuracyKind numbers) {
  using study::AccuracyKind;
  const bool runs = o.command == "run";
  for (const auto& [name, group] : o.given) {
    if ((group != "Simulation" || name == "numbers") && !(runs && name == "calibration-images"))
      continue;
    AccuracyKind needed = AccuracyKind::on_crossbar;
    if (is_one_of(name, {"calibration", "calibration-images", "percentile", "input-bits"}))
      needed = AccuracyKind::quantised;
    if (!runs && is_one_of(name, {"adc", "adc-bits", "dac-bits", "input-bits"}))
      needed = AccuracyKind::real;  // reports say what they cost
    if (numbers < needed)
      refuse_idle(
          name,
          concat(runs ? "logits would be computed " : "the search would measure ",
                 numbers == AccuracyKind::real ? "in floating point" : "in exact integers",
                 "; add ", runs ? "--numbers " : "--accuracy ",
                 needed == AccuracyKind::quantised ? "quantised or on-crossbar" : "on-crossbar"));
  }
}

std::optional<Options> read_options(int argc, const char* const* argv) {
  Options o;
  CLI::App app("Prunes trained networks for ReRAM crossbar accelerators.", "autoprune");
  app.set_version_flag("--version", AUTOPRUNE_VERSION);
  app.require_subcommand(1);
  for (const Command& command : kCommands)
    app.add_subcommand(command.name, command.what)->allow_extras()->option_defaults()->take_last();
  add_options(app, o);
  const std::string first = argc > 1 ? argv[1] : "--help";
  if (first != "--help" && first != "-h" && first != "--version") (void)find_command(first);
  for (const std::string argument : std::span(argv, static_cast<std::size_t>(argc)))
    if (argument.starts_with("--") && argument.find('=') == argument.size() - 1)
      fail(ErrorId::missing_value, argument, " has no value; leave it out, or fill it in");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) {
      app.exit(error);
      if (!std::cout.flush()) fail(ErrorId::cannot_write, "can't write to standard output");
      return {};
    }
    const std::string& kind = error.get_name();
    const bool missing = kind == "ArgumentMismatch" || kind == "RequiredError";
    fail(missing ? ErrorId::missing_value : ErrorId::bad_syntax, error.what(),
         "; `autoprune --help` lists commands, `autoprune COMMAND ", "--help` their options");
  }
  const CLI::App& sub = *app.get_subcommands().front();
  refuse_extras(sub);
  o.command = sub.get_name();
  collect(sub, o);
  check(o);
  refuse_idle(o);
  if (o.command == "run") refuse_unseen(o, o.numbers);
  return o;
}

}  // namespace autoprune::cli
