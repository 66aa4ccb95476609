// Every option of every command that takes numbers, as --help lists them: nonsense is refused, with
// the option and the value named, before any work begins.
#include <chrono>
#include <map>
#include <regex>
#include <set>

#include "helpers.hpp"

using namespace cli;  // NOLINT: a test's own helpers

namespace {

/// An option with what stands behind it in --help.
struct Listed {
  std::string name, type;
  friend auto operator<=>(const Listed&, const Listed&) = default;
};

/// The first two groups of every line that matches.
std::vector<Listed> lines(const std::string& text, const std::string& pattern) {
  const std::regex regex(pattern);
  std::vector<Listed> found;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);)
    if (std::smatch match; std::regex_search(line, match, regex))
      found.push_back({match[1], match.size() > 2 ? match[2].str() : ""});
  return found;
}

const std::vector<std::string>& commands() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    const std::string help = run({"--help"}).out;
    for (const Listed& line : lines(help.substr(help.find("Subcommands:")), R"(^  ([a-z-]+) )"))
      all.push_back(line.name);
    return all;
  }();
  return names;
}

/// Options that take a value, by command.
const std::map<std::string, std::vector<Listed>>& options() {
  static const std::map<std::string, std::vector<Listed>> all = [] {
    std::map<std::string, std::vector<Listed>> listed;
    for (const std::string& command : commands())
      listed[command] =
          lines(run({command, "--help"}).out, R"(^  (--[a-z-]+) ([A-Z:]+(?: in [\[(].*?[\])])?))");
    return listed;
  }();
  return all;
}

/// The limits of a type "INT in [1, 1024]".
struct Limits {
  bool whole = false, open_low = false, open_high = false;
  std::string low, high;
  bool read = false;

  explicit Limits(const std::string& type) {
    std::smatch match;
    if (!std::regex_match(type, match, std::regex(R"(([A-Z:]+) in ([\[(])([^,]+), (.+)([\])]))")))
      return;
    read = true;
    whole = match[1] == "INT" || match[1] == "INTS" || match[1] == "SIZES";
    open_low = match[2] == "(";
    open_high = match[5] == ")";
    low = match[3];
    high = match[4];
  }

  /// Numbers just outside.
  [[nodiscard]] std::vector<std::string> beyond() const {
    if (whole) {
      const std::string above =
          high == "18446744073709551615" ? "18446744073709551616" : concat(std::stoll(high) + 1);
      return {concat(std::stoll(low) - 1), above};
    }
    return {open_low ? low : concat(std::stod(low) - 1e-3),
            open_high ? high : concat(std::stod(high) * 1.01)};
  }
  /// Those of the limits that may be taken.
  [[nodiscard]] std::vector<std::string> within() const {
    std::vector<std::string> values;
    if (!open_low) values.push_back(low);
    if (!open_high) values.push_back(high);
    return values;
  }
};

/// "--name value", in the form that keeps "-inf" from looking like an option.
Words given(const Listed& option, const std::string& number) {
  const bool shares = has(option.type, "LOW:HIGH");
  const std::string value = shares ? number + ":0" : number;
  return value.starts_with("-") ? Words{option.name + "=" + value} : Words{option.name, value};
}

void check_refused(const std::string& command, const Listed& option, const std::string& number) {
  const Answer answer = run(Words{command} + given(option, number));
  INFO("autoprune " << command << ' ' << option.name << " '" << number << "'\n" << answer.err);
  CHECK(answer.status == 2);
  CHECK((has(answer.err, "[autoprune.config.102]") || has(answer.err, "[autoprune.config.104]")));
  CHECK(has(answer.err, option.name));
  CHECK(has(answer.err, "'" + number + "'"));
  CHECK(answer.out.empty());
}

}  // namespace

TEST_CASE("every option takes words that are known, or numbers with limits") {
  // A new option stands here, or has limits.
  const std::set<std::string> words = {
      "--network",  "--weights",  "--data",      "--json",       "--out",        "--geometry",
      "--hardware", "--policy",   "--heuristic", "--count",      "--freeze",     "--bounds",
      "--reward",   "--metric",   "--accuracy",  "--adc",        "--spread",     "--calibration",
      "--signs",    "--model",    "--pruned",    "--activity",   "--row-groups", "--save-hardware",
      "--networks", "--methods",  "--budget",    "--importance", "--bit-planes", "--ou-selection",
      "--method",   "--searcher", "--plan",      "--device",     "--masks",      "--output",
      "--head",     "--input",    "--numbers",   "--teacher",    "--search"};
  REQUIRE(commands().size() == 12);
  for (const auto& [command, listed] : options()) {
    CHECK(listed.size() >= 9);
    for (const Listed& option : listed) {
      INFO(command << ' ' << option.name << ' ' << option.type);
      CHECK(Limits(option.type).read != (option.type == "TEXT" && words.count(option.name) == 1));
    }
  }
}

TEST_CASE("a text that is given is not empty") {
  for (const char* option : {"--plan", "--policy", "--weights", "--out", "--hardware"}) {
    const Answer answer = run({"fine-tune", option, ""});
    INFO(option << '\n' << answer.err);
    CHECK(answer.status == 2);
    CHECK(has(answer.err, concat("[autoprune.config.105] ", option, " is empty")));
    const Answer joined = run({"fine-tune", concat(option, "="), "--quiet"});
    CHECK(joined.status == 2);
    CHECK(has(joined.err, concat("[autoprune.config.105] ", option, "= has no value")));
  }
}

TEST_CASE("numbers that are none, or outside of their limits, are refused at once") {
  const std::vector<std::string> nonsense = {
      "nan",     "inf",  "-inf", "1e999", "99999999999999999999",
      "five",    "",     " 5",   "5 ",    "+5",
      "5 6",     "0x10", "0,5",  "5,",    "5.5.5",
      "\xD9\xA5"};
  const std::vector<std::string> not_whole = {"5.5", "1e1", "1.0"};
  std::set<Listed> seen;
  std::set<std::string> types;
  Index runs = 0;
  const auto began = std::chrono::steady_clock::now();
  for (const auto& [command, listed] : options())
    for (const Listed& option : listed) {
      const Limits limits(option.type);
      if (!limits.read) continue;
      // Of every command each option, of every option its limits, of every type all of the rest.
      std::vector<std::string> refused = {"1e999"};
      const auto also = [&](const std::vector<std::string>& more) {
        refused.insert(refused.end(), more.begin(), more.end());
      };
      if (seen.insert(option).second) also(limits.beyond());
      if (types.insert(option.type).second) {
        also(nonsense);
        // Which may be a list of two numbers.
        if (option.type.starts_with("FLOATS")) std::erase(refused, "0,5");
        if (limits.whole) also(not_whole);
      }
      for (const std::string& number : refused) check_refused(command, option, number);
      runs += static_cast<Index>(refused.size());
    }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  CHECK(runs > 400);
  CHECK(took.count() / static_cast<double>(runs) < 1.0);
}

TEST_CASE("the limits themselves are taken") {
  std::set<Listed> seen;
  for (const auto& [command, listed] : options())
    for (const Listed& option : listed) {
      const Limits limits(option.type);
      if (!limits.read || !seen.insert(option).second) continue;
      for (const std::string& number : limits.within()) {
        const Answer answer = run(Words{command} + given(option, number));
        INFO("autoprune " << command << ' ' << option.name << ' ' << number << '\n' << answer.err);
        CHECK(answer.status == 2);
        CHECK(has(answer.err, "[autoprune.config.105]"));  // what else is needed isn't given
      }
    }
}

TEST_CASE("numbers inside of words and lists are read as strictly") {
  const auto refuses = [](const Words& words, const std::string& value) {
    const Answer answer = run(words);
    INFO("autoprune " << autoprune::join(words, " ") << '\n' << answer.err);
    CHECK(answer.status == 2);
    CHECK((has(answer.err, "[autoprune.config.102]") || has(answer.err, "[autoprune.config.104]")));
    CHECK(has(answer.err, words[1]));
    CHECK(has(answer.err, "'" + value + "'"));
  };
  for (const char* value : {"nan", "inf", "1e999", "", " 0.5", "0x1", "1.5", "-0.1", "0,5"}) {
    refuses({"search", "--bounds", concat("first:", value, ":1")}, value);
    refuses({"prune", "--bounds", concat("first:0:", value)}, value);
    refuses({"simulate", "--stuck-at", concat("0.1:", value)}, value);
  }
  refuses({"simulate", "--variation", "0.1,nan"}, "nan");
  refuses({"sweep", "--granularity", "4,32.9"}, "32.9");
  refuses({"sweep", "--crossbar", "128,128.2"}, "128.2");
  refuses({"sweep", "--crossbar", "128xnan"}, "nan");
  refuses({"sweep", "--ou", "32x32x32"}, "32x32x32");
  refuses({"sweep", "--compression", "1,,2"}, "");

  std::string many = "1";
  for (int i = 0; i < 64; ++i) many += ",1";
  const Answer long_list = run({"sweep", "--granularity", many});
  CHECK(long_list.status == 2);
  CHECK(has(long_list.err, "--granularity has 65 values"));
  const std::string most = many.substr(2);
  const Answer cells =
      run({"sweep", "--granularity", most, "--compression", most, "--ou", "8,16,32"});
  CHECK(cells.status == 2);
  CHECK(has(cells.err, "12288 cells"));
}

TEST_CASE("a geometry is read as strictly") {
  for (const char* geometry :
       {"nan", "128x128/32x32/1.5", "128.2x128/32x32/1", "128x128/32x32/1x", "128x128/32x32",
        "99999999999999999999x128/32x32/1", "65537x65537/1x1/1", "-128x128/32x32/1",
        "128x128/32x32/1e0", "0x80x128/32x32/1"}) {
    const Answer answer = run({"map", "--network", "lenet5", "--geometry", geometry});
    INFO(geometry << '\n' << answer.err);
    CHECK(answer.status == 2);
    CHECK(has(answer.err, "geometry"));
    CHECK(has(answer.err, "[autoprune.config.10"));
  }
}
