/// @file datasets.hpp
/// Both parts of a data set, and how it is asked to be read.
#pragma once

#include <concepts>
#include <memory>
#include <optional>
#include <utility>

#include "autoprune/nn/dataset.hpp"
#include "autoprune/nn/image_source.hpp"
#include "autoprune/nn/normalisation.hpp"

namespace autoprune::io {

/// Both parts of a data set, from whatever sources. Copies share them.
class Datasets {
 public:
  template <std::derived_from<nn::ImageSource> Train, std::derived_from<nn::ImageSource> Test>
  Datasets(Train train_images, Test test_images)
      : Datasets(std::make_shared<const Train>(std::move(train_images)),
                 std::make_shared<const Test>(std::move(test_images))) {}
  Datasets(std::shared_ptr<const nn::ImageSource> train_images,
           std::shared_ptr<const nn::ImageSource> test_images)
      : train_(std::move(train_images)),
        test_(std::move(test_images)),
        train(*train_),
        test(*test_) {}
  /// Of no images.
  Datasets() : Datasets(nn::Dataset{}, nn::Dataset{}) {}

 private:
  std::shared_ptr<const nn::ImageSource> train_, test_;

 public:
  const nn::ImageSource &train, &test;
};

struct DataOptions {
  /// Of the images that the network takes: what has no shape of its own is made so.
  std::optional<nn::Shape3> shape = {};
  nn::Normalisation normalisation = {};      ///< not known: the data set's own
  nn::Normalisation remembered = {};  ///< instead of measuring one
  std::size_t cache = std::size_t{1} << 30;  ///< bytes of decoded pictures that are kept
};

}  // namespace autoprune::io
