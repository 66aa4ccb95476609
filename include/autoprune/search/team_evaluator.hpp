/// @file team_evaluator.hpp
/// The policies of a batch, measured by a team.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "autoprune/search/environment.hpp"
#include "autoprune/search/proposal.hpp"
#include "autoprune/search/team.hpp"

namespace autoprune::search {

namespace detail {

[[nodiscard]] inline std::string bytes_of(std::span<const double> numbers) {
  return {reinterpret_cast<const char*>(numbers.data()), numbers.size_bytes()};
}
/// Throws shape_mismatch when that isn't a whole number of them.
[[nodiscard]] inline std::vector<double> numbers_of(std::string_view bytes) {
  if (bytes.size() % sizeof(double) != 0)
    fail(ErrorId::shape_mismatch, "a message of ", bytes.size(), " bytes isn't one of numbers");
  std::vector<double> numbers(bytes.size() / sizeof(double));
  if (!numbers.empty()) std::memcpy(numbers.data(), bytes.data(), bytes.size());
  return numbers;
}

[[nodiscard]] inline std::string bytes_of(const Outcome& o) {
  std::vector<double> numbers = {o.accuracy,
                                 o.reward,
                                 o.feasible ? 1.0 : 0.0,
                                 static_cast<double>(o.crossbars.dense),
                                 static_cast<double>(o.crossbars.per_layer),
                                 static_cast<double>(o.crossbars.pooled)};
  for (const Policy* all : {&o.keep_ratios, &o.policy})
    numbers.insert(numbers.end(), all->begin(), all->end());
  return bytes_of(numbers);
}
[[nodiscard]] inline Outcome outcome_of(std::string_view bytes) {
  constexpr std::size_t kFigures = 6;
  const std::vector<double> n = numbers_of(bytes);
  if (n.size() < kFigures || n.size() % 2 != 0)
    fail(ErrorId::shape_mismatch, "a message of ", n.size(), " numbers is no outcome");
  const auto begin = n.begin() + kFigures, middle = begin + (n.end() - begin) / 2;
  Outcome o;
  o.accuracy = n[0];
  o.reward = n[1];
  o.feasible = n[2] != 0.0;
  o.crossbars = {static_cast<Index>(n[3]), static_cast<Index>(n[4]), static_cast<Index>(n[5])};
  o.keep_ratios = {begin, middle};
  o.policy = {middle, n.end()};
  return o;
}

}  // namespace detail

/// An Evaluator that spreads a whole batch over a team. Every member makes one, of an environment
/// of its own; helpers call help(), which returns when the leader's evaluator goes.
template <class E = PruningEnvironment<>>
class TeamEvaluator {
 public:
  /// Holds references.
  TeamEvaluator(Team& team, E& environment)
      : team_(team), environment_(environment), inputs_(environment.fingerprint().value()) {}
  TeamEvaluator(const TeamEvaluator&) = delete;
  TeamEvaluator& operator=(const TeamEvaluator&) = delete;
  ~TeamEvaluator() {
    if (team_.leads()) team_.dismiss();
  }

  /// Throws what measuring the first policy does, and what Team::share() throws.
  [[nodiscard]] std::vector<Outcome> measure(std::span<const Policy> policies) {
    std::vector<std::string> tasks;
    for (const Policy& policy : policies)
      tasks.push_back(std::string(reinterpret_cast<const char*>(&inputs_), sizeof inputs_) +
                      detail::bytes_of(policy));
    std::vector<Answer> answers(tasks.size());
    team_.share(
        tasks, [&](const std::string& task) { return measured(task); },
        [&](std::size_t task, Answer answer) { answers[task] = std::move(answer); });
    std::vector<Outcome> outcomes;
    for (const Answer& answer : answers) {
      if (answer.error && !outcomes.empty()) break;
      outcomes.push_back(detail::outcome_of(answer.get()));
    }
    return outcomes;
  }
  void help() {
    team_.help([&](const std::string& task) { return measured(task); });
  }

 private:
  /// Throws checkpoint_mismatch when the leader's inputs are others, and what evaluate() throws.
  [[nodiscard]] std::string measured(const std::string& task) const {
    if (task.size() < sizeof inputs_)
      fail(ErrorId::shape_mismatch, "a message of ", task.size(), " bytes is no policy");
    std::uint64_t inputs = 0;
    std::memcpy(&inputs, task.data(), sizeof inputs);
    if (inputs != inputs_)
      fail(ErrorId::checkpoint_mismatch,
           "the first process measures with other weights, images or options, or on a processor "
           "that rounds differently; give all of them the same");
    return detail::bytes_of(
        environment_.evaluate(detail::numbers_of(std::string_view(task).substr(sizeof inputs_))));
  }

  Team& team_;
  E& environment_;
  std::uint64_t inputs_;  // fingerprint of all that outcomes depend on
};

}  // namespace autoprune::search
