/// @file savings.hpp
/// Products of what a policy saves, as rewards count them: "crossbars^0.5*energy".
#pragma once

#include <array>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/core/number.hpp"
#include "autoprune/core/text.hpp"
#include "autoprune/search/figures.hpp"

namespace autoprune::search {

/// Exponents of what is saved.
struct SavingProduct {
  double crossbars = 1.0, energy = 0.0, latency = 0.0, area = 0.0;

  [[nodiscard]] double operator()(const Figures& f) const {
    return power(f.compression, crossbars) * power(f.energy, energy) * power(f.latency, latency) *
           power(f.area, area);
  }
  /// More than crossbars count, so that keeping more costs something even where it fills crossbars
  /// that are there anyway.
  [[nodiscard]] bool reads_costs() const noexcept {
    return energy != 0.0 || latency != 0.0 || area != 0.0;
  }
  /// Throws out_of_range.
  void validate() const;

  /// "crossbars^0.5*energy": names of savings, each once, with exponents. Throws unknown_name,
  /// bad_syntax or out_of_range.
  [[nodiscard]] static SavingProduct parse(std::string_view text);
  [[nodiscard]] std::string to_string() const;

 private:
  static constexpr double kMost = 100.0;  // of an exponent

  // A factor that doesn't count may be anything.
  [[nodiscard]] static double power(double saved, double exponent) {
    return exponent == 0.0 ? 1.0 : exponent == 1.0 ? saved : std::pow(saved, exponent);
  }
};

namespace detail {

struct SavingName {
  const char* name;
  double SavingProduct::*exponent;
};
inline constexpr std::array<SavingName, 4> kSavings = {{{"crossbars", &SavingProduct::crossbars},
                                                        {"energy", &SavingProduct::energy},
                                                        {"latency", &SavingProduct::latency},
                                                        {"area", &SavingProduct::area}}};

}  // namespace detail

[[nodiscard]] inline std::vector<std::string> saving_names() {
  std::vector<std::string> names;
  for (const detail::SavingName& saving : detail::kSavings) names.emplace_back(saving.name);
  return names;
}

inline void SavingProduct::validate() const {
  bool any = false;
  for (const auto& [name, exponent] : detail::kSavings) {
    require_range(this->*exponent, concat("the exponent of ", name), 0.0, kMost);
    any = any || this->*exponent > 0.0;
  }
  if (!any)
    fail(ErrorId::out_of_range, "a product of savings in which none counts; give one an exponent");
}

inline SavingProduct SavingProduct::parse(std::string_view text) {
  std::string words(text);
  std::erase(words, ' ');
  SavingProduct product{0.0};
  for (std::string_view rest = words;;) {
    const std::string_view factor = rest.substr(0, rest.find('*'));
    const std::string_view name = factor.substr(0, factor.find('^'));
    double SavingProduct::*exponent = nullptr;
    for (const detail::SavingName& saving : detail::kSavings)
      if (saving.name == name) exponent = saving.exponent;
    if (name.empty())
      fail(ErrorId::bad_syntax, "'", text, "' misses a factor; a product is of ",
           join(saving_names()), ", as in crossbars^0.5*energy");
    if (exponent == nullptr) fail_unknown("saving in a product", name, saving_names());
    if (product.*exponent != 0.0)
      fail(ErrorId::bad_syntax, "'", text, "' has ", name, " twice; add the exponents up");
    product.*exponent = 1.0;
    if (name.size() < factor.size()) {
      const auto given = parse_number<double>(factor.substr(name.size() + 1));
      if (!given || !(*given > 0.0 && *given <= kMost))
        fail(ErrorId::bad_syntax, "'", factor, "': the exponent behind ^ has to be a number above ",
             "0 and at most ", kMost, ", as in crossbars^0.5*energy");
      product.*exponent = *given;
    }
    if (factor.size() == rest.size()) break;
    rest.remove_prefix(factor.size() + 1);
  }
  product.validate();
  return product;
}

inline std::string SavingProduct::to_string() const {
  std::string text;
  for (const auto& [name, exponent] : detail::kSavings) {
    if (this->*exponent == 0.0) continue;
    if (!text.empty()) text += '*';
    text += name;
    if (this->*exponent != 1.0) text += concat('^', this->*exponent);
  }
  return text;
}

}  // namespace autoprune::search
