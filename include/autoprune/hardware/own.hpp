/// @file own.hpp
/// Where a program adds kinds of its own to the library's lists, without touching the library. It
/// includes this file, specialises one of the structs, and includes the rest of the library then,
/// alike in all of its source files:
///
///     template <>
///     struct autoprune::hardware::OwnDevices<> : std::type_identity<std::tuple<Drift>> {};
#pragma once

#include <tuple>
#include <type_traits>

namespace autoprune::hardware {

/// Components that are priced; component.hpp says what they have.
template <class = void>
struct OwnComponents : std::type_identity<std::tuple<>> {};

/// Devices that act behind the library's; device.hpp says what they have.
template <class = void>
struct OwnDevices : std::type_identity<std::tuple<>> {};

}  // namespace autoprune::hardware
