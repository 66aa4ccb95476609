/// @file adcs.hpp
/// Every kind of converter that an accelerator can name: a file each in adcs/, and a word here.
#pragma once

#include <algorithm>
#include <string>
#include <tuple>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/hardware/adcs/ideal.hpp"
#include "autoprune/hardware/adcs/rounding.hpp"
#include "autoprune/hardware/adcs/saturating.hpp"

namespace autoprune::hardware {

using AdcKinds = std::tuple<Ideal, Saturating, Rounding, SignedToOutputs, SignedOver>;

namespace detail {

/// visit(K{}) for each kind until one returns true.
template <class... K, class Visit>
bool any_adc(std::tuple<K...>, const Visit& visit) {
  return (visit(K{}) || ...);
}

}  // namespace detail

/// Of a list of kinds: AdcKinds, or one's own.
template <class Adcs = AdcKinds>
[[nodiscard]] std::vector<std::string> adc_names() {
  std::vector<std::string> names;
  (void)detail::any_adc(Adcs{}, [&](auto kind) {
    names.emplace_back(kind.kName);
    return false;
  });
  return names;
}

/// Throws unknown_name, or out_of_range for bits that the kind can't have.
template <class Adcs = AdcKinds>
void validate(const Adc& adc) {
  const std::vector<std::string> names = adc_names<Adcs>();
  if (std::find(names.begin(), names.end(), adc.kind) == names.end())
    fail_unknown("kind of ADC", adc.kind, names);
  if (adc.kind != Ideal::kName) require_adc_bits(adc.bits);
}

/// use(converter) with the converter of a layer. Throws what validate() throws.
template <class Adcs = AdcKinds, class Use>
void with_adc(const Adc& adc, const AdcSite& site, const Use& use) {
  validate<Adcs>(adc);
  (void)detail::any_adc(Adcs{}, [&](auto kind) {
    if (adc.kind != kind.kName) return false;
    use(kind.make(adc.bits, site));
    return true;
  });
}

}  // namespace autoprune::hardware
