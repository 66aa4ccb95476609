// The text of the error that a call throws.
#pragma once

#include <string>

#include "autoprune/core/error.hpp"

namespace autoprune {

/// "" when the call throws none.
template <class F>
std::string message_of(F&& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace autoprune
