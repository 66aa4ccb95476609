/// @file sweep.hpp
/// A network over granularities, crossbars, OUs and compressions: what each combination costs, and
/// with images how accurate it is.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "autoprune/study/sweep_cells.hpp"

namespace autoprune::study {

struct SweepResult {
  std::vector<SweepCell> cells;      ///< those that could be measured
  std::vector<std::string> skipped;  ///< hardware and targets that can't be, and why
  Index measured = 0;                ///< of the cells; the others were found in StudySpec::out
};

/// Told what share of the cells is done, and which one was last.
using ShowCell = std::function<void(double share, const std::string& cell)>;

/// Measures every combination that can be, with the spec's team where there is one; cells that
/// StudySpec::out holds already aren't measured again. Throws infeasible_constraint when there is
/// none.
template <class Methods = methods::Methods>
[[nodiscard]] SweepResult run_sweep(const Sweep& sweep, const ShowCell& show = {}) {
  const search::Dismissal dismissal(sweep.spec.team);
  const detail::CellFiles files(sweep);
  detail::SweepCells<Methods> cells(sweep), measured(sweep);
  const auto all = static_cast<std::size_t>(cells.groups() * cells.targets());
  std::vector<SweepCell> found(all);
  std::vector<std::string> skipped(all);
  SweepResult result;
  const auto skip = [&](Index cell, const std::string& what, const Error& error) {
    if (!detail::is_impossible(error)) throw error;
    skipped[static_cast<std::size_t>(cell)] = what + ": " + error.what();
  };
  std::vector<CellTask> tasks;
  std::vector<search::Fingerprint> prints;
  Index seen = 0;
  for (Index i = 0; i < std::ssize(found); ++i) {
    SweepCell& cell = found[static_cast<std::size_t>(i)] = cells.cell(i);
    try {
      const Study& study = cells.study(i);
      const search::Fingerprint print = files.fingerprint(study, cell);
      if (const auto saved = files.read(print, cell)) {
        cell.figures = *saved;
        if (saved->is_null())
          skipped[static_cast<std::size_t>(i)] = detail::name_of(cell) + ": out of reach";
        if (show)
          show(static_cast<double>(++seen) / static_cast<double>(all), detail::name_of(cell));
      } else {
        tasks.push_back({i, print.value()});
        prints.push_back(print);
      }
    } catch (const Error& error) {  // of all cells on this hardware: said once
      skip(i, detail::hardware_of(cell), error);
      for (Index k = 1; k < cells.targets(); ++k) found[static_cast<std::size_t>(i + k)] = {};
      i += cells.targets() - 1;
      seen += cells.targets();
    }
  }
  share_cells(
      sweep.spec.team, tasks, [&](const CellTask& task) { return measured.measure(task); },
      [&](std::size_t i, const CellAnswer& answer) {
        SweepCell& cell = found[static_cast<std::size_t>(tasks[i].cell)];
        try {
          cell.figures = answer.get();
        } catch (const Error& error) {
          skip(tasks[i].cell, detail::name_of(cell), error);
        }
        files.write(prints[i], cell);
        ++result.measured;
        if (show)
          show(static_cast<double>(++seen) / static_cast<double>(all), detail::name_of(cell));
      });
  for (std::size_t i = 0; i < all; ++i) {
    if (!skipped[i].empty()) result.skipped.push_back(std::move(skipped[i]));
    if (!found[i].figures.is_null()) result.cells.push_back(std::move(found[i]));
  }
  if (result.cells.empty())
    fail(ErrorId::infeasible_constraint,
         "no cell of the sweep can be measured: ", join(result.skipped, "; "));
  return result;
}

/// Measures the cells that the leader of the spec's team hands out.
template <class Methods = methods::Methods>
void help_sweep(const Sweep& sweep) {
  detail::SweepCells<Methods> cells(sweep);
  help_cells(*sweep.spec.team, [&](const CellTask& task) { return cells.measure(task); });
}

}  // namespace autoprune::study
