/// @file error.hpp
/// The one exception type of the library. Its message says what was wrong, the offending value and
/// the fix; its id has a row in docs/errors.md.
#pragma once

#include <array>
#include <stdexcept>
#include <string>
#include <string_view>

#include "autoprune/core/text.hpp"

namespace autoprune {

/// Ids are grouped by their hundreds: 1 config, 2 shape, 3 format, 4 mapping, 5 numeric, 6 state,
/// 7 input/output. An id is never reused for another meaning.
enum class ErrorId : int {
  unknown_name = 101,       ///< an option, layer, network or key that doesn't exist
  out_of_range = 102,       ///< a value outside the interval that makes sense
  geometry_mismatch = 103,  ///< crossbar, OU and granularity that don't divide
  bad_syntax = 104,         ///< a value that can't be read, or an option that another rules out
  missing_value = 105,      ///< something required that was not given
  missing_component = 106,  ///< an optional component, or its device, that isn't there

  shape_mismatch = 201,  ///< two shapes that have to agree and don't
  invalid_graph = 202,   ///< a network whose nodes can't be connected as asked
  missing_tensor = 203,  ///< a parameter that the file doesn't hold
  unknown_tensor = 204,  ///< a tensor in the file that the network doesn't have
  empty_data = 205,      ///< a data set or batch without images

  truncated_file = 301,     ///< the file ends before its content does
  bad_magic = 302,          ///< the file isn't of the format that was asked for
  bad_header = 303,         ///< a header that contradicts itself or the file's size
  unsupported_type = 304,   ///< an element type that can't be read
  bad_json = 305,           ///< JSON that can't be parsed, or misses a key
  bad_label = 306,          ///< a class label outside of the data set's classes
  unsupported_model = 307,  ///< a model with operations or of a version that isn't read

  mask_mismatch = 401,  ///< a mask that doesn't fit the layer or the geometry
  corrupt_index = 402,  ///< an index buffer that doesn't decode

  not_finite = 501,  ///< NaN or infinity where a number is needed
  diverged = 502,    ///< a training run whose loss left the finite numbers

  wrong_order = 601,            ///< a call that needs another one before it
  checkpoint_mismatch = 602,    ///< a checkpoint of another run (seed, network, options)
  infeasible_constraint = 603,  ///< no policy can meet the constraints
  directory_in_use = 604,       ///< a directory that another process writes to
  out_of_memory = 605,          ///< more memory than there is was asked for
  unexpected = 606,             ///< a failure that no other id stands for
  rank_lost = 607,              ///< a process of several that doesn't answer any more

  cannot_open = 701,   ///< a file or directory that can't be opened
  cannot_write = 702,  ///< a write that failed: no permission, or the disk is full
};

/// Every id, for the test that each one is documented.
inline constexpr std::array kErrorIds = {ErrorId::unknown_name,
                                         ErrorId::out_of_range,
                                         ErrorId::geometry_mismatch,
                                         ErrorId::bad_syntax,
                                         ErrorId::missing_value,
                                         ErrorId::missing_component,
                                         ErrorId::shape_mismatch,
                                         ErrorId::invalid_graph,
                                         ErrorId::missing_tensor,
                                         ErrorId::unknown_tensor,
                                         ErrorId::empty_data,
                                         ErrorId::truncated_file,
                                         ErrorId::bad_magic,
                                         ErrorId::bad_header,
                                         ErrorId::unsupported_type,
                                         ErrorId::bad_json,
                                         ErrorId::bad_label,
                                         ErrorId::unsupported_model,
                                         ErrorId::mask_mismatch,
                                         ErrorId::corrupt_index,
                                         ErrorId::not_finite,
                                         ErrorId::diverged,
                                         ErrorId::wrong_order,
                                         ErrorId::checkpoint_mismatch,
                                         ErrorId::infeasible_constraint,
                                         ErrorId::directory_in_use,
                                         ErrorId::out_of_memory,
                                         ErrorId::unexpected,
                                         ErrorId::rank_lost,
                                         ErrorId::cannot_open,
                                         ErrorId::cannot_write};

/// "shape.201": the group and number under which docs/errors.md lists the id.
[[nodiscard]] inline std::string error_code(ErrorId id) {
  constexpr std::array<std::string_view, 8> groups = {"",        "config",  "shape", "format",
                                                      "mapping", "numeric", "state", "io"};
  const int number = static_cast<int>(id);
  return concat(groups[static_cast<std::size_t>(number / 100)], '.', number);
}

/// What every failing call of the library throws.
class Error : public std::runtime_error {
 public:
  Error(ErrorId id, std::string_view message)
      : std::runtime_error(concat("[autoprune.", error_code(id), "] ", message)), id_(id) {}

  [[nodiscard]] ErrorId id() const noexcept { return id_; }
  /// what() without the code in front, for an error that says more.
  [[nodiscard]] std::string_view message() const {
    return std::string_view(what()).substr(std::string_view("[autoprune.] ").size() +
                                           error_code(id_).size());
  }

 private:
  ErrorId id_;
};

/// Throws Error with the parts streamed into its message.
template <class... Parts>
[[noreturn]] void fail(ErrorId id, const Parts&... parts) {
  throw Error(id, concat(parts...));
}

/// For the end of a switch that handles every enumerator: throws out_of_range for a number that is
/// none of them, or for one that has no place there.
template <class Enum>
[[noreturn]] void fail_enum(std::string_view kind, Enum value) {
  fail(ErrorId::out_of_range, "number ", static_cast<int>(value), " is no ", kind);
}

/// Throws ErrorId::unknown_name, with the nearest candidate and the list, where it can be read.
[[noreturn]] inline void fail_unknown(std::string_view kind, std::string_view word,
                                      const std::vector<std::string>& known) {
  constexpr std::size_t kListed = 100;
  const std::string nearest = nearest_word(word, known);
  fail(ErrorId::unknown_name, "unknown ", kind, " '", word, "'",
       nearest.empty() ? std::string{} : concat("; did you mean '", nearest, "'?"),
       " Known: ", known.size() <= kListed ? join(known) : concat(known.size(), " others"));
}

}  // namespace autoprune
