/// @file formats.hpp
/// Formats of data sets that need other packages.
#pragma once

namespace autoprune::cli {

/// Makes pictures and compressed files known, where the program was built with what reads them.
void register_formats();

}  // namespace autoprune::cli
