// Texts of the command line: one word a line, read without running the command.
#include <CLI/CLI.hpp>
#include <autoprune/core/number.hpp>
#include <cmath>

#include "../../app/options.hpp"
#include "harness.hpp"

namespace autoprune::fuzz {

namespace {

constexpr std::size_t kMostWords = 100'000;  // no system starts a program with more

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of(std::string_view("\n\0", 2)), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

bool prints(const std::string& word) {
  return word == "--version" || word.starts_with("-h") || word.starts_with("--help");
}

/// The readers of single values.
void read_value(const std::string& text) {
  succeeds([&] {
    const Geometry<> geometry = Geometry<>::parse(text);
    require(Geometry<>::parse(geometry.to_string()) == geometry, "a geometry's text");
  });
  if (const auto whole = parse_number<Index>(text))
    require(parse_number<Index>(concat(*whole)) == whole, "a whole number's text");
  if (const auto number = parse_number<double>(text))
    require(std::isfinite(*number), "a number that isn't one");
}

const Harness kOptions("options", [](std::string_view bytes) {
  const std::vector<std::string> words = lines_of(bytes);
  if (words.size() > kMostWords) return;
  for (const std::string& word : words) {
    if (prints(word)) return;
    read_value(word);
  }
  std::vector<const char*> arguments = {"autoprune"};
  for (const std::string& word : words) arguments.push_back(word.c_str());
  const auto options = cli::read_options(static_cast<int>(arguments.size()), arguments.data());
  if (!options) return;
  (void)io::json_text(options->all);
  hardware::Accelerator accelerator;
  for (const cli::Override& override : options->overrides) override(accelerator);
});

}  // namespace

}  // namespace autoprune::fuzz
