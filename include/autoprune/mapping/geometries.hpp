/// @file geometries.hpp
/// From a geometry that is known at run time to one that is known at compile time.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/core/geometry.hpp"

namespace autoprune::mapping {

template <GeometryType... Geoms>
struct GeometryList {};

/// The geometries that the command line is compiled for; a program may list its own.
using DefaultGeometries =
    GeometryList<PaperGeometry, Geometry<128, 128, 32, 32, 2>, Geometry<128, 128, 32, 32, 4>,
                 Geometry<128, 128, 8, 8, 1>, Geometry<128, 128, 16, 16, 1>,
                 Geometry<128, 128, 64, 64, 1>, Geometry<128, 128, 128, 128, 1>,
                 Geometry<64, 64, 32, 32, 1>, Geometry<256, 256, 32, 32, 1>,
                 Geometry<256, 256, 64, 64, 1>, Geometry<512, 512, 32, 32, 1>>;

namespace detail {

template <class F, GeometryType First, GeometryType... Rest>
decltype(auto) with_geometry(const GeometrySpec& spec, F&& f, GeometryList<First, Rest...>,
                             std::vector<std::string> tried) {
  if (spec == First::spec()) return std::forward<F>(f)(First{});
  tried.push_back(First::spec().to_string());
  if constexpr (sizeof...(Rest) > 0) {
    return with_geometry(spec, std::forward<F>(f), GeometryList<Rest...>{}, std::move(tried));
  } else {
    fail(ErrorId::not_instantiated, "geometry ", spec.to_string(),
         " was not compiled into this program; available: ", join(tried));
  }
}

}  // namespace detail

/// Calls f(Geom{}) for the Geom of the list that equals `spec` and returns what it returns.
/// Throws not_instantiated, or what GeometrySpec::validate() throws.
template <class List = DefaultGeometries, class F>
decltype(auto) with_geometry(const GeometrySpec& spec, F&& f) {
  spec.validate();
  return detail::with_geometry(spec, std::forward<F>(f), List{}, {});
}

}  // namespace autoprune::mapping
