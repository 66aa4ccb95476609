/// @file harness.hpp
/// A harness hands any bytes to readers of the library. A reader takes them or throws
/// autoprune::Error, within 10 seconds and 2 GB; all else is a bug: another exception, a signal, a
/// sanitizer's complaint, or figures that contradict one another. Each tests/fuzz/<name>_fuzz.cpp
/// defines one.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "autoprune/core/error.hpp"

namespace autoprune::fuzz {

class Harness {
 public:
  /// Throws Error for bytes that it refuses.
  using Read = void (*)(std::string_view bytes);

  /// Enters the program's list of harnesses. Its seeds are in corpus/<name>/.
  Harness(std::string name, Read read) : name_(std::move(name)), read_(read) {
    list().push_back(this);
  }
  Harness(const Harness&) = delete;
  Harness& operator=(const Harness&) = delete;

  [[nodiscard]] const std::string& name() const noexcept { return name_; }

  /// Whether the bytes were taken.
  bool run(std::string_view bytes) const {
    try {
      read_(bytes);
      return true;
    } catch (const Error&) {
      return false;
    }
  }

  [[nodiscard]] static const std::vector<const Harness*>& all() { return list(); }

 private:
  static std::vector<const Harness*>& list() {
    static std::vector<const Harness*> harnesses;
    return harnesses;
  }

  std::string name_;
  Read read_;
};

/// Whether the call threw no Error: for harnesses that have more to try.
template <class Call>
bool succeeds(const Call& call) {
  try {
    call();
    return true;
  } catch (const Error&) {
    return false;
  }
}

/// What was read has to hold together.
inline void require(bool holds, const char* what) {
  if (!holds) throw std::logic_error(what);
}

}  // namespace autoprune::fuzz
