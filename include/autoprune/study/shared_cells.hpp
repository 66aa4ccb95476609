/// @file shared_cells.hpp
/// Cells of a study, each of which gives a document: one after the other, or spread over a team.
#pragma once

#include <charconv>
#include <cstdint>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "autoprune/core/types.hpp"
#include "autoprune/io/json.hpp"
#include "autoprune/search/team.hpp"

namespace autoprune::study {

/// One to measure: its place in a list that all members have, and the fingerprint of what decides
/// its document.
struct CellTask {
  Index cell = 0;
  std::uint64_t inputs = 0;
};

/// What measuring a cell gave.
struct CellAnswer {
  io::Json document;
  std::exception_ptr error = nullptr;  ///< in place of a document

  /// Throws the error.
  [[nodiscard]] const io::Json& get() const {
    if (error) std::rethrow_exception(error);
    return document;
  }
};

namespace detail {

[[nodiscard]] inline std::string text_of(const CellTask& task) {
  return concat(task.cell, ' ', task.inputs);
}
[[nodiscard]] inline CellTask cell_task_of(std::string_view text) {
  CellTask task;
  const char* const end = text.data() + text.size();
  const char* const middle = std::from_chars(text.data(), end, task.cell).ptr;
  if (middle != end) std::from_chars(middle + 1, end, task.inputs);
  return task;
}

/// `measure(task)` as a team's work.
template <class Measure>
[[nodiscard]] search::Team::Work cell_work(const Measure& measure) {
  return [&measure](const std::string& task) { return io::json_text(measure(cell_task_of(task))); };
}

}  // namespace detail

/// Throws checkpoint_mismatch when a member's inputs aren't the leader's.
inline void require_inputs(const CellTask& task, std::uint64_t own) {
  if (task.inputs != own)
    fail(ErrorId::checkpoint_mismatch,
         "the first process measures a cell with other weights, images or options; give all "
         "processes the same");
}

/// The leader's: measure(task) for each task, then take(i, answer) of the i-th as it comes in, on
/// this thread. `measure` may run on another one. What `take` throws ends it.
template <class Measure, class Take>
void share_cells(search::Team* team, const std::vector<CellTask>& tasks, const Measure& measure,
                 const Take& take) {
  if (team == nullptr) {
    for (std::size_t i = 0; i < tasks.size(); ++i) {
      CellAnswer answer;
      try {
        answer.document = measure(tasks[i]);
      } catch (...) {
        answer.error = std::current_exception();
      }
      take(i, answer);
    }
    return;
  }
  std::vector<std::string> texts;
  for (const CellTask& task : tasks) texts.push_back(detail::text_of(task));
  team->share(texts, detail::cell_work(measure), [&](std::size_t i, const search::Answer& answer) {
    take(i, answer.error ? CellAnswer{{}, answer.error}
                         : CellAnswer{io::parse_json(answer.result, "a rank's answer")});
  });
}

/// A helper's: measures what the leader hands out, until it is dismissed.
template <class Measure>
void help_cells(search::Team& team, const Measure& measure) {
  team.help(detail::cell_work(measure), {});
}

}  // namespace autoprune::study
