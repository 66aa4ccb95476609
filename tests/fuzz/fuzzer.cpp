// The entry of libFuzzer, for one harness a program.
#include <cstddef>
#include <cstdint>

#include "harness.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  for (const auto* harness : autoprune::fuzz::Harness::all())
    harness->run({reinterpret_cast<const char*>(bytes), size});
  return 0;
}
