// The rules that headers follow among themselves: who may include whom, and a few habits.

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

// The rooms that each room may include, besides itself.
const std::map<std::string, std::set<std::string>> kArrows = {
    {"core", {}},
    {"hardware", {"core"}},
    {"nn", {"core"}},
    {"prune", {"core", "hardware"}},
    {"mapping", {"core", "hardware", "prune"}},
    {"methods", {"core", "hardware", "nn", "prune", "mapping"}},
    {"simulation", {"core", "hardware", "nn", "prune", "mapping", "methods"}},
    {"cost", {"core", "hardware", "nn", "mapping"}},
    {"mnsim", {"core", "hardware", "nn", "prune", "mapping", "methods", "simulation", "cost"}},
    {"rl", {"core"}},
    {"search",
     {"core", "hardware", "nn", "prune", "mapping", "methods", "simulation", "cost", "rl"}},
    {"io",
     {"core", "hardware", "nn", "prune", "mapping", "methods", "simulation", "cost", "mnsim", "rl",
      "search"}},
    {"study",
     {"core", "hardware", "nn", "prune", "mapping", "methods", "simulation", "cost", "rl", "search",
      "io"}},
    {"torch", {"core", "nn"}},
    {"images", {"core", "nn", "io"}},
    {"mpi",
     {"core", "hardware", "nn", "prune", "mapping", "methods", "simulation", "cost", "rl", "search",
      "io", "study"}},
    {"onnx", {"core", "nn", "io"}},
};

// Optional components, which the umbrella doesn't include: they need packages of their own.
const std::set<std::string> kComponents = {"images", "mpi", "onnx", "torch"};

// "prune" of "autoprune/prune/pruner.hpp" and of "autoprune/prune.hpp".
std::string room_of(const std::string& header) {
  const std::string inside = header.substr(header.find('/') + 1);
  return inside.substr(0, inside.find_first_of("/."));
}

bool is_module_header(const std::string& header) {
  return std::count(header.begin(), header.end(), '/') == 1;
}

// "" when `header` may include `included`, or else why not. Both are paths below include/.
std::string check_arrow(const std::string& header, const std::string& included) {
  const std::string from = room_of(header), to = room_of(included);
  if (from == "autoprune") {
    if (kComponents.count(to)) return "the umbrella includes no optional component";
    return is_module_header(included) ? "" : "the umbrella includes module headers only";
  }
  if (!kArrows.count(from)) return "the room '" + from + "' isn't in the table";
  if (from == to)
    return is_module_header(included) ? "a leaf can't include its own module header" : "";
  if (is_module_header(header)) return "a module header includes its own leaves only";
  return kArrows.at(from).count(to) ? "" : from + " may not include " + to;
}

struct Habit {
  std::regex pattern;
  std::string complaint;
};

const std::vector<Habit>& habits() {
  static const std::vector<Habit> all = {
      {std::regex(R"(#\s*include\s*<autoprune/)"), "our own headers are included with quotes"},
      {std::regex(R"re(#\s*include\s*"(?!autoprune/))re"),
       "quotes are for full paths, \"autoprune/...\""},
      {std::regex(R"(#\s*include\s*<iostream>)"), "<iostream> in a header; use an observer"},
      {std::regex(R"(\bstd::(cout|cerr|clog)\b)"), "a header doesn't print; use an observer"},
      {std::regex(R"(\b(exit|abort|terminate)\s*\()"), "a header doesn't end the program"},
      {std::regex(R"(^\s*using\s+namespace\b)"), "`using namespace` in a header"},
  };
  return all;
}

// Everything that is wrong with the text of `header`, one line each.
std::vector<std::string> violations(const std::string& header, const std::string& text) {
  static const std::regex own_case(R"(\bcase\s+.*)"), own_default(R"(\bdefault\s*:)");
  static const std::regex own_include(R"re(#\s*include\s*"(autoprune/[^"]+)")re");
  std::vector<std::string> found;
  int number = 0;
  const auto complain = [&](const std::string& what) {
    found.push_back(header + ":" + std::to_string(number) + ": " + what);
  };
  bool guarded = false, of_enumerators = false;  // the last `case`
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    ++number;
    guarded = guarded || line == "#pragma once";
    if (line.size() > 100) complain("longer than 100 columns");
    std::smatch match;
    if (std::regex_search(line, match, own_include)) {
      const std::string why = check_arrow(header, match[1]);
      if (!why.empty()) complain(why);
    }
    const std::string code = line.substr(0, line.find("//"));
    if (std::regex_search(code, match, own_case))
      of_enumerators = match.str().find("::") != std::string::npos;
    if (std::regex_search(code, own_default) && of_enumerators)
      complain("a `default` takes enumerators that nobody has thought of; list them all");
    for (const Habit& habit : habits())
      if (std::regex_search(code, habit.pattern)) complain(habit.complaint);
    if (code.find("nlohmann/") != std::string::npos && room_of(header) != "io")
      complain("JSON is read and written in io/ alone");
  }
  if (!guarded) complain("no #pragma once");
  if (number > 400) complain("more than 400 lines; a file has one idea");
  return found;
}

std::string read(const fs::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("every header follows the architecture") {
  const fs::path root = fs::path(AUTOPRUNE_SOURCE_DIR) / "include";
  int headers = 0;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    if (!entry.is_regular_file()) continue;
    CHECK(entry.path().extension() == ".hpp");
    const std::string header = fs::relative(entry.path(), root).generic_string();
    for (const std::string& violation : violations(header, read(entry.path())))
      FAIL_CHECK(violation);
    ++headers;
  }
  CHECK(headers > 10);
}

TEST_CASE("every header is reached from the umbrella, or from a component's header") {
  const fs::path root = fs::path(AUTOPRUNE_SOURCE_DIR) / "include";
  const std::regex own_include(R"re(#include "(autoprune/[^"]+)")re");
  std::set<std::string> reached;
  std::vector<std::string> todo = {"autoprune/autoprune.hpp"};
  for (const std::string& component : kComponents)
    todo.push_back("autoprune/" + component + ".hpp");
  while (!todo.empty()) {
    const std::string header = todo.back();
    todo.pop_back();
    if (!reached.insert(header).second) continue;
    const std::string text = read(root / header);
    for (std::sregex_iterator it(text.begin(), text.end(), own_include), end; it != end; ++it)
      todo.push_back((*it)[1]);
  }
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    if (!entry.is_regular_file()) continue;
    const std::string header = fs::relative(entry.path(), root).generic_string();
    INFO(header);
    CHECK(reached.count(header) == 1);
  }
}

TEST_CASE("the table of arrows has no cycle") {
  for (const auto& [room, may] : kArrows)
    for (const std::string& other : may) {
      INFO(room << " and " << other);
      CHECK(kArrows.at(other).count(room) == 0);
    }
}

TEST_CASE("a broken rule is found") {
  const auto broken = [](const std::string& header, const std::string& line) {
    return violations(header, "#pragma once\n" + line + "\n").size();
  };
  CHECK(broken("autoprune/prune/a.hpp", "#include \"autoprune/core/types.hpp\"") == 0);
  CHECK(broken("autoprune/prune/a.hpp", "#include \"autoprune/prune/b.hpp\"") == 0);
  CHECK(broken("autoprune/prune.hpp", "#include \"autoprune/prune/b.hpp\"") == 0);
  CHECK(broken("autoprune/autoprune.hpp", "#include \"autoprune/io.hpp\"") == 0);
  CHECK(broken("autoprune/io/json.hpp", "#include <nlohmann/json.hpp>") == 0);

  CHECK(broken("autoprune/prune/a.hpp", "#include \"autoprune/nn/network.hpp\"") == 1);
  CHECK(broken("autoprune/prune/a.hpp", "#  include \"autoprune/mapping.hpp\"") == 1);
  CHECK(broken("autoprune/search/a.hpp", "#include \"autoprune/io/report.hpp\"") == 1);
  CHECK(broken("autoprune/search/a.hpp", "#include \"autoprune/mnsim/model.hpp\"") == 1);
  CHECK(broken("autoprune/search/a.hpp", "#include \"autoprune/autoprune.hpp\"") == 1);
  CHECK(broken("autoprune/study/a.hpp", "#include \"autoprune/mpi/world.hpp\"") == 1);
  CHECK(broken("autoprune/prune/a.hpp", "#include \"autoprune/prune.hpp\"") == 1);
  CHECK(broken("autoprune/prune.hpp", "#include \"autoprune/core.hpp\"") == 1);
  CHECK(broken("autoprune/autoprune.hpp", "#include \"autoprune/torch.hpp\"") == 1);
  CHECK(broken("autoprune/study/a.hpp", "#include \"autoprune/torch/backend.hpp\"") == 1);
  CHECK(broken("autoprune/torch/a.hpp", "#include \"autoprune/nn/backend.hpp\"") == 0);
  CHECK(broken("autoprune/attic/a.hpp", "#include \"autoprune/core.hpp\"") == 1);
  CHECK(broken("autoprune/prune/a.hpp", "#include \"../core/types.hpp\"") == 1);
  CHECK(broken("autoprune/prune/a.hpp", "#include <autoprune/core/types.hpp>") == 1);
  CHECK(broken("autoprune/prune/a.hpp", "#include <nlohmann/json.hpp>") == 1);
  CHECK(broken("autoprune/prune/a.hpp", "#include <iostream>") == 1);
  CHECK(broken("autoprune/prune/a.hpp", "  std::cerr << 1;") == 1);
  CHECK(broken("autoprune/prune/a.hpp", "  std::exit(1);") == 1);
  CHECK(broken("autoprune/prune/a.hpp", "using namespace std;") == 1);
  CHECK(broken("autoprune/prune/a.hpp", std::string(101, ' ')) == 1);
  CHECK(broken("autoprune/prune/a.hpp", "  case Op::add:\n    default:") == 1);
  CHECK(broken("autoprune/prune/a.hpp", "  case '&':\n    default:") == 0);
  CHECK(broken("autoprune/prune/a.hpp", std::string(400, '\n')) == 1);
  CHECK(violations("autoprune/prune/a.hpp", "int x;\n").size() == 1);
}
