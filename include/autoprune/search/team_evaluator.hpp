/// @file team_evaluator.hpp
/// The policies of a batch, measured by a team.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "autoprune/search/archive.hpp"
#include "autoprune/search/environment.hpp"
#include "autoprune/search/policy_archive.hpp"
#include "autoprune/search/proposal.hpp"
#include "autoprune/search/team.hpp"

namespace autoprune::search {

namespace detail {

/// What `visit(archive)` shows, as bytes.
template <class Visit>
[[nodiscard]] std::string message_of(const Visit& visit) {
  ArchiveWriter out;
  visit(out);
  return out.bytes();
}
/// Throws checkpoint_mismatch or truncated_file for another message.
template <class Visit>
void read_message(std::string_view bytes, const Visit& visit) {
  ArchiveReader in(bytes);
  visit(in);
  in.finish();
}

}  // namespace detail

/// An Evaluator that spreads a whole batch over a team. Every member makes one, of an environment
/// of its own; helpers call help(), which returns when the leader dismisses them.
template <class E = PruningEnvironment<>>
class TeamEvaluator {
 public:
  /// Holds references.
  TeamEvaluator(Team& team, E& environment)
      : team_(team), environment_(environment), inputs_(environment.fingerprint().value()) {}
  TeamEvaluator(const TeamEvaluator&) = delete;
  TeamEvaluator& operator=(const TeamEvaluator&) = delete;

  /// Throws what measuring the first policy does, and what Team::share() throws.
  [[nodiscard]] std::vector<Outcome> measure(std::span<const Policy> policies) {
    std::vector<std::string> tasks;
    for (Policy policy : policies)
      tasks.push_back(detail::message_of([&](auto& out) {
        std::uint64_t inputs = inputs_;
        out("inputs", inputs);
        visit_policy(out, policy);
      }));
    std::vector<Answer> answers(tasks.size());
    team_.share(
        tasks, [&](const std::string& task) { return measured(task); },
        [&](std::size_t task, Answer answer) { answers[task] = std::move(answer); });
    std::vector<Outcome> outcomes;
    for (const Answer& answer : answers) {
      if (answer.error && !outcomes.empty()) break;
      detail::read_message(answer.get(),
                           [&](auto& in) { visit_outcome(in, outcomes.emplace_back(), layers()); });
    }
    return outcomes;
  }
  void help() {
    team_.help([&](const std::string& task) { return measured(task); }, {});
  }

  /// A helper's answer to a task. Throws checkpoint_mismatch when the leader's inputs are others,
  /// and what evaluate() throws.
  [[nodiscard]] std::string measured(const std::string& task) const {
    Policy policy(layers());
    detail::read_message(task, [&](auto& in) {
      std::uint64_t inputs = 0;
      in("inputs", inputs);
      if (inputs != inputs_)
        fail(ErrorId::checkpoint_mismatch,
             "the first process measures with other weights, images or options, or on a processor "
             "that rounds differently; give all of them the same");
      visit_policy(in, policy);
    });
    Outcome outcome = environment_.evaluate(policy);
    return detail::message_of([&](auto& out) { visit_outcome(out, outcome, layers()); });
  }

 private:
  [[nodiscard]] std::size_t layers() const {
    return static_cast<std::size_t>(environment_.landscape().layers());
  }

  Team& team_;
  E& environment_;
  std::uint64_t inputs_;  // fingerprint of all that outcomes depend on
};

}  // namespace autoprune::search
