/// @file limits.hpp
/// What any bytes may cost: 2 GB and 10 seconds.
#pragma once

#include <sys/resource.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <exception>
#include <fstream>
#include <string>

#include "autoprune/core/text.hpp"

namespace autoprune::fuzz {

/// While it lives, the process gets no more than 2 GB on top of what it has; what asks for more
/// gets std::bad_alloc, which no harness takes for an Error.
class MemoryLimit {
 public:
  MemoryLimit() {
    REQUIRE(::getrlimit(RLIMIT_AS, &before_) == 0);
    rlim_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    rlimit limited = before_;
    limited.rlim_cur = pages * static_cast<rlim_t>(::sysconf(_SC_PAGESIZE)) + (rlim_t{2} << 30);
    REQUIRE(::setrlimit(RLIMIT_AS, &limited) == 0);
  }
  MemoryLimit(const MemoryLimit&) = delete;
  MemoryLimit& operator=(const MemoryLimit&) = delete;
  ~MemoryLimit() { ::setrlimit(RLIMIT_AS, &before_); }

 private:
  rlimit before_{};
};

/// What is wrong with how the call ended: an exception, or how long it took. "": nothing.
template <class Call>
[[nodiscard]] std::string complaint(const Call& call,
                                    std::chrono::milliseconds most = std::chrono::seconds(10)) {
  const auto start = std::chrono::steady_clock::now();
  try {
    const MemoryLimit limit;
    call();
  } catch (const std::exception& error) {
    return concat("it threw '", error.what(), '\'');
  }
  const auto taken = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - start);
  return taken < most ? std::string{} : concat("it took ", taken.count(), " ms");
}

}  // namespace autoprune::fuzz
