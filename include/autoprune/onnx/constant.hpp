/// @file constant.hpp
/// Tensors that don't depend on the images: weights, and the numbers from which exporters work out
/// shapes. They are read from the model's messages or from files beside it.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "autoprune/core/number.hpp"
#include "autoprune/core/tensor.hpp"
#include "autoprune/nn/network.hpp"
#include "autoprune/onnx/model.hpp"

namespace autoprune::onnx {

using Reals = std::vector<float>;
using Integers = std::vector<std::int64_t>;

/// A tensor of real numbers, or of integers (Booleans are 0 and 1).
struct Constant {
  std::vector<Index> shape;
  std::variant<Reals, Integers> values;

  [[nodiscard]] std::size_t size() const {
    return std::visit([](const auto& all) { return all.size(); }, values);
  }
  [[nodiscard]] bool whole() const { return std::holds_alternative<Integers>(values); }
  [[nodiscard]] float real(std::size_t i) const {
    return std::visit([i](const auto& all) { return static_cast<float>(all[i]); }, values);
  }
  [[nodiscard]] Reals reals() const {
    return std::visit([](const auto& all) { return Reals(all.begin(), all.end()); }, values);
  }
};

namespace detail {

[[nodiscard]] inline std::string place(const Model& model, const proto::TensorProto& tensor) {
  return concat("file '", model.origin, "', tensor '", tensor.name(), '\'');
}

/// Throws out_of_range for more numbers than a network may have.
[[nodiscard]] inline std::vector<Index> shape_of(const Model& model,
                                                 const proto::TensorProto& tensor) {
  Index size = 1;  // beside extents of 0
  for (const Index extent : tensor.dims())
    if (extent < 0 || __builtin_mul_overflow(size, std::max<Index>(extent, 1), &size) ||
        size > nn::kMaxParameters)
      fail(ErrorId::out_of_range, place(model, tensor), " has more than ", nn::kMaxParameters,
           " numbers, or a negative extent; is the file damaged?");
  return {tensor.dims().begin(), tensor.dims().end()};
}

/// What stands under a key of a tensor in a file of its own, or "".
[[nodiscard]] inline std::string external(const proto::TensorProto& tensor, std::string_view key) {
  for (const auto& entry : tensor.external_data())
    if (entry.key() == key) return entry.value();
  return {};
}

/// The bytes of a tensor that are in a file beside the model. Throws cannot_open, also for a path
/// that leaves the model's folder, bad_header or truncated_file.
[[nodiscard]] inline std::string read_external(const Model& model, const proto::TensorProto& tensor,
                                               std::size_t size) {
  const auto number = [&](const char* key, Index usual) {
    const std::string text = external(tensor, key);
    const auto value = text.empty() ? std::optional(usual) : parse_number<Index>(text);
    if (!value || *value < 0)
      fail(ErrorId::bad_header, place(model, tensor), ": ", key, " '", text,
           "' of its external data is no whole number");
    return *value;
  };
  const std::filesystem::path given = external(tensor, "location");
  const Index offset = number("offset", 0), length = number("length", static_cast<Index>(size));
  if (length != static_cast<Index>(size))
    fail(ErrorId::bad_header, place(model, tensor), " has ", length,
         " bytes of external data, but its shape needs ", size);
  std::error_code error;
  const auto folder = std::filesystem::weakly_canonical(model.folder, error);
  const auto path = std::filesystem::weakly_canonical(model.folder / given, error);
  const auto [end, begins] = std::mismatch(folder.begin(), folder.end(), path.begin(), path.end());
  if (error || given.empty() || model.folder.empty() || end != folder.end())
    fail(ErrorId::cannot_open, place(model, tensor), " is in '", given.string(),
         "', which isn't in the folder of the model; keep its files beside it");
  std::ifstream in(path, std::ios::binary);
  const bool regular = std::filesystem::is_regular_file(path, error);
  const auto held = regular ? static_cast<Index>(std::filesystem::file_size(path, error)) : 0;
  if (!regular || error || !in)
    fail(ErrorId::cannot_open, place(model, tensor), " is in '", path.string(),
         "', which can't be read; copy it with the model");
  std::string bytes;
  if (held >= length && held - length >= offset) {
    bytes.resize(size);
    in.seekg(offset);
    in.read(bytes.data(), static_cast<std::streamsize>(size));
  }
  if (bytes.size() != size || !in)
    fail(ErrorId::truncated_file, "file '", path.string(), "' ends before tensor '", tensor.name(),
         "', whose ", size, " bytes begin at ", offset, "; copy it again");
  return bytes;
}

/// Numbers of type From in little-endian bytes.
template <class From, class To>
void widen(const std::string& bytes, std::vector<To>& values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    From value{};
    std::memcpy(&value, bytes.data() + i * sizeof(From), sizeof(From));
    values[i] = static_cast<To>(value);
  }
}

/// Those of a field of the message, which may hold the bits of smaller numbers.
template <class To, class From, class Field>
void copy_field(const Field& field, std::vector<To>& values) {
  std::size_t i = 0;
  for (const auto value : field) {
    if constexpr (sizeof(From) == 2 && !std::integral<From>)
      values[i++] =
          static_cast<To>(Eigen::numext::bit_cast<From>(static_cast<std::uint16_t>(value)));
    else
      values[i++] = static_cast<To>(value);
  }
}

template <class From, class To, class Field>
[[nodiscard]] std::vector<To> numbers(const Model& model, const proto::TensorProto& tensor,
                                      std::size_t size, const Field& field) {
  const bool elsewhere = tensor.data_location() == proto::TensorProto::EXTERNAL;
  const bool raw = tensor.has_raw_data() || elsewhere;
  // Before memory is asked for: what the file holds.
  const std::size_t held = elsewhere ? size
                           : raw     ? tensor.raw_data().size() / sizeof(From)
                                     : static_cast<std::size_t>(field.size());
  if (held != size || (raw && !elsewhere && tensor.raw_data().size() != size * sizeof(From)))
    fail(ErrorId::bad_header, place(model, tensor), " has a shape of ", size,
         " numbers, but holds ", held, "; the file is damaged, export it again");
  const std::string outside =
      elsewhere ? read_external(model, tensor, size * sizeof(From)) : std::string{};
  std::vector<To> values(size);
  if (raw)
    widen<From>(elsewhere ? outside : tensor.raw_data(), values);
  else
    copy_field<To, From>(field, values);
  return values;
}

}  // namespace detail

/// The values of a tensor. Throws unsupported_type for texts and complex numbers, and bad_header or
/// truncated_file where they aren't all there.
[[nodiscard]] inline Constant read_constant(const Model& model, const proto::TensorProto& tensor) {
  using Type = proto::TensorProto;
  Constant constant{detail::shape_of(model, tensor), {}};
  std::size_t size = 1;
  for (const Index extent : constant.shape) size *= static_cast<std::size_t>(extent);
  const auto read = [&]<class From, class To>(From, To, const auto& field) {
    constant.values = detail::numbers<From, To>(model, tensor, size, field);
  };
  constexpr float kReal = 0.0F;
  constexpr std::int64_t kWhole = 0;
  const int type = tensor.data_type();
  if (type == Type::FLOAT)
    read(float{}, kReal, tensor.float_data());
  else if (type == Type::DOUBLE)
    read(double{}, kReal, tensor.double_data());
  else if (type == Type::FLOAT16)
    read(Eigen::half{}, kReal, tensor.int32_data());
  else if (type == Type::BFLOAT16)
    read(Eigen::bfloat16{}, kReal, tensor.int32_data());
  else if (type == Type::INT64)
    read(std::int64_t{}, kWhole, tensor.int64_data());
  else if (type == Type::INT32)
    read(std::int32_t{}, kWhole, tensor.int32_data());
  else if (type == Type::INT8)
    read(std::int8_t{}, kWhole, tensor.int32_data());
  else if (type == Type::UINT8 || type == Type::BOOL)
    read(std::uint8_t{}, kWhole, tensor.int32_data());
  else
    fail(ErrorId::unsupported_type, detail::place(model, tensor), " is of type ", type,
         " of ONNX; save it as float, float16, double or an integer");
  return constant;
}

}  // namespace autoprune::onnx
