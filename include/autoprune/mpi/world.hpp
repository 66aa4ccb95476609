/// @file world.hpp
/// The ranks that mpirun has started, as a team: rank 0 leads.
#pragma once

#include <chrono>
#include <cstddef>
#include <exception>
#include <future>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "autoprune/mpi/message.hpp"
#include "autoprune/mpi/rank_peers.hpp"
#include "autoprune/search/team.hpp"

namespace autoprune::mpi {

using search::Answer;

/// One a process, made and used on its main thread, and gone before main() ends: it begins MPI and
/// ends it. Ranks that wait sleep.
class World final : public search::Team {
 public:
  World() {
    int begun = 0, level = 0;
    MPI_Initialized(&begun);
    if (begun == 0) MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &level);
    MPI_Comm_dup(MPI_COMM_WORLD, &ranks_);
    MPI_Comm_dup(MPI_COMM_WORLD, &pieces_);
    MPI_Comm_rank(ranks_, &rank_);
    MPI_Comm_size(ranks_, &size_);
  }
  /// The leader ends all ranks. One that didn't answer is ended by force, and with it the others.
  ~World() override {
    if (lost_) MPI_Abort(MPI_COMM_WORLD, 1);
    if (leads()) tell_all(Tag::stop);
    while (!leads() && !stopped_) {
      if (const auto message = receive(ranks_))
        stopped_ = message->tag == Tag::stop;
      else
        doze();
    }
    MPI_Comm_free(&pieces_);
    MPI_Comm_free(&ranks_);
    MPI_Finalize();
  }

  [[nodiscard]] bool leads() const override { return rank_ == 0; }
  [[nodiscard]] Index members() const override { return size_; }
  [[nodiscard]] Index rank() const noexcept { return rank_; }
  void set_time_limit(double seconds) override { limit_ = seconds; }

  void share(std::span<const std::string> tasks, const Work& work, const Take& take) override {
    std::size_t next = 0;
    std::exception_ptr stopped;
    const auto stop = [&](std::exception_ptr error) {
      if (!stopped) stopped = std::move(error);
      next = tasks.size();
    };
    const auto taken = [&](std::size_t task, Answer answer) {
      if (stopped) return;
      try {
        take(task, std::move(answer));
      } catch (...) {
        stop(std::current_exception());
      }
    };
    if (size_ == 1) {
      for (; next < tasks.size(); ++next) taken(next, done(tasks[next], work));
    } else {
      std::vector<std::optional<Begun>> helpers(static_cast<std::size_t>(size_));  // by rank
      std::optional<Own> own;
      for (bool busy = true; busy;) {
        for (int to = 1; to < size_ && next < tasks.size(); ++to)
          if (auto& begun = helpers[static_cast<std::size_t>(to)]; !begun) {
            send(ranks_, to, Tag::task, tasks[next]);
            begun = Begun{next++, Clock::now()};
          }
        if (!own && next < tasks.size()) {
          own.emplace(
              next, std::async(std::launch::async, done, std::cref(tasks[next]), std::cref(work)));
          ++next;
        }
        if (own && own->answer.wait_for(std::chrono::seconds(0)) == std::future_status::ready) {
          taken(own->task, own->answer.get());
          own.reset();
        } else if (const auto message = receive(ranks_)) {
          auto& begun = helpers[static_cast<std::size_t>(message->rank)];
          if (begun && message->tag != Tag::gave_up)
            taken(begun->task, answer_of(*message));
          else
            stop(std::make_exception_ptr(error_of(message->bytes)));
          begun.reset();
        } else {
          check_time(helpers);
          doze();
        }
        busy = own.has_value() || next < tasks.size();
        for (const auto& begun : helpers) busy = busy || begun.has_value();
      }
    }
    if (stopped) std::rethrow_exception(stopped);
  }
  void order(const std::string& order, Index members) override {
    for (int to = 1; to < static_cast<int>(members) && !lost_; ++to)
      send(ranks_, to, Tag::order, order);
  }
  [[nodiscard]] std::unique_ptr<nn::Peers> peers(Index members) override {
    return std::make_unique<RankPeers>(
        pieces_, members, [this](int rank, double seconds) { check_peer(rank, seconds); });
  }
  void dismiss() override { tell_all(Tag::dismiss); }

  void help(const Work& work, const Follow& follow) override {
    while (!stopped_) {
      const auto message = receive(ranks_);
      if (!message) {
        doze();
      } else if (message->tag == Tag::task) {
        const Answer answer = done(message->bytes, work);
        answer.error ? send(ranks_, 0, Tag::failed, bytes_of(answer.error, rank_))
                     : send(ranks_, 0, Tag::answer, answer.result);
      } else if (message->tag == Tag::order) {
        follow(message->bytes);
      } else {
        stopped_ = message->tag == Tag::stop;
        return;
      }
    }
  }
  void give_up(const Error& error) override {
    send(ranks_, 0, Tag::gave_up, bytes_of(std::make_exception_ptr(error), rank_));
  }

 private:
  using Clock = std::chrono::steady_clock;

  /// A task that a helper has begun.
  struct Begun {
    std::size_t task;
    Clock::time_point since;
  };
  /// The leader's own, on a thread beside the one that talks to the others.
  struct Own {
    Own(std::size_t number, std::future<Answer> future) : task(number), answer(std::move(future)) {}

    std::size_t task;
    std::future<Answer> answer;
  };

  [[nodiscard]] static Answer done(const std::string& task, const Work& work) {
    try {
      return {work(task)};
    } catch (...) {
      return {{}, std::current_exception()};
    }
  }

  [[nodiscard]] static Answer answer_of(const Message& message) {
    if (message.tag == Tag::answer) return {message.bytes};
    return {{}, std::make_exception_ptr(error_of(message.bytes))};
  }

  /// Throws rank_lost.
  void check_time(std::span<const std::optional<Begun>> helpers) {
    if (!(limit_ > 0.0)) return;
    for (std::size_t rank = 0; rank < helpers.size(); ++rank) {
      if (!helpers[rank]) continue;
      const std::chrono::duration<double> took = Clock::now() - helpers[rank]->since;
      if (took.count() >= limit_) lose(static_cast<int>(rank));
    }
  }
  [[noreturn]] void lose(int rank) {
    lost_ = true;
    fail(ErrorId::rank_lost, "rank ", rank, " has not answered for ", limit_,
         " s; resume without its machine, or allow it more time (--rank-timeout)");
  }
  /// While peers wait for one of them. Throws rank_lost, and what stopped a helper before it could
  /// take part: those who wait for it are ended by force, too.
  void check_peer(int rank, double seconds) {
    if (!leads()) return;
    if (const auto message = receive(ranks_, MPI_ANY_SOURCE, static_cast<int>(Tag::gave_up))) {
      lost_ = true;
      throw error_of(message->bytes);
    }
    if (limit_ > 0.0 && seconds > limit_) lose(rank);
  }

  void tell_all(Tag tag) {
    for (int to = 1; to < size_ && !lost_; ++to) send(ranks_, to, tag);
  }

  MPI_Comm ranks_ = MPI_COMM_NULL, pieces_ = MPI_COMM_NULL;  // of peers
  int rank_ = 0, size_ = 1;
  double limit_ = 0.0;    // seconds
  bool stopped_ = false;  // by the leader
  bool lost_ = false;     // a helper
};

}  // namespace autoprune::mpi
