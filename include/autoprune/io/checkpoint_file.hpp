/// @file checkpoint_file.hpp
/// A checkpoint on disk: whose it is, how long that run has worked, and its bytes, whole or not at
/// all.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "autoprune/core/error.hpp"
#include "autoprune/io/file.hpp"
#include "autoprune/search/archive.hpp"

namespace autoprune::io {

struct Checkpoint {
  std::uint64_t run = 0;  ///< fingerprint of everything that decides the run's result
  double seconds = 0.0;   ///< worked so far
  std::string bytes;      ///< what the run itself saved
};

namespace detail {

inline constexpr std::string_view kCheckpointMagic = "APRCKPT2";

struct CheckpointHeader {
  std::uint64_t sum;  ///< of all that follows
  std::uint64_t run;
  double seconds;
};

/// What stands in the header for a run's `contents`. A changed byte always changes it.
[[nodiscard]] inline std::uint64_t checkpoint_sum(std::uint64_t run, double seconds,
                                                  const Contents& contents) {
  search::Fingerprint sum;
  sum.add(std::span(&run, 1)).add(seconds);
  contents([&](std::string_view piece) { sum.add(std::span<const char>(piece)); });
  return sum.value();
}

}  // namespace detail

/// Replaces the file at once; a write that fails or is killed leaves the one before it. `contents`,
/// what the run itself saves, is asked twice, for the sum as well, so that a run of many parameters
/// needs no memory for a copy of them. Throws cannot_write.
inline void write_checkpoint(const std::filesystem::path& path, std::uint64_t run, double seconds,
                             const Contents& contents) {
  const detail::CheckpointHeader header{detail::checkpoint_sum(run, seconds, contents), run,
                                        seconds};
  write_file(path, [&](const Write& write) {
    write(detail::kCheckpointMagic);
    write({reinterpret_cast<const char*>(&header), sizeof header});
    contents(write);
  });
}
inline void write_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint) {
  write_checkpoint(path, checkpoint.run, checkpoint.seconds,
                   [&](const Write& write) { write(checkpoint.bytes); });
}

/// The checkpoint of run `run` in a file's bytes; `origin` names the file in messages. Throws
/// bad_magic, truncated_file when any of its bytes isn't what was written, or checkpoint_mismatch
/// when it is of another run.
[[nodiscard]] inline Checkpoint parse_checkpoint(std::string bytes, std::uint64_t run,
                                                 const std::string& origin) {
  detail::CheckpointHeader header{};
  constexpr std::size_t kPrefix = detail::kCheckpointMagic.size() + sizeof header;
  if (bytes.size() < kPrefix || !bytes.starts_with(detail::kCheckpointMagic))
    fail(ErrorId::bad_magic, "file '", origin,
         "' is not a checkpoint of this version; remove it to begin anew");
  std::memcpy(&header, bytes.data() + detail::kCheckpointMagic.size(), sizeof header);
  bytes.erase(0, kPrefix);
  const auto contents = [&](const Write& write) { write(bytes); };
  if (detail::checkpoint_sum(header.run, header.seconds, contents) != header.sum ||
      !std::isfinite(header.seconds))
    fail(ErrorId::truncated_file, "checkpoint '", origin,
         "' is damaged or cut off; remove it to begin anew");
  if (header.run != run)
    fail(ErrorId::checkpoint_mismatch, "checkpoint '", origin,
         "' is of another run (network, data or options); resume with the options that it began "
         "with, or choose another directory");
  return {header.run, header.seconds, std::move(bytes)};
}

/// The same of a file. Throws also cannot_open.
[[nodiscard]] inline Checkpoint read_checkpoint(const std::filesystem::path& path,
                                                std::uint64_t run) {
  return parse_checkpoint(read_file(path, 3 * kMaxFile), run, path.string());
}

}  // namespace autoprune::io
