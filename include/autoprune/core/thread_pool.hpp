/// @file thread_pool.hpp
/// A small pool that runs numbered work items. Results can't depend on the thread count as long as
/// items write to places of their own: which thread takes an item is the only thing that varies.
#pragma once

#include <atomic>
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>
#include <type_traits>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/core/processors.hpp"
#include "autoprune/core/types.hpp"

namespace autoprune {

class ThreadPool {
 public:
  /// A pool of `threads` threads, the caller included; 0 takes one a processor that this process
  /// may use. Where the system refuses to make that many, the pool has fewer: see threads().
  explicit ThreadPool(Index threads = 0) {
    if (threads < 0 || threads > 1024)
      fail(ErrorId::out_of_range, "threads = ", threads, "; take 0 (all processors) to 1024");
    if (threads == 0) threads = usable_processors();
    workers_.reserve(static_cast<std::size_t>(threads));
    try {
      for (Index i = 1; i < threads; ++i) workers_.emplace_back([this] { work(); });
    } catch (const std::system_error&) {
      // Limits of processes or of memory; results don't depend on how many threads there are.
    }
  }
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;
  ~ThreadPool() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    for (auto& worker : workers_) worker.join();
  }

  [[nodiscard]] Index threads() const noexcept { return static_cast<Index>(workers_.size()) + 1; }

  /// Calls body(0) .. body(items - 1), each once, and returns when all are done. The first
  /// exception of an item is rethrown here; items that nobody has begun by then are left out. Not
  /// reentrant: a body must not call for_each on the same pool.
  template <class Body>
  void for_each(Index items, Body&& body) {
    if (workers_.empty() || items <= 1) {
      for (Index i = 0; i < items; ++i) body(i);
      return;
    }
    using Of = std::remove_reference_t<Body>;
    run(items, {[](const void* of, Index i) { (*static_cast<Of*>(const_cast<void*>(of)))(i); },
                std::addressof(body)});
  }

 private:
  /// A body whose type is forgotten: there are hundreds, and std::function is slow to compile.
  struct Call {
    void (*item)(const void* body, Index i) = nullptr;
    const void* body = nullptr;
  };

  void run(Index items, const Call& call) {
    {
      const std::lock_guard lock(mutex_);
      call_ = call;
      items_ = items;
      next_ = 0;
      error_ = nullptr;
      active_ = static_cast<Index>(workers_.size());
      ++generation_;
    }
    wake_.notify_all();
    drain();
    std::unique_lock lock(mutex_);
    done_.wait(lock, [this] { return active_ == 0; });
    if (error_) std::rethrow_exception(error_);
  }

  void drain() {
    for (Index i = next_++; i < items_; i = next_++) {
      try {
        call_.item(call_.body, i);
      } catch (...) {
        const std::lock_guard lock(mutex_);
        if (!error_) error_ = std::current_exception();
        next_ = items_;
      }
    }
  }

  void work() {
    std::uint64_t seen = 0;
    for (;;) {
      {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [&] { return stopping_ || generation_ != seen; });
        if (stopping_) return;
        seen = generation_;
      }
      drain();
      const std::lock_guard lock(mutex_);
      if (--active_ == 0) done_.notify_one();
    }
  }

  std::vector<std::thread> workers_;
  std::mutex mutex_;
  std::condition_variable wake_, done_;
  Call call_;
  std::atomic<Index> next_{0};
  Index items_ = 0, active_ = 0;
  std::uint64_t generation_ = 0;
  bool stopping_ = false;
  std::exception_ptr error_;
};

}  // namespace autoprune
