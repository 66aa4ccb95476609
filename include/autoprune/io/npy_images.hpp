/// @file npy_images.hpp
/// Images out of arrays of NumPy.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "autoprune/io/npy.hpp"
#include "autoprune/nn/float_images.hpp"
#include "autoprune/nn/normalisation.hpp"

namespace autoprune::io {

/// Of each image in the array of a file. Throws shape_mismatch or empty_data.
[[nodiscard]] inline nn::Shape3 shape_of_images(const Npy& array, const std::string& path) {
  const std::vector<Index>& s = array.shape;
  if (s.size() != 4)
    fail(ErrorId::shape_mismatch, "file '", path, "' is an array of ", shape_text(s),
         "; save images by channels by rows by columns");
  if (array.size() < 1) fail(ErrorId::empty_data, "file '", path, "' holds no images");
  return {s[1], s[2], s[3]};
}

/// The images of `shape` in an array: pixels of uint8, normalised by what `pixels()` says, or real
/// numbers as they are. Throws shape_mismatch, empty_data, unsupported_type, out_of_range.
[[nodiscard]] inline nn::FloatImages npy_images(const Npy& array, const std::string& path,
                                                const nn::Shape3& shape,
                                                const std::function<nn::Normalisation()>& pixels) {
  if (shape_of_images(array, path) != shape)
    fail(ErrorId::shape_mismatch, "file '", path, "' is an array of ", shape_text(array.shape),
         "; the network takes N x ", shape_text(shape), ", images by channels, rows and columns");
  nn::FloatImages images;
  images.name = "input";
  images.stored = shape;
  images.mean.assign(static_cast<std::size_t>(shape.channels), 0.0F);
  images.stddev.assign(static_cast<std::size_t>(shape.channels), 1.0F);
  images.pixels.resize(static_cast<std::size_t>(array.size()));
  array.copy(0, std::span(images.pixels));
  if (array.type == "u1") {
    for (float& pixel : images.pixels) pixel /= 255.0F;
    pixels().give(images);
  } else if (!array.is_real()) {
    fail(ErrorId::unsupported_type, "file '", path, "' holds numbers of type '", array.type,
         "'; save pixels as uint8, and what the network takes as it is as float32");
  }
  images.labels.assign(static_cast<std::size_t>(array.shape.front()), 0);
  return images;
}

}  // namespace autoprune::io
