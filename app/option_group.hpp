/// @file option_group.hpp
/// Adding options to a command, under one heading of its --help.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "numbers.hpp"

namespace autoprune::cli {

/// Every option that takes a number has limits, which --help shows.
class OptionGroup {
 public:
  OptionGroup(CLI::App& app, const char* name) : app_(app), name_(name) {}

  void text(const std::string& name, std::string& value, const std::string& what) const {
    app_.add_option(name, value, what)->group(name_);
  }
  /// May be given several times.
  void texts(const std::string& name, std::vector<std::string>& values,
             const std::string& what) const {
    app_.add_option(name, values, what)
        ->allow_extra_args(false)
        ->take_all()
        ->default_str("")
        ->group(name_);
  }
  void flag(const std::string& name, bool& value, const std::string& what) const {
    app_.add_flag(name, value, what)->group(name_);
  }

  template <class Number>
  requires std::is_arithmetic_v<Number>
  void number(const std::string& name, Number& value,
              const Interval<std::type_identity_t<Number>>& in, const std::string& what) const {
    add_number<Number>(name, value, in, concat(value), what);
  }
  /// None unless it is given.
  template <class Number>
  void number(const std::string& name, std::optional<Number>& value,
              const Interval<std::type_identity_t<Number>>& in, const std::string& what) const {
    add_number<Number>(name, value, in, "", what);
  }
  /// Several with commas between them; `standard` is read when none are given, unless it is empty.
  template <class Number>
  void numbers(const std::string& name, std::vector<Number>& values, const std::string& standard,
               const Interval<std::type_identity_t<Number>>& in, const std::string& what) const {
    const auto read = [&values, name, in](const std::string& text) {
      values = read_list(name, text, [&](const std::string& place, const std::string& word) {
        return read_number<Number>(place, word, in, "; several are written with commas: 1,2,4");
      });
    };
    if (!standard.empty()) read(standard);
    other(name, type<Number>("S", in), standard, what, read);
  }
  /// Whatever `read` makes of the text; it throws what the text's faults are.
  void other(const std::string& name, const std::string& type, const std::string& standard,
             const std::string& what, const std::function<void(const std::string&)>& read) const {
    app_.add_option_function<std::string>(name, read, what)
        ->type_name(type)
        ->default_str(standard)
        ->group(name_);
  }

 private:
  template <class Number>
  [[nodiscard]] static std::string type(const char* plural, const Interval<Number>& in) {
    return concat(std::integral<Number> ? "INT" : "FLOAT", plural, " in ", in.text());
  }
  template <class Number, class Value>
  void add_number(const std::string& name, Value& value, const Interval<Number>& in,
                  const std::string& standard, const std::string& what) const {
    other(name, type<Number>("", in), standard, what, [&value, name, in](const std::string& text) {
      value = read_number<Number>(name, text, in);
    });
  }

  CLI::App& app_;
  const char* name_;
};

}  // namespace autoprune::cli
