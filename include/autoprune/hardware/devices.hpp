/// @file devices.hpp
/// What real cells and bitlines do: a device each in devices/, and a word here.
#pragma once

#include <concepts>
#include <cstdint>
#include <string_view>
#include <tuple>
#include <type_traits>

#include "autoprune/core/error.hpp"
#include "autoprune/core/random.hpp"
#include "autoprune/hardware/device.hpp"
#include "autoprune/hardware/devices/on_off_ratio.hpp"
#include "autoprune/hardware/devices/stuck_at.hpp"
#include "autoprune/hardware/devices/variation.hpp"
#include "autoprune/hardware/own.hpp"

namespace autoprune::hardware {

/// Devices one after another, in this order; at least one.
template <DevicePolicy... Kinds>
requires(sizeof...(Kinds) > 0) class Devices {
  template <class Device>
  static constexpr bool kHas = (std::is_same_v<Device, Kinds> || ...);

 public:
  Devices() = default;
  /// Those that aren't given are as they come. Throws what validate() throws.
  template <class... Some>
  requires(sizeof...(Some) > 0 && (kHas<Some> && ...)) explicit Devices(const Some&... some) {
    ((get<Some>() = some), ...);
    validate();
  }

  template <class Kind>
  [[nodiscard]] Kind& get() noexcept {
    return std::get<Kind>(kinds_);
  }
  template <class Kind>
  [[nodiscard]] const Kind& get() const noexcept {
    return std::get<Kind>(kinds_);
  }

  /// Shows all that the devices describe.
  void describe(auto& visit) {
    std::apply([&](auto&... kind) { (kind.describe(visit), ...); }, kinds_);
  }
  /// Sets the number or word that is described by this key.
  template <class Value>
  void set(std::string_view key, const Value& value) {
    const Setter<Value> setter{key, value};
    describe(setter);
  }
  /// Throws out_of_range.
  void validate() const {
    const LimitsCheck check;
    Devices(*this).describe(check);
    const auto own = [](const auto& kind) {
      if constexpr (requires { kind.validate(); }) kind.validate();
    };
    std::apply([&](const auto&... kind) { (own(kind), ...); }, kinds_);
  }
  /// Nothing changes any cell.
  [[nodiscard]] bool ideal() const noexcept {
    return std::apply([](const auto&... kind) { return (kind.ideal() && ...); }, kinds_);
  }
  /// Conductance of a written cell of 0 .. `levels` - 1.
  [[nodiscard]] float conductance(std::int32_t level, std::int32_t levels, Random& random) const {
    Cell cell{static_cast<float>(level), 0.0F, static_cast<float>(levels - 1)};
    std::apply([&](const auto&... k) { ((k.ideal() ? void() : k(cell, random)), ...); }, kinds_);
    return cell.conductance;
  }

  friend bool operator==(const Devices&, const Devices&) = default;

 private:
  template <class Value>
  struct Setter {
    std::string_view wanted;
    const Value& value;

    void number(std::string_view key, double& field, const Limits&, const char*) const {
      if constexpr (std::is_same_v<Value, double>)
        if (key == wanted) field = value;
    }
    template <class Word>
    void word(std::string_view key, Word& field, const char*) const {
      if constexpr (std::is_same_v<Value, Word>)
        if (key == wanted) field = value;
    }
  };
  struct LimitsCheck {
    void number(std::string_view key, double value, const Limits& limits, const char*) const {
      if (!limits.holds(value))
        fail(ErrorId::out_of_range, "the devices' ", key, " is ", value, "; it must be ",
             limits.above ? "above " : "from ", limits.low, limits.above ? ", up to " : " to ",
             limits.high);
    }
    template <class Word>
    void word(std::string_view, const Word&, const char*) const {}
  };

  std::tuple<Kinds...> kinds_;
};

template <class... Kinds>
Devices(const Kinds&...) -> Devices<Kinds...>;

namespace detail {

template <class... First, class... Then>
Devices<First..., Then...> join_devices(std::tuple<First...>, std::tuple<Then...>);

}  // namespace detail

/// What happens to a cell, in this order.
using CellKinds = decltype(detail::join_devices(
    std::declval<std::tuple<OnOffRatio, StuckAt, Variation>>(), OwnDevices<>::type{}));

/// The cells and bitlines of an accelerator; as they come, they are ideal.
struct CellDevices {
  CellKinds cells = {};
  double read_noise = 0.0;  ///< standard deviation of every bitline's every read, in cell levels

  /// Nothing is drawn and nothing is off.
  [[nodiscard]] bool ideal() const { return cells.ideal() && read_noise == 0.0; }
  /// Throws out_of_range.
  void validate() const {
    cells.validate();
    if (!(read_noise >= 0.0 && read_noise <= 100.0))
      fail(ErrorId::out_of_range, "read noise of ", read_noise, " levels; 0 to 100");
  }

  friend bool operator==(const CellDevices&, const CellDevices&) = default;
};

}  // namespace autoprune::hardware
