/// @file inflate.hpp
/// Compressed bytes unpacked, where a component has brought what can: these headers need no zlib.
#pragma once

#include <atomic>
#include <string>
#include <string_view>

#include "autoprune/core/error.hpp"

namespace autoprune::io {

/// What surrounds deflated bytes: a gzip file, or nothing, as in a zip archive.
enum class Wrapping { gzip, none };

/// Unpacks at most `most` bytes of what `origin` names in messages. Throws truncated_file,
/// bad_header or cannot_open.
using Inflate = std::string (*)(std::string_view packed, Wrapping wrapping, std::size_t most,
                                const std::string& origin);

namespace detail {
inline std::atomic<Inflate> inflate = nullptr;
}

/// Called by the component `images`.
inline void register_inflate(Inflate inflate) { detail::inflate = inflate; }
[[nodiscard]] inline bool can_inflate() { return detail::inflate != nullptr; }

/// Throws missing_component where no component can, and what that throws.
[[nodiscard]] inline std::string inflate(std::string_view packed, Wrapping wrapping,
                                         std::size_t most, const std::string& origin) {
  if (!can_inflate())
    fail(ErrorId::missing_component, origin,
         " is compressed, and this program was built without zlib; unpack it, or install "
         "zlib1g-dev, libpng-dev and libjpeg-dev and build again");
  return detail::inflate.load()(packed, wrapping, most, origin);
}

}  // namespace autoprune::io
