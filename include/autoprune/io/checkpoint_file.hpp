/// @file checkpoint_file.hpp
/// A checkpoint on disk: whose it is, how long that run has worked, and its bytes, whole or not at
/// all.
#pragma once

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

inline constexpr std::string_view kCheckpointMagic = "APRCKPT1";

struct CheckpointHeader {
  std::uint64_t run, sum;
  double seconds;
};

}  // namespace detail

/// Replaces the file at once; a write that fails or is killed leaves the one before it. Throws
/// cannot_write.
inline void write_checkpoint(const std::filesystem::path& path, Checkpoint checkpoint) {
  const detail::CheckpointHeader header{
      checkpoint.run, search::Fingerprint().add(std::span<const char>(checkpoint.bytes)).value(),
      checkpoint.seconds};
  checkpoint.bytes.insert(0, reinterpret_cast<const char*>(&header), sizeof header);
  checkpoint.bytes.insert(0, detail::kCheckpointMagic);
  write_file(path, checkpoint.bytes);
}

/// The checkpoint of run `run`. Throws cannot_open, bad_magic, truncated_file when its bytes aren't
/// those that were written, or checkpoint_mismatch when it is of another run.
[[nodiscard]] inline Checkpoint read_checkpoint(const std::filesystem::path& path,
                                                std::uint64_t run) {
  std::string bytes = read_file(path, 3 * kMaxFile);  // parameters, their momentum, masks
  detail::CheckpointHeader header{};
  constexpr std::size_t kPrefix = detail::kCheckpointMagic.size() + sizeof header;
  if (bytes.size() < kPrefix || !bytes.starts_with(detail::kCheckpointMagic))
    fail(ErrorId::bad_magic, "file '", path.string(),
         "' is not a checkpoint of this version; remove it to begin anew");
  std::memcpy(&header, bytes.data() + detail::kCheckpointMagic.size(), sizeof header);
  bytes.erase(0, kPrefix);
  if (search::Fingerprint().add(std::span<const char>(bytes)).value() != header.sum)
    fail(ErrorId::truncated_file, "checkpoint '", path.string(),
         "' is damaged or cut off; remove it to begin anew");
  if (header.run != run)
    fail(ErrorId::checkpoint_mismatch, "checkpoint '", path.string(),
         "' is of another run (network, data or options); resume with the options that it began "
         "with, or choose another directory");
  return {header.run, header.seconds, std::move(bytes)};
}

}  // namespace autoprune::io
