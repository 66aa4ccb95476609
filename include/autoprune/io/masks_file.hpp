/// @file masks_file.hpp
/// Masks to and from a safetensors file, for a framework that trains the network on: one byte a
/// weight, 1 where it is kept, under the parameter's name and shape. Where row groups are gathered,
/// NODE.row_order has the rows in the order in which the groups take them, as int32.
#pragma once

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/core/prune_mask.hpp"
#include "autoprune/core/tensor.hpp"
#include "autoprune/core/text.hpp"
#include "autoprune/io/safetensors.hpp"
#include "autoprune/nn/network.hpp"

namespace autoprune::io {

namespace detail {

/// [C][R], as weights lie.
[[nodiscard]] inline std::string mask_bytes(const PruneMask& mask) {
  std::string bytes(static_cast<std::size_t>(mask.rows() * mask.cols()), '\0');
  for (Index g = 0; g < mask.groups(); ++g)
    mask.for_rows(g, [&](Index begin, Index end) {
      for (Index c = 0; c < mask.cols(); ++c)
        if (mask.kept(g, c))
          for (Index r = begin; r < end; ++r)
            bytes[static_cast<std::size_t>(c * mask.rows() + r)] = 1;
    });
  return bytes;
}

[[nodiscard]] inline StoredTensor stored(std::string name, const char* type,
                                         std::vector<Index> shape, std::string bytes) {
  const auto size = static_cast<Index>(bytes.size());
  return {std::move(name), type, std::move(shape), size,
          [bytes = std::move(bytes)](std::string& all) { all += bytes; }};
}

/// The entry of a layer. Throws shape_mismatch or unsupported_type.
[[nodiscard]] inline std::string_view layer_bytes(const Safetensors& file, const TensorEntry& entry,
                                                  std::string_view type,
                                                  const std::vector<Index>& shape) {
  const std::string where = concat("masks '", file.origin(), "', tensor '", entry.name, "': ");
  if (entry.shape != shape)
    fail(ErrorId::shape_mismatch, where, "shape ", shape_text(entry.shape),
         ", but the network has ", shape_text(shape), "; take the masks of this network");
  if (entry.type != type && !(type == "U8" && entry.type == "BOOL"))
    fail(ErrorId::unsupported_type, where, "type ", entry.type, "; it is written as ", type);
  return file.bytes(entry);
}

/// The mask of a layer of `rows` x `cols` from its bytes. Throws mask_mismatch where a
/// column-vector is kept in part.
[[nodiscard]] inline PruneMask mask_of(std::string_view bytes, PruneMask mask,
                                       const std::string& where) {
  const auto kept = [&](Index c, Index r) {
    return bytes[static_cast<std::size_t>(c * mask.rows() + r)] != 0;
  };
  for (Index g = 0; g < mask.groups(); ++g)
    for (Index c = 0; c < mask.cols(); ++c) {
      const bool first = kept(c, mask.row(mask.row_begin(g)));
      mask.for_rows(g, [&](Index begin, Index end) {
        for (Index r = begin; r < end; ++r)
          if (kept(c, r) != first)
            fail(ErrorId::mask_mismatch, where, "filter ", c, " keeps a part of the rows of group ",
                 g, "; masks are of whole column-vectors of granularity ", mask.granularity(),
                 ", take the granularity and the row groups that they were made with");
      });
      mask.set(g, c, first);
    }
  return mask;
}

}  // namespace detail

/// Writes a mask for every layer with weights, in their order. Throws cannot_write.
inline void write_masks(const std::filesystem::path& path, const nn::Network& network,
                        std::span<const PruneMask> masks, const Metadata& metadata = {}) {
  const std::vector<Index> layers = network.matrix_layers();
  std::vector<StoredTensor> tensors;
  for (std::size_t k = 0; k < masks.size(); ++k) {
    const nn::Node& node = network.node(layers[k]);
    tensors.push_back(detail::stored(node.name + ".weight", "U8", shape_of(node.weight),
                                     detail::mask_bytes(masks[k])));
    if (const RowOrder& order = masks[k].order())
      tensors.push_back(detail::stored(
          node.name + ".row_order", "I32", {masks[k].rows()},
          std::string(reinterpret_cast<const char*>(order->data()), order->size() * 4)));
  }
  write_safetensors(path, tensors, metadata);
}

/// The masks of every layer with weights; `granularity(k)` is that of the k-th. Throws
/// missing_tensor, shape_mismatch, unsupported_type, mask_mismatch, and out_of_range for an order
/// that doesn't name each row once.
template <class Granularity>
[[nodiscard]] std::vector<PruneMask> read_masks(const Safetensors& file, const nn::Network& network,
                                                const Granularity& granularity) {
  std::vector<PruneMask> masks;
  for (const Index i : network.matrix_layers()) {
    const nn::Node& node = network.node(i);
    const std::string name = node.name + ".weight";
    const TensorEntry* entry = file.find(name);
    if (entry == nullptr)
      fail(ErrorId::missing_tensor, "masks '", file.origin(), "' have no tensor '", name,
           "'; take the masks of this network");
    const ConstMatrixView weights = weight_matrix(node.weight);
    PruneMask mask =
        PruneMask(weights.cols(), weights.rows(), granularity(std::ssize(masks)), false)
            .in_matrices(node.matrices);
    if (const TensorEntry* ordered = file.find(node.name + ".row_order")) {
      const std::string_view bytes = detail::layer_bytes(file, *ordered, "I32", {mask.rows()});
      std::vector<std::int32_t> order(bytes.size() / 4);
      std::memcpy(order.data(), bytes.data(), bytes.size());
      mask = std::move(mask).in_order(
          std::make_shared<const std::vector<std::int32_t>>(std::move(order)));
    }
    masks.push_back(detail::mask_of(detail::layer_bytes(file, *entry, "U8", shape_of(node.weight)),
                                    std::move(mask),
                                    concat("masks '", file.origin(), "', tensor '", name, "': ")));
  }
  return masks;
}

/// Throws mask_mismatch when a weight is not zero that its mask has pruned, as a training that
/// doesn't hold the masks leaves them.
inline void require_pruned(const nn::Network& network, std::span<const PruneMask> masks) {
  const std::vector<Index> layers = network.matrix_layers();
  for (std::size_t k = 0; k < masks.size(); ++k) {
    const nn::Node& node = network.node(layers[k]);
    const std::string bytes = detail::mask_bytes(masks[k]);
    Index back = 0, first = 0;
    for (Index i = std::ssize(bytes) - 1; i >= 0; --i)
      if (bytes[static_cast<std::size_t>(i)] == 0 && node.weight.data()[i] != 0.0F) {
        ++back;
        first = i;
      }
    if (back > 0)
      fail(ErrorId::mask_mismatch, back, ' ', plural(back, "weight"), " of layer '", node.name,
           "' came back: where the mask has pruned, element ", first, " is ",
           node.weight.data()[first],
           ", not zero. Multiply the weights by the masks after every step of the training");
  }
}

}  // namespace autoprune::io
