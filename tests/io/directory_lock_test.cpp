#include "autoprune/io/directory_lock.hpp"

#include <signal.h>
#include <sys/wait.h>

#include <optional>

#include "helpers.hpp"

using namespace autoprune;
using autoprune::io::test::check_error;
using autoprune::io::test::error_of;
using autoprune::io::test::TempDir;

namespace {

/// A child process that runs `body` and ends with what it returns.
template <class Body>
pid_t child(Body&& body) {
  const pid_t process = ::fork();
  if (process == 0) ::_exit(body());
  return process;
}

int status_of(pid_t process) {
  int status = 0;
  ::waitpid(process, &status, 0);
  return status;
}

}  // namespace

TEST_CASE("a directory is held by one run at a time", "[directory_lock]") {
  const TempDir dir;
  const std::filesystem::path out = dir / "new/directory";
  std::optional<io::DirectoryLock> lock(out);
  CHECK(io::read_file(out / ".autoprune.lock") == concat(::getpid(), '\n'));
  check_error(error_of([&] { io::DirectoryLock second(out); }), ErrorId::directory_in_use,
              {out.string(), concat("process ", ::getpid()), "choose another directory"});
  const io::DirectoryLock other(dir / "other");
  lock.reset();
  CHECK(std::filesystem::is_empty(out));
  const io::DirectoryLock again(out);
}

TEST_CASE("a process that was killed holds nothing", "[directory_lock]") {
  const TempDir dir;
  int ready[2];
  REQUIRE(::pipe(ready) == 0);
  const pid_t holder = child([&] {
    const io::DirectoryLock lock(dir.path());
    const bool told = ::write(ready[1], "x", 1) == 1;
    ::pause();
    return told ? 0 : 1;
  });
  char byte = 0;
  REQUIRE(::read(ready[0], &byte, 1) == 1);
  check_error(error_of([&] { io::DirectoryLock second(dir.path()); }), ErrorId::directory_in_use,
              {concat("process ", holder)});
  ::kill(holder, SIGKILL);
  CHECK(WIFSIGNALED(status_of(holder)));
  CHECK(std::filesystem::exists(dir / ".autoprune.lock"));
  {
    const io::DirectoryLock lock(dir.path());
    CHECK(io::read_file(dir / ".autoprune.lock") == concat(::getpid(), '\n'));
  }
  CHECK(dir.files() == 0);
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST_CASE("two processes never hold a directory together, however often they take it",
          "[directory_lock]") {
  const TempDir dir;
  const std::filesystem::path inside = dir / "inside";
  const auto take = [&] {
    int held = 0;
    for (int i = 0; i < 20'000 && held < 300; ++i) try {
        const io::DirectoryLock lock(dir.path());
        ++held;
        const int file = ::open(inside.c_str(), O_CREAT | O_EXCL | O_WRONLY, 0666);
        if (file < 0) return 2;
        ::close(file);
        ::unlink(inside.c_str());
      } catch (const Error& error) {
        if (error.id() != ErrorId::directory_in_use) return 3;
      }
    return held > 0 ? 0 : 1;
  };
  std::vector<pid_t> processes;
  for (int i = 0; i < 4; ++i) processes.push_back(child(take));
  for (const pid_t process : processes) CHECK(status_of(process) == 0);
  CHECK(dir.files() == 0);
}

TEST_CASE("a directory that can't be made or written can't be held", "[directory_lock]") {
  const TempDir dir;
  io::write_file(dir / "file", "kept");
  check_error(error_of([&] { io::DirectoryLock lock(dir / "file"); }), ErrorId::cannot_write,
              {(dir / "file").string()});
  check_error(error_of([] { io::DirectoryLock lock("/proc/self"); }), ErrorId::cannot_write,
              {"/proc/self"});
  CHECK(io::read_file(dir / "file") == "kept");
}
