// A team of one that does its tasks from the last to the first.
#pragma once

#include "autoprune/search/team.hpp"

namespace autoprune::search::test {

struct ReversedTeam final : Team {
  bool leading = true;
  int dismissed = 0;
  std::vector<std::string> handed_out = {};  // to this one, as a helper
  std::vector<std::string> answered = {};

  [[nodiscard]] bool leads() const override { return leading; }
  [[nodiscard]] Index members() const override { return 1; }
  void set_time_limit(double) override {}
  void share(std::span<const std::string> tasks, const Work& work, const Take& take) override {
    for (std::size_t i = tasks.size(); i-- > 0;) {
      Answer answer;
      try {
        answer.result = work(tasks[i]);
      } catch (...) {
        answer.error = std::current_exception();
      }
      take(i, std::move(answer));
    }
  }
  void order(const std::string&, Index) override {}
  [[nodiscard]] std::unique_ptr<nn::Peers> peers(Index) override { return nullptr; }
  void dismiss() override { ++dismissed; }
  void help(const Work& work, const Follow&) override {
    for (const std::string& task : handed_out) answered.push_back(work(task));
  }
  void give_up(const Error&) override {}
};

}  // namespace autoprune::search::test
