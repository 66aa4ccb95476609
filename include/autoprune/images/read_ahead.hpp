/// @file read_ahead.hpp
/// Items of one size that take long to read: some are kept, and those that are asked for next are
/// read in the background. Which ones are doesn't change what is read.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <stop_token>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "autoprune/core/types.hpp"

namespace autoprune::images {

class ReadAhead {
 public:
  /// Writes an item into memory of its size. Called from several threads at once.
  using Read = std::function<void(Index item, std::span<std::uint8_t> to)>;

  /// Keeps at most `keep` bytes of the first items that are read; and as many as are expected, but
  /// at most `ahead` bytes, until they are asked for.
  ReadAhead(Read read, Index items, std::size_t item_size, std::size_t keep,
            std::size_t ahead = std::size_t{1} << 28)
      : read_(std::move(read)),
        size_(item_size),
        keeps_(static_cast<Index>(keep / item_size)),
        most_ahead_(std::max<std::size_t>(1, ahead / item_size)),
        kept_(static_cast<std::size_t>(items)) {}

  /// The item's bytes: kept ones, or written into `room`. Throws what `read` throws.
  [[nodiscard]] const std::uint8_t* get(Index item, std::span<std::uint8_t> room) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return reading_ != item; });
      if (const Bytes& bytes = kept_[at(item)]) return bytes.get();
      if (const auto found = ahead_.find(item); found != ahead_.end()) {
        Bytes bytes = std::move(found->second.bytes);
        ahead_.erase(found);
        changed_.notify_all();
        if (keeps_ > 0) return keep(item, std::move(bytes));
        std::copy_n(bytes.get(), size_, room.data());
        return room.data();
      }
      std::erase(queue_, item);
    }
    read_(item, room);
    const std::lock_guard lock(mutex_);
    if (keeps_ < 1 || kept_[at(item)]) return room.data();
    Bytes bytes(new std::uint8_t[size_]);
    std::copy_n(room.data(), size_, bytes.get());
    return keep(item, std::move(bytes));
  }

  /// These items will be asked for next.
  void expect(std::span<const Index> items) {
    const std::lock_guard lock(mutex_);
    ++generation_;
    // What nobody has asked for since two calls ago won't be.
    std::erase_if(ahead_, [&](const auto& a) { return a.second.generation + 2 < generation_; });
    queue_.clear();
    for (const Index item : items)
      if (!kept_[at(item)] && ahead_.count(item) == 0) queue_.push_back(item);
    changed_.notify_all();
    if (thread_.joinable() || queue_.empty()) return;
    try {
      thread_ = std::jthread([this](const std::stop_token& stop) { work(stop); });
    } catch (const std::system_error&) {
      // No thread is to be had: items are read when they are asked for.
    }
  }

  /// Items in memory now.
  [[nodiscard]] Index held() {
    const std::lock_guard lock(mutex_);
    return std::ssize(ahead_) + std::count_if(kept_.begin(), kept_.end(),
                                              [](const Bytes& bytes) { return bytes != nullptr; });
  }

 private:
  using Bytes = std::unique_ptr<std::uint8_t[]>;
  struct Ahead {
    Bytes bytes;
    std::uint64_t generation;
  };

  static std::size_t at(Index i) { return static_cast<std::size_t>(i); }

  const std::uint8_t* keep(Index item, Bytes bytes) {
    --keeps_;
    return (kept_[at(item)] = std::move(bytes)).get();
  }

  void work(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    for (;;) {
      if (!changed_.wait(lock, stop,
                         [&] { return !queue_.empty() && ahead_.size() < most_ahead_; }))
        return;
      reading_ = queue_.front();
      queue_.pop_front();
      lock.unlock();
      Bytes bytes;
      try {
        bytes.reset(new std::uint8_t[size_]);
        read_(reading_, {bytes.get(), size_});
      } catch (...) {
        bytes.reset();  // whoever asks for it gets the error
      }
      lock.lock();
      if (bytes) ahead_[reading_] = {std::move(bytes), generation_};
      reading_ = -1;
      changed_.notify_all();
    }
  }

  Read read_;
  std::size_t size_;
  Index keeps_;  ///< items that may still be kept
  std::size_t most_ahead_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::vector<Bytes> kept_;  ///< by item
  std::map<Index, Ahead> ahead_;
  std::deque<Index> queue_;
  Index reading_ = -1;  ///< in the background
  std::uint64_t generation_ = 0;
  std::jthread thread_;  ///< last: it ends before what it uses
};

}  // namespace autoprune::images
