/// @file number.hpp
/// Numbers out of texts and from one type to another: the same in every locale, and never a silent
/// loss.
#pragma once

#include <charconv>
#include <cmath>
#include <concepts>
#include <optional>
#include <string_view>
#include <utility>

#include "autoprune/core/error.hpp"
#include "autoprune/core/types.hpp"

namespace autoprune {

/// The number that the whole of `text` spells ("12", "-0.5", "1e-3"); nothing for any other text,
/// for a number that the type can't hold, and for infinities and NaN.
template <class Number>
[[nodiscard]] std::optional<Number> parse_number(std::string_view text) {
  Number value{};
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stop != end) return {};
  if constexpr (std::floating_point<Number>)
    if (!std::isfinite(value)) return {};
  return value;
}

/// Whole numbers of a double up to here are exact.
inline constexpr Index kLargestWhole = Index{1} << 53;

/// `value` as an integer, when it is a whole number in [low, high]; nothing otherwise, NaN
/// included.
[[nodiscard]] inline std::optional<Index> whole_number(double value, Index low = -kLargestWhole,
                                                       Index high = kLargestWhole) {
  // The bounds are compared as doubles first: the cast is undefined outside of Index's range.
  if (!(value >= static_cast<double>(-kLargestWhole) &&
        value <= static_cast<double>(kLargestWhole)))
    return {};
  const auto whole = static_cast<Index>(value);
  if (static_cast<double>(whole) != value || whole < low || whole > high) return {};
  return whole;
}

/// The same, of a value that `what` names. Throws out_of_range with the value and the bounds.
[[nodiscard]] inline Index to_index(double value, std::string_view what, Index low = 0,
                                    Index high = kLargestWhole) {
  if (const auto whole = whole_number(value, low, high)) return *whole;
  fail(ErrorId::out_of_range, what, " is ", value, "; it must be a whole number from ", low, " to ",
       high);
}

/// Throws out_of_range unless `value` is in [low, high]; NaN isn't.
template <class Number>
void require_range(Number value, std::string_view what, std::type_identity_t<Number> low,
                   std::type_identity_t<Number> high) {
  if (!(value >= low && value <= high))
    fail(ErrorId::out_of_range, what, " is ", value, "; it must be from ", low, " to ", high);
}

}  // namespace autoprune
