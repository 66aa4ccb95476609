/// @file option_table.hpp
/// The options of all commands, each declared once: its name, what it sets, the form of its values
/// and what --help says. What it sets holds the default.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "option_forms.hpp"

namespace autoprune::cli {

/// A field of the accelerator, which an option sets once --hardware has been read.
template <class Value>
struct Field {
  std::vector<Override>& overrides;
  std::function<void(hardware::Accelerator&, const Value&)> set;
};

/// What one word of an option becomes.
template <class T>
T inner(const T&);
template <class T>
T inner(const std::optional<T>&);
template <class T>
T inner(const std::vector<T>&);
template <class T>
T inner(const Field<T>&);
template <class Target>
using Inner = decltype(inner(std::declval<const Target&>()));

class OptionTable {
 public:
  /// Adds to the commands of a program.
  explicit OptionTable(CLI::App& program) : program_(program) {}

  /// What follows is of these commands, with blanks between them, under a heading of their --help.
  OptionTable& under(const char* heading, const std::string& commands) {
    heading_ = heading;
    commands_.clear();
    for (const std::string& command : split_list(commands, ' '))
      commands_.push_back(program_.get_subcommand(command));
    return *this;
  }

  /// Any text but none, of a string or a path.
  template <class Text>
  void text(const std::string& name, Text& value, const std::string& what) {
    option(name, "TEXT", value, what, [&value, name](const std::string& text) {
      if (text.empty())
        fail(ErrorId::missing_value, name, " is empty; leave it out, or fill it in");
      value = text;
    });
  }
  /// May be given several times.
  void texts(const std::string& name, const std::string& what,
             const std::function<void(const std::vector<std::string>&)>& take) {
    for (CLI::App* app : commands_)
      app->add_option_function(name, take, what)
          ->allow_extra_args(false)
          ->take_all()
          ->default_str("")
          ->group(heading_);
  }
  void flag(const std::string& name, bool& value, const std::string& what) {
    for (CLI::App* app : commands_) app->add_flag(name, value, what)->group(heading_);
  }
  void flag(const std::string& name, const std::function<void()>& given, const std::string& what) {
    for (CLI::App* app : commands_) app->add_flag_callback(name, given, what)->group(heading_);
  }
  /// A number, or several.
  template <class Target>
  void number(const std::string& name, Target&& target, const Interval<Inner<Target>>& in,
              const std::string& what) {
    using Number = Inner<Target>;
    constexpr bool several = std::is_same_v<std::remove_cvref_t<Target>, std::vector<Number>>;
    const std::string type = std::integral<Number> ? "INT" : "FLOAT";
    add(name, target, concat(type, several ? "S" : "", " in ", in.text()), standard(target), what,
        [in](const std::string& place, const std::string& word) {
          return read_number(place, word, in, several ? kWithCommas : "");
        });
  }
  /// One of the words, or several.
  template <class Target, class Value = Inner<Target>>
  void word(const std::string& name, Target&& target, const Words<Value>& words,
            const std::string& what) {
    add(name, target, "TEXT", name_of(target, words), what,
        [words](const std::string& place, const std::string& word) {
          return choose(place, word, words);
        });
  }
  /// One of the words of an enum, or several; --help lists them behind `what`.
  template <class Target, class Value = Inner<Target>>
  requires std::is_enum_v<Value>
  void word(const std::string& name, Target&& target, const std::string& what) {
    Words<Value> words;
    std::vector<std::string> names;
    for (const auto& [value, word] : words_of(Value{})) {
      words.emplace_back(value, word);
      names.emplace_back(word);
    }
    word(name, target, words, concat(what, ": ", join(names)));
  }
  /// Whatever `read(place, word)` makes of a word.
  template <class Target, class Read>
  void other(const std::string& name, Target&& target, const std::string& type,
             const std::string& what, Read read) {
    add(name, target, type, standard(target), what, read);
  }

 private:
  /// A default as it is written, where there is one.
  template <class T>
  static std::string standard(const T& value) {
    if constexpr (Printable<T>) return concat(value);
    return "";
  }
  template <class T>
  static std::string standard(const std::vector<T>& values) {
    std::vector<std::string> texts;
    for (const T& value : values) texts.push_back(concat(value));
    return join(texts, ",");
  }
  template <class Target, class Value>
  static std::string name_of(const Target& target, const Words<Value>& words) {
    if constexpr (std::same_as<Target, Value>)
      for (const auto& [value, name] : words)
        if (value == target) return name;
    return standard(target);
  }

  template <class Target, class Read>
  void add(const std::string& name, Target& target, const std::string& type,
           const std::string& standard, const std::string& what, const Read& read) {
    option(name, type, standard, what,
           [&target, name, read](const std::string& word) { target = read(name, word); });
  }
  template <class Value, class Read>
  void add(const std::string& name, Field<Value>& field, const std::string& type,
           const std::string& standard, const std::string& what, const Read& read) {
    option(name, type, standard, what + " [the hardware's]",
           [field, name, read](const std::string& word) {
             field.overrides.push_back([set = field.set, value = read(name, word)](
                                           hardware::Accelerator& a) { set(a, value); });
           });
  }
  template <class Value, class Read>
  void add(const std::string& name, std::vector<Value>& values, const std::string& type,
           const std::string& standard, const std::string& what, const Read& read) {
    option(name, type, standard, what, [&values, name, read](const std::string& text) {
      values = read_list(name, text, read);
    });
  }
  /// `read` throws what the text's faults are.
  void option(const std::string& name, const std::string& type, const std::string& standard,
              const std::string& what, const std::function<void(const std::string&)>& read) {
    for (CLI::App* app : commands_)
      app->add_option_function<std::string>(name, read, what)
          ->type_name(type)
          ->default_str(standard)
          ->group(heading_);
  }

  CLI::App& program_;
  const char* heading_ = "";
  std::vector<CLI::App*> commands_;
};

/// Adds every option to the commands of a program; what is given goes to `options`.
void add_options(CLI::App& program, Options& options);

}  // namespace autoprune::cli
