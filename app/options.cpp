#include "options.hpp"

#include <algorithm>
#include <autoprune/core/version.hpp>
#include <autoprune/nn/zoo.hpp>
#include <autoprune/search/searchers.hpp>
#include <iostream>

#include "numbers.hpp"
#include "option_forms.hpp"
#include "option_groups.hpp"

namespace autoprune::cli {

namespace {

void check_sweep(const SweepOptions& sweep) {
  constexpr std::size_t kMostCells = 10'000;
  const std::size_t cells = sweep.crossbars.size() * sweep.ous.size() * sweep.cell_bits.size() *
                            sweep.granularities.size() * sweep.compressions.size();
  if (cells > kMostCells)
    fail(ErrorId::out_of_range, "a sweep of ", cells, " cells; at most ", kMostCells,
         " are measured at once");
}

void look_up_simulation(const Words& words, Options& o) {
  using simulation::RangeRule;
  o.calibration.rule = choose<RangeRule>("--calibration", words.calibration,
                                         {{"percentile", RangeRule::percentile},
                                          {"maximum", RangeRule::maximum},
                                          {"running", RangeRule::running}});
  o.calibration.validate();
  // A sweep goes on from cells that don't vary.
  if (!o.variations.empty())
    o.overrides.push_back(
        [sigma = o.variations.size() == 1 ? o.variations.front() : 0.0](hardware::Accelerator& a) {
          a.devices.cells.get<hardware::Variation>().sigma = sigma;
        });
}

void look_up_reproduce(const Words& words, ReproduceOptions& reproduce) {
  const auto known = [](const auto& all, auto name) {
    std::vector<std::string> names;
    for (const auto& one : all) names.push_back(name(one));
    return names;
  };
  const std::vector<std::string> parts = {"table", "energy", "area", "fig10", "fig12", "all"};
  if (std::find(parts.begin(), parts.end(), reproduce.part) == parts.end())
    fail_unknown("part of the paper", reproduce.part, parts);
  const std::vector<std::string> zoo = nn::zoo_names();
  for (const std::string& network : split_list(words.networks)) {
    if (std::find(zoo.begin(), zoo.end(), network) == zoo.end())
      fail_unknown("network", network, zoo);
    reproduce.networks.push_back(network);
  }
  for (const std::string& word : split_list(words.methods)) {
    bool any = false;
    for (const study::Contender& method : study::contenders())
      if (word == "all" || word == method.option) {
        reproduce.methods.push_back(method);
        any = true;
      }
    if (!any)
      fail_unknown("method", word,
                   known(study::contenders(), [](const study::Contender& m) { return m.option; }));
  }
  const std::vector<study::Budget>& budgets = study::budgets();
  const auto budget = std::find_if(budgets.begin(), budgets.end(),
                                   [&](const study::Budget& b) { return b.name == words.budget; });
  if (budget == budgets.end())
    fail_unknown("budget", words.budget,
                 known(budgets, [](const study::Budget& b) { return b.name; }));
  reproduce.budget = *budget;
}

/// A model directory stands for the network's file, or for the weights of a network that is named.
void resolve_model(Options& o) {
  if (o.model.empty()) return;
  const std::string option = o.command == "cost" ? "--pruned" : "--model";
  if (!o.weights.empty())
    fail(ErrorId::bad_syntax, option, " and --weights exclude each other; give one of them");
  const std::filesystem::path file = std::filesystem::path(o.model) / kPrunedFile;
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored))
    fail(ErrorId::cannot_open, "'", o.model, "' holds no ", kPrunedFile, "; give ", option,
         " the directory that was --out of prune or fine-tune");
  (o.network.empty() ? o.network : o.weights) = file.string();
}

void look_up_search(const Words& words, search::SearchConfig& config) {
  const std::vector<std::string> known = search::searcher_names();
  if (std::find(known.begin(), known.end(), config.searcher) == known.end())
    fail_unknown("searcher", config.searcher, known);
  if (words.warm_start && words.no_warm_start)
    fail(ErrorId::bad_syntax, "--warm-start and --no-warm-start contradict each other; give one");
  if (words.warm_start || words.no_warm_start) config.warm_start = words.warm_start;
}

void look_up(const Words& words, Options& o) {
  if (!words.geometry.empty()) o.geometry = Geometry<>::parse(words.geometry);
  o.options.importance =
      choose<methods::Importance>("--importance", words.importance,
                                  {{"mean-absolute", methods::Importance::mean_absolute},
                                   {"l2", methods::Importance::l2},
                                   {"taylor", methods::Importance::taylor}});
  if (!words.rows.empty())
    o.rows = choose<prune::RowGrouping>("--row-groups", words.rows,
                                        {{"neighbours", prune::RowGrouping::neighbours},
                                         {"gathered", prune::RowGrouping::gathered}});
  o.options.selection =
      choose<search::OuSelection>("--ou-selection", words.selection,
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
  o.accuracy = choose<study::AccuracyKind>("--accuracy", words.accuracy,
                                           {{"float", study::AccuracyKind::real},
                                            {"quantised", study::AccuracyKind::quantised},
                                            {"on-crossbar", study::AccuracyKind::on_crossbar}});
  o.cost_model = choose<CostModel>("--model", words.cost_model,
                                   {{"ou", CostModel::ou}, {"mnsim", CostModel::mnsim}});
  (void)search::reward_entry(o.reward);  // refuses an unknown name
  look_up_search(words, o.search);
  o.out = words.out;
  look_up_simulation(words, o);
  for (const std::string& text : words.bounds) o.bounds.push_back(read_bounds(text));
  if (o.command == "sweep") check_sweep(o.sweep);
  if (o.command == "reproduce") look_up_reproduce(words, o.reproduce);
  if (o.command != "simulate" && o.variations.size() > 1)
    fail(ErrorId::out_of_range, "--variation of ", o.variations.size(),
         " values: a search reads the accuracy at one; sweeps are for `autoprune simulate`");
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
    if (option->get_positional() || option->get_lnames().front() == "help") continue;
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

std::vector<Geometry<>> SweepOptions::geometries() const {
  std::vector<Geometry<>> all;
  for (const Size& xbar : crossbars)
    for (const Size& ou : ous)
      for (const Index bits : cell_bits)
        all.push_back({xbar.rows, xbar.cols, ou.rows, ou.cols, bits});
  return all;
}

io::Json Options::to_json() const {
  io::Json object = io::Json::object();
  for (const OptionValue& option : all) object[option.name] = option.value;
  return object;
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
      if (!std::cout.flush()) fail(ErrorId::cannot_write, "can't write to standard output");
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
  resolve_model(o);
  if (o.network.empty() && o.command != "reproduce")
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
