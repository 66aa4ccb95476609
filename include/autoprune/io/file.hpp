/// @file file.hpp
/// Whole files (POSIX): read at once, and written so that a failure never costs the previous
/// content.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <new>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "autoprune/core/error.hpp"

namespace autoprune::io {

/// Takes the next bytes of a file.
using Write = std::function<void(std::string_view)>;
/// Hands over the bytes of a file, piece by piece.
using Contents = std::function<void(const Write&)>;

namespace detail {

[[nodiscard]] inline std::string errno_text(int error) {
  return std::generic_category().message(error);
}

/// Reads up to the end of an open file, which has `size` bytes if it says so. Returns 0, or the
/// errno of the step that failed; EFBIG for more than `most` bytes.
[[nodiscard]] inline int load(int file, std::string& content, std::size_t size, std::size_t most) {
  constexpr std::size_t kChunk = std::size_t{1} << 20;
  if (size > most) return EFBIG;
  content.reserve(size + kChunk);
  for (size = 0;;) {
    content.resize(size + kChunk);
    const ssize_t read = ::read(file, content.data() + size, kChunk);
    if (read < 0 && errno != EINTR) return errno;
    if (read > 0) size += static_cast<std::size_t>(read);
    content.resize(size);
    if (size > most) return EFBIG;
    if (read == 0) return 0;
  }
}

/// The same of a path.
[[nodiscard]] inline int load(const std::filesystem::path& path, std::string& content,
                              std::size_t most) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return errno;
  int error = 0;
  try {
    struct ::stat about {};
    const bool regular = ::fstat(file, &about) == 0 && S_ISREG(about.st_mode);
    error = load(file, content, regular ? static_cast<std::size_t>(about.st_size) : 0, most);
  } catch (const std::bad_alloc&) {
    error = ENOMEM;
  }
  ::close(file);
  return error;
}

/// Writes `contents` to `path` as they stand. Returns 0, or the errno of the step that failed.
[[nodiscard]] inline int store(const std::filesystem::path& path, const Contents& contents,
                               bool sync) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (file < 0) return errno;
  int error = 0;
  const auto write = [&](std::string_view piece) {
    while (!piece.empty() && error == 0) {
      const ssize_t written = ::write(file, piece.data(), piece.size());
      if (written >= 0)
        piece.remove_prefix(static_cast<std::size_t>(written));
      else if (errno != EINTR)
        error = errno;
    }
  };
  try {
    contents(write);
  } catch (...) {
    ::close(file);
    throw;
  }
  if (error == 0 && sync && ::fsync(file) != 0) error = errno;
  if (::close(file) != 0 && error == 0) error = errno;
  return error;
}

/// Whether `other` is the name of a file in which a process collects the new content of `name`.
[[nodiscard]] inline bool is_temporary(std::string_view other, std::string_view name) {
  constexpr std::string_view kEnd = ".tmp";
  if (!other.starts_with(name)) return false;
  other.remove_prefix(name.size());
  if (!other.starts_with('.') || !other.ends_with(kEnd) || other.size() < kEnd.size() + 2)
    return false;
  const std::string_view process = other.substr(1, other.size() - 1 - kEnd.size());
  return process.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace detail

/// The largest file that is read: a network of nn::kMaxParameters and its header.
inline constexpr std::size_t kMaxFile = (std::size_t{1} << 30) + (std::size_t{1} << 27);

/// The bytes of a file, a device or a pipe. Throws cannot_open, also for more than `most` bytes.
[[nodiscard]] inline std::string read_file(const std::filesystem::path& path,
                                           std::size_t most = kMaxFile) {
  std::string content;
  const int error = detail::load(path, content, most);
  if (error == EFBIG)
    fail(ErrorId::cannot_open, "can't read '", path.string(), "': it has more than ", most,
         " bytes; is it the right file?");
  if (error != 0)
    fail(ErrorId::cannot_open, "can't read '", path.string(), "': ", detail::errno_text(error),
         "; check the path and its permissions");
  return content;
}

/// Writes a file so that `path` holds either its previous content or all of the new one, whatever
/// happens: the bytes go to a temporary file beside it, which is synced to disk and then renamed.
/// Devices and pipes are written to directly. Throws cannot_write, and what `contents` throws; no
/// temporary file is left then.
inline void write_file(const std::filesystem::path& path, const Contents& contents) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  const bool special = fs::exists(path, ignored) && !fs::is_regular_file(path, ignored);
  // A link keeps pointing at the file that is replaced.
  const fs::path target =
      fs::is_symlink(path, ignored) ? fs::weakly_canonical(path, ignored) : path;
  const fs::path place =
      special ? path : fs::path(concat(target.string(), '.', ::getpid(), ".tmp"));

  int error = 0;
  try {
    error = detail::store(place, contents, !special);
  } catch (...) {
    if (!special) ::unlink(place.c_str());
    throw;
  }
  if (!special) {
    if (error == 0 && ::rename(place.c_str(), target.c_str()) != 0) error = errno;
    if (error != 0) ::unlink(place.c_str());
  }
  if (error != 0)
    fail(ErrorId::cannot_write, "can't write '", path.string(), "': ", detail::errno_text(error),
         "; nothing was changed: make room, or write to a directory that exists and is yours");
}

inline void write_file(const std::filesystem::path& path, std::string_view content) {
  write_file(path, [&](const Write& write) { write(content); });
}

/// Removes what processes that were killed in the midst of write_file(path, ...) have left: regular
/// files beside it of exactly the names that write_file() gives. No other process may be writing
/// the file now.
inline void remove_leftovers(const std::filesystem::path& path) {
  namespace fs = std::filesystem;
  const std::string name = path.filename().string();
  std::vector<fs::path> left;
  std::error_code error;
  for (fs::directory_iterator file(path.has_parent_path() ? path.parent_path() : ".", error);
       !error && file != fs::directory_iterator(); file.increment(error))
    if (detail::is_temporary(file->path().filename().string(), name) &&
        fs::is_regular_file(file->symlink_status(error)))
      left.push_back(file->path());
  for (const fs::path& file : left) fs::remove(file, error);
}

/// Makes a directory, and those above it, unless it is there. Throws cannot_write.
inline void make_directory(const std::filesystem::path& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error)
    fail(ErrorId::cannot_write, "can't make directory '", directory.string(),
         "': ", error.message(), "; choose another place");
}

/// Throws cannot_write unless files can be made in a directory. Only a file that this call itself
/// has made is removed again.
inline void require_writable(const std::filesystem::path& directory) {
  std::string probe = (directory / ".autoprune-probe-XXXXXX").string();
  const int file = ::mkstemp(probe.data());
  const int error = file < 0 ? errno : ::write(file, "x", 1) == 1 ? 0 : errno;
  if (file >= 0) {
    ::close(file);
    ::unlink(probe.c_str());
  }
  if (error != 0)
    fail(ErrorId::cannot_write, "can't write to directory '", directory.string(),
         "': ", detail::errno_text(error), "; choose one that is yours and has room");
}

}  // namespace autoprune::io
