/// @file message.hpp
/// What ranks send one another: bytes with a tag.
#pragma once

#ifndef OMPI_SKIP_MPICXX
#define OMPI_SKIP_MPICXX 1  // the C++ bindings, which MPI gave up
#endif
#include <mpi.h>

#include <chrono>
#include <cstdint>
#include <cstring>
#include <exception>
#include <limits>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "autoprune/core/error.hpp"
#include "autoprune/search/team.hpp"

namespace autoprune::mpi {

/// Of a message: what the leader sends (task, order, dismiss, stop), and what helpers do. Peers
/// send pieces or, in the place of one, failed and what has failed.
enum class Tag : int { task = 1, order, dismiss, stop, answer, failed, gave_up, piece, reason };

struct Message {
  int rank = 0;  ///< of the sender
  Tag tag = Tag::stop;
  std::string bytes;
};

/// How long a process that waits sleeps before it looks again: an MPI call that waits would keep a
/// processor busy.
inline void doze() { std::this_thread::sleep_for(std::chrono::microseconds(200)); }

/// Throws out_of_range beyond 2 GiB.
inline void send(MPI_Comm ranks, int to, Tag tag, std::string_view bytes = {}) {
  if (bytes.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()))
    fail(ErrorId::out_of_range, "a message of ", bytes.size(), " bytes; at most 2 GiB can be sent");
  MPI_Send(bytes.data(), static_cast<int>(bytes.size()), MPI_BYTE, to, static_cast<int>(tag),
           ranks);
}

/// The next message from a rank, or any, with a tag, or any; if one has come.
[[nodiscard]] inline std::optional<Message> receive(MPI_Comm ranks, int from = MPI_ANY_SOURCE,
                                                    int tag = MPI_ANY_TAG) {
  int there = 0, size = 0;
  MPI_Status status;
  MPI_Iprobe(from, tag, ranks, &there, &status);
  if (there == 0) return {};
  MPI_Get_count(&status, MPI_BYTE, &size);
  Message message{status.MPI_SOURCE, static_cast<Tag>(status.MPI_TAG),
                  std::string(static_cast<std::size_t>(size), '\0')};
  MPI_Recv(message.bytes.data(), size, MPI_BYTE, status.MPI_SOURCE, status.MPI_TAG, ranks,
           MPI_STATUS_IGNORE);
  return message;
}

/// "rank 3 on node17".
[[nodiscard]] inline std::string name_of_rank(int rank) {
  char host[MPI_MAX_PROCESSOR_NAME] = {};
  int size = 0;
  MPI_Get_processor_name(host, &size);
  return concat("rank ", rank, " on ", std::string_view(host, static_cast<std::size_t>(size)));
}

/// An error as bytes: id and message, those of any other exception included.
[[nodiscard]] inline std::string bytes_of(const std::exception_ptr& thrown, int rank) {
  const auto bytes = [](ErrorId id, std::string_view text) {
    const auto number = static_cast<std::int32_t>(id);
    return std::string(reinterpret_cast<const char*>(&number), sizeof number).append(text);
  };
  try {
    std::rethrow_exception(thrown);
  } catch (const Error& error) {
    return bytes(error.id(), error.message());  // the other side's Error has the code again
  } catch (const std::bad_alloc&) {
    return bytes(ErrorId::out_of_memory,
                 concat(name_of_rank(rank), " is out of memory; start fewer ranks a machine"));
  } catch (const std::exception& error) {
    return bytes(ErrorId::unexpected, concat(name_of_rank(rank), ": ", error.what()));
  } catch (...) {
    return bytes(ErrorId::unexpected, concat(name_of_rank(rank), " failed"));
  }
}
[[nodiscard]] inline Error error_of(std::string_view bytes) {
  std::int32_t number = 0;
  if (bytes.size() < sizeof number) return {ErrorId::unexpected, "a rank failed"};
  std::memcpy(&number, bytes.data(), sizeof number);
  return {static_cast<ErrorId>(number), bytes.substr(sizeof number)};
}

}  // namespace autoprune::mpi
