// Maps of NumPy's files, [image][channel][row][column], as a network takes and gives them.
#pragma once

#include <autoprune/io/npy.hpp>
#include <autoprune/nn/activation.hpp>

namespace autoprune {

inline nn::Activation read_maps(const std::string& path, const nn::Shape3& shape) {
  const io::Npy array = io::read_npy(path);
  if (array.size() < 1 || array.size() % shape.size() != 0)
    fail(ErrorId::shape_mismatch, path, " doesn't hold maps of ", nn::shape_text(shape));
  std::vector<float> numbers(static_cast<std::size_t>(array.size()));
  array.copy(0, std::span(numbers));
  nn::Activation maps(shape, array.size() / shape.size());
  maps.fill(0.0F);
  const float* at = numbers.data();
  for (Index i = 0; i < maps.images(); ++i)
    for (Index c = 0; c < shape.channels; ++c)
      for (Index h = 0; h < shape.height; ++h)
        for (Index w = 0; w < shape.width; ++w) maps.at(i, c, h, w) = *at++;
  return maps;
}

/// Of maps that are vectors.
inline void write_vectors(const std::string& path, const nn::Activation& maps) {
  const std::vector<Index> shape = {maps.images(), maps.shape().channels};
  std::vector<float> numbers;
  for (Index i = 0; i < shape[0]; ++i)
    for (Index c = 0; c < shape[1]; ++c) numbers.push_back(maps.at(i, c, 0, 0));
  io::write_file(path, io::npy_bytes(shape, numbers));
}

}  // namespace autoprune
