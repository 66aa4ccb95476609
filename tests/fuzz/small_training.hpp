/// @file small_training.hpp
/// A training run that a checkpoint is read for.
#pragma once

#include <string>
#include <utility>

#include "autoprune/core/thread_pool.hpp"
#include "autoprune/io/training_checkpoint.hpp"
#include "autoprune/nn/dataset.hpp"
#include "autoprune/nn/train.hpp"
#include "small_network.hpp"

namespace autoprune::fuzz {

/// Four images of as many classes.
[[nodiscard]] inline nn::Dataset four_images() {
  nn::Dataset data;
  data.name = "four";
  data.stored = {1, 4, 4};
  data.mean = {0.5F};
  data.stddev = {0.5F};
  data.classes = 4;
  data.labels = {0, 1, 2, 3};
  for (Index i = 0; i < data.stored.size() * 4; ++i)
    data.pixels.push_back(static_cast<std::uint8_t>(i * 4));
  return data;
}

struct SmallTraining {
  nn::Dataset data = four_images();
  nn::Network network = small_network();
  ThreadPool pool{1};
  nn::Trainer trainer{network, data, nn::range(0, 4), {.epochs = 3, .batch = 2}, pool};

  [[nodiscard]] std::string save(io::TrainingState state) {
    std::string bytes;
    io::save_training(network, trainer, std::move(state), [&](std::string_view b) { bytes += b; });
    return bytes;
  }
};

}  // namespace autoprune::fuzz
