/// @file model.hpp
/// The file of an ONNX model: its messages as protobuf has them, its version, and what stands
/// around its graph.
#pragma once

#include <onnx/onnx_pb.h>

#include <filesystem>
#include <limits>
#include <map>
#include <string>
#include <string_view>

#include "autoprune/core/error.hpp"
#include "autoprune/core/types.hpp"
#include "autoprune/io/file.hpp"

namespace autoprune::onnx {

/// The messages of onnx.proto.
namespace proto = ::ONNX_NAMESPACE;

/// Versions of ONNX's operators that are read.
inline constexpr Index kOldestOpset = 9, kNewestOpset = 20;

/// A model and where it came from.
struct Model {
  proto::ModelProto message;
  std::string origin;            ///< for messages
  std::filesystem::path folder;  ///< of files with tensors beside it; empty: it can't have any
  Index opset = 0;

  [[nodiscard]] const proto::GraphProto& graph() const { return message.graph(); }
  /// What its writer has noted, by keys.
  [[nodiscard]] std::map<std::string, std::string> metadata() const {
    std::map<std::string, std::string> all;
    for (const auto& entry : message.metadata_props()) all[entry.key()] = entry.value();
    return all;
  }
};

/// Throws bad_magic for other bytes and unsupported_model for a version that isn't read.
[[nodiscard]] inline Model parse_model(std::string_view bytes, const std::string& origin,
                                       std::filesystem::path folder = {}) {
  Model model{{}, origin, std::move(folder)};
  const bool fits = bytes.size() <= std::size_t{std::numeric_limits<int>::max()};
  if (!fits || !model.message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) ||
      model.graph().node_size() == 0)
    fail(ErrorId::bad_magic, "file '", origin,
         "' is no ONNX model with nodes; it was cut off, or is of another format");
  for (const auto& set : model.message.opset_import())
    if (set.domain().empty() || set.domain() == "ai.onnx") model.opset = set.version();
  if (model.opset < kOldestOpset || model.opset > kNewestOpset)
    fail(ErrorId::unsupported_model, "file '", origin, "' has operators of ONNX's version ",
         model.opset, "; versions ", kOldestOpset, " to ", kNewestOpset,
         " are read: export it with one of them");
  return model;
}

/// Throws also cannot_open.
[[nodiscard]] inline Model read_model(const std::filesystem::path& path) {
  return parse_model(io::read_file(path), path.string(),
                     std::filesystem::absolute(path).parent_path());
}

}  // namespace autoprune::onnx
