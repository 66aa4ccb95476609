#include "autoprune/core/thread_pool.hpp"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <stdexcept>

using namespace autoprune;

TEST_CASE("every item is done once, whatever the counts", "[thread_pool]") {
  for (const Index threads : {1, 2, 3, 8}) {
    ThreadPool pool(threads);
    CHECK(pool.threads() == threads);
    for (const Index items : {0, 1, 2, 3, 7, 100, 5000}) {
      std::vector<std::atomic<int>> done(static_cast<std::size_t>(items));
      pool.for_each(items, [&](Index i) { ++done[static_cast<std::size_t>(i)]; });
      for (const auto& count : done) CHECK(count == 1);
    }
  }
}

TEST_CASE("many short rounds follow one another", "[thread_pool]") {
  ThreadPool pool(4);
  std::atomic<Index> sum{0};
  for (Index round = 0; round < 5000; ++round) pool.for_each(4, [&](Index i) { sum += i; });
  CHECK(sum == 5000 * 6);
}

TEST_CASE("more than one thread works", "[thread_pool]") {
  ThreadPool pool(2);
  std::atomic<Index> arrived{0};
  std::vector<std::thread::id> ids(2);
  pool.for_each(2, [&](Index i) {
    ids[static_cast<std::size_t>(i)] = std::this_thread::get_id();
    for (++arrived; arrived < 2;) std::this_thread::yield();  // no item ends before both began
  });
  CHECK(ids[0] != ids[1]);
}

TEST_CASE("the exception of an item reaches the caller, and the pool goes on", "[thread_pool]") {
  for (const Index threads : {1, 3}) {
    ThreadPool pool(threads);
    for (const Index bad : {0, 57, 99}) {
      CHECK_THROWS_WITH(pool.for_each(100,
                                      [&](Index i) {
                                        if (i == bad) throw std::runtime_error("item failed");
                                      }),
                        "item failed");
      std::atomic<Index> done{0};
      pool.for_each(100, [&](Index) { ++done; });
      CHECK(done == 100);
    }
    CHECK_THROWS_AS(pool.for_each(100, [](Index i) { throw i; }), Index);
  }
}

TEST_CASE("items that nobody has begun are left out after an exception", "[thread_pool]") {
  ThreadPool pool(2);
  std::atomic<Index> begun{0};
  CHECK_THROWS(pool.for_each(1000, [&](Index i) {
    if (i == 0) throw std::runtime_error("item failed");
    ++begun;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }));
  CHECK(begun < 999);
}

TEST_CASE("no thread count is one a processor, and nonsense is refused", "[thread_pool]") {
  CHECK(ThreadPool(0).threads() >= 1);
  CHECK_THROWS_WITH(ThreadPool(-1), Catch::Contains("config.102") && Catch::Contains("-1"));
  CHECK_THROWS_WITH(ThreadPool(5000), Catch::Contains("5000"));
}

TEST_CASE("threads that the system refuses are done without", "[thread_pool]") {
  // A child of which the address space has no room for so many stacks. It can't hang for long.
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::alarm(20);
    const rlimit room{400U << 20, 400U << 20};
    ::setrlimit(RLIMIT_AS, &room);
    ThreadPool pool(1024);
    std::atomic<Index> sum{0};
    pool.for_each(100, [&](Index i) { sum += i; });
    ::_exit(pool.threads() < 1024 && sum == 4950 ? 0 : 1);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("a pool takes the processors that it may use", "[thread_pool]") {
  CHECK(ThreadPool(0).threads() == usable_processors());
}
