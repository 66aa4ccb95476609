#include "autoprune/core/processors.hpp"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

using namespace autoprune;

namespace {

namespace fs = std::filesystem;

// A directory in the place of /proc and /sys/fs/cgroup.
class ControlGroups {
 public:
  ControlGroups() { fs::remove_all(root_); }
  ~ControlGroups() { fs::remove_all(root_); }

  void write(const std::string& file, const std::string& text) const {
    const fs::path path = root_ / file;
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  Index processors() const { return detail::cgroup_processors(root_ / "self", root_ / "mount"); }

 private:
  fs::path root_ = fs::temp_directory_path() / "autoprune-control-groups";
};

}  // namespace

TEST_CASE("a quota is counted in processors, rounded up", "[processors]") {
  const ControlGroups groups;
  groups.write("self", "0::/group/job\n");
  CHECK(groups.processors() == 0);
  groups.write("mount/group/job/cpu.max", "max 100000\n");
  CHECK(groups.processors() == 0);
  groups.write("mount/group/job/cpu.max", "150000 100000\n");
  CHECK(groups.processors() == 2);
  groups.write("mount/group/job/cpu.max", "300000 100000\n");
  CHECK(groups.processors() == 3);
}

TEST_CASE("the tightest quota on the way to the root counts", "[processors]") {
  const ControlGroups groups;
  groups.write("self", "0::/group/job\n");
  groups.write("mount/group/job/cpu.max", "400000 100000\n");
  groups.write("mount/group/cpu.max", "200000 100000\n");
  groups.write("mount/cpu.max", "800000 100000\n");
  CHECK(groups.processors() == 2);
}

TEST_CASE("a container reads the quota at the root of what it sees", "[processors]") {
  const ControlGroups groups;
  groups.write("self", "0::/../../elsewhere\n");
  groups.write("mount/cpu.max", "50000 100000\n");
  CHECK(groups.processors() == 1);
}

TEST_CASE("control groups of the first version have two files", "[processors]") {
  const ControlGroups groups;
  groups.write("self", "5:memory:/other\n4:cpu,cpuacct:/job\n0::/\n");
  groups.write("mount/cpu/other/cpu.cfs_quota_us", "100000\n");  // that of other processes
  groups.write("mount/cpu/other/cpu.cfs_period_us", "100000\n");
  groups.write("mount/cpu/job/cpu.cfs_quota_us", "-1\n");
  groups.write("mount/cpu/job/cpu.cfs_period_us", "100000\n");
  CHECK(groups.processors() == 0);
  groups.write("mount/cpu/job/cpu.cfs_quota_us", "250000\n");
  CHECK(groups.processors() == 3);
}

TEST_CASE("this process may use a processor", "[processors]") { CHECK(usable_processors() >= 1); }
