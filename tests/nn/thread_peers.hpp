// Peers that are threads of one process.
#pragma once

#include <barrier>
#include <cstring>
#include <exception>
#include <thread>
#include <vector>

#include "autoprune/nn/peers.hpp"

namespace autoprune::nn::test {

class ThreadPeers final : public Peers {
 public:
  /// Where they meet.
  struct Board {
    explicit Board(Index count)
        : meet(count), to(static_cast<std::size_t>(count)), stopped(to.size()) {}

    std::barrier<> meet;
    std::vector<std::vector<Bytes>> to;  // by peer
    std::vector<std::exception_ptr> stopped;
    std::atomic<Index> bytes = 0;  // that were sent
  };

  ThreadPeers(Board& board, Index self)
      : Peers(self, static_cast<Index>(board.to.size())), board_(board) {}

  void exchange(std::span<const Bytes> to, std::span<const Room> from) override {
    board_.to[me()].assign(to.begin(), to.end());
    meet(nullptr);
    for (std::size_t p = 0; p < from.size(); ++p) {
      if (p == me()) continue;
      const Bytes sent = board_.to[p][me()];
      if (sent.size() != from[p].size()) std::terminate();
      if (!sent.empty()) std::memcpy(from[p].data(), sent.data(), sent.size());
      board_.bytes += static_cast<Index>(sent.size());
    }
    board_.meet.arrive_and_wait();
  }
  void agree(std::exception_ptr stopped) override {
    if (std::exchange(agreed_, false)) std::rethrow_exception(stopped);
    meet(stopped);
  }

 private:
  [[nodiscard]] std::size_t me() const { return static_cast<std::size_t>(self()); }
  void meet(std::exception_ptr stopped) {
    board_.stopped[me()] = stopped;
    board_.meet.arrive_and_wait();
    std::exception_ptr first;
    for (const auto& other : board_.stopped)
      if (!first) first = other;
    if (!first) return;
    board_.meet.arrive_and_wait();  // all have seen it
    agreed_ = stopped == nullptr;
    std::rethrow_exception(first);
  }

  Board& board_;
  bool agreed_ = false;
};

/// Calls f(peers) on each of `count` peers; what was sent, in bytes.
template <class F>
Index on_peers(Index count, F&& f) {
  ThreadPeers::Board board(count);
  {
    std::vector<std::jthread> threads;
    for (Index p = 0; p < count; ++p)
      threads.emplace_back([&, p] {
        ThreadPeers peers(board, p);
        f(peers);
      });
  }
  return board.bytes;
}

}  // namespace autoprune::nn::test
