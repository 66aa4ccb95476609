/// @file directory_lock.hpp
/// A directory that one process at a time writes its results to (POSIX).
#pragma once

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string>

#include "autoprune/core/error.hpp"
#include "autoprune/io/file.hpp"

namespace autoprune::io {

/// Holds a directory for as long as it lives; the system lets go of it when the process dies. The
/// lock is that of the file `.autoprune.lock`, which names the process. Where the file system knows
/// no locks, nothing is held.
class DirectoryLock {
 public:
  /// Makes the directory when it is missing. Throws directory_in_use, or cannot_write when no file
  /// can be made in it.
  explicit DirectoryLock(const std::filesystem::path& directory) {
    make_directory(directory);
    path_ = directory / ".autoprune.lock";
    constexpr int kTries = 100;  // a loop without end helps nobody
    for (int i = 0; i < kTries && !is_current(); ++i) {
      if (file_ >= 0) ::close(file_);
      file_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
      if (file_ < 0) fail_write(errno);
      if (::flock(file_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) fail_held(directory);
    }
    name_holder();
  }
  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;
  /// The file goes before the lock does, so that it is always the holder's own that is removed.
  ~DirectoryLock() {
    ::unlink(path_.c_str());
    ::close(file_);
  }

 private:
  /// Whether the file that was locked still has its name; its last holder may just have removed it.
  [[nodiscard]] bool is_current() const {
    struct stat locked = {};
    struct stat named = {};
    return ::fstat(file_, &locked) == 0 && ::stat(path_.c_str(), &named) == 0 &&
           locked.st_ino == named.st_ino && locked.st_dev == named.st_dev;
  }

  void name_holder() {
    const std::string process = concat(::getpid(), '\n');
    const bool written =
        ::ftruncate(file_, 0) == 0 &&
        ::pwrite(file_, process.data(), process.size(), 0) == static_cast<ssize_t>(process.size());
    if (written) return;
    const int error = errno;
    ::unlink(path_.c_str());
    fail_write(error);
  }

  [[noreturn]] void fail_write(int error) {
    if (file_ >= 0) ::close(file_);
    fail(ErrorId::cannot_write, "can't write '", path_.string(), "': ", detail::errno_text(error),
         "; choose a directory that is yours and has room");
  }

  [[noreturn]] void fail_held(const std::filesystem::path& directory) {
    std::string process(20, '\0');
    const ssize_t size = ::pread(file_, process.data(), process.size(), 0);
    process.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    while (!process.empty() && process.back() == '\n') process.pop_back();
    ::close(file_);
    fail(ErrorId::directory_in_use, "another run, process ", process.empty() ? "unknown" : process,
         ", is writing to '", directory.string(),
         "'; wait until it has ended, or choose another directory");
  }

  std::filesystem::path path_;
  int file_ = -1;
};

}  // namespace autoprune::io
