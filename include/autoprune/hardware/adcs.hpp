/// @file adcs.hpp
/// Every kind of converter that an accelerator can name: a file each in adcs/, and a word here.
#pragma once

#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

#include "autoprune/core/kinds.hpp"
#include "autoprune/hardware/adcs/ideal.hpp"
#include "autoprune/hardware/adcs/rounding.hpp"
#include "autoprune/hardware/adcs/saturating.hpp"

namespace autoprune::hardware {

using AdcKinds = std::tuple<Ideal, Saturating, Rounding, SignedToOutputs, SignedOver>;

/// Of a list of kinds: AdcKinds, or one's own.
template <class Adcs = AdcKinds>
[[nodiscard]] std::vector<std::string> adc_names() {
  return kind_names<Adcs>();
}

/// Throws unknown_name, or out_of_range for bits that the kind can't have.
template <class Adcs = AdcKinds>
void validate(const Adc& adc) {
  with_kind<Adcs>("kind of ADC", adc.kind, [](auto) {});
  if (adc.kind != Ideal::kName) require_adc_bits(adc.bits);
}

/// use(converter) with the converter of a layer. Throws what validate() throws.
template <class Adcs = AdcKinds, class Use>
void with_adc(const Adc& adc, const AdcSite& site, const Use& use) {
  validate<Adcs>(adc);
  with_kind<Adcs>("kind of ADC", adc.kind,
                  [&]<class Kind>(std::type_identity<Kind>) { use(Kind::make(adc.bits, site)); });
}

}  // namespace autoprune::hardware
