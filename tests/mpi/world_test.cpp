// Tasks over ranks: each is done once, answers find their places, errors travel as they are.
#include <catch2/catch.hpp>
#include <map>
#include <new>
#include <thread>

#include "world.hpp"

using namespace autoprune;
using mpi::test::world;

namespace {

/// Shares tasks 0 .. count - 1 and answers what came back; helpers get nothing.
std::vector<search::Answer> share(std::size_t count, const search::Team::Work& work) {
  std::vector<search::Answer> answers(count);
  if (!world->leads()) {
    world->help(work, {});
    return {};
  }
  std::vector<std::string> tasks;
  for (std::size_t i = 0; i < count; ++i) tasks.push_back(std::to_string(i));
  std::vector<int> times(count, 0);
  const auto me = std::this_thread::get_id();
  world->share(tasks, work, [&](std::size_t task, search::Answer answer) {
    CHECK(std::this_thread::get_id() == me);
    ++times[task];
    answers[task] = std::move(answer);
  });
  world->dismiss();
  CHECK(times == std::vector<int>(count, 1));
  return answers;
}

}  // namespace

TEST_CASE("every task is done once, and its answer is its own") {
  for (const std::size_t count : {0u, 1u, 3u, 100u}) {
    const auto answers = share(count, [](const std::string& task) { return "done " + task; });
    for (std::size_t i = 0; i < answers.size(); ++i)
      CHECK(answers[i].get() == "done " + std::to_string(i));
  }
}

TEST_CASE("messages may be of any length, and of any bytes") {
  const auto answers = share(4, [](const std::string& task) {
    return std::string(std::stoul(task) * 1'000'000, '\0') + task;
  });
  for (std::size_t i = 0; i < answers.size(); ++i)
    CHECK(answers[i].get() == std::string(i * 1'000'000, '\0') + std::to_string(i));
}

TEST_CASE("tasks are done by whoever is free") {
  // The first task takes longer than all others together.
  const auto answers = share(9, [](const std::string& task) {
    std::this_thread::sleep_for(std::chrono::milliseconds(task == "0" ? 300 : 10));
    return std::to_string(world->rank());
  });
  std::map<std::string, int> by_rank;
  for (const auto& answer : answers) ++by_rank[answer.get()];
  if (world->leads() && world->members() > 1) CHECK(by_rank[answers[0].get()] == 1);
}

TEST_CASE("an error of a task is the same one here, and others go on") {
  const auto answers = share(6, [](const std::string& task) -> std::string {
    if (task == "1") fail(ErrorId::not_finite, "task ", task, " of [six] is none");
    if (task == "3") throw std::bad_alloc();
    if (task == "4") throw std::runtime_error("odd");
    return task;
  });
  const auto error_of = [&](std::size_t task) {
    try {
      return Error(ErrorId::unexpected, answers[task].get());
    } catch (const Error& error) {
      return error;
    } catch (const std::bad_alloc&) {  // of the leader's own task
      return Error(ErrorId::out_of_memory, "");
    } catch (const std::exception& error) {
      return Error(ErrorId::unexpected, error.what());
    }
  };
  if (!world->leads()) return;
  CHECK(error_of(1).id() == ErrorId::not_finite);
  CHECK(error_of(1).what() == std::string("[autoprune.numeric.501] task 1 of [six] is none"));
  CHECK(error_of(3).id() == ErrorId::out_of_memory);
  CHECK(error_of(4).id() == ErrorId::unexpected);
  CHECK_THAT(error_of(4).what(), Catch::Contains("odd"));
  CHECK(answers[5].get() == "5");
}

TEST_CASE("what the taker throws ends the sharing, and the next one is whole") {
  const auto work = [](const std::string& task) { return task; };
  if (world->leads()) {
    const std::vector<std::string> tasks(50, "x");
    int taken = 0;
    const auto stop = [&](std::size_t, search::Answer) {
      if (++taken == 3) throw std::runtime_error("enough");
    };
    CHECK_THROWS_WITH(world->share(tasks, work, stop), "enough");
    CHECK(taken == 3);
    world->dismiss();
  } else {
    world->help(work, {});
  }
  const auto answers = share(10, work);
  for (std::size_t i = 0; i < answers.size(); ++i) CHECK(answers[i].get() == std::to_string(i));
}
