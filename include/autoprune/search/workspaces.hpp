/// @file workspaces.hpp
/// Copies of a network to measure on.
#pragma once

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "autoprune/core/thread_pool.hpp"
#include "autoprune/nn/backend.hpp"

namespace autoprune::search {

/// One for each measurement that goes on at the same time: made when it is first needed, and used
/// again by later ones.
class Workspaces {
 public:
  /// Each has as many threads as the pool; the first takes the pool itself. Holds references to
  /// network and pool.
  Workspaces(const nn::Network& network, ThreadPool& pool, nn::MakeBackend make)
      : network_(network), pool_(pool), make_(std::move(make)) {}

  /// Answers work(backend), on a backend that nobody else has meanwhile. One whose work threw is
  /// given up: nobody knows what it has left in it.
  template <class Work>
  [[nodiscard]] auto use(const Work& work) {
    std::unique_ptr<Workspace> space = take();
    auto result = work(*space->backend);
    const std::lock_guard lock(mutex_);
    free_.push_back(std::move(space));
    return result;
  }

 private:
  struct Workspace {
    Workspace(const nn::Network& dense, ThreadPool* lent, Index threads,
              const nn::MakeBackend& make)
        : network(dense),
          own(lent ? nullptr : std::make_unique<ThreadPool>(threads)),
          backend(make(network, lent ? *lent : *own)) {}

    nn::Network network;
    std::unique_ptr<ThreadPool> own;
    std::unique_ptr<nn::Backend> backend;
  };

  [[nodiscard]] std::unique_ptr<Workspace> take() {
    bool first = false;
    {
      const std::lock_guard lock(mutex_);
      if (!free_.empty()) {
        std::unique_ptr<Workspace> space = std::move(free_.back());
        free_.pop_back();
        return space;
      }
      first = !std::exchange(lent_, true);
    }
    return std::make_unique<Workspace>(network_, first ? &pool_ : nullptr, pool_.threads(), make_);
  }

  const nn::Network& network_;
  ThreadPool& pool_;
  nn::MakeBackend make_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Workspace>> free_;
  bool lent_ = false;  // the pool, to the first
};

}  // namespace autoprune::search
