#include "autoprune/io/file.hpp"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <thread>

#include "helpers.hpp"

using namespace autoprune;
using autoprune::io::test::check_error;
using autoprune::io::test::error_of;
using autoprune::io::test::TempDir;

namespace {

/// While it lives, no file of this process can grow beyond `bytes`, as on a disk that is full.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    ::signal(SIGXFSZ, handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  sighandler_t handler_;
  rlimit before_{};
};

}  // namespace

TEST_CASE("what is written is read back, whatever its size", "[file]") {
  const TempDir dir;
  Random random(1);
  for (const Index size : {0, 1, 4096, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3'000'000}) {
    std::string content(static_cast<std::size_t>(size), '\0');
    for (char& c : content) c = static_cast<char>(random());
    io::write_file(dir / "file", content);
    CHECK(io::read_file(dir / "file") == content);
    CHECK(dir.files() == 1);
  }
}

TEST_CASE("a file that can't be read is an error that names it", "[file]") {
  const TempDir dir;
  check_error(error_of([&] { (void)io::read_file(dir / "none"); }), ErrorId::cannot_open,
              {(dir / "none").string(), "No such file"});
  check_error(error_of([&] { (void)io::read_file(dir.path()); }), ErrorId::cannot_open,
              {"Is a directory"});
}

TEST_CASE("a file too large to hold is an error before it is held", "[file]") {
  const TempDir dir;
  io::write_file(dir / "four", "1234");
  CHECK(io::read_file(dir / "four", 4) == "1234");
  check_error(error_of([&] { (void)io::read_file(dir / "four", 3); }), ErrorId::cannot_open,
              {(dir / "four").string(), "more than 3 bytes"});
  io::write_file(dir / "sparse", "");
  std::filesystem::resize_file(dir / "sparse", std::uintmax_t{1} << 42);
  check_error(error_of([&] { (void)io::read_file(dir / "sparse"); }), ErrorId::cannot_open,
              {"sparse", concat(io::kMaxFile)});
  check_error(error_of([] { (void)io::read_file("/dev/zero", 1 << 20); }), ErrorId::cannot_open,
              {"/dev/zero", "1048576"});
  CHECK(io::read_file("/dev/null").empty());
}

TEST_CASE("a pipe is read to its end, if it has one", "[file]") {
  const TempDir dir;
  REQUIRE(::mkfifo((dir / "pipe").c_str(), 0600) == 0);
  ::signal(SIGPIPE, SIG_IGN);
  const auto written = [&](std::size_t size, std::size_t most) {
    std::thread writer([&] {
      try {
        io::write_file(dir / "pipe", std::string(size, 'x'));
      } catch (const Error&) {  // nobody reads any more
      }
    });
    try {
      const std::string content = io::read_file(dir / "pipe", most);
      writer.join();
      return content.size();
    } catch (const Error& error) {
      writer.join();
      CHECK(error.id() == ErrorId::cannot_open);
      return std::size_t{0};
    }
  };
  CHECK(written(3'000'000, 3'000'000) == 3'000'000);
  CHECK(written(3'000'000, 2'000'000) == 0);
  ::signal(SIGPIPE, SIG_DFL);
}

TEST_CASE("the previous file survives a disk that fills up, and no rest is left", "[file]") {
  const TempDir dir;
  const std::string previous = "the previous checkpoint", next(100'000, 'x');
  io::write_file(dir / "checkpoint", previous);
  const Error error = error_of([&] {
    const FileSizeLimit full(4096);
    io::write_file(dir / "checkpoint", next);
  });
  check_error(error, ErrorId::cannot_write, {(dir / "checkpoint").string(), "File too large"});
  CHECK(io::read_file(dir / "checkpoint") == previous);
  CHECK(dir.files() == 1);
  io::write_file(dir / "checkpoint", next);
  CHECK(io::read_file(dir / "checkpoint") == next);
}

TEST_CASE("a writer that fails on the way leaves the previous file, and no rest", "[file]") {
  const TempDir dir;
  io::write_file(dir / "checkpoint", "previous");
  CHECK_THROWS_AS(io::write_file(dir / "checkpoint",
                                 [](const io::Write& write) {
                                   write("half of the next");
                                   fail(ErrorId::diverged, "the other half isn't there");
                                 }),
                  Error);
  CHECK(io::read_file(dir / "checkpoint") == "previous");
  CHECK(dir.files() == 1);
}

TEST_CASE("a device without room is reported and stays a device", "[file]") {
  check_error(error_of([] { io::write_file("/dev/full", "content"); }), ErrorId::cannot_write,
              {"/dev/full", "No space left"});
  CHECK(std::filesystem::is_character_file("/dev/full"));
  io::write_file("/dev/null", "content");
  CHECK(std::filesystem::is_character_file("/dev/null"));
}

TEST_CASE("a place that can't be written is reported", "[file]") {
  const TempDir dir;
  check_error(error_of([&] { io::write_file(dir / "no/such/file", "x"); }), ErrorId::cannot_write,
              {"no/such/file", "No such file or directory"});
  check_error(error_of([&] { io::write_file(dir.path(), "x"); }), ErrorId::cannot_write,
              {"Is a directory"});
  CHECK(dir.files() == 0);
}

TEST_CASE("a link keeps pointing at the file that is replaced", "[file]") {
  const TempDir dir;
  io::write_file(dir / "target", "old");
  std::filesystem::create_symlink("target", dir / "link");
  io::write_file(dir / "link", "new");
  CHECK(std::filesystem::is_symlink(dir / "link"));
  CHECK(io::read_file(dir / "target") == "new");
  CHECK(dir.files() == 2);
}

TEST_CASE("what killed writers have left is told from every other file", "[file]") {
  const TempDir dir;
  const std::vector<std::string> left = {"report.json.1.tmp", "report.json.1234567.tmp"};
  const std::vector<std::string> others = {
      "report.json",         "report.json.tmp",      "report.json..tmp",   "report.json.12.tmp.bak",
      "report.json.12a.tmp", "report.json.-1.tmp",   "report.json.12",     "report.json.12tmp",
      "report.jsonx.12.tmp", "my.report.json.1.tmp", "report.html.12.tmp", "report.json.1.2.tmp",
      "report.json.backup"};
  for (const std::string& name : left) io::write_file(dir / name, "torn");
  for (const std::string& name : others) io::write_file(dir / name, name);
  std::filesystem::create_directory(dir / "report.json.77.tmp");
  std::filesystem::create_symlink("report.json", dir / "report.json.78.tmp");

  io::remove_leftovers(dir / "report.json");
  for (const std::string& name : left) CHECK_FALSE(std::filesystem::exists(dir / name));
  for (const std::string& name : others) CHECK(io::read_file(dir / name) == name);
  CHECK(dir.files() == static_cast<Index>(others.size()) + 2);
  io::remove_leftovers(dir / "no/such/directory/file");
}

TEST_CASE("a writer that is killed leaves the file as it was, and a name that is known", "[file]") {
  const TempDir dir;
  io::write_file(dir / "file", "old");
  const pid_t writer = ::fork();
  if (writer == 0) {  // the signal of a file that grows too large ends it in mid-write
    ::signal(SIGXFSZ, SIG_DFL);
    const rlimit limit{4096, 4096}, no_core{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    ::setrlimit(RLIMIT_FSIZE, &limit);
    io::write_file(dir / "file", std::string(100'000, 'x'));
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(writer, &status, 0);
  REQUIRE(WIFSIGNALED(status));
  CHECK(io::read_file(dir / "file") == "old");
  CHECK(std::filesystem::exists(dir / concat("file.", writer, ".tmp")));
  io::remove_leftovers(dir / "file");
  CHECK(dir.files() == 1);
}

TEST_CASE("trying whether a directory can be written touches nothing in it", "[file]") {
  const TempDir dir;
  io::write_file(dir / ".autoprune-probe", "the user's");
  io::require_writable(dir.path());
  CHECK(io::read_file(dir / ".autoprune-probe") == "the user's");
  CHECK(dir.files() == 1);
  for (const std::filesystem::path& place : {dir / "none", dir / ".autoprune-probe"})
    check_error(error_of([&] { io::require_writable(place); }), ErrorId::cannot_write,
                {place.string()});
  check_error(error_of([] { io::require_writable("/proc/self"); }), ErrorId::cannot_write,
              {"/proc/self"});
  check_error(error_of([&] { io::make_directory(dir / ".autoprune-probe/below"); }),
              ErrorId::cannot_write, {"below"});
}
