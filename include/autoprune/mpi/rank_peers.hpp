/// @file rank_peers.hpp
/// Ranks that share the steps of a training.
#pragma once

#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "autoprune/mpi/message.hpp"
#include "autoprune/nn/peers.hpp"

namespace autoprune::mpi {

/// Whenever they meet, each sends one message to each other: a piece, or that it has failed.
class RankPeers final : public nn::Peers {
 public:
  /// Called now and then with the rank that has been waited for so long; what it throws ends that.
  using Check = std::function<void(int rank, double seconds)>;

  /// The first `count` ranks, on a communicator that nobody else sends on.
  RankPeers(MPI_Comm ranks, Index count, Check check)
      : Peers(rank_in(ranks), count), ranks_(ranks), check_(std::move(check)) {}

  void exchange(std::span<const Bytes> to, std::span<const Room> from) override {
    meet(to, from, nullptr);
  }
  void agree(std::exception_ptr stopped) override {
    if (std::exchange(agreed_, false)) std::rethrow_exception(stopped);
    const auto size = static_cast<std::size_t>(count());
    meet(std::vector<Bytes>(size), std::vector<Room>(size), std::move(stopped));
  }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr int kTag = static_cast<int>(Tag::piece);

  [[nodiscard]] static Index rank_in(MPI_Comm ranks) {
    int rank = 0;
    MPI_Comm_rank(ranks, &rank);
    return rank;
  }
  [[nodiscard]] static int size_of(std::size_t bytes) {
    if (bytes > static_cast<std::size_t>(std::numeric_limits<int>::max()))
      fail(ErrorId::out_of_range, "a piece of ", bytes,
           " bytes; at most 2 GiB can be sent, so take smaller batches");
    return static_cast<int>(bytes);
  }

  /// Throws what stopped the first of those whom something has, this one included.
  void meet(std::span<const Bytes> to, std::span<const Room> from, std::exception_ptr stopped) {
    const int self = static_cast<int>(this->self()), count = static_cast<int>(this->count());
    const std::string reason = stopped ? bytes_of(stopped, self) : std::string();
    std::vector<MPI_Request> receives, sends;
    std::vector<int> ranks;
    const auto send = [&](int rank, Tag tag, const void* bytes, std::size_t size) {
      MPI_Isend(bytes, size_of(size), MPI_BYTE, rank, static_cast<int>(tag), ranks_,
                &sends.emplace_back(MPI_REQUEST_NULL));
    };
    for (int rank = 0; rank < count; ++rank) {
      if (rank == self) continue;
      const auto p = static_cast<std::size_t>(rank);
      ranks.push_back(rank);
      // Who has failed doesn't know the size of what is sent to it.
      if (!stopped)
        MPI_Irecv(from[p].data(), size_of(from[p].size()), MPI_BYTE, rank, MPI_ANY_TAG, ranks_,
                  &receives.emplace_back(MPI_REQUEST_NULL));
    }
    for (const int rank : ranks) {
      const Bytes piece = stopped ? Bytes() : to[static_cast<std::size_t>(rank)];
      send(rank, stopped ? Tag::failed : Tag::piece, piece.data(), piece.size());
      if (stopped) send(rank, Tag::reason, reason.data(), reason.size());
    }
    std::vector<std::exception_ptr> all(static_cast<std::size_t>(count));
    all[static_cast<std::size_t>(self)] = stopped;
    const Clock::time_point begun = Clock::now();
    for (std::size_t i = 0; i < ranks.size(); ++i) {
      const int rank = ranks[i];
      const bool failed =
          stopped ? wait_for(rank, MPI_ANY_TAG, begun).tag == Tag::failed
                  : wait(receives[i], rank, begun).MPI_TAG == static_cast<int>(Tag::failed);
      if (failed)
        all[static_cast<std::size_t>(rank)] = std::make_exception_ptr(
            error_of(wait_for(rank, static_cast<int>(Tag::reason), begun).bytes));
    }
    for (std::size_t i = 0; i < sends.size(); ++i)
      wait(sends[i], ranks[i * ranks.size() / sends.size()], begun);
    for (const std::exception_ptr& first : all)
      if (first) {
        agreed_ = !stopped;
        std::rethrow_exception(first);
      }
  }

  MPI_Status wait(MPI_Request& request, int rank, Clock::time_point begun) {
    MPI_Status status{};
    until(rank, begun, [&] {
      int done = 0;
      MPI_Test(&request, &done, &status);
      return done != 0;
    });
    return status;
  }
  Message wait_for(int rank, int tag, Clock::time_point begun) {
    std::optional<Message> message;
    until(rank, begun, [&] { return (message = receive(ranks_, rank, tag)).has_value(); });
    return std::move(*message);
  }

  /// Peers mostly wait for one another for a moment; who waits longer sleeps.
  template <class Done>
  void until(int rank, Clock::time_point begun, const Done& done) {
    while (!done()) {
      const std::chrono::duration<double> waited = Clock::now() - begun;
      if (waited < std::chrono::milliseconds(2)) {
        std::this_thread::yield();
        continue;
      }
      agreed_ = true;  // whatever check_ throws is for nobody else
      check_(rank, waited.count());
      agreed_ = false;
      doze();
    }
  }

  MPI_Comm ranks_;
  Check check_;
  bool agreed_ = false;  // what was thrown last, all have thrown
};

}  // namespace autoprune::mpi
