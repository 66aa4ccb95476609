/// @file peers.hpp
/// Processes that share the images of a training step, and what each of them has of a batch.
#pragma once

#include <algorithm>
#include <cstddef>
#include <exception>
#include <span>
#include <vector>

#include "autoprune/core/types.hpp"
#include "autoprune/nn/activation.hpp"

namespace autoprune::nn {

/// All of them take the same steps of the same network, each with some of a batch's blocks of
/// images. They exchange what depends on all images, and add it in the order of a single process:
/// results are its bits.
class Peers {
 public:
  using Bytes = std::span<const std::byte>;
  using Room = std::span<std::byte>;

  Peers(Index self, Index count) : self_(self), count_(count) {}
  Peers(const Peers&) = delete;
  Peers& operator=(const Peers&) = delete;
  virtual ~Peers() = default;

  /// Which of them this process is, from 0.
  [[nodiscard]] Index self() const noexcept { return self_; }
  [[nodiscard]] Index count() const noexcept { return count_; }

  /// All call it at the same time: to[p] is what peer p gets, from[p] what p sends, whose size is
  /// known. Of oneself both are left alone. Throws what made a peer call agree() instead.
  virtual void exchange(std::span<const Bytes> to, std::span<const Room> from) = 0;
  /// Ends what all began at the same time: what stopped one of them, or nothing, is thrown by all.
  virtual void agree(std::exception_ptr stopped) = 0;

 private:
  Index self_, count_;
};

/// Calls f(), which exchanges what it likes, on all peers: what it throws on one, it throws on all.
template <class F>
void together(Peers& peers, F&& f) {
  std::exception_ptr stopped;
  try {
    f();
  } catch (...) {
    stopped = std::current_exception();
  }
  peers.agree(stopped);
}

/// Of an array, peer p has entries [begins[p], begins[p + 1]); now all have all.
template <class T>
void gather(Peers& peers, T* all, std::span<const Index> begins) {
  const auto count = static_cast<std::size_t>(peers.count());
  const auto entries = [&](std::size_t p) {
    return std::span(all + begins[p], static_cast<std::size_t>(begins[p + 1] - begins[p]));
  };
  const auto own = std::as_bytes(entries(static_cast<std::size_t>(peers.self())));
  std::vector<Peers::Room> from;
  for (std::size_t p = 0; p < count; ++p) from.push_back(std::as_writable_bytes(entries(p)));
  peers.exchange(std::vector<Peers::Bytes>(count, own), from);
}

/// What a process has of a batch: all of it, or some of its blocks, while peers have the others.
class Part {
 public:
  Part() = default;
  /// All of so many images.
  explicit Part(Index images) : images_(images) {}
  /// A peer's of so many images; a block for each peer at least.
  Part(Peers& peers, Index images) : peers_(&peers), images_(images) {}

  [[nodiscard]] Peers* peers() const noexcept { return peers_; }
  [[nodiscard]] Index count() const noexcept { return peers_ == nullptr ? 1 : peers_->count(); }
  [[nodiscard]] Index self() const noexcept { return peers_ == nullptr ? 0 : peers_->self(); }
  /// In the batch.
  [[nodiscard]] Index images() const noexcept { return images_; }
  [[nodiscard]] Index blocks() const noexcept { return ceil_div(images_, kLanes); }
  /// Of a peer, in the batch; of peer count(): blocks().
  [[nodiscard]] Index first_block(Index peer) const noexcept { return peer * blocks() / count(); }
  [[nodiscard]] Index first_block() const noexcept { return first_block(self()); }

  /// What this process has of a list with an entry an image.
  template <class T>
  [[nodiscard]] std::span<const T> own(std::span<const T> all) const {
    const Index begin = std::min(images_, first_block() * kLanes);
    const Index end = std::min(images_, first_block(self() + 1) * kLanes);
    return all.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin));
  }

  /// Of an array with `each` entries a block this process has filled those of its own; now all are.
  template <class T>
  void gather(T* all, Index each) const {
    if (peers_ == nullptr) return;
    std::vector<Index> begins;
    for (Index p = 0; p <= count(); ++p) begins.push_back(first_block(p) * each);
    nn::gather(*peers_, all, begins);
  }
  /// The maps of all images; `room` is where they are put together.
  [[nodiscard]] const Activation& whole(const Activation& own, Activation& room) const {
    if (peers_ == nullptr) return own;
    room.resize(own.shape(), images_);
    std::copy_n(own.block(0), own.blocks() * own.block_stride(), room.block(first_block()));
    gather(room.block(0), room.block_stride());
    return room;
  }
  /// The other way: of the maps of all images, this process's.
  [[nodiscard]] const Activation& part_of(const Activation& whole, Activation& room) const {
    if (peers_ == nullptr) return whole;
    const Index end = std::min(images_, first_block(self() + 1) * kLanes);
    room.resize(whole.shape(), end - first_block() * kLanes);
    std::copy_n(whole.block(first_block()), room.blocks() * room.block_stride(), room.block(0));
    return room;
  }

 private:
  Peers* peers_ = nullptr;
  Index images_ = 0;
};

}  // namespace autoprune::nn
