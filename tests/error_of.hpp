// The id of the error that a call throws.
#pragma once

#include "autoprune/core/error.hpp"

namespace autoprune {

/// ErrorId{} when the call throws none.
template <class F>
ErrorId error_of(F&& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.id();
  }
  return ErrorId{};
}

}  // namespace autoprune
