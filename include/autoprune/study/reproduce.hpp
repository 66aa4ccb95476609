/// @file reproduce.hpp
/// The slides' tables and figures measured again: every contender on every trained network that is
/// at hand.
#pragma once

#include <algorithm>
#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "autoprune/cost/ou_presets.hpp"
#include "autoprune/io/dataset.hpp"
#include "autoprune/io/weights.hpp"
#include "autoprune/nn/zoo.hpp"
#include "autoprune/study/compare.hpp"
#include "autoprune/study/comparison_report.hpp"
#include "autoprune/study/shared_cells.hpp"

namespace autoprune::study {

/// What `ReproduceSpec::part` may be.
[[nodiscard]] inline const std::vector<std::string>& reproduced_parts() {
  static const std::vector<std::string> all = {"table", "energy", "area", "fig10", "fig12", "all"};
  return all;
}

/// What is measured. Small networks count crossbars pooled whatever `counting` says, and one
/// without batch-norm begins at a learning rate of its own where none is given.
struct ReproduceSpec : CompareSpec {
  std::string part = "all";  ///< of reproduced_parts()
  std::vector<std::string> networks = {"lenet5", "plain20", "alexnet", "vgg16"};  ///< of the zoo
  std::vector<Contender> methods = contenders();
  std::string weights = "models";  ///< directory of NETWORK-DATA.safetensors
  std::string data = "data";       ///< directory of cifar10 and mnist
  search::Team* team = nullptr;    ///< whose members share the work

  [[nodiscard]] bool asks(const std::string& of) const { return part == of || part == "all"; }
  /// The methods that have a row: the figures need one.
  [[nodiscard]] std::vector<Contender> rows() const {
    if (part != "fig10" && part != "fig12") return methods;
    std::vector<Contender> ours = methods;
    std::erase_if(ours, [](const Contender& one) { return one.option != "autoprune"; });
    return ours;
  }
};

struct Reproduced {
  std::vector<ComparedNetwork> networks;
  std::vector<ComparedRow> granularities;  ///< of Fig. 10: LAMP's policies on the first network
  std::vector<std::string> skipped;        ///< networks without weights or data, and why
};

/// Told what share is done, and what is being measured.
using ShowReproduced = std::function<void(double share, const std::string& what)>;

namespace detail {

/// The granularities of the slides' Fig. 10.
inline constexpr Index kGranularities[] = {4, 8, 16, 32, 64, 128};

/// A trained network and its data set.
struct Subject {
  std::string network, data;
  std::filesystem::path weights, folder;

  [[nodiscard]] std::string name() const { return network + "-" + data; }
  /// Small networks are compared in pooled crossbars: per layer Plain20 can't pass 2.95, so that
  /// the slides' 10.3 must be pooled, and LeNet-5 can't pass 1.5.
  [[nodiscard]] search::Counting counting() const {
    const bool small = network == "plain20" || network == "lenet5";
    return small ? search::Counting::pooled : search::Counting::per_layer;
  }
};

/// Trained networks whose weights and data are at hand. Throws cannot_open when there is none.
[[nodiscard]] inline std::vector<Subject> subjects(const ReproduceSpec& spec,
                                                   std::vector<std::string>& skipped) {
  namespace fs = std::filesystem;
  std::vector<Subject> found;
  std::error_code ignored;
  for (const std::string& network : spec.networks) {
    bool any = false;
    for (const char* data : {"cifar10", "mnist"}) {
      const Subject subject{network, data,
                            fs::path(spec.weights) / concat(network, '-', data, ".safetensors"),
                            fs::path(spec.data) / data};
      if (!fs::exists(subject.weights, ignored)) continue;
      any = true;
      if (fs::exists(subject.folder, ignored))
        found.push_back(subject);
      else
        skipped.push_back(concat(network, ": no data in '", subject.folder.string(), '\''));
    }
    if (!any)
      skipped.push_back(concat(network, ": no weights '", spec.weights, '/', network,
                               "-cifar10.safetensors' or '-mnist.safetensors'"));
  }
  if (found.empty())
    fail(ErrorId::cannot_open, "nothing to reproduce: ", join(skipped, "; "),
         "; --weights and --data name the directories");
  return found;
}

/// Calls body(comparison, best) of a subject; best(method, granularity) is a contender's row.
template <class Watch, class Body>
void compare(const ReproduceSpec& spec, const Subject& subject, ThreadPool& pool, Watch& watcher,
             const ShowCompared& show, const Body& body) {
  const io::Datasets images = io::read_dataset(subject.data + ":" + subject.folder.string());
  nn::Network network = nn::make_network(subject.network, images.train.shape());
  io::load_weights(network, subject.weights.string());
  CompareSpec own = spec;
  own.counting = subject.counting();
  // The usual steps are for networks with batch-norm, and diverge without.
  if (subject.network == "lenet5") own.learning_rate = own.learning_rate.value_or(0.005);
  const hardware::Accelerator accelerator = cost::ou_preset("paper");
  Comparison<Watch> comparison(subject.name(), network, images, accelerator, own, pool, watcher,
                               show);
  body(comparison, [&](const Contender& method, Index granularity) {
    const auto slides = published_row(subject.network, subject.data, method.option);
    return comparison.best(method, granularity, slides ? slides->compression : 4.0);
  });
}

[[nodiscard]] inline bool is_lamp(const Contender& one) { return one.option == "lamp"; }
/// Whose policies Fig. 10 is of.
[[nodiscard]] inline const Contender& lamp() {
  return *std::ranges::find_if(contenders(), is_lamp);
}

/// A contender on a subject: what one of several processes measures at a time.
struct ReproducedRow {
  std::size_t subject;
  Contender method;
  Index granularity;
};

/// Every row once: no two processes write the same cells.
[[nodiscard]] inline std::vector<ReproducedRow> rows_of(const ReproduceSpec& spec,
                                                        std::size_t subjects) {
  std::vector<ReproducedRow> rows;
  const std::vector<Contender> chosen = spec.rows();
  for (std::size_t subject = 0; subject < subjects; ++subject) {
    for (const Contender& method : chosen) rows.push_back({subject, method, spec.granularity});
    if (!spec.asks("fig10") || subject > 0) continue;
    for (const Index granularity : kGranularities)
      if (granularity != spec.granularity || std::ranges::none_of(chosen, is_lamp))
        rows.push_back({subject, lamp(), granularity});
  }
  return rows;
}

/// Measures the cells of all rows into the spec's directory, a row a process, so that reproduce()
/// finds them there.
template <class Watch = Watcher>
void reproduce_together(const ReproduceSpec& spec, const std::vector<Subject>& all,
                        ThreadPool& pool, const ShowReproduced& show) {
  const std::vector<ReproducedRow> rows = rows_of(spec, all.size());
  Watch nobody;
  const auto measure_row = [&](const CellTask& task) {
    const ReproducedRow& row = rows.at(static_cast<std::size_t>(task.cell));
    compare(spec, all.at(row.subject), pool, nobody, {},
            [&](auto&, const auto& best) { (void)best(row.method, row.granularity); });
    return io::Json();
  };
  if (!spec.team->leads()) return help_cells(*spec.team, measure_row);
  const search::Dismissal dismissal(spec.team);
  // First, as every row is held against it.
  for (const Subject& subject : all)
    compare(spec, subject, pool, nobody, {},
            [](auto& comparison, const auto&) { (void)comparison.dense(); });
  std::vector<CellTask> tasks;
  for (Index i = 0; i < std::ssize(rows); ++i) tasks.push_back({i, 0});
  double done = 0.0;
  share_cells(spec.team, tasks, measure_row, [&](std::size_t i, const CellAnswer& answer) {
    (void)answer.get();
    const ReproducedRow& row = rows[i];
    ++done;
    if (show)
      show(done / static_cast<double>(rows.size()),
           concat(all[row.subject].name(), ", ", row.method.name, ", G = ", row.granularity));
  });
}

}  // namespace detail

/// Measures what the spec asks for; cells that its directory holds already aren't measured again.
/// With a team, members other than the leader get nothing. Throws unknown_name for another part,
/// missing_value for a team without a directory, cannot_open when there is no network with weights
/// and data, and what Comparison throws.
template <class Watch>
[[nodiscard]] Reproduced reproduce(const ReproduceSpec& spec, ThreadPool& pool, Watch& watcher,
                                   const ShowReproduced& show = {}) {
  if (std::ranges::find(reproduced_parts(), spec.part) == reproduced_parts().end())
    fail_unknown("part of the slides", spec.part, reproduced_parts());
  if (spec.team != nullptr && spec.out.empty())
    fail(ErrorId::missing_value, "a team meets in the spec's directory of cells; name one");
  Reproduced results;
  const std::vector<detail::Subject> all = detail::subjects(spec, results.skipped);
  if (spec.team != nullptr) detail::reproduce_together(spec, all, pool, show);
  if (!search::leads(spec.team)) return {};
  const std::vector<Contender> methods = spec.rows();
  const auto cells = static_cast<double>(all.size() * (methods.size() + 1));
  double done = 0.0;
  for (const detail::Subject& subject : all) {
    ComparedNetwork found{subject.network, subject.data, {}, {}, {}};
    const auto show_cell = [&](const std::string& what) {
      if (show) show(done / cells, what);
    };
    const auto measure = [&](auto& comparison, const auto& best) {
      found.dense = comparison.dense();
      ++done;
      for (const Contender& method : methods) {
        if (auto row = best(method, spec.granularity))
          found.rows.push_back(std::move(*row));
        else
          found.out_of_reach.push_back(method.name);
        ++done;
      }
      if (!spec.asks("fig10") || !results.networks.empty()) return;
      for (const Index granularity : detail::kGranularities)
        if (auto row = best(detail::lamp(), granularity))
          results.granularities.push_back(std::move(*row));
    };
    detail::compare(spec, subject, pool, watcher, show_cell, measure);
    results.networks.push_back(std::move(found));
  }
  return results;
}

}  // namespace autoprune::study
