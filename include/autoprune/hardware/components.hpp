/// @file components.hpp
/// What an OU accelerator is built of: what cost/ou_model.hpp knows by itself, and a list of more.
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/core/types.hpp"
#include "autoprune/hardware/component.hpp"
#include "autoprune/hardware/component_table.hpp"
#include "autoprune/hardware/own.hpp"

namespace autoprune::hardware {

enum class Component {
  cell,             ///< a ReRAM cell; acts when its row is driven and its bitline is read
  wordline_driver,  ///< one a row of a crossbar
  dac,              ///< acts for each wordline of an activation
  input_demux,      ///< from a DAC to the row that it drives
  input_register,   ///< one a DAC: holds an input while its digits are driven
  sample_hold,      ///< one a bitline
  output_mux,       ///< from bitlines to the ADC that they share
  adc,              ///< acts for each bitline of an activation
  output_register,  ///< one an ADC: holds what it has read
  shift_add,        ///< one an ADC: merges digits of inputs, bit planes and signs
  input_buffer,     ///< memory of input values
  index_buffer,     ///< memory of row groups and output columns
  index_decoder,    ///< one an index bank: from what the buffer holds to rows and columns
  accumulator,      ///< one a filter: register and adder at the end of the scatter
};

/// Components that are added: a file each that is included here, and a word; behind them a
/// program's own. As values of Component they follow the accumulator.
using AddedComponents =
    decltype(std::tuple_cat(std::declval<std::tuple<>>(), std::declval<OwnComponents<>::type>()));

namespace detail {

inline constexpr std::array<std::string_view, 14> kBuiltIn = {
    "cell",         "wordline_driver", "dac",           "input_demux",     "input_register",
    "sample_hold",  "output_mux",      "adc",           "output_register", "shift_add",
    "input_buffer", "index_buffer",    "index_decoder", "accumulator"};

template <class... Kinds>
[[nodiscard]] constexpr auto all_names(std::type_identity<std::tuple<Kinds...>>) {
  std::array<std::string_view, kBuiltIn.size() + sizeof...(Kinds)> names{};
  std::copy(kBuiltIn.begin(), kBuiltIn.end(), names.begin());
  [[maybe_unused]] auto next = names.begin() + kBuiltIn.size();
  ((*next++ = Kinds::kName), ...);
  return names;
}

}  // namespace detail

template <>
struct ComponentNames<Component> {
  static constexpr auto names = detail::all_names(std::type_identity<AddedComponents>{});
};

/// visit(component, kind) for each component that is added.
template <class Visit>
constexpr void for_each_added(const Visit& visit) {
  std::apply(
      [&](auto... kinds) {
        [[maybe_unused]] std::size_t next = detail::kBuiltIn.size();
        (visit(static_cast<Component>(next++), kinds), ...);
      },
      AddedComponents{});
}

/// The place of an added component in tables; doesn't compile for one that isn't in the list.
template <class Kind>
[[nodiscard]] consteval Component component_of() {
  Component found{};
  for_each_added([&]<class K>(Component c, K) {
    if (std::is_same_v<K, Kind>) found = c;
  });
  if (found == Component{}) throw "not in AddedComponents";
  return found;
}

template <class T>
using PartTable = ComponentTable<Component, T>;

[[nodiscard]] inline std::vector<std::string> memory_technologies() {
  return {"sram-45nm", "sram-65nm", "sram-90nm", "edram-32nm"};
}

/// What buffers are made of.
struct MemoryKind {
  std::string technology = "sram-90nm";  ///< one of memory_technologies()
  Index port_bits = 64;                  ///< of one access

  /// Throws unknown_name for the technology, out_of_range for a port that it doesn't have.
  void validate() const {
    const std::vector<std::string> known = memory_technologies();
    if (std::find(known.begin(), known.end(), technology) == known.end())
      fail_unknown("memory technology", technology, known);
    if (technology == "edram-32nm") {
      if (port_bits != 256)
        fail(ErrorId::out_of_range, "memory port_bits = ", port_bits, "; edram-32nm has 256");
    } else if (port_bits != 64 && port_bits != 128 && port_bits != 256 && port_bits != 512) {
      fail(ErrorId::out_of_range, "memory port_bits = ", port_bits,
           "; SRAM has 64, 128, 256 or 512");
    }
  }

  friend bool operator==(const MemoryKind&, const MemoryKind&) = default;
};

/// The memories have no Part: their size decides, and cost/memory.hpp knows.
[[nodiscard]] constexpr bool is_memory(Component c) noexcept {
  return c == Component::input_buffer || c == Component::index_buffer;
}

}  // namespace autoprune::hardware
