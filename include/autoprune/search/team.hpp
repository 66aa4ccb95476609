/// @file team.hpp
/// Processes that work on one study: one leads, the others do what it hands out.
#pragma once

#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "autoprune/core/error.hpp"
#include "autoprune/core/types.hpp"
#include "autoprune/nn/peers.hpp"

namespace autoprune::search {

/// What became of a task.
struct Answer {
  std::string result;
  std::exception_ptr error = nullptr;  ///< in place of a result

  /// Throws the error.
  [[nodiscard]] const std::string& get() const {
    if (error) std::rethrow_exception(error);
    return result;
  }
};

/// All members run the same program on the same inputs, so that a task is a few bytes. The leader
/// alone decides, writes files and prints. A member's task depends on nothing but its bytes:
/// results are the same for any number of members.
class Team {
 public:
  using Work = std::function<std::string(const std::string& task)>;
  using Take = std::function<void(std::size_t task, Answer answer)>;
  using Follow = std::function<void(const std::string& order)>;

  Team() = default;
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;
  virtual ~Team() = default;

  [[nodiscard]] virtual bool leads() const = 0;
  /// The leader included.
  [[nodiscard]] virtual Index members() const = 0;
  /// How long the leader waits for one answer, in seconds; 0: for ever.
  virtual void set_time_limit(double seconds) = 0;

  /// The leader's: whoever is free does the next task, itself included. `take` is told of every
  /// answer as it comes in, on the caller's thread; what it throws is thrown here, once the tasks
  /// that have begun are done. Throws rank_lost, and what stopped a helper outside of a task.
  virtual void share(std::span<const std::string> tasks, const Work& work, const Take& take) = 0;
  /// The leader's: the first `members`, itself left out, follow an order, while it does what it has
  /// ordered itself. They answer nothing: what stops one is for their peers to agree on.
  virtual void order(const std::string& order, Index members) = 0;
  /// The first `members`, this one among them, as those who share steps of a training. Null where
  /// a team can't; else it has to outlive them.
  [[nodiscard]] virtual std::unique_ptr<nn::Peers> peers(Index members) = 0;
  /// The leader's: lets the helpers return from help().
  virtual void dismiss() = 0;

  /// A helper's: does what the leader hands out, and follows its orders, until it is dismissed.
  virtual void help(const Work& work, const Follow& follow) = 0;
  /// A helper's: tells the leader why it does nothing more.
  virtual void give_up(const Error& error) = 0;
};

/// Whether this process is the one that decides, writes and prints.
[[nodiscard]] inline bool leads(const Team* team) { return team == nullptr || team->leads(); }

/// The leader's: dismisses a team's helpers when it goes, however that comes.
class Dismissal {
 public:
  explicit Dismissal(Team* team) : team_(team) {}
  Dismissal(const Dismissal&) = delete;
  Dismissal& operator=(const Dismissal&) = delete;
  ~Dismissal() {
    if (team_ != nullptr) team_->dismiss();
  }

 private:
  Team* team_;
};

}  // namespace autoprune::search
