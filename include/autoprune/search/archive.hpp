/// @file archive.hpp
/// Bytes of a checkpoint: names and values in a fixed order, little-endian. A reader that finds
/// another name or size than it expects refuses the file.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/core/number.hpp"
#include "autoprune/core/types.hpp"

namespace autoprune::search {

static_assert(std::endian::native == std::endian::little, "checkpoints are little-endian");

class ArchiveWriter {
 public:
  static constexpr bool loading = false;

  ArchiveWriter() = default;
  /// Hands the bytes on instead of collecting them.
  explicit ArchiveWriter(std::function<void(std::string_view)> write) : write_(std::move(write)) {}

  void operator()(std::string_view name, std::span<float> values) { put(name, values); }
  void operator()(std::string_view name, std::span<double> values) { put(name, values); }
  void operator()(std::string_view name, std::span<std::uint8_t> values) { put(name, values); }
  void operator()(std::string_view name, std::uint64_t& value) { put(name, std::span(&value, 1)); }
  void operator()(std::string_view name, double& value) { put(name, std::span(&value, 1)); }

  [[nodiscard]] const std::string& bytes() const noexcept { return bytes_; }

 private:
  template <class T>
  void put(std::string_view name, std::span<T> values) {
    put_number(name.size());
    put_bytes(name);
    put_number(values.size_bytes());
    put_bytes({reinterpret_cast<const char*>(values.data()), values.size_bytes()});
  }
  void put_number(std::uint64_t n) { put_bytes({reinterpret_cast<const char*>(&n), sizeof n}); }
  void put_bytes(std::string_view bytes) {
    if (write_)
      write_(bytes);
    else
      bytes_ += bytes;
  }

  std::function<void(std::string_view)> write_;
  std::string bytes_;
};

class ArchiveReader {
 public:
  static constexpr bool loading = true;

  explicit ArchiveReader(std::string_view bytes) : rest_(bytes) {}

  void operator()(std::string_view name, std::span<float> values) { get(name, values); }
  void operator()(std::string_view name, std::span<double> values) { get(name, values); }
  void operator()(std::string_view name, std::span<std::uint8_t> values) { get(name, values); }
  void operator()(std::string_view name, std::uint64_t& value) { get(name, std::span(&value, 1)); }
  void operator()(std::string_view name, double& value) { get(name, std::span(&value, 1)); }

  /// Throws checkpoint_mismatch when bytes are left: the checkpoint is of something else.
  void finish() const {
    if (!rest_.empty())
      fail(ErrorId::checkpoint_mismatch, "the checkpoint has ", rest_.size(), " bytes too many");
  }

 private:
  template <class T>
  void get(std::string_view name, std::span<T> values) {
    const std::string_view found = take(take_number());
    if (found != name)
      fail(ErrorId::checkpoint_mismatch, "the checkpoint holds '", found, "' where '", name,
           "' belongs; it is damaged or of another version");
    const std::uint64_t size = take_number();
    if (size != values.size_bytes())
      fail(ErrorId::checkpoint_mismatch, "the checkpoint's '", name, "' has ", size,
           " bytes, this run's ", values.size_bytes(),
           "; resume with the options of the first run");
    const std::string_view bytes = take(size);  // not memcpy: values may be empty
    std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(values.data()));
  }
  std::uint64_t take_number() {
    std::uint64_t n = 0;
    std::memcpy(&n, take(sizeof n).data(), sizeof n);
    return n;
  }
  std::string_view take(std::uint64_t size) {
    if (size > rest_.size())
      fail(ErrorId::truncated_file, "the checkpoint ends too early; use the one before it");
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  std::string_view rest_;
};

/// Visits a number that must be the same in both runs: another one throws checkpoint_mismatch.
template <class Archive>
void visit_same(Archive& archive, std::string_view name, std::uint64_t expected) {
  std::uint64_t found = expected;
  archive(name, found);
  if (found != expected)
    fail(ErrorId::checkpoint_mismatch, "the checkpoint's ", name,
         " is another one; resume with the network and the options of the first run");
}

/// Visits an integer that isn't negative, of any kind. Throws checkpoint_mismatch when one above
/// `most` is read.
template <class Archive, class Number>
void visit_integer(Archive& archive, std::string_view name, Number& number, Index most) {
  auto value = static_cast<std::uint64_t>(number);
  archive(name, value);
  if (value > static_cast<std::uint64_t>(most))
    fail(ErrorId::checkpoint_mismatch, "the checkpoint is damaged: '", name, "' is ", value,
         ", at most ", most, " makes sense");
  number = static_cast<Number>(value);
}

/// Visits numbers. Throws checkpoint_mismatch when one that isn't finite is read.
template <class Archive>
void visit_finite(Archive& archive, std::string_view name, std::span<double> numbers) {
  archive(name, numbers);
  for (const double number : numbers)
    if (!std::isfinite(number))
      fail(ErrorId::checkpoint_mismatch, "the checkpoint is damaged: '", name, "' holds ", number);
}

/// Throws checkpoint_mismatch for one outside of (0, 1].
inline void check_keep_ratios(std::span<const double> keep_ratios) {
  for (const double keep : keep_ratios)
    if (!(keep > 0.0 && keep <= 1.0))
      fail(ErrorId::checkpoint_mismatch, "the checkpoint is damaged: keep ratio ", keep);
}

/// Visits keep ratios. Throws checkpoint_mismatch when one outside of (0, 1] is read.
template <class Archive>
void visit_keep_ratios(Archive& archive, std::string_view name, std::span<double> keep_ratios) {
  archive(name, keep_ratios);
  check_keep_ratios(keep_ratios);
}

/// An integer that a checkpoint holds as a double. Throws checkpoint_mismatch outside of [0, most].
[[nodiscard]] inline Index stored_integer(double value, std::string_view name,
                                          Index most = kLargestWhole) {
  if (const auto whole = whole_number(value, 0, most)) return *whole;
  fail(ErrorId::checkpoint_mismatch, "the checkpoint is damaged: '", name, "' is ", value,
       ", not a whole number from 0 to ", most);
}

/// A number that tells contents apart (FNV-1a, 64 bits).
class Fingerprint {
 public:
  template <class T>
  Fingerprint& add(std::span<T> values) {
    for (const auto byte : std::as_bytes(values)) {
      hash_ ^= static_cast<std::uint64_t>(byte);
      hash_ *= 0x100000001B3ull;
    }
    return *this;
  }
  Fingerprint& add(double value) { return add(std::span<const double>(&value, 1)); }
  [[nodiscard]] std::uint64_t value() const noexcept { return hash_; }

 private:
  std::uint64_t hash_ = 0xCBF29CE484222325ull;
};

}  // namespace autoprune::search
