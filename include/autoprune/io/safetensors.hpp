/// @file safetensors.hpp
/// The safetensors format: eight bytes of header size, a JSON header, raw little-endian tensors.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/core/tensor.hpp"
#include "autoprune/io/file.hpp"
#include "autoprune/io/json.hpp"
#include "autoprune/io/json_field.hpp"
#include "autoprune/nn/network.hpp"

namespace autoprune::io {

static_assert(std::endian::native == std::endian::little, "safetensors is little-endian");

/// Texts that travel with the tensors, under the header's key "__metadata__".
using Metadata = std::map<std::string, std::string>;

/// How a file stores its values.
enum class FloatType { f32, f16 };

/// One tensor of a file; its bytes are [begin, end) of what follows the header.
struct TensorEntry {
  std::string name, type;  ///< type as the file spells it: "F32", "I64", ...
  std::vector<Index> shape;
  Index begin = 0, end = 0;
};

/// A file in memory whose header has been checked, so that every entry can be read.
class Safetensors {
 public:
  /// Takes the bytes of a file; `origin` names it in messages. Throws truncated_file, bad_magic,
  /// bad_json, bad_header or unsupported_type.
  Safetensors(std::string bytes, std::string origin)
      : bytes_(std::move(bytes)), origin_(std::move(origin)) {
    const Json header = parse_header();
    for (const auto& [name, value] : header.items()) {
      if (name == "__metadata__")
        read_metadata({value, concat("file '", origin_, "', __metadata__")});
      else
        entries_.push_back(parse_entry(name, {value, place(name)}));
    }
    check_layout();
  }

  [[nodiscard]] static Safetensors read(const std::filesystem::path& path) {
    return {read_file(path), path.string()};
  }

  [[nodiscard]] const std::string& origin() const noexcept { return origin_; }
  [[nodiscard]] const Metadata& metadata() const noexcept { return metadata_; }
  /// In the order of their bytes.
  [[nodiscard]] const std::vector<TensorEntry>& entries() const noexcept { return entries_; }

  /// The bytes of an entry.
  [[nodiscard]] std::string_view bytes(const TensorEntry& entry) const {
    return std::string_view(bytes_).substr(static_cast<std::size_t>(data_begin_ + entry.begin),
                                           static_cast<std::size_t>(entry.end - entry.begin));
  }
  /// The entry of a name; null where there is none.
  [[nodiscard]] const TensorEntry* find(std::string_view name) const {
    const auto found = std::find_if(entries_.begin(), entries_.end(),
                                    [&](const TensorEntry& entry) { return entry.name == name; });
    return found == entries_.end() ? nullptr : &*found;
  }
  /// The values of an entry as float32. Throws unsupported_type for integers.
  [[nodiscard]] Tensor tensor(const TensorEntry& entry) const {
    if (entry.type == "F32") return widen<float>(entry);
    if (entry.type == "F16") return widen<Eigen::half>(entry);
    if (entry.type == "BF16") return widen<Eigen::bfloat16>(entry);
    if (entry.type == "F64") return widen<double>(entry);
    fail(ErrorId::unsupported_type, place(entry.name), ": type ", entry.type,
         " can't be a parameter; save it as F32, F16, BF16 or F64");
  }

 private:
  static constexpr std::size_t kMaxAxes = 64;  // NumPy's and PyTorch's limit

  [[nodiscard]] std::string place(const std::string& name) const {
    return concat("file '", origin_, "', tensor '", name, '\'');
  }
  [[nodiscard]] Index data_size() const noexcept {
    return static_cast<Index>(bytes_.size()) - data_begin_;
  }

  [[nodiscard]] Json parse_header() {
    constexpr Index kPrefix = 8;
    constexpr std::uint64_t kLargest = 100'000'000;  // the format's own limit
    const auto size = static_cast<Index>(bytes_.size());
    if (size < kPrefix)
      fail(ErrorId::truncated_file, "file '", origin_, "' has ", size,
           " bytes and no safetensors header; copy it again",
           looks_like_text(bytes_, detail::kSafetensorsLook));
    std::uint64_t length = 0;
    std::memcpy(&length, bytes_.data(), kPrefix);
    if (length > kLargest || (size > kPrefix && bytes_[kPrefix] != '{'))
      fail(ErrorId::bad_magic, "file '", origin_,
           "' is not a safetensors file; save it with safetensors.torch.save_file",
           looks_like_text(bytes_, detail::kSafetensorsLook));
    data_begin_ = kPrefix + static_cast<Index>(length);
    if (data_begin_ > size)
      fail(ErrorId::truncated_file, "file '", origin_, "' ends inside its header of ", length,
           " bytes; copy it again");
    const std::string where = concat("file '", origin_, "', header");
    const std::string_view text = std::string_view(bytes_).substr(kPrefix, length);
    check_end(text, where);
    Json header = parse_json(text, where);
    if (!header.is_object()) fail(ErrorId::bad_json, where, " must be an object {...}");
    return header;
  }

  /// Bytes behind the header's JSON would be read by nobody and kept by no copy. Throws bad_header.
  static void check_end(std::string_view text, const std::string& where) {
    const std::size_t zero = text.find('\0'), brace = text.rfind('}');
    const std::size_t last = text.find_last_not_of(' ');
    if (zero != std::string_view::npos || (brace != std::string_view::npos && last != brace))
      fail(ErrorId::bad_header, where, " ends in ", text.size() - std::min(zero, brace + 1),
           " bytes that are no JSON; only spaces may follow it, save the file again");
  }

  void read_metadata(const JsonField& field) {
    if (!field.json().is_object())
      fail(ErrorId::bad_json, field.place(), " must be an object of texts");
    for (const auto& [key, value] : field.json().items())
      metadata_[key] = JsonField(value, field.place() + "." + key).text();
  }

  [[nodiscard]] TensorEntry parse_entry(const std::string& name, const JsonField& field) const {
    field.check_keys({"dtype", "shape", "data_offsets"});
    TensorEntry entry;
    entry.name = name;
    entry.type = field["dtype"].text();
    entry.shape = sizes(field["shape"]);
    if (entry.shape.size() > kMaxAxes)
      fail(ErrorId::bad_header, place(name), ": ", entry.shape.size(), " axes; at most ", kMaxAxes,
           " can be read");
    const std::vector<Index> offsets = sizes(field["data_offsets"]);
    if (offsets.size() != 2 || offsets[0] > offsets[1])
      fail(ErrorId::bad_header, place(name),
           ": data_offsets must be [begin, end] with begin <= end; the file is damaged");
    entry.begin = offsets[0];
    entry.end = offsets[1];
    check_size(entry);
    return entry;
  }

  [[nodiscard]] static std::vector<Index> sizes(const JsonField& field) {
    std::vector<Index> all;
    for (const JsonField& item : field.items()) {
      all.push_back(item.integer());
      if (all.back() < 0)
        fail(ErrorId::bad_header, item.place(), " is ", all.back(), "; the file is damaged");
    }
    return all;
  }

  /// The entry lies inside the file and has as many bytes as its shape and type need.
  void check_size(const TensorEntry& entry) const {
    if (entry.end > data_size())
      fail(ErrorId::truncated_file, place(entry.name), ": its bytes end at ", entry.end, " of ",
           data_size(), "; the file was cut off, copy it again");
    // Strides are products of extents, too, where one of them is zero.
    Index strides = element_size(entry);
    for (const Index extent : entry.shape)
      if (__builtin_mul_overflow(strides, std::max<Index>(extent, 1), &strides))
        fail(ErrorId::bad_header, place(entry.name), ": shape ", shape_text(entry.shape),
             " is too large for any file");
    const bool empty = std::find(entry.shape.begin(), entry.shape.end(), 0) != entry.shape.end();
    const Index needed = empty ? 0 : strides;
    if (needed != entry.end - entry.begin)
      fail(ErrorId::bad_header, place(entry.name), ": shape ", shape_text(entry.shape), " of type ",
           entry.type, " needs ", needed, " bytes and has ", entry.end - entry.begin,
           "; the file is damaged, save it again");
  }

  [[nodiscard]] Index element_size(const TensorEntry& entry) const {
    static const std::map<std::string, Index> bytes = {
        {"BOOL", 1}, {"U8", 1},  {"I8", 1},  {"U16", 2}, {"I16", 2}, {"F16", 2}, {"BF16", 2},
        {"U32", 4},  {"I32", 4}, {"F32", 4}, {"U64", 8}, {"I64", 8}, {"F64", 8}};
    const auto found = bytes.find(entry.type);
    if (found == bytes.end())
      fail(ErrorId::unsupported_type, place(entry.name), ": unknown type '", entry.type,
           "'; save it as F32, F16, BF16 or F64");
    return found->second;
  }

  /// The entries cover the bytes after the header exactly: no overlap, no hole, nothing behind.
  void check_layout() {
    std::stable_sort(entries_.begin(), entries_.end(), [](const auto& a, const auto& b) {
      return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
    });
    Index expected = 0;
    for (const TensorEntry& entry : entries_) {
      if (entry.begin != expected)
        fail(ErrorId::bad_header, place(entry.name), ": its bytes begin at ", entry.begin, ", ",
             entry.begin < expected ? "inside the tensor before it" : "behind a hole",
             "; the file is damaged, save it again");
      expected = entry.end;
    }
    if (expected != data_size())
      fail(ErrorId::bad_header, "file '", origin_, "' has ", data_size() - expected,
           " bytes behind its last tensor; the file is damaged, save it again");
  }

  template <class Stored>
  [[nodiscard]] Tensor widen(const TensorEntry& entry) const {
    Tensor out = make_tensor(entry.shape);
    const char* stored = bytes(entry).data();
    for (std::size_t i = 0; i < out.size(); ++i) {
      Stored value;
      std::memcpy(static_cast<void*>(&value), stored + i * sizeof(Stored), sizeof(Stored));
      out.data()[i] = static_cast<float>(value);
    }
    return out;
  }

  std::string bytes_, origin_;
  Index data_begin_ = 0;
  Metadata metadata_;
  std::vector<TensorEntry> entries_;
};

/// A tensor on its way into a file.
struct StoredTensor {
  std::string name;
  const char* type;  ///< as the file spells it
  std::vector<Index> shape;
  Index bytes;
  std::function<void(std::string&)> append;  ///< puts them at the end of a text
};

/// Writes tensors as one file, atomically. Throws cannot_write, and what their append() throws.
inline void write_safetensors(const std::filesystem::path& path,
                              const std::vector<StoredTensor>& tensors, const Metadata& metadata) {
  Json header = Json::object();
  if (!metadata.empty()) append_key(header, "__metadata__", metadata);
  Index end = 0;
  for (const StoredTensor& tensor : tensors) {
    const Index begin = std::exchange(end, end + tensor.bytes);
    append_key(header, tensor.name,
               json_object({{"dtype", tensor.type},
                            {"shape", tensor.shape},
                            {"data_offsets", std::vector{begin, end}}}));
  }
  std::string text = json_text(header);
  text.resize(static_cast<std::size_t>(ceil_div(static_cast<Index>(text.size()), 8) * 8), ' ');
  const std::uint64_t length = text.size();
  std::string bytes(reinterpret_cast<const char*>(&length), sizeof length);
  bytes.reserve(sizeof length + text.size() + static_cast<std::size_t>(end));
  bytes += text;
  for (const StoredTensor& tensor : tensors) tensor.append(bytes);
  write_file(path, bytes);
}

namespace detail {

template <class Stored>
void append_values(std::string& bytes, const nn::ConstNamedTensor& parameter) {
  const Tensor& tensor = *parameter.tensor;
  for (std::size_t i = 0; i < tensor.size(); ++i) {
    const float value = tensor.data()[i];
    const auto stored = static_cast<Stored>(value);
    if (!std::isfinite(static_cast<float>(stored)))
      fail(ErrorId::not_finite, "tensor '", parameter.name, "', element ", i, " = ", value,
           std::isfinite(value) ? " is beyond float16; save as float32" : " can't be saved");
    bytes.append(reinterpret_cast<const char*>(&stored), sizeof stored);
  }
}

}  // namespace detail

/// The same for parameters. Throws not_finite for a value that is no number or doesn't fit the
/// type, and cannot_write.
inline void write_safetensors(const std::filesystem::path& path,
                              const std::vector<nn::ConstNamedTensor>& tensors,
                              const Metadata& metadata = {}, FloatType type = FloatType::f32) {
  const bool whole = type == FloatType::f32;
  std::vector<StoredTensor> stored;
  for (const nn::ConstNamedTensor& parameter : tensors)
    stored.push_back({parameter.name, whole ? "F32" : "F16", shape_of(*parameter.tensor),
                      static_cast<Index>(parameter.tensor->size()) * (whole ? 4 : 2),
                      [parameter, whole](std::string& bytes) {
                        whole ? detail::append_values<float>(bytes, parameter)
                              : detail::append_values<Eigen::half>(bytes, parameter);
                      }});
  write_safetensors(path, stored, metadata);
}

}  // namespace autoprune::io
