/// @file spec.hpp
/// What a study is asked to do: every number that decides its result, and where it keeps itself.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "autoprune/core/types.hpp"
#include "autoprune/core/words.hpp"
#include "autoprune/methods/compressor.hpp"
#include "autoprune/nn/cpu_backend.hpp"
#include "autoprune/nn/network.hpp"
#include "autoprune/search/environment.hpp"
#include "autoprune/search/fine_tune.hpp"
#include "autoprune/search/rewards.hpp"
#include "autoprune/search/search_config.hpp"
#include "autoprune/search/team.hpp"
#include "autoprune/simulation/calibration.hpp"

namespace autoprune::study {

/// The accuracy that a search reads.
enum class AccuracyKind { real, quantised, on_crossbar };

[[nodiscard]] constexpr auto words_of(AccuracyKind) {
  using enum AccuracyKind;
  return std::to_array<Word<AccuracyKind>>(
      {{real, "float"}, {quantised, "quantised"}, {on_crossbar, "on-crossbar"}});
}

/// Makes a method that the registry doesn't know, for the network and accelerator of a study.
using MakeMethod = std::function<methods::Compressor(const methods::Setting&)>;

struct StudySpec {
  // How is pruned
  std::string method = "column-vectors";  ///< see methods/registry.hpp
  methods::MethodOptions options = {};    ///< of column-vectors; `mapping` is the accelerator's
  MakeMethod own_method = {};             ///< instead of `method`
  /// What is decided of each matrix layer beside what is searched; empty: nothing. Its keep ratios
  /// count where search.space leaves these out.
  methods::Policy plan = {};
  search::Constraints constraints = {};

  // What the search reads and rewards
  search::SearchConfig search = {};                  ///< its seed is the study's
  std::string reward = "crossbars";                  ///< see search/rewards.hpp
  double alpha = 1.0;                                ///< its weight of compression
  std::optional<search::AnyReward> own_reward = {};  ///< instead
  search::Metric metric = search::Metric::top1;
  /// Not given: real, or quantised where integers are coarse (search/quantiser.hpp).
  std::optional<AccuracyKind> accuracy = {};
  simulation::CalibrationConfig calibration = {};  ///< of the inputs' ranges
  Index devices = 1;                               ///< drawn for one on-crossbar accuracy
  bool reconstruct = false;  ///< fit the kept weights before the accuracy is read

  // Images: training images are held out of training, the last ones
  Index held_out = 5000, held_out_images = 2000, calibration_images = 512;
  Index images = 0;            ///< of the test set, for the Record; 0: all
  Index simulated_images = 0;  ///< of them, on the simulated accelerator

  search::FineTuneConfig fine_tune = {};    ///< its training's seed is the study's
  std::optional<nn::Network> teacher = {};  ///< to distil from, of the network's classes; and
                                            ///< what accuracy is held against. Not given: the
                                            ///< study's network
  /// Train with the integers of the accelerator, which the network is stored as in the end; not
  /// given: where they are coarse.
  std::optional<bool> quantised_training = {};
  nn::MakeBackend backend = nn::cpu_backend;  ///< where networks run and train
  std::uint64_t seed = 1;

  std::filesystem::path out = {};  ///< directory of checkpoints; empty: none are kept
  bool resume = false;             ///< go on from the checkpoints in `out`, if there are any

  search::Team* team = nullptr;  ///< processes that measure and train together, this one among them
};

}  // namespace autoprune::study
