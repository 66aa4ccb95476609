/// Visitors that save the state of an agent, restore it, and look into it.
#pragma once

#include <catch2/catch.hpp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "autoprune/rl/state_visitor.hpp"

namespace archive {

using Bytes = std::vector<std::byte>;

struct Writer {
  Bytes bytes;
  void operator()(std::string_view, std::span<float> numbers) { write(std::as_bytes(numbers)); }
  void operator()(std::string_view, std::uint64_t& number) {
    write(std::as_bytes(std::span(&number, 1)));
  }
  void write(std::span<const std::byte> more) {
    bytes.insert(bytes.end(), more.begin(), more.end());
  }
};

struct Reader {
  std::span<const std::byte> left;
  void operator()(std::string_view, std::span<float> numbers) {
    read(std::as_writable_bytes(numbers));
  }
  void operator()(std::string_view, std::uint64_t& number) {
    read(std::as_writable_bytes(std::span(&number, 1)));
  }
  void read(std::span<std::byte> out) {
    REQUIRE(left.size() >= out.size());
    std::memcpy(out.data(), left.data(), out.size());
    left = left.subspan(out.size());
  }
};

/// Keeps what has floating-point numbers, by name.
struct Snapshot {
  std::map<std::string, std::vector<float>, std::less<>> numbers;
  void operator()(std::string_view name, std::span<float> values) {
    numbers[std::string(name)].assign(values.begin(), values.end());
  }
  void operator()(std::string_view, std::uint64_t&) {}
};

static_assert(autoprune::rl::StateVisitor<Writer> && autoprune::rl::StateVisitor<Reader> &&
              autoprune::rl::StateVisitor<Snapshot>);

[[nodiscard]] Bytes save(auto& object) {
  Writer writer;
  object.visit_state(writer);
  return writer.bytes;
}

void restore(auto& object, const Bytes& bytes) {
  Reader reader{bytes};
  object.visit_state(reader);
  REQUIRE(reader.left.empty());
}

}  // namespace archive
