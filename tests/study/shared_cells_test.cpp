#include "autoprune/study/shared_cells.hpp"

#include <catch2/catch.hpp>

#include "../search/reversed_team.hpp"

namespace autoprune::study {

TEST_CASE("cells are the same alone and in a team, and one's error is its own") {
  std::vector<CellTask> tasks;
  for (Index i = 0; i < 5; ++i)
    tasks.push_back({10 * i, 0xFFFF'FFFF'FFFF'FF00u + static_cast<std::uint64_t>(i)});
  const auto measure = [&](const CellTask& task) -> io::Json {
    require_inputs(task, 0xFFFF'FFFF'FFFF'FF00u + static_cast<std::uint64_t>(task.cell / 10));
    if (task.cell == 20) fail(ErrorId::infeasible_constraint, "cell ", task.cell);
    return {{"third", static_cast<double>(task.cell) / 3.0}, {"whole", task.cell}};
  };
  search::test::ReversedTeam team;
  for (search::Team* const together :
       {static_cast<search::Team*>(nullptr), static_cast<search::Team*>(&team)}) {
    const search::Dismissal dismissal(together);
    std::vector<int> taken(tasks.size(), 0);
    share_cells(together, tasks, measure, [&](std::size_t i, const CellAnswer& answer) {
      ++taken[i];
      if (i == 2)
        CHECK_THROWS_WITH(answer.get(), "[autoprune.state.603] cell 20");
      else
        CHECK(answer.get() == measure(tasks[i]));
    });
    CHECK(taken == std::vector<int>(tasks.size(), 1));
    CHECK(team.dismissed == 0);
  }
  CHECK(team.dismissed == 1);
}

TEST_CASE("a helper with other inputs doesn't measure a cell") {
  CHECK_NOTHROW(require_inputs({3, 7}, 7));
  try {
    require_inputs({3, 7}, 8);
    FAIL("accepted");
  } catch (const Error& error) {
    CHECK(error.id() == ErrorId::checkpoint_mismatch);
  }
}

}  // namespace autoprune::study
