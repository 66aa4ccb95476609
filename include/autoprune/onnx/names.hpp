/// @file names.hpp
/// Names for the nodes of a network: PyTorch's names of its modules, where a model tells them.
#pragma once

#include <cctype>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "autoprune/onnx/drafts.hpp"
#include "autoprune/onnx/integers.hpp"

namespace autoprune::onnx {

namespace detail {

[[nodiscard]] inline bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// "layer1.0.conv1" of "layer1.0.conv1.weight", or of that as integers; "" of what doesn't look
/// like one.
[[nodiscard]] inline std::string module_of_parameter(std::string_view name) {
  if (name.ends_with(kQuantised)) name.remove_suffix(kQuantised.size());
  for (const std::string_view end : {".weight", ".bias"})
    if (name.ends_with(end) && name.size() > end.size() && !name.starts_with("onnx::"))
      return std::string(name.substr(0, name.size() - end.size()));
  return {};
}

/// Whether it may be a module's own parameter, as ConvNeXt's layer_scale: "layer1.0.gamma", not
/// what exporters invent for constants.
[[nodiscard]] inline bool is_of_module(std::string_view name) {
  return name.find('.') != std::string_view::npos && !name.starts_with('/') &&
         !name.starts_with("onnx::");
}

/// PyTorch's exporter names a node "/layer1/layer1.0/conv1/Conv": its module is layer1.0.conv1, as
/// parts of a container are named with it.
struct ModulePath {
  std::string module, last;  ///< "layer1.0.conv1", "Conv"; no module of other names
};
[[nodiscard]] inline ModulePath module_path(std::string_view name) {
  ModulePath path;
  if (!name.starts_with('/')) return {{}, std::string(name)};
  std::string container;  // the last part
  while (!name.empty()) {
    name.remove_prefix(1);
    const std::size_t end = std::min(name.find('/'), name.size());
    const std::string part(name.substr(0, end));
    name.remove_prefix(end);
    if (name.empty()) return {path.module, part};
    if (!container.empty() && part.starts_with(container + '.'))
      path.module.resize(path.module.size() - container.size());
    else if (!path.module.empty())
      path.module += '.';
    path.module += part;
    container = part;
  }
  return path;
}

/// What can stand in files of every kind: UTF-8 without control characters.
[[nodiscard]] inline std::string printable(std::string text) {
  std::size_t follow = 0;
  bool valid = true;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (follow > 0) {
      valid = valid && (byte & 0xC0) == 0x80;
      --follow;
    } else {
      follow = byte < 0x80 ? 0 : byte >> 5 == 6 ? 1 : byte >> 4 == 14 ? 2 : byte >> 3 == 30 ? 3 : 9;
      valid = valid && follow < 9 && byte != 0xC0 && byte != 0xC1;
    }
    if (!valid) break;
  }
  const bool ascii_only = !valid || follow > 0;
  for (char& c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F || (ascii_only && byte >= 0x80)) c = '_';
  }
  return text;
}

}  // namespace detail

/// Gives every node a name of its own.
class Names {
 public:
  explicit Names(const Model& model) {
    for (const auto& node : model.graph().node()) {
      std::string module = detail::module_path(node.name()).module;
      for (std::size_t dot; (dot = module.rfind('.')) != std::string::npos;) {
        module.resize(dot);
        containers_.insert(module);
      }
    }
  }

  /// `parameter` is the name of the weights, or "".
  [[nodiscard]] std::string name(const Draft& draft, const std::string& parameter) {
    std::string base = detail::module_of_parameter(parameter);
    if (base.empty() && draft.op->is<nn::Scale>() && detail::is_of_module(parameter))
      base = parameter;
    if (base.empty())
      base = name_of(*draft.from, draft.op->has_matrix() || draft.op->is<nn::BatchNorm>());
    if (draft.moves) base += concat('.', draft.op->name());
    base = detail::printable(base);
    std::string name = base;
    while (!taken_.insert(name).second) name = concat(base, '_', ++copies_[base] + 1);
    return name;
  }

 private:
  /// Of a module, unless others are in it, or the node's own.
  [[nodiscard]] std::string name_of(const proto::NodeProto& node, bool is_module) const {
    const auto [module, last] = detail::module_path(node.name());
    if (module.empty() && !last.empty()) return last;
    if (module.empty()) {
      const std::string& output = node.output(0);
      return detail::is_number(output) ? concat(node.op_type(), '_', output) : output;
    }
    const bool leaf = !containers_.contains(module) && !taken_.contains(module);
    return is_module || leaf ? module : concat(module, '.', last);
  }

  std::set<std::string> containers_;  // modules that have others
  std::set<std::string> taken_ = {"input"};
  std::map<std::string, Index> copies_;  // of a name, behind the first
};

}  // namespace autoprune::onnx
